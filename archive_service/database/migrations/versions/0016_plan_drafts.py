"""Drafts of the classification plan: written by some, published by another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "plan_draft",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("base", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("hands", sa.Text(), nullable=False),
        sa.Column("made_at", sa.String(length=27), nullable=False),
        sa.Column("made_by", sa.String(length=32), nullable=False),
        sa.Column("decided_at", sa.String(length=27), nullable=True),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("state IN ('open', 'published', 'discarded')", name=op.f("ck_plan_draft_state")),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> made_by", name=op.f("ck_plan_draft_two_people")),
        sa.CheckConstraint("state <> 'published' OR decided_by IS NOT NULL", name=op.f("ck_plan_draft_published_by")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_plan_draft_made_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_plan_draft_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_draft")),
    )
