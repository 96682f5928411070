"""What must lie in which store, and how it was found when it was last looked at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "stored_copy",
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("checked_at", sa.String(length=27), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.String(length=27), nullable=False),
        sa.Column("trouble", sa.String(length=500), nullable=True),
        sa.CheckConstraint(
            "state IN ('wanted', 'written', 'good', 'missing', 'damaged')", name=op.f("ck_stored_copy_state")
        ),
        sa.PrimaryKeyConstraint("place", "name", name=op.f("pk_stored_copy")),
    )
    op.create_index(op.f("ix_stored_copy_record_id"), "stored_copy", ["record_id"], unique=False)
    op.create_index(op.f("ix_stored_copy_place_checked_at"), "stored_copy", ["place", "checked_at"], unique=False)
    op.create_index(op.f("ix_stored_copy_state_not_before"), "stored_copy", ["state", "not_before"], unique=False)
