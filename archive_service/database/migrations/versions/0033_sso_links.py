"""Accounts linked to an organisation's own sign-on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"

ID, STAMP = sa.String(length=32), sa.String(length=27)


def upgrade() -> None:
    op.create_table(
        "sso_link",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=True),
        sa.Column("linked_at", STAMP, nullable=False),
        sa.Column("removed_at", STAMP, nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_sso_link_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sso_link")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_sso_link_issuer_subject")),
    )
    op.create_index(op.f("ix_sso_link_person_id"), "sso_link", ["person_id"], unique=False)
