"""Supervisors of a destruction; and the limits of destruction as triggers, for whatever comes past the services.

Nothing is ordered without two approvals and two supervisors of the same frozen list, all different people; no key
goes unless the record is due, not permanent, held by nothing and ordered; steps follow one another; a frozen list
is not changed.
"""

# ruff: noqa: S608
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

NEVER_DELETED = ("supervision",)
NEVER_CHANGED = ("supervision", "hold_record")

OF_LIST = "FROM disposal_list l WHERE l.id = NEW.list_id"
APPROVALS = (
    "(SELECT count(DISTINCT a.approver_id) FROM approval a WHERE a.list_id = NEW.id AND a.round = NEW.round"
    " AND a.digest = NEW.digest AND a.approver_id <> NEW.proposer_id AND NOT EXISTS (SELECT 1 FROM disposal_item i"
    " WHERE i.list_id = NEW.id AND i.appraiser_id = a.approver_id AND i.step <> 'struck'))"
)
SUPERVISORS = (
    "(SELECT count(DISTINCT s.supervisor_id) FROM supervision s WHERE s.list_id = NEW.id AND s.round = NEW.round"
    " AND s.digest = NEW.digest AND s.phase = 'before' AND s.supervisor_id NOT IN (NEW.proposer_id, NEW.ordered_by))"
)
OTHER_HANDS = (
    "(EXISTS (SELECT 1 FROM approval a WHERE a.list_id = NEW.id AND a.approver_id = NEW.ordered_by)"
    " OR EXISTS (SELECT 1 FROM disposal_item i WHERE i.list_id = NEW.id AND i.appraiser_id = NEW.ordered_by))"
)
UNSIGNED = (
    "NEW.state = 'ordered' AND OLD.state <> 'ordered' AND (OLD.state <> 'approved' OR "
    + APPROVALS
    + " < 2 OR "
    + SUPERVISORS
    + " < 2 OR "
    + OTHER_HANDS
    + ")"
)
UNAPPROVED = (
    "NEW.state = 'approved' AND OLD.state <> 'approved' AND (OLD.state <> 'submitted' OR " + APPROVALS + " < 2)"
)
THAWED = (
    "NEW.proposer_id <> OLD.proposer_id OR NEW.list_no <> OLD.list_no OR NEW.round < OLD.round"
    " OR (OLD.state IN ('closed', 'withdrawn') AND NEW.state <> OLD.state)"
    " OR (OLD.state = 'ordered' AND NEW.state NOT IN ('ordered', 'closed'))"
    " OR (OLD.state = 'approved' AND NEW.state = 'approved' AND (NEW.cooling_until IS DISTINCT FROM OLD.cooling_until"
    " OR NEW.digest IS DISTINCT FROM OLD.digest))"
    " OR (OLD.state = 'ordered' AND NEW.digest IS DISTINCT FROM OLD.digest)"
)
LIST_GUARD = f"({UNSIGNED}) OR ({UNAPPROVED}) OR ({THAWED})"

HELD = (
    "EXISTS (SELECT 1 FROM hold h JOIN hold_record s ON s.hold_id = h.id JOIN record r ON r.id = NEW.record_id"
    " WHERE h.released_at IS NULL AND (s.record_id = r.id OR s.case_id = r.case_id))"
)
GOING_EARLY = (
    "NEW.step = 'key_going' AND OLD.step <> 'key_going' AND (OLD.step <> 'index_purged' OR NEW.opinion <> 'DESTROY' OR "
    + HELD
    + " OR NOT EXISTS (SELECT 1 FROM disposal_list l JOIN record r ON r.id = NEW.record_id WHERE l.id = NEW.list_id"
    " AND l.state = 'ordered' AND r.status = 'destroying' AND r.period <> 'Y' AND r.due_on IS NOT NULL"
    " AND r.due_on <= {day_after}))"
)
OUT_OF_ORDER = (
    "(NEW.step = 'begun' AND OLD.step <> 'begun' AND (OLD.step <> 'waiting' OR NOT EXISTS (SELECT 1 "
    + OF_LIST
    + " AND l.state IN ('approved', 'ordered'))))"
    " OR (NEW.step = 'index_purged' AND OLD.step NOT IN ('begun', 'index_purged'))"
    " OR (NEW.step = 'key_destroyed' AND OLD.step NOT IN ('key_going', 'key_destroyed'))"
    " OR (NEW.step = 'objects_deleted' AND OLD.step NOT IN ('key_destroyed', 'objects_deleted'))"
    " OR (NEW.step = 'destroyed' AND OLD.step NOT IN ('objects_deleted', 'destroyed'))"
    " OR (OLD.step IN ('key_going', 'key_destroyed', 'objects_deleted', 'destroyed')"
    " AND NEW.step NOT IN ('key_going', 'key_destroyed', 'objects_deleted', 'destroyed'))"
)
CHANGED_WHEN_FROZEN = (
    "(NEW.opinion IS DISTINCT FROM OLD.opinion OR NEW.reason IS DISTINCT FROM OLD.reason"
    " OR NEW.appraiser_id IS DISTINCT FROM OLD.appraiser_id OR NEW.extension_years <> OLD.extension_years"
    " OR NEW.record_id <> OLD.record_id OR NEW.candidate_id <> OLD.candidate_id OR NEW.list_id <> OLD.list_id)"
    " AND NOT EXISTS (SELECT 1 FROM disposal_list l WHERE l.id = OLD.list_id AND l.state = 'drawn_up')"
)
ITEM_GUARD = f"({GOING_EARLY}) OR {OUT_OF_ORDER} OR ({CHANGED_WHEN_FROZEN})"
ADDED_LATE = "NEW.step <> 'waiting' OR NOT EXISTS (SELECT 1 " + OF_LIST + " AND l.state = 'drawn_up')"

