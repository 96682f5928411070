"""A record of a type that inherits (photograph, recording) points to the record that it belongs to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "record_parent",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("parent_id", sa.String(length=32), nullable=False),
        sa.Column("linked_at", sa.String(length=27), nullable=False),
        sa.Column("linked_by", sa.String(length=32), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("record_id <> parent_id", name=op.f("ck_record_parent_not_itself")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_record_parent_record_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["record.id"], name=op.f("fk_record_parent_parent_id")),
        sa.ForeignKeyConstraint(["linked_by"], ["person.id"], name=op.f("fk_record_parent_linked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_parent")),
        sa.UniqueConstraint("record_id", name=op.f("uq_record_parent_record_id")),
    )
    op.create_index(op.f("ix_record_parent_parent_id"), "record_parent", ["parent_id"], unique=False)
