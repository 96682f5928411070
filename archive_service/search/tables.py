"""Rows of searches that people keep; what was asked and what was seen lie sealed, for their owner alone."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, LargeBinary, Table

from archive_service.database.tables import ID, STAMP, metadata

saved_searches = Table(
    "saved_search",
    metadata,
    Column("id", ID, primary_key=True),
    Column("person_id", ID, ForeignKey("person.id"), nullable=False, index=True),
    Column("sealed_asked", LargeBinary, nullable=False),
    Column("sealed_seen", LargeBinary, nullable=False),
    Column("saved_at", STAMP, nullable=False),
    Column("looked_at", STAMP, nullable=False),
    Column("told_at", STAMP),
)
