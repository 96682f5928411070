"""Reading the log page by page, for those who watch over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from archive_service.audit.ledger import Ledger
from archive_service.audit.tables import entries
from archive_service.errors import NotFound

PAGE = 50

THE_SERVICE = "-"
"""Stands for the service itself where a person's id is asked for: it acts without one."""

GREATEST = 2**31 - 1
"""The greatest number that an entry can have on both databases."""


@dataclass(frozen=True)
class Wanted:
    """What the log is narrowed to: an act by its name, an object and a person by their ids; empty means any."""

    act: str = ""
    object_id: str = ""
    person_id: str = ""


@dataclass(frozen=True)
class Page:
    """Entries from the newest back; ``next_before`` is the number to go on from, ``None`` on the last page."""

    rows: Sequence[Any]
    next_before: int | None


def newest(ledger: Ledger, wanted: Wanted | None = None, *, before: int | None = None, page: int = PAGE) -> Page:
    """Return a page of entries, the newest first, those before the number ``before`` if one is given."""
    wanted = wanted or Wanted()
    query = select(entries).order_by(entries.c.seq.desc()).limit(page + 1)
    if wanted.act:
        query = query.where(entries.c.act == wanted.act)
    if wanted.object_id:
        query = query.where(entries.c.object_id == wanted.object_id)
    if wanted.person_id == THE_SERVICE:
        query = query.where(entries.c.person_id.is_(None))
    elif wanted.person_id:
        query = query.where(entries.c.person_id == wanted.person_id)
    if before is not None:
        query = query.where(entries.c.seq < min(before, GREATEST))
    with ledger.read() as connection:
        rows = connection.execute(query).all()
    more = len(rows) > page
    return Page(rows[:page], rows[page - 1].seq if more else None)


def entry(ledger: Ledger, seq: int) -> Any:
    """Return one entry."""
    row = None
    if 0 < seq <= GREATEST:
        with ledger.read() as connection:
            row = connection.execute(select(entries).where(entries.c.seq == seq)).one_or_none()
    if row is None:
        raise NotFound(f"审计日志中没有第 {seq} 条。", f"The audit log has no entry {seq}.")
    return row
