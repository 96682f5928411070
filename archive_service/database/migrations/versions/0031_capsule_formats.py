"""Capsules of an earlier version can be told from the others, and are written again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.add_column("stored_copy", sa.Column("format", sa.Integer(), nullable=True))
    op.execute("UPDATE stored_copy SET format = 0 WHERE name LIKE '%/capsule.json'")
    op.create_index(op.f("ix_stored_copy_place_format"), "stored_copy", ["place", "format"], unique=False)
