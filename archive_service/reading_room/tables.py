"""Rows of access requests; the grants that come of them lie with the people they are given to."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String

from archive_service.database.tables import ID, STAMP, vouched_table

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
    CheckConstraint("decided_by IS NULL OR decided_by <> person_id", name="not_by_oneself"),
    CheckConstraint("state IN ('asked', 'granted', 'refused', 'revoked')", name="state"),
    Index(None, "state", "asked_at"),
)
