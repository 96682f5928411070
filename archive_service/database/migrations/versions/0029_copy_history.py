"""The history of every copy, and the locks that stores keep on files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

ID, STAMP = sa.String(length=32), sa.String(length=27)


def upgrade() -> None:
    op.add_column("stored_copy", sa.Column("locked_until", sa.Date(), nullable=True))
    op.add_column("stored_copy", sa.Column("locked_held", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "copy_history",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("what", sa.String(length=12), nullable=False),
        sa.Column("detail", sa.String(length=40), nullable=False),
        sa.Column("at", STAMP, nullable=False),
        sa.Column("last_at", STAMP, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "what IN ('copied', 'checked', 'locked', 'held', 'lifted')", name=op.f("ck_copy_history_what")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_copy_history")),
    )
    op.create_index(op.f("ix_copy_history_record_id"), "copy_history", ["record_id"], unique=False)
    op.create_index(op.f("ix_copy_history_place_name"), "copy_history", ["place", "name"], unique=False)
