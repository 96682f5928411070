"""The second stage of a certificate of destruction."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "final_certificate",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("list_id", sa.String(length=32), nullable=False),
        sa.Column("issued_at", sa.String(length=27), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["disposal_list.id"], name=op.f("fk_final_certificate_list_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_final_certificate")),
        sa.UniqueConstraint("list_id", name=op.f("uq_final_certificate_list_id")),
    )
    for event in ("UPDATE", "DELETE"):
        name = f"guard_final_certificate_{event.lower()}"
        if op.get_bind().dialect.name == "postgresql":
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {event} ON final_certificate FOR EACH ROW "
                "EXECUTE FUNCTION refuse_change()"
            )
        else:
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {event} ON final_certificate FOR EACH ROW "
                "BEGIN SELECT RAISE(ABORT, 'this row of final_certificate may not be changed or deleted so'); END"
            )
