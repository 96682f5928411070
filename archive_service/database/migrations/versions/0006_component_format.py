"""What PRONOM calls the format of a file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("component", sa.Column("puid", sa.String(length=16), nullable=True))
    op.add_column("component", sa.Column("format_name", sa.String(length=200), nullable=True))
    op.create_index(op.f("ix_component_puid"), "component", ["puid"], unique=False)
