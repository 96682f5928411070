"""Rows of access requests, of who agreed to them and what was said; the grants lie with the people they are given to."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from archive_service.database.tables import ID, STAMP, metadata, vouched_table

requests = vouched_table(
    "access_request",
    Column("person_id", ID, ForeignKey("person.id"), nullable=False),
    Column("code", String(200), nullable=False),
    Column("purpose", String(500), nullable=False),
    Column("days", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("asked_at", STAMP, nullable=False),
    Column("decided_by", ID, ForeignKey("person.id")),
    Column("decided_at", STAMP),
    Column("reason", String(500)),
    Column("on_behalf", String(200)),
    Column("actions", String(40)),
    Column("effect", String(500)),
    Column("extends", ID),
    Column("reminded_at", STAMP),
    Column("bundle", ID),
    CheckConstraint("decided_by IS NULL OR decided_by <> person_id", name="not_by_oneself"),
    CheckConstraint(
        "state IN ('asked', 'granted', 'refused', 'revoked', 'withdrawn', 'returned')",
        name="state",
    ),
    Index(None, "state", "asked_at"),
)

drafts = Table(
    "access_draft",
    metadata,
    Column("id", ID, primary_key=True),
    Column("person_id", ID, ForeignKey("person.id"), nullable=False, index=True),
    Column("codes", Text, nullable=False),
    Column("purpose", String(500), nullable=False),
    Column("on_behalf", String(200), nullable=False),
    Column("days", Integer),
    Column("actions", String(40), nullable=False),
    Column("saved_at", STAMP, nullable=False),
)

approvals = vouched_table(
    "access_approval",
    Column("request_id", ID, ForeignKey("access_request.id"), nullable=False),
    Column("person_id", ID, ForeignKey("person.id"), nullable=False),
    Column("seat", String(16), nullable=False),
    Column("level", String(4), nullable=False),
    Column("at", STAMP, nullable=False),
    Column("redacted", Boolean),
    UniqueConstraint("request_id", "person_id", "level"),
    UniqueConstraint("request_id", "seat", "level"),
)

messages = vouched_table(
    "access_message",
    Column("request_id", ID, ForeignKey("access_request.id"), nullable=False),
    Column("person_id", ID, ForeignKey("person.id"), nullable=False),
    Column("body", String(1000), nullable=False),
    Column("at", STAMP, nullable=False),
    Index(None, "request_id", "at"),
)

redactions = vouched_table(
    "redaction",
    Column("record_id", ID, ForeignKey("record.id"), nullable=False, index=True),
    Column("source_id", ID, ForeignKey("component.id"), nullable=False),
    Column("component_id", ID, ForeignKey("component.id"), nullable=False, unique=True),
    Column("level", String(4), nullable=False),
    Column("record_level", String(4), nullable=False),
    Column("pages", Integer, nullable=False),
    Column("removed", Integer, nullable=False),
    Column("areas", Integer, nullable=False),
    Column("sealed_words", LargeBinary, nullable=False),
    Column("state", String(10), nullable=False),
    Column("made_at", STAMP, nullable=False),
    Column("made_by", ID, ForeignKey("person.id"), nullable=False),
    Column("checked_at", STAMP),
    Column("checked_by", ID, ForeignKey("person.id")),
    Column("withdrawn_at", STAMP),
    Column("withdrawn_by", ID, ForeignKey("person.id")),
    CheckConstraint("checked_by IS NULL OR checked_by <> made_by", name="two_people"),
    CheckConstraint("source_id <> component_id", name="not_itself"),
    CheckConstraint("level IN ('PUB', 'INT', 'TS')", name="level"),
    CheckConstraint("state IN ('made', 'released', 'refused', 'withdrawn')", name="state"),
    CheckConstraint("state <> 'released' OR checked_by IS NOT NULL", name="released_by"),
    Index(None, "state", "level"),
)
"""Redacted copies. ``sealed_words`` are title, reason and finding, sealed with the copy's own key: they go when it goes."""
