"""Redacted copies, and agreements that are given for them alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"

ID, STAMP = sa.String(length=32), sa.String(length=27)


def upgrade() -> None:
    op.create_table(
        "redaction",
        sa.Column("id", ID, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("component_id", ID, nullable=False),
        sa.Column("level", sa.String(length=4), nullable=False),
        sa.Column("record_level", sa.String(length=4), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("areas", sa.Integer(), nullable=False),
        sa.Column("sealed_words", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("made_at", STAMP, nullable=False),
        sa.Column("made_by", ID, nullable=False),
        sa.Column("checked_at", STAMP, nullable=True),
        sa.Column("checked_by", ID, nullable=True),
        sa.Column("withdrawn_at", STAMP, nullable=True),
        sa.Column("withdrawn_by", ID, nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("checked_by IS NULL OR checked_by <> made_by", name=op.f("ck_redaction_two_people")),
        sa.CheckConstraint("level IN ('PUB', 'INT', 'TS')", name=op.f("ck_redaction_level")),
        sa.CheckConstraint("source_id <> component_id", name=op.f("ck_redaction_not_itself")),
        sa.CheckConstraint("state <> 'released' OR checked_by IS NOT NULL", name=op.f("ck_redaction_released_by")),
        sa.CheckConstraint("state IN ('made', 'released', 'refused', 'withdrawn')", name=op.f("ck_redaction_state")),
        sa.ForeignKeyConstraint(["checked_by"], ["person.id"], name=op.f("fk_redaction_checked_by")),
        sa.ForeignKeyConstraint(["component_id"], ["component.id"], name=op.f("fk_redaction_component_id")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_redaction_made_by")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_redaction_record_id")),
        sa.ForeignKeyConstraint(["source_id"], ["component.id"], name=op.f("fk_redaction_source_id")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["person.id"], name=op.f("fk_redaction_withdrawn_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redaction")),
        sa.UniqueConstraint("component_id", name=op.f("uq_redaction_component_id")),
    )
    op.create_index(op.f("ix_redaction_record_id"), "redaction", ["record_id"], unique=False)
    op.create_index(op.f("ix_redaction_state_level"), "redaction", ["state", "level"], unique=False)
    op.add_column("access_approval", sa.Column("redacted", sa.Boolean(), nullable=True))
