"""Loans of paper originals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"

ID, STAMP = sa.String(length=32), sa.String(length=27)


def upgrade() -> None:
    op.create_table(
        "loan",
        sa.Column("id", ID, nullable=False),
        sa.Column("loan_no", sa.String(length=16), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("object_id", ID, nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("borrower_id", ID, nullable=False),
        sa.Column("unit", sa.String(length=200), nullable=False),
        sa.Column("purpose", sa.String(length=500), nullable=False),
        sa.Column("lent_at", STAMP, nullable=False),
        sa.Column("lent_by", ID, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("renewals", sa.Integer(), nullable=False),
        sa.Column("returned_at", STAMP, nullable=True),
        sa.Column("returned_by", ID, nullable=True),
        sa.Column("condition", sa.String(length=500), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("kind IN ('box', 'record')", name=op.f("ck_loan_kind")),
        sa.CheckConstraint("lent_by <> borrower_id", name=op.f("ck_loan_not_to_oneself")),
        sa.ForeignKeyConstraint(["borrower_id"], ["person.id"], name=op.f("fk_loan_borrower_id")),
        sa.ForeignKeyConstraint(["lent_by"], ["person.id"], name=op.f("fk_loan_lent_by")),
        sa.ForeignKeyConstraint(["returned_by"], ["person.id"], name=op.f("fk_loan_returned_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan")),
        sa.UniqueConstraint("loan_no", name=op.f("uq_loan_loan_no")),
        sa.UniqueConstraint("year", "number", name=op.f("uq_loan_year_number")),
    )
    op.create_index(op.f("ix_loan_object_id_returned_at"), "loan", ["object_id", "returned_at"], unique=False)
