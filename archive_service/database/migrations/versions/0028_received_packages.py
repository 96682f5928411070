"""Packages that were taken in from elsewhere, each once, and which record of ours each record of theirs became."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

ID, STAMP = sa.String(length=32), sa.String(length=27)
FIXED = (
    "digest",
    "package_no",
    "sender",
    "receiver",
    "year",
    "number",
    "receipt_no",
    "begun_at",
    "begun_by",
    "records",
)
CHANGED = " OR ".join(f"NEW.{name} <> OLD.{name}" for name in FIXED)
GUARDS = (
    ("received_package", "UPDATE", f"OLD.received_at IS NOT NULL OR {CHANGED}"),
    ("received_package", "DELETE", "TRUE"),
    ("received_record", "UPDATE", "TRUE"),
    ("received_record", "DELETE", "TRUE"),
)


def upgrade() -> None:
    op.create_table(
        "received_package",
        sa.Column("id", ID, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("package_no", sa.String(length=64), nullable=False),
        sa.Column("sender", sa.String(length=200), nullable=False),
        sa.Column("receiver", sa.String(length=200), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("receipt_no", sa.String(length=16), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("begun_at", STAMP, nullable=False),
        sa.Column("begun_by", ID, nullable=False),
        sa.Column("received_at", STAMP, nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["begun_by"], ["person.id"], name=op.f("fk_received_package_begun_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received_package")),
        sa.UniqueConstraint("digest", name=op.f("uq_received_package_digest")),
        sa.UniqueConstraint("sender", "package_no", name=op.f("uq_received_package_sender_package_no")),
        sa.UniqueConstraint("year", "number", name=op.f("uq_received_package_year_number")),
    )
    op.create_table(
        "received_record",
        sa.Column("id", ID, nullable=False),
        sa.Column("package_id", ID, nullable=False),
        sa.Column("code_there", sa.String(length=100), nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("provenance", sa.String(length=64), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["package_id"], ["received_package.id"], name=op.f("fk_received_record_package_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_received_record_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received_record")),
        sa.UniqueConstraint("package_id", "code_there", name=op.f("uq_received_record_package_id_code_there")),
        sa.UniqueConstraint("record_id", name=op.f("uq_received_record_record_id")),
    )
    for table, event, condition in GUARDS:
        _refuse(table, event, condition)


def _refuse(table: str, event: str, condition: str) -> None:
    name = f"guard_{table}_{event.lower()}"
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
