"""Keys of receivers, receipts that such a key signed, where a package went; and the limits of transfer as triggers.

A package moves by the states of DOMAIN 2.6 alone, its content and digest never change, and custody moves by a receipt
that two people entered one after the other, or that a registered key of this very receiver signed. What awaits a
receipt loses no key, whatever list it stands on.
"""

# ruff: noqa: S608
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

ID, STAMP = sa.String(length=32), sa.String(length=27)

FIXED = ("package_no", "year", "number", "list_id", "receiver", "nature", "prepared_at", "prepared_by")
RECEIPT = ("receipt_no", "received_on", "receipt_digest", "receipt_by", "receiver_key_id", "receipt_note")
CHANGED = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in FIXED)
RECEIPT_CHANGED = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in RECEIPT)
BY_TWO = f"(OLD.receipt_by IS NOT NULL AND NEW.receiver_key_id IS NULL AND NOT ({RECEIPT_CHANGED}))"
BY_KEY = (
    "(NEW.receipt_note IS NOT NULL AND NEW.confirmed_by IS NULL AND EXISTS (SELECT 1 FROM receiver_key k"
    " WHERE k.id = NEW.receiver_key_id AND k.confirmed_by IS NOT NULL AND k.retired_at IS NULL"
    " AND k.receiver = NEW.receiver))"
)
PACKAGE_GUARD = (
    f"{CHANGED} OR (OLD.digest IS NOT NULL AND NEW.digest IS DISTINCT FROM OLD.digest)"
    " OR (NEW.state <> OLD.state AND NOT ("
    "(OLD.state = 'prepared' AND NEW.state IN ('handed_over', 'returned'))"
    " OR (OLD.state = 'handed_over' AND NEW.state = 'returned')"
    f" OR (OLD.state = 'handed_over' AND NEW.state = 'custody_moved' AND ({BY_TWO} OR {BY_KEY}))))"
    " OR (OLD.state = 'handed_over' AND NEW.state = 'handed_over' AND (NEW.confirmed_by IS NOT NULL"
    " OR NEW.receiver_key_id IS NOT NULL))"
    f" OR (OLD.state IN ('prepared', 'returned', 'custody_moved') AND ({RECEIPT_CHANGED}))"
    " OR OLD.state = 'returned'"
    " OR (OLD.state = 'custody_moved' AND (NEW.confirmed_by IS DISTINCT FROM OLD.confirmed_by"
    " OR (OLD.removal_opened_at IS NOT NULL AND NEW.removal_opened_at IS DISTINCT FROM OLD.removal_opened_at)))"
)
PACKAGE_BEGUN = (
    "NEW.state <> 'prepared' OR NEW.digest IS NOT NULL OR NEW.receipt_by IS NOT NULL OR NEW.confirmed_by IS NOT NULL"
    " OR NEW.receiver_key_id IS NOT NULL OR NEW.removal_opened_at IS NOT NULL"
)
ITEM_ADDED = (
    "NEW.returned OR NOT EXISTS (SELECT 1 FROM transfer_package p JOIN disposal_item i ON i.list_id = p.list_id"
    " WHERE p.id = NEW.package_id AND p.state = 'prepared' AND i.record_id = NEW.record_id"
    " AND i.candidate_id = NEW.candidate_id AND i.step = 'awaiting_transfer')"
)
ITEM_CHANGED = (
    "NEW.package_id <> OLD.package_id OR NEW.record_id <> OLD.record_id OR NEW.candidate_id <> OLD.candidate_id"
    " OR NEW.position <> OLD.position OR (OLD.returned AND NOT NEW.returned) OR (NEW.returned AND NOT OLD.returned"
    " AND NOT EXISTS (SELECT 1 FROM transfer_package p WHERE p.id = OLD.package_id AND p.state = 'returned'))"
)
KEY_BEGUN = "NEW.confirmed_by IS NOT NULL OR NEW.retired_at IS NOT NULL"
KEY_CHANGED = (
    "NEW.receiver <> OLD.receiver OR NEW.vkey <> OLD.vkey OR NEW.proposed_by <> OLD.proposed_by"
    " OR (OLD.confirmed_by IS NOT NULL AND NEW.confirmed_by IS DISTINCT FROM OLD.confirmed_by)"
    " OR (OLD.retired_at IS NOT NULL AND (NEW.retired_at IS DISTINCT FROM OLD.retired_at"
    " OR NEW.confirmed_by IS DISTINCT FROM OLD.confirmed_by))"
)
GOING_UNRECEIPTED = (
    "NEW.step = 'key_going' AND OLD.step <> 'key_going' AND EXISTS (SELECT 1 FROM disposal_item i"
    " WHERE i.record_id = NEW.record_id AND i.step = 'awaiting_transfer') AND NOT EXISTS (SELECT 1"
    " FROM transfer_item t JOIN transfer_package p ON p.id = t.package_id WHERE t.record_id = NEW.record_id"
    " AND NOT t.returned AND p.state = 'custody_moved' AND p.removal_opened_at IS NOT NULL)"
)
GUARDS = (
    ("transfer_package", "INSERT", PACKAGE_BEGUN, ""),
    ("transfer_package", "UPDATE", PACKAGE_GUARD, ""),
    ("transfer_item", "INSERT", ITEM_ADDED, ""),
    ("transfer_item", "UPDATE", ITEM_CHANGED, ""),
    ("receiver_key", "INSERT", KEY_BEGUN, ""),
    ("receiver_key", "UPDATE", KEY_CHANGED, ""),
    ("disposal_item", "UPDATE", GOING_UNRECEIPTED, "guard_disposal_item_unreceipted"),
)
NEVER_DELETED = ("transfer_package", "transfer_item", "receiver_key")


