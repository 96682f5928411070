"""Guards for the rest of the log and against PostgreSQL's TRUNCATE; a grant remembers the level it was given for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

WRITTEN_ONCE = ("audit_node", "audit_checkpoint")
NEVER_DELETED = (
    "audit_node",
    "audit_checkpoint",
    "audit_head",
    "record_parent",
    "person",
    "access_grant",
    "access_request",
)
GUARDED_BEFORE = (
    "audit_entry",
    "record",
    "component",
    "candidate",
    "disposal_list",
    "disposal_item",
    "approval",
    "certificate",
    "hold",
    "hold_record",
    "void_number",
)
"""What the first schema's guards keep from deletion, row by row."""

A_SMALLER_LOG = "NEW.size < OLD.size OR NEW.id <> OLD.id"


def upgrade() -> None:
    op.add_column("access_grant", sa.Column("level", sa.String(length=4), nullable=True))
    with op.batch_alter_table("audit_head") as batch:
        batch.create_check_constraint(op.f("ck_audit_head_single"), "id = 1")
    op.drop_index(op.f("ix_audit_entry_object_type_object_id_seq"), "audit_entry")
    op.create_index(op.f("ix_audit_entry_object_id_seq"), "audit_entry", ["object_id", "seq"], unique=False)
    guards = [(table, "DELETE", "TRUE") for table in NEVER_DELETED]
    guards += [(table, "UPDATE", "TRUE") for table in WRITTEN_ONCE]
    guards.append(("audit_head", "UPDATE", A_SMALLER_LOG))
    for table, event, condition in guards:
        _guard(table, event, condition)
    if op.get_bind().dialect.name == "postgresql":
        for table in (*GUARDED_BEFORE, *NEVER_DELETED):
            # Triggers for rows do not fire when a whole table is emptied.
            op.execute(
                f"CREATE TRIGGER guard_{table}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT "
                "EXECUTE FUNCTION refuse_change()"
            )


def _guard(table: str, event: str, condition: str) -> None:
    name = f"guard_{table}_{event.lower()}"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN ({condition}) "
            "EXECUTE FUNCTION refuse_change()"
        )
    else:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, 'this row of {table} may not be changed or deleted so'); END"
        )
