"""Holds over whole classes and over stored searches."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

HELD_BY_CLASS = (
    "NEW.step = 'key_going' AND OLD.step <> 'key_going' AND EXISTS (SELECT 1 FROM hold h JOIN hold_scope s"
    " ON s.hold_id = h.id JOIN record r ON r.id = NEW.record_id WHERE h.released_at IS NULL"
    " AND s.class_code = r.class_code)"
)
GUARDS = (
    ("disposal_item", "UPDATE", HELD_BY_CLASS, "guard_disposal_item_held_by_class"),
    ("hold_scope", "UPDATE", "TRUE", "guard_hold_scope_update"),
    ("hold_scope", "DELETE", "TRUE", "guard_hold_scope_delete"),
)


def upgrade() -> None:
    op.create_table(
        "hold_scope",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("hold_id", sa.String(length=32), nullable=False),
        sa.Column("class_code", sa.String(length=16), nullable=True),
        sa.Column("words", sa.String(length=300), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("(class_code IS NULL) <> (words IS NULL)", name=op.f("ck_hold_scope_class_or_words")),
        sa.ForeignKeyConstraint(["hold_id"], ["hold.id"], name=op.f("fk_hold_scope_hold_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold_scope")),
        sa.UniqueConstraint("hold_id", "class_code", name=op.f("uq_hold_scope_hold_id_class_code")),
    )
    op.create_index(op.f("ix_hold_scope_class_code"), "hold_scope", ["class_code"], unique=False)
    for table, event, condition, name in GUARDS:
        refusal = f"this row of {table} may not be changed or deleted so"
        if op.get_bind().dialect.name == "postgresql":
            body = f"BEGIN IF {condition} THEN RAISE EXCEPTION '{refusal}'; END IF; RETURN COALESCE(NEW, OLD); END"
            op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
            op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
        else:
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN {condition} "
                f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
            )
