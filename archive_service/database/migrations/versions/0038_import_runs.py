"""Imports under way and ended, seen by every process."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"

ID, STAMP = sa.String(length=32), sa.String(length=27)


def upgrade() -> None:
    op.create_table(
        "import_run",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("batch_id", ID, nullable=True),
        sa.Column("plan", sa.LargeBinary(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("stop_asked", sa.Boolean(), nullable=False),
        sa.Column("started_at", STAMP, nullable=False),
        sa.Column("touched_at", STAMP, nullable=False),
        sa.Column("fault_zh", sa.String(length=500), nullable=True),
        sa.Column("fault_en", sa.String(length=500), nullable=True),
        sa.CheckConstraint("state IN ('running', 'ended', 'stopped', 'failed')", name=op.f("ck_import_run_state")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_import_run_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_index(op.f("ix_import_run_person_id_started_at"), "import_run", ["person_id", "started_at"], unique=False)
    op.create_table(
        "import_outcome",
        sa.Column("run_id", ID, nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("record_id", ID, nullable=True),
        sa.Column("repeated", sa.Boolean(), nullable=False),
        sa.Column("refusal", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("(record_id IS NULL) <> (refusal IS NULL)", name=op.f("ck_import_outcome_one_outcome")),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_import_outcome_run_id")),
        sa.PrimaryKeyConstraint("run_id", "row", name=op.f("pk_import_outcome")),
    )
