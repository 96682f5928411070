"""Corrections of files, and records that are declared."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "correction",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("component_id", sa.String(length=32), nullable=False),
        sa.Column("corrected_id", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("sealed_reason", sa.LargeBinary(), nullable=True),
        sa.Column("corrected_at", sa.String(length=27), nullable=False),
        sa.Column("corrected_by", sa.String(length=32), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("component_id <> corrected_id", name=op.f("ck_correction_not_itself")),
        sa.CheckConstraint("reason IS NULL OR sealed_reason IS NULL", name=op.f("ck_correction_one_reason")),
        sa.ForeignKeyConstraint(["component_id"], ["component.id"], name=op.f("fk_correction_component_id")),
        sa.ForeignKeyConstraint(["corrected_by"], ["person.id"], name=op.f("fk_correction_corrected_by")),
        sa.ForeignKeyConstraint(["corrected_id"], ["component.id"], name=op.f("fk_correction_corrected_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_correction_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
        sa.UniqueConstraint("component_id", name=op.f("uq_correction_component_id")),
        sa.UniqueConstraint("corrected_id", name=op.f("uq_correction_corrected_id")),
    )
    op.create_index(op.f("ix_correction_record_id"), "correction", ["record_id"], unique=False)
    op.create_table(
        "record_declaration",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("declared_at", sa.String(length=27), nullable=False),
        sa.Column("declared_by", sa.String(length=32), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["declared_by"], ["person.id"], name=op.f("fk_record_declaration_declared_by")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_record_declaration_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_declaration")),
        sa.UniqueConstraint("record_id", name=op.f("uq_record_declaration_record_id")),
    )
