"""Rows of imports under way and ended: working tables, so that every process shows them; they prove nothing."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from archive_service.database.tables import ID, STAMP, metadata

import_runs = Table(
    "import_run",
    metadata,
    Column("id", ID, primary_key=True),
    Column("person_id", ID, ForeignKey("person.id"), nullable=False),
    Column("batch_id", ID),
    Column("plan", LargeBinary),
    Column("total", Integer, nullable=False),
    Column("state", String(8), nullable=False),
    Column("stop_asked", Boolean, nullable=False),
    Column("started_at", STAMP, nullable=False),
    Column("touched_at", STAMP, nullable=False),
    Column("fault_zh", String(500)),
    Column("fault_en", String(500)),
    CheckConstraint("state IN ('running', 'ended', 'stopped', 'failed')", name="state"),
    Index(None, "person_id", "started_at"),
)
"""``plan`` is what is to be filed, sealed with a key of the run: titles and names stand in it, and in no column."""

import_outcomes = Table(
    "import_outcome",
    metadata,
    Column("run_id", ID, ForeignKey("import_run.id"), primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("record_id", ID),
    Column("repeated", Boolean, nullable=False),
    Column("refusal", LargeBinary),
    CheckConstraint("(record_id IS NULL) <> (refusal IS NULL)", name="one_outcome"),
)
"""What became of each row: the record, or the file names and the reason of a refusal, sealed like the plan."""
