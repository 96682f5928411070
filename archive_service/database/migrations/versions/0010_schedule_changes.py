"""Changes of the retention schedule: proposed, counted, approved by two where anything gets an earlier date, adopted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

APPROVED = "(SELECT count(*) FROM schedule_approval a WHERE a.change_id = NEW.id AND a.approver_id <> NEW.proposer_id)"
UNSIGNED = (
    "(NEW.state IN ('recomputing', 'done') AND (NEW.shorter IS NULL OR NEW.shorter > 0) AND " + APPROVED + " < 2)"
    " OR (OLD.shorter IS NOT NULL AND (NEW.shorter IS NULL OR NEW.shorter <> OLD.shorter)) OR NEW.digest <> OLD.digest"
)
UNADOPTED = (
    "NEW.kind = 'schedule' AND EXISTS (SELECT 1 FROM plan_version p WHERE p.kind = 'schedule') AND NOT EXISTS "
    "(SELECT 1 FROM schedule_change c WHERE c.version = NEW.version AND c.digest = NEW.digest"
    " AND c.state IN ('recomputing', 'done'))"
)
NEVER_DELETED = ("schedule_change", "schedule_approval", "plan_version")
NEVER_CHANGED = ("schedule_approval", "plan_version")


def upgrade() -> None:
    op.create_table(
        "schedule_change",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("proposer_id", sa.String(length=32), nullable=False),
        sa.Column("proposed_at", sa.String(length=27), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("shorter", sa.Integer(), nullable=True),
        sa.Column("adopted_at", sa.String(length=27), nullable=True),
        sa.Column("adopted_by", sa.String(length=32), nullable=True),
        sa.Column("closed_at", sa.String(length=27), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "state IN ('counting', 'counted', 'recomputing', 'done', 'withdrawn')",
            name=op.f("ck_schedule_change_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('counted', 'recomputing', 'done') OR shorter IS NOT NULL",
            name=op.f("ck_schedule_change_counted"),
        ),
        sa.ForeignKeyConstraint(["adopted_by"], ["person.id"], name=op.f("fk_schedule_change_adopted_by")),
        sa.ForeignKeyConstraint(["proposer_id"], ["person.id"], name=op.f("fk_schedule_change_proposer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_change")),
        sa.UniqueConstraint("id", "proposer_id", name=op.f("uq_schedule_change_id_proposer_id")),
    )
    op.create_index(op.f("ix_schedule_change_version"), "schedule_change", ["version"], unique=False)
    op.create_table(
        "schedule_approval",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("change_id", sa.String(length=32), nullable=False),
        sa.Column("proposer_id", sa.String(length=32), nullable=False),
        sa.Column("approver_id", sa.String(length=32), nullable=False),
        sa.Column("approved_at", sa.String(length=27), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("approver_id <> proposer_id", name=op.f("ck_schedule_approval_approved_by_another")),
        sa.ForeignKeyConstraint(["approver_id"], ["person.id"], name=op.f("fk_schedule_approval_approver_id")),
        sa.ForeignKeyConstraint(
            ["change_id", "proposer_id"],
            ["schedule_change.id", "schedule_change.proposer_id"],
            name=op.f("fk_schedule_approval_change_id_proposer_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_approval")),
        sa.UniqueConstraint("change_id", "approver_id", name=op.f("uq_schedule_approval_change_id_approver_id")),
    )
    op.create_table(
        "schedule_progress",
        sa.Column("change_id", sa.String(length=32), nullable=False),
        sa.Column("reached", sa.String(length=32), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_schedule_progress")),
    )
    for table in NEVER_DELETED:
        _refuse(table, "DELETE", "TRUE")
    for table in NEVER_CHANGED:
        _refuse(table, "UPDATE", "TRUE")
    _refuse("schedule_change", "UPDATE", UNSIGNED)
    _refuse("plan_version", "INSERT", UNADOPTED)


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
