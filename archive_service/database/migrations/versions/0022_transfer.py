"""Packages that hand records over to another archive, and what they hold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

ID, STAMP = sa.String(length=32), sa.String(length=27)


def upgrade() -> None:
    op.create_table(
        "transfer_package",
        sa.Column("id", ID, nullable=False),
        sa.Column("package_no", sa.String(length=16), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("list_id", ID, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("receiver", sa.String(length=200), nullable=False),
        sa.Column("nature", sa.String(length=16), nullable=False),
        sa.Column("prepared_at", STAMP, nullable=False),
        sa.Column("prepared_by", ID, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("payload_files", sa.Integer(), nullable=True),
        sa.Column("payload_bytes", sa.BigInteger(), nullable=True),
        sa.Column("handed_over_at", STAMP, nullable=True),
        sa.Column("handed_over_by", ID, nullable=True),
        sa.Column("receipt_no", sa.String(length=100), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("receipt_digest", sa.String(length=64), nullable=True),
        sa.Column("receipt_by", ID, nullable=True),
        sa.Column("confirmed_at", STAMP, nullable=True),
        sa.Column("confirmed_by", ID, nullable=True),
        sa.Column("returned_at", STAMP, nullable=True),
        sa.Column("returned_by", ID, nullable=True),
        sa.Column("returned_reason", sa.String(length=500), nullable=True),
        sa.Column("removal_opened_at", STAMP, nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "state IN ('prepared', 'handed_over', 'returned', 'custody_moved')", name=op.f("ck_transfer_package_state")
        ),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR confirmed_by <> receipt_by", name=op.f("ck_transfer_package_confirmed_by_another")
        ),
        sa.CheckConstraint(
            "receipt_digest IS NULL OR receipt_digest = digest", name=op.f("ck_transfer_package_receipt_names_it")
        ),
        sa.CheckConstraint(
            "state <> 'custody_moved' OR (receipt_digest IS NOT NULL AND receipt_by IS NOT NULL"
            " AND confirmed_by IS NOT NULL AND received_on IS NOT NULL)",
            name=op.f("ck_transfer_package_moved_by_receipt"),
        ),
        sa.CheckConstraint(
            "removal_opened_at IS NULL OR state = 'custody_moved'",
            name=op.f("ck_transfer_package_removed_after_it_moved"),
        ),
        sa.ForeignKeyConstraint(["list_id"], ["disposal_list.id"], name=op.f("fk_transfer_package_list_id")),
        *(
            sa.ForeignKeyConstraint([name], ["person.id"], name=op.f(f"fk_transfer_package_{name}"))
            for name in ("prepared_by", "handed_over_by", "receipt_by", "confirmed_by", "returned_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_package")),
        sa.UniqueConstraint("package_no", name=op.f("uq_transfer_package_package_no")),
        sa.UniqueConstraint("year", "number", name=op.f("uq_transfer_package_year_number")),
    )
    op.create_table(
        "transfer_item",
        sa.Column("id", ID, nullable=False),
        sa.Column("package_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("candidate_id", ID, nullable=False),
        sa.Column("returned", sa.Boolean(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["package_id"], ["transfer_package.id"], name=op.f("fk_transfer_item_package_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_transfer_item_record_id")),
        sa.ForeignKeyConstraint(["candidate_id"], ["candidate.id"], name=op.f("fk_transfer_item_candidate_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_item")),
        sa.UniqueConstraint("package_id", "record_id", name=op.f("uq_transfer_item_package_id_record_id")),
    )
    op.create_index(
        "uq_transfer_item_sent_record",
        "transfer_item",
        ["record_id"],
        unique=True,
        sqlite_where=sa.text("NOT returned"),
        postgresql_where=sa.text("NOT returned"),
    )