APPROVED_LATE = (
    "NOT EXISTS (SELECT 1 " + OF_LIST + " AND l.state = 'submitted' AND l.round = NEW.round AND l.digest = NEW.digest)"
    " OR EXISTS (SELECT 1 FROM disposal_item i WHERE i.list_id = NEW.list_id AND i.appraiser_id = NEW.approver_id"
    " AND i.step <> 'struck')"
)
SUPERVISED_LATE = (
    "NOT EXISTS (SELECT 1 " + OF_LIST + " AND l.round = NEW.round AND l.digest = NEW.digest AND ((NEW.phase = 'before'"
    " AND l.state = 'approved') OR (NEW.phase = 'after' AND l.state = 'closed' AND l.ordered_by <> NEW.supervisor_id"
    " AND EXISTS (SELECT 1 FROM supervision s WHERE s.list_id = NEW.list_id AND s.round = NEW.round"
    " AND s.phase = 'before' AND s.supervisor_id = NEW.supervisor_id))))"
)
HIDDEN_UNORDERED = (
    "(NEW.status = 'destroying' AND OLD.status <> 'destroying' AND NOT EXISTS (SELECT 1 FROM disposal_item i"
    " JOIN disposal_list l ON l.id = i.list_id WHERE i.record_id = NEW.id AND i.opinion = 'DESTROY'"
    " AND i.step IN ('waiting', 'begun') AND l.state IN ('approved', 'ordered')))"
    " OR (NEW.status = 'destroyed' AND OLD.status <> 'destroyed' AND NOT EXISTS (SELECT 1 FROM disposal_item i"
    " WHERE i.record_id = NEW.id AND i.step = 'destroyed'))"
)


def upgrade() -> None:
    op.create_table(
        "supervision",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("list_id", sa.String(length=32), nullable=False),
        sa.Column("proposer_id", sa.String(length=32), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("supervisor_id", sa.String(length=32), nullable=False),
        sa.Column("phase", sa.String(length=8), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("signed_at", sa.String(length=27), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("phase IN ('before', 'after')", name=op.f("ck_supervision_phase")),
        sa.CheckConstraint("supervisor_id <> proposer_id", name=op.f("ck_supervision_supervised_by_another")),
        sa.ForeignKeyConstraint(
            ["list_id", "proposer_id"],
            ["disposal_list.id", "disposal_list.proposer_id"],
            name=op.f("fk_supervision_list_id_proposer_id"),
        ),
        sa.ForeignKeyConstraint(["supervisor_id"], ["person.id"], name=op.f("fk_supervision_supervisor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervision")),
        sa.UniqueConstraint(
            "list_id", "round", "phase", "supervisor_id", name=op.f("uq_supervision_list_id_round_phase_supervisor_id")
        ),
    )
    for table in NEVER_DELETED:
        _refuse(table, "DELETE", "TRUE")
    for table in NEVER_CHANGED:
        _refuse(table, "UPDATE", "TRUE")
    # The civil day of the archive may be one ahead of the order's, which is kept in UTC.
    if op.get_bind().dialect.name == "postgresql":
        day_after = "(substr(l.ordered_at, 1, 10)::date + 1)"
    else:
        day_after = "date(substr(l.ordered_at, 1, 10), '+1 day')"
    _refuse("disposal_list", "UPDATE", LIST_GUARD)
    _refuse("disposal_item", "UPDATE", ITEM_GUARD.format(day_after=day_after))
    _refuse("disposal_item", "INSERT", ADDED_LATE)
    _refuse("approval", "INSERT", APPROVED_LATE)
    _refuse("supervision", "INSERT", SUPERVISED_LATE)
    _refuse("record", "UPDATE", HIDDEN_UNORDERED, name="guard_record_hidden")


def _refuse(table: str, event: str, condition: str, name: str = "") -> None:
    """Refuse a change of a row where the condition holds, which may look into other tables too."""
    name = name or f"guard_{table}_{event.lower()}"
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
