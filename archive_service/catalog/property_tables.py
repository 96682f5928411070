"""Rows of the four-property check: reports, and exceptions that a second person grants."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, String, Text

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
    CheckConstraint("decided_by IS NULL OR decided_by <> asked_by", name="second_person"),
    CheckConstraint("granted IS NULL OR granted IN ('yes', 'no')", name="granted"),
)
"""``files_mark`` is the digest of a nonce and the files' digests: it recognises them again and tells nothing of them."""
