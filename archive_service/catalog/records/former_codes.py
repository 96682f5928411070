"""Codes that records bore until their number was corrected: what was printed with them is still found."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from archive_service.catalog.tables import DONE, records, renumberings


def borne_before(code: str) -> ColumnElement[bool]:
    """Return the condition for the record that bore a code until its number was corrected."""
    former = select(renumberings.c.record_id).where(renumberings.c.old_code == code, renumberings.c.state == DONE)
    return records.c.id.in_(former)
