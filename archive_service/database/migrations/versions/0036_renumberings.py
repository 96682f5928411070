"""Corrections of the number of a filed record: proposed by one person, carried out by another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"

ID, STAMP = sa.String(length=32), sa.String(length=27)


def upgrade() -> None:
    op.create_table(
        "renumbering",
        sa.Column("id", ID, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("old_code", sa.String(length=200), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("given_code", sa.String(length=200), nullable=True),
        sa.Column("new_code", sa.String(length=200), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("proposed_at", STAMP, nullable=False),
        sa.Column("proposed_by", ID, nullable=False),
        sa.Column("decided_at", STAMP, nullable=True),
        sa.Column("decided_by", ID, nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("state IN ('proposed', 'done', 'struck')", name=op.f("ck_renumbering_state")),
        sa.CheckConstraint("(state = 'done') = (new_code IS NOT NULL)", name=op.f("ck_renumbering_done_has_code")),
        sa.CheckConstraint("state <> 'done' OR decided_by IS NOT NULL", name=op.f("ck_renumbering_decided")),
        sa.CheckConstraint("state <> 'done' OR decided_by <> proposed_by", name=op.f("ck_renumbering_two_people")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_renumbering_decided_by")),
        sa.ForeignKeyConstraint(["proposed_by"], ["person.id"], name=op.f("fk_renumbering_proposed_by")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_renumbering_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renumbering")),
    )
    op.create_index(op.f("ix_renumbering_old_code"), "renumbering", ["old_code"], unique=False)
    op.create_index(op.f("ix_renumbering_record_id"), "renumbering", ["record_id"], unique=False)
