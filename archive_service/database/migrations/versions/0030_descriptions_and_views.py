"""Changes of descriptions with the words that stood before, and lists saved under a name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

ID, STAMP = sa.String(length=32), sa.String(length=27)


def upgrade() -> None:
    op.create_table(
        "description_change",
        sa.Column("id", ID, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("sealed_said", sa.LargeBinary(), nullable=True),
        sa.Column("changed_at", STAMP, nullable=False),
        sa.Column("changed_by", ID, nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("(said IS NULL) <> (sealed_said IS NULL)", name=op.f("ck_description_change_said_once")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_description_change_record_id")),
        sa.ForeignKeyConstraint(["changed_by"], ["person.id"], name=op.f("fk_description_change_changed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_description_change")),
    )
    op.create_index(op.f("ix_description_change_record_id"), "description_change", ["record_id"], unique=False)
    op.create_table(
        "saved_view",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.String(length=500), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("saved_at", STAMP, nullable=False),
        sa.Column("removed_at", STAMP, nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_saved_view_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
    )
    op.create_index(op.f("ix_saved_view_person_id"), "saved_view", ["person_id"], unique=False)