def upgrade() -> None:
    connection = op.get_bind()
    kept = {
        name: [dict(row) for row in connection.execute(sa.text(f"SELECT * FROM {name}")).mappings()]
        for name in ("transfer_package", "transfer_item")
    }
    # A constraint changes, and SQLite cannot drop a table that others point to: both are made anew, rows as they were.
    op.drop_table("transfer_item")
    op.drop_table("transfer_package")
    _keys()
    _packages()
    _items()
    for name, rows in kept.items():
        if rows:
            columns = list(rows[0])
            values = ", ".join(f":{column}" for column in columns)
            connection.execute(sa.text(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({values})"), rows)
    for table in NEVER_DELETED:
        _refuse(table, "DELETE", "TRUE", "")
    for guard in GUARDS:
        _refuse(*guard)


def _keys() -> None:
    op.create_table(
        "receiver_key",
        sa.Column("id", ID, nullable=False),
        sa.Column("receiver", sa.String(length=200), nullable=False),
        sa.Column("vkey", sa.String(length=300), nullable=False),
        sa.Column("proposed_at", STAMP, nullable=False),
        sa.Column("proposed_by", ID, nullable=False),
        sa.Column("confirmed_at", STAMP, nullable=True),
        sa.Column("confirmed_by", ID, nullable=True),
        sa.Column("retired_at", STAMP, nullable=True),
        sa.Column("retired_by", ID, nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR confirmed_by <> proposed_by", name=op.f("ck_receiver_key_confirmed_by_another")
        ),
        *(
            sa.ForeignKeyConstraint([name], ["person.id"], name=op.f(f"fk_receiver_key_{name}"))
            for name in ("proposed_by", "confirmed_by", "retired_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receiver_key")),
        sa.UniqueConstraint("vkey", name=op.f("uq_receiver_key_vkey")),
    )


def _packages() -> None:
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
        sa.Column("delivered_to", sa.String(length=300), nullable=True),
        sa.Column("receipt_no", sa.String(length=100), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("receipt_digest", sa.String(length=64), nullable=True),
        sa.Column("receipt_by", ID, nullable=True),
        sa.Column("receiver_key_id", ID, nullable=True),
        sa.Column("receipt_note", sa.Text(), nullable=True),
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
            "state <> 'custody_moved' OR (receipt_digest IS NOT NULL AND receipt_by IS NOT NULL AND received_on IS NOT"
            " NULL AND (confirmed_by IS NOT NULL OR (receiver_key_id IS NOT NULL AND receipt_note IS NOT NULL)))",
            name=op.f("ck_transfer_package_moved_by_receipt"),
        ),
        sa.CheckConstraint(
            "removal_opened_at IS NULL OR state = 'custody_moved'",
            name=op.f("ck_transfer_package_removed_after_it_moved"),
        ),
        sa.ForeignKeyConstraint(["list_id"], ["disposal_list.id"], name=op.f("fk_transfer_package_list_id")),
        sa.ForeignKeyConstraint(
            ["receiver_key_id"], ["receiver_key.id"], name=op.f("fk_transfer_package_receiver_key_id")
        ),
        *(
            sa.ForeignKeyConstraint([name], ["person.id"], name=op.f(f"fk_transfer_package_{name}"))
            for name in ("prepared_by", "handed_over_by", "receipt_by", "confirmed_by", "returned_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_package")),
        sa.UniqueConstraint("package_no", name=op.f("uq_transfer_package_package_no")),
        sa.UniqueConstraint("year", "number", name=op.f("uq_transfer_package_year_number")),
    )


def _items() -> None:
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


def _refuse(table: str, event: str, condition: str, name: str) -> None:
    """Refuse a change of a row where the condition holds, which may look into other tables too."""
    name = name or f"guard_{table}_{event.lower()}"
    refusal = f"this row of {table} may not be changed or deleted so"
    if op.get_bind().dialect.name == "postgresql":
        body = f"BEGIN IF {condition} THEN RAISE EXCEPTION '{refusal}'; END IF; RETURN COALESCE(NEW, OLD); END"
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
        if event == "DELETE":
            op.execute(
                f"CREATE TRIGGER {name}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT "
                "EXECUTE FUNCTION refuse_change()"
            )
    else:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        )
