"""Versions of numbering schemes made by people, numbers of case files, numbers reserved for papers to come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "numbering_scheme",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name_zh", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("pattern", sa.String(length=200), nullable=False),
        sa.Column("restart", sa.String(length=100), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("made_at", sa.String(length=27), nullable=False),
        sa.Column("made_by", sa.String(length=32), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_numbering_scheme_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_numbering_scheme")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_numbering_scheme_name_version")),
    )
    op.create_table(
        "case_file_number",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("scheme", sa.String(length=32), nullable=False),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("allotted_at", sa.String(length=27), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_case_file_number_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_file_number")),
        sa.UniqueConstraint("scheme", "scope", "number", name=op.f("uq_case_file_number_scheme_scope_number")),
        sa.UniqueConstraint("scheme", "scope", "case_id", name=op.f("uq_case_file_number_scheme_scope_case_id")),
    )
    op.create_table(
        "reserved_number",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("scheme", sa.String(length=32), nullable=False),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("block", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("reserved_at", sa.String(length=27), nullable=False),
        sa.Column("reserved_by", sa.String(length=32), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("state IN ('reserved', 'used', 'void')", name=op.f("ck_reserved_number_state")),
        sa.ForeignKeyConstraint(["reserved_by"], ["person.id"], name=op.f("fk_reserved_number_reserved_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reserved_number")),
        sa.UniqueConstraint("code", name=op.f("uq_reserved_number_code")),
        sa.UniqueConstraint("scheme", "scope", "number", name=op.f("uq_reserved_number_scheme_scope_number")),
    )
    op.create_index(op.f("ix_reserved_number_block"), "reserved_number", ["block"], unique=False)
    op.create_index(op.f("ix_reserved_number_state_expires_on"), "reserved_number", ["state", "expires_on"])
