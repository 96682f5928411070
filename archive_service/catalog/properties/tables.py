"""Rows of the four-property check: reports, and exceptions that a second person grants."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint

from archive_service.database.tables import ID, STAMP, vouched_table

property_reports = vouched_table(
    "property_report",
    Column("record_id", ID, ForeignKey("record.id"), nullable=False),
    Column("stage", String(2), nullable=False),
    Column("verdict", String(6), nullable=False),
    Column("outcomes", Text, nullable=False),
    Column("made_at", STAMP, nullable=False),
    Column("made_by", ID, ForeignKey("person.id")),
    CheckConstraint("stage IN ('GD', 'YJ', 'CQ')", name="stage"),
    Index(None, "record_id", "made_at"),
)
"""``made_by`` is empty for a check that the service made by itself."""

property_exceptions = vouched_table(
    "property_exception",
    Column("files_mark", String(64), nullable=False),
    Column("nonce", String(32), nullable=False),
    Column("outcomes", Text, nullable=False),
    Column("asked_by", ID, ForeignKey("person.id"), nullable=False),
    Column("asked_at", STAMP, nullable=False, index=True),
    Column("decided_by", ID, ForeignKey("person.id")),
    Column("decided_at", STAMP),
    Column("granted", String(3)),
    Column("reason", String(500)),
    Column("record_id", ID, ForeignKey("record.id")),
    Column("stage", String(2)),
    CheckConstraint("decided_by IS NULL OR decided_by <> asked_by", name="second_person"),
    CheckConstraint("granted IS NULL OR granted IN ('yes', 'no')", name="granted"),
)
"""``files_mark`` is the digest of a nonce and the files' digests: it recognises them again and tells nothing of them.

At the doors behind the first one there is a record: then the digest is that of its id, the stage and the failed items.
"""

property_signatures = vouched_table(
    "property_signature",
    Column("report_id", ID, ForeignKey("property_report.id"), nullable=False),
    Column("item", String(4), nullable=False),
    Column("result", String(6), nullable=False),
    Column("note", String(500)),
    Column("sealed_note", LargeBinary),
    Column("signed_at", STAMP, nullable=False),
    Column("signed_by", ID, ForeignKey("person.id"), nullable=False),
    UniqueConstraint("report_id", "item"),
    CheckConstraint("result IN ('PASS', 'WARN', 'FAIL')", name="result"),
    CheckConstraint("note IS NULL OR sealed_note IS NULL", name="one_note"),
)
"""What people put their names to; the note of a confidential record is sealed with it."""
