"""Searches that people keep."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"

ID, STAMP = sa.String(length=32), sa.String(length=27)


def upgrade() -> None:
    op.create_table(
        "saved_search",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("sealed_asked", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_seen", sa.LargeBinary(), nullable=False),
        sa.Column("saved_at", STAMP, nullable=False),
        sa.Column("looked_at", STAMP, nullable=False),
        sa.Column("told_at", STAMP, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_saved_search_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_search")),
    )
    op.create_index(op.f("ix_saved_search_person_id"), "saved_search", ["person_id"], unique=False)
