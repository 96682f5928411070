"""Appraisal groups of lists, and what each member says; too few who agree cannot be submitted, and none of them approves."""

# ruff: noqa: S608
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"

ID, STAMP = sa.String(length=32), sa.String(length=27)
DRAWN_UP = "EXISTS (SELECT 1 FROM disposal_list l WHERE l.id = NEW.list_id AND l.state = 'drawn_up')"
STRANGER = f"NOT {DRAWN_UP} OR NOT EXISTS (SELECT 1 FROM appraisal_member m WHERE m.list_id = NEW.list_id AND m.person_id = NEW.member_id)"
AGREED = (
    "(SELECT count(DISTINCT v.member_id) FROM appraisal_vote v WHERE v.item_id = i.id AND v.agrees"
    " AND v.appraised_at = i.appraised_at AND v.opinion = i.opinion AND v.member_id <> i.appraiser_id)"
)
UNSETTLED = (
    "NEW.state = 'submitted' AND OLD.state = 'drawn_up'"
    " AND EXISTS (SELECT 1 FROM appraisal_member m WHERE m.list_id = NEW.id)"
    f" AND EXISTS (SELECT 1 FROM disposal_item i WHERE i.list_id = NEW.id AND i.step = 'waiting' AND {AGREED} < 2)"
)
SAID_BEFORE = "EXISTS (SELECT 1 FROM appraisal_vote v WHERE v.list_id = NEW.list_id AND v.member_id = NEW.approver_id)"


def upgrade() -> None:
    op.create_table(
        "appraisal_member",
        sa.Column("id", ID, nullable=False),
        sa.Column("list_id", ID, nullable=False),
        sa.Column("proposer_id", ID, nullable=False),
        sa.Column("naming", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("capacity", sa.String(length=16), nullable=False),
        sa.Column("named_at", STAMP, nullable=False),
        sa.Column("named_by", ID, nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("person_id <> proposer_id", name=op.f("ck_appraisal_member_another")),
        sa.CheckConstraint(
            "capacity IN ('leader', 'archives', 'business', 'expert')", name=op.f("ck_appraisal_member_capacity")
        ),
        _of_list("appraisal_member"),
        sa.ForeignKeyConstraint(["named_by"], ["person.id"], name=op.f("fk_appraisal_member_named_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_appraisal_member_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appraisal_member")),
        sa.UniqueConstraint(
            "list_id", "naming", "person_id", name=op.f("uq_appraisal_member_list_id_naming_person_id")
        ),
    )
    op.create_table(
        "appraisal_vote",
        sa.Column("id", ID, nullable=False),
        sa.Column("list_id", ID, nullable=False),
        sa.Column("proposer_id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("opinion", sa.String(length=16), nullable=False),
        sa.Column("extension_years", sa.Integer(), nullable=False),
        sa.Column("appraised_at", STAMP, nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("given_at", STAMP, nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("member_id <> proposer_id", name=op.f("ck_appraisal_vote_another")),
        sa.CheckConstraint("agrees OR (reason IS NOT NULL AND reason <> '')", name=op.f("ck_appraisal_vote_says_why")),
        sa.ForeignKeyConstraint(["item_id"], ["disposal_item.id"], name=op.f("fk_appraisal_vote_item_id")),
        _of_list("appraisal_vote"),
        sa.ForeignKeyConstraint(["member_id"], ["person.id"], name=op.f("fk_appraisal_vote_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appraisal_vote")),
        sa.UniqueConstraint(
            "item_id", "member_id", "appraised_at", name=op.f("uq_appraisal_vote_item_id_member_id_appraised_at")
        ),
    )
    op.create_index(op.f("ix_appraisal_vote_list_id"), "appraisal_vote", ["list_id"], unique=False)
    for table in ("appraisal_member", "appraisal_vote"):
        _refuse(table, "DELETE", "TRUE")
        _refuse(table, "UPDATE", "TRUE")
    _refuse("appraisal_member", "INSERT", f"NOT {DRAWN_UP}")
    _refuse("appraisal_vote", "INSERT", STRANGER)
    _refuse("disposal_list", "UPDATE", UNSETTLED, "guard_disposal_list_unsettled")
    _refuse("approval", "INSERT", SAID_BEFORE, "guard_approval_said_before")


def _of_list(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["list_id", "proposer_id"],
        ["disposal_list.id", "disposal_list.proposer_id"],
        name=op.f(f"fk_{table}_list_id_proposer_id"),
    )


def _refuse(table: str, event: str, condition: str, name: str = "") -> None:
    """Refuse a change of a row where the condition holds, which may look into other tables too."""
    name, refusal = name or f"guard_{table}_{event.lower()}", f"this row of {table} may not be changed or deleted so"
    if op.get_bind().dialect.name == "postgresql":
        returned = "OLD" if event == "DELETE" else "NEW"
        body = f"BEGIN IF {condition} THEN RAISE EXCEPTION '{refusal}'; END IF; RETURN {returned}; END"
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
