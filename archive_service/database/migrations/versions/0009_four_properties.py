"""Reports of the four-property check, and exceptions that a second person grants."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "property_report",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("stage", sa.String(length=2), nullable=False),
        sa.Column("verdict", sa.String(length=6), nullable=False),
        sa.Column("outcomes", sa.Text(), nullable=False),
        sa.Column("made_at", sa.String(length=27), nullable=False),
        sa.Column("made_by", sa.String(length=32), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("stage IN ('GD', 'YJ', 'CQ')", name=op.f("ck_property_report_stage")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_property_report_made_by")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_property_report_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_property_report")),
    )
    op.create_index(
        op.f("ix_property_report_record_id_made_at"), "property_report", ["record_id", "made_at"], unique=False
    )
    op.create_table(
        "property_exception",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("files_mark", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=32), nullable=False),
        sa.Column("outcomes", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("asked_at", sa.String(length=27), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decided_at", sa.String(length=27), nullable=True),
        sa.Column("granted", sa.String(length=3), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> asked_by", name=op.f("ck_property_exception_second_person")
        ),
        sa.CheckConstraint("granted IS NULL OR granted IN ('yes', 'no')", name=op.f("ck_property_exception_granted")),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_property_exception_asked_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_property_exception_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_property_exception")),
    )
    op.create_index(op.f("ix_property_exception_asked_at"), "property_exception", ["asked_at"], unique=False)
