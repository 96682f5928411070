"""What two supervisors attest of the papers of a destroyed record; no list closes while papers are not attested."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"

ID, STAMP = sa.String(length=32), sa.String(length=27)
SIGNED = (
    "EXISTS (SELECT 1 FROM supervision s JOIN disposal_list l ON l.id = s.list_id WHERE s.list_id = NEW.list_id"
    " AND s.round = l.round AND s.phase = 'before' AND s.supervisor_id = NEW.{who})"
)
NOT_NOW = "NOT EXISTS (SELECT 1 FROM disposal_list l WHERE l.id = NEW.list_id AND l.state = 'ordered')"
STRANGER = f"{NOT_NOW} OR NOT {SIGNED.format(who='first_id')}"
SECOND_STRANGER = f"NEW.second_id IS NOT NULL AND NOT {SIGNED.format(who='second_id')}"
SETTLED = "OLD.second_id IS NOT NULL OR NEW.item_id <> OLD.item_id OR NEW.list_id <> OLD.list_id"
PAPERS_LEFT = (
    "NEW.state = 'closed' AND OLD.state = 'ordered' AND EXISTS (SELECT 1 FROM disposal_item i WHERE i.list_id = NEW.id"
    " AND i.step = 'destroyed' AND (EXISTS (SELECT 1 FROM record_place p WHERE p.record_id = i.record_id"
    " AND p.box_id IS NOT NULL) OR EXISTS (SELECT 1 FROM paper_destruction d WHERE d.item_id = i.id"
    " AND d.second_id IS NULL)))"
)


def upgrade() -> None:
    op.create_table(
        "paper_destruction",
        sa.Column("id", ID, nullable=False),
        sa.Column("list_id", ID, nullable=False),
        sa.Column("proposer_id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("box_no", sa.String(length=40), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("way", sa.String(length=200), nullable=False),
        sa.Column("first_id", ID, nullable=False),
        sa.Column("first_at", STAMP, nullable=False),
        sa.Column("second_id", ID, nullable=True),
        sa.Column("second_at", STAMP, nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "first_id <> proposer_id AND (second_id IS NULL OR second_id <> proposer_id)",
            name=op.f("ck_paper_destruction_not_by_proposer"),
        ),
        sa.CheckConstraint("second_id IS NULL OR second_id <> first_id", name=op.f("ck_paper_destruction_two_people")),
        sa.CheckConstraint("(second_id IS NULL) = (second_at IS NULL)", name=op.f("ck_paper_destruction_second")),
        sa.ForeignKeyConstraint(["first_id"], ["person.id"], name=op.f("fk_paper_destruction_first_id")),
        sa.ForeignKeyConstraint(["item_id"], ["disposal_item.id"], name=op.f("fk_paper_destruction_item_id")),
        sa.ForeignKeyConstraint(
            ["list_id", "proposer_id"],
            ["disposal_list.id", "disposal_list.proposer_id"],
            name=op.f("fk_paper_destruction_list_id_proposer_id"),
        ),
        sa.ForeignKeyConstraint(["second_id"], ["person.id"], name=op.f("fk_paper_destruction_second_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_destruction")),
        sa.UniqueConstraint("item_id", name=op.f("uq_paper_destruction_item_id")),
    )
    op.create_index(op.f("ix_paper_destruction_list_id"), "paper_destruction", ["list_id"], unique=False)
    _refuse("paper_destruction", "DELETE", "TRUE")
    _refuse("paper_destruction", "INSERT", f"NEW.second_id IS NOT NULL OR {STRANGER}")
    _refuse("paper_destruction", "UPDATE", f"{SETTLED} OR {STRANGER} OR ({SECOND_STRANGER})")
    _refuse("disposal_list", "UPDATE", PAPERS_LEFT, "guard_disposal_list_papers_left")


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
