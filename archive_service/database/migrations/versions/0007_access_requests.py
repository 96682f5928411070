"""Requests for access: for whom, for what use, agreed to by one or two, talked over, extended and given back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

NEW_COLUMNS = (("on_behalf", 200), ("actions", 40), ("effect", 500), ("extends", 32), ("reminded_at", 27))
STATES = "state IN ('asked', 'granted', 'refused', 'revoked', 'withdrawn', 'returned')"


def upgrade() -> None:
    op.add_column("access_grant", sa.Column("actions", sa.String(length=40), nullable=True))
    for name, length in NEW_COLUMNS:
        op.add_column("access_request", sa.Column(name, sa.String(length=length), nullable=True))
    _more_states()
    op.create_table(
        "access_approval",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("request_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("seat", sa.String(length=16), nullable=False),
        sa.Column("level", sa.String(length=4), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["access_request.id"], name=op.f("fk_access_approval_request_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_access_approval_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_approval")),
        sa.UniqueConstraint(
            "request_id", "person_id", "level", name=op.f("uq_access_approval_request_id_person_id_level")
        ),
        sa.UniqueConstraint("request_id", "seat", "level", name=op.f("uq_access_approval_request_id_seat_level")),
    )
    op.create_table(
        "access_message",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("request_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("body", sa.String(length=1000), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["access_request.id"], name=op.f("fk_access_message_request_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_access_message_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_message")),
    )
    op.create_index(op.f("ix_access_message_request_id_at"), "access_message", ["request_id", "at"], unique=False)
    for table in ("access_approval", "access_message"):
        _never_deleted(table)


def _more_states() -> None:
    """Replace the constraint of states. SQLite makes the table anew, which loses its guard: it is set again."""
    with op.batch_alter_table("access_request") as batch:
        batch.drop_constraint("ck_access_request_state", type_="check")
        batch.create_check_constraint(op.f("ck_access_request_state"), STATES)
    if op.get_bind().dialect.name == "sqlite":
        _guard("access_request", "DELETE")


def _never_deleted(table: str) -> None:
    _guard(table, "DELETE")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER guard_{table}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT "
            "EXECUTE FUNCTION refuse_change()"
        )


def _guard(table: str, event: str) -> None:
    name = f"guard_{table}_{event.lower()}"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN (TRUE) EXECUTE FUNCTION refuse_change()"
        )
    else:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN TRUE "
            f"BEGIN SELECT RAISE(ABORT, 'this row of {table} may not be changed or deleted so'); END"
        )
