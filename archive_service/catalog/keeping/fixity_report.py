"""What was checked in a span of days, and what came of it: the figures of the fixity report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from archive_service.audit import acts
from archive_service.audit.tables import entries
from archive_service.catalog.keeping.copy_history import WHOLE
from archive_service.catalog.keeping.copy_rows import DAMAGED, MISSING
from archive_service.catalog.keeping.fixity import READABLE, Fixity
from archive_service.catalog.tables import copies, records
from archive_service.clock import to_stamp
from archive_service.vault import sample_size


@dataclass(frozen=True)
class StoreFigures:
    """One store at the end of the span: copies and bytes held, read within the sweep's days, overdue, never, faulty."""

    name: str
    place: str
    reachable: bool
    held: int
    bytes: int
    recent: int
    overdue: int
    never: int
    faulty: int
    oldest: str
    sample: int


@dataclass(frozen=True)
class Incident:
    """A copy that was found missing or damaged: when, which, and when it was made good (empty: not yet)."""

    at: str
    code: str
    place: str
    fault: str
    repaired_at: str


@dataclass
class Figures:
    """The figures of a span of days (``first`` and ``last`` included)."""

    first: date
    last: date
    nights: int = 0
    whole: int = 0
    copies: int = 0
    sampled: int = 0
    bytes: int = 0
    away: set[str] = field(default_factory=set)
    stores: list[StoreFigures] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)

    @property
    def open(self) -> int:
        """How many of the incidents are not made good."""
        return sum(not one.repaired_at for one in self.incidents)


def figures(fixity: Fixity, first: date, last: date) -> Figures:
    """Draw the figures up from the log (runs, damage, repairs) and the copies as they stand now."""
    found = Figures(first, last)
    zone = fixity.ledger.clock.zone
    since = to_stamp(datetime(first.year, first.month, first.day, tzinfo=zone))
    until = to_stamp(datetime(last.year, last.month, last.day, tzinfo=zone) + timedelta(days=1))
    with fixity.ledger.read() as connection:
        span = (entries.c.at >= since, entries.c.at < until)
        runs = select(entries.c.body).where(entries.c.act == acts.COPIES_CHECKED.name, *span)
        for body in connection.execute(runs).scalars():
            _count(found, json.loads(body).get("detail", {}))
        wanted = (
            select(entries, records.c.code)
            .outerjoin(records, records.c.id == entries.c.object_id)
            .where(
                entries.c.act.in_([acts.COPY_FAULTY.name, acts.COPY_REPAIRED.name, acts.OBJECTS_DELETED.name]),
                entries.c.at >= since,
            )
            .order_by(entries.c.seq)
        )
        found.incidents = _incidents(connection.execute(wanted).all(), until)
    found.stores = _stores(fixity)
    return found


def _count(found: Figures, detail: Mapping[str, Any]) -> None:
    if detail.get("method") == WHOLE:
        found.whole += 1
    else:
        found.nights += 1
    found.copies += int(detail.get("copies", 0))
    found.sampled += int(detail.get("sampled", 0))
    found.bytes += int(detail.get("bytes", 0))
    found.away |= set(detail.get("unreachable", []))


def _incidents(rows: Any, until: str) -> list[Incident]:
    """Pair each finding of damage with the repair that followed it, if one did."""
    waiting: dict[tuple[str, str], list[Any]] = {}
    order: list[list[Any]] = []
    for row in rows:
        detail = json.loads(row.body).get("detail", {})
        key = (str(detail.get("place", "")), str(detail.get("name", "")))
        if row.act == acts.COPY_FAULTY.name and row.at < until:
            waiting[key] = [row, detail, ""]
            order.append(waiting[key])
        elif row.act == acts.COPY_REPAIRED.name and key in waiting:
            waiting.pop(key)[2] = row.at
        elif row.act == acts.OBJECTS_DELETED.name:
            for key in [one for one, (was, *_) in waiting.items() if was.object_id == row.object_id]:
                waiting.pop(key)[2] = row.at
    return [
        Incident(row.at, row.code or row.object_id, str(detail.get("place", "")), str(detail.get("fault", "")), done)
        for row, detail, done in order
    ]


def _stores(fixity: Fixity) -> list[StoreFigures]:
    since = to_stamp(fixity.ledger.clock.now() - timedelta(days=fixity.settings.days))
    with fixity.ledger.read() as connection:
        late = select(copies.c.place, func.count()).where(
            copies.c.state.in_(READABLE), copies.c.checked_at != "", copies.c.checked_at < since
        )
        overdue = {row.place: int(row[1]) for row in connection.execute(late.group_by(copies.c.place))}
    found = []
    for one in fixity.stores():
        behind = overdue.get(one.name, 0)
        found.append(
            StoreFigures(
                one.name,
                one.place,
                one.reachable,
                one.held,
                one.bytes,
                one.held - behind - one.never_read,
                behind,
                one.never_read,
                sum(one.states.get(state, 0) for state in (MISSING, DAMAGED)),
                one.oldest_reading,
                sample_size(one.held, fixity.settings.confidence, fixity.settings.damaged_share),
            )
        )
    return found
