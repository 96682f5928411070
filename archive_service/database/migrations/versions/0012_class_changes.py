"""The classes that filed records were in before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "class_change",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("old_type", sa.String(length=16), nullable=False),
        sa.Column("new_type", sa.String(length=16), nullable=False),
        sa.Column("old_rule", sa.String(length=16), nullable=False),
        sa.Column("new_rule", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("changed_at", sa.String(length=27), nullable=False),
        sa.Column("changed_by", sa.String(length=32), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_class_change_record_id")),
        sa.ForeignKeyConstraint(["changed_by"], ["person.id"], name=op.f("fk_class_change_changed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_class_change")),
    )
    op.create_index(op.f("ix_class_change_record_id"), "class_change", ["record_id"], unique=False)
