"""The retention clock, who acknowledged a jump of the wall clock, and who confirmed a check that stopped itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ACKNOWLEDGED = "SELECT count(*) FROM clock_acknowledgement WHERE quarantine = OLD.quarantine"
NEVER_DELETED = ("retention_clock", "clock_acknowledgement", "check_confirmation", "check_run")
NEVER_CHANGED = ("clock_acknowledgement", "check_confirmation", "check_run")


def upgrade() -> None:
    op.create_table(
        "check_confirmation",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("approver_id", sa.String(length=32), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("confirmed_at", sa.String(length=27), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["approver_id"], ["person.id"], name=op.f("fk_check_confirmation_approver_id")),
        sa.ForeignKeyConstraint(["run_id"], ["check_run.id"], name=op.f("fk_check_confirmation_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_confirmation")),
        sa.UniqueConstraint("run_id", "approver_id", name=op.f("uq_check_confirmation_run_id_approver_id")),
    )
    op.create_table(
        "retention_clock",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("reading", sa.String(length=27), nullable=False),
        sa.Column("wall", sa.String(length=27), nullable=False),
        sa.Column("pulse", sa.BigInteger(), nullable=False),
        sa.Column("quarantine", sa.String(length=32), nullable=True),
        sa.Column("since", sa.String(length=27), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("(quarantine IS NULL) = (since IS NULL)", name=op.f("ck_retention_clock_since")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_clock")),
    )
    op.create_table(
        "clock_acknowledgement",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("quarantine", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("acknowledged_at", sa.String(length=27), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_clock_acknowledgement_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_acknowledgement")),
        sa.UniqueConstraint("quarantine", "person_id", name=op.f("uq_clock_acknowledgement_quarantine_person_id")),
    )
    for table in NEVER_DELETED:
        _refuse(table, "DELETE", "TRUE")
    for table in NEVER_CHANGED:
        _refuse(table, "UPDATE", "TRUE")
    _refuse(
        "retention_clock",
        "UPDATE",
        f"OLD.quarantine IS NOT NULL AND NEW.quarantine IS NULL AND ({ACKNOWLEDGED}) < 2",
    )


def _refuse(table: str, event: str, condition: str) -> None:
    """Refuse a change of a row where the condition holds, which may look into other tables too."""
    name = f"guard_{table}_{event.lower()}"
    if op.get_bind().dialect.name == "postgresql":
        body = (
            f"BEGIN IF {condition} THEN RAISE EXCEPTION 'this row of {table} may not be changed or deleted so'; END IF;"
        )
        returned = "OLD" if event == "DELETE" else "NEW"
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} RETURN {returned}; END $$")
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
        if event == "DELETE":
            op.execute(
                f"CREATE TRIGGER {name}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT "
                "EXECUTE FUNCTION refuse_change()"
            )
    else:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, 'this row of {table} may not be changed or deleted so'); END"
        )
