"""Signatures under items of a four-property check; exceptions that are about a record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

ID, STAMP = sa.String(length=32), sa.String(length=27)


def upgrade() -> None:
    with op.batch_alter_table("property_exception") as batch:
        batch.add_column(sa.Column("record_id", ID, nullable=True))
        batch.add_column(sa.Column("stage", sa.String(length=2), nullable=True))
        batch.create_foreign_key(op.f("fk_property_exception_record_id"), "record", ["record_id"], ["id"])
    op.create_table(
        "property_signature",
        sa.Column("id", ID, nullable=False),
        sa.Column("report_id", ID, nullable=False),
        sa.Column("item", sa.String(length=4), nullable=False),
        sa.Column("result", sa.String(length=6), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("sealed_note", sa.LargeBinary(), nullable=True),
        sa.Column("signed_at", STAMP, nullable=False),
        sa.Column("signed_by", ID, nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("result IN ('PASS', 'WARN', 'FAIL')", name=op.f("ck_property_signature_result")),
        sa.CheckConstraint("note IS NULL OR sealed_note IS NULL", name=op.f("ck_property_signature_one_note")),
        sa.ForeignKeyConstraint(["report_id"], ["property_report.id"], name=op.f("fk_property_signature_report_id")),
        sa.ForeignKeyConstraint(["signed_by"], ["person.id"], name=op.f("fk_property_signature_signed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_property_signature")),
        sa.UniqueConstraint("report_id", "item", name=op.f("uq_property_signature_report_id_item")),
    )
