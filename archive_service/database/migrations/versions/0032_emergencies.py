"""Readings in an emergency, drafts of requests, and requests that were made together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"

ID, STAMP = sa.String(length=32), sa.String(length=27)


def upgrade() -> None:
    op.add_column("access_request", sa.Column("bundle", ID, nullable=True))
    op.create_table(
        "access_draft",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("codes", sa.Text(), nullable=False),
        sa.Column("purpose", sa.String(length=500), nullable=False),
        sa.Column("on_behalf", sa.String(length=200), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("actions", sa.String(length=40), nullable=False),
        sa.Column("saved_at", STAMP, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_access_draft_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_draft")),
    )
    op.create_index(op.f("ix_access_draft_person_id"), "access_draft", ["person_id"], unique=False)
    op.create_table(
        "emergency_reading",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("level", sa.String(length=4), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("opened_at", STAMP, nullable=False),
        sa.Column("until", STAMP, nullable=False),
        sa.Column("reviewed_at", STAMP, nullable=True),
        sa.Column("reviewed_by", ID, nullable=True),
        sa.Column("finding", sa.String(length=500), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "reviewed_by IS NULL OR reviewed_by <> person_id", name=op.f("ck_emergency_reading_not_by_oneself")
        ),
        sa.CheckConstraint("level <> 'SEAL'", name=op.f("ck_emergency_reading_never_sealed")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_emergency_reading_person_id")),
        sa.ForeignKeyConstraint(["reviewed_by"], ["person.id"], name=op.f("fk_emergency_reading_reviewed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_reading")),
    )
    op.create_index(
        op.f("ix_emergency_reading_person_id_record_id"),
        "emergency_reading",
        ["person_id", "record_id"],
        unique=False,
    )
