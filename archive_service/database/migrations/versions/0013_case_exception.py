"""Why a case file was closed although papers were missing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("case_event", sa.Column("exception", sa.String(length=500), nullable=True))
