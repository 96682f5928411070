"""What was used, by whom and how: drawn from the log, in which every use stands before anything of it is delivered.

Whoever looks sees the use of those records only that they may see themselves.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.audit.tables import entries
from archive_service.catalog.records.browse import Catalogue, Line
from archive_service.clock import from_stamp, to_stamp
from archive_service.people.model import DOWNLOAD, PRINT, VIEW, Person
from archive_service.people.policy import Action, require
from archive_service.reading_room.tables import approvals, requests

IN_A_QUERY = 500
MANNERS = {"download": DOWNLOAD, "print": PRINT}
"""What a purpose in the log means; every other purpose is viewing."""


@dataclass
class Use:
    """One person's use of one record on one day in one manner: however many pages, one line of the register."""

    on: date
    person_id: str
    record_id: str
    manner: str
    request_id: str
    pages: set[tuple[str, int]] = field(default_factory=set)


@dataclass(frozen=True)
class Used:
    """A line of the register: the use, the record, and the request it rests on, if it rests on one."""

    use: Use
    line: Line
    request: Any
    agreed: Sequence[str]


@dataclass(frozen=True)
class Statistics:
    """How much was used: people by day (several uses on one day are one), records by day, pages; and by month."""

    visits: int
    records: int
    pages: int
    by_manner: Mapping[str, int]
    by_month: Mapping[str, int]


@dataclass(frozen=True)
class UseRegister:
    """Reads the uses of a span of days."""

    ledger: Ledger
    catalogue: Catalogue

    def used(self, actor: Person, first: date, last: date) -> list[Used]:
        """Return every use from one day to another, both included, in the order of time."""
        require(actor, Action.SEE_USE)
        with self.ledger.read() as connection:
            uses = list(_grouped(self._entries(connection, first, last), self._day))
            found = _requests(connection, {use.request_id for use in uses if use.request_id})
            agreed = _agreements(connection, list(found))
        lines: dict[str, Line] = {}
        ids = sorted({use.record_id for use in uses})
        for start in range(0, len(ids), IN_A_QUERY):
            lines.update(self.catalogue.by_ids(actor, ids[start : start + IN_A_QUERY]))
        return [
            Used(use, lines[use.record_id], found.get(use.request_id), agreed.get(use.request_id, ()))
            for use in uses
            if use.record_id in lines
        ]

    def statistics(self, actor: Person, first: date, last: date) -> Statistics:
        """Count the use of a span of days, as far as the one who asks sees it."""
        uses = [one.use for one in self.used(actor, first, last)]
        visits = {(use.on, use.person_id) for use in uses}
        return Statistics(
            visits=len(visits),
            records=len({(use.on, use.person_id, use.record_id) for use in uses}),
            pages=sum(len(use.pages) for use in uses),
            by_manner=Counter(use.manner for use in uses),
            by_month=Counter(f"{on:%Y-%m}" for on, _ in sorted(visits)),
        )

    def _entries(self, connection: Connection, first: date, last: date) -> Iterable[Any]:
        zone = self.ledger.clock.zone
        since = to_stamp(datetime.combine(first, time(), zone))
        until = to_stamp(datetime.combine(last + timedelta(days=1), time(), zone))
        return connection.execute(
            select(entries.c.at, entries.c.person_id, entries.c.object_id, entries.c.body)
            .where(entries.c.act == acts.RECORD_READ.name, entries.c.at >= since, entries.c.at < until)
            .order_by(entries.c.seq)
        )

    def _day(self, stamp: str) -> date:
        return from_stamp(stamp).astimezone(self.ledger.clock.zone).date()


def _grouped(rows: Iterable[Any], day: Any) -> Iterable[Use]:
    uses: dict[tuple[Any, ...], Use] = {}
    for row in rows:
        said = json.loads(row.body).get("detail", {})
        manner = MANNERS.get(said.get("purpose", ""), VIEW)
        key = (day(row.at), row.person_id or "", row.object_id, manner, said.get("request", ""))
        use = uses.setdefault(key, Use(*key))
        if "page" in said:
            use.pages.add((said.get("component", ""), said["page"]))
    return uses.values()


def _requests(connection: Connection, ids: set[str]) -> dict[str, Any]:
    wanted = sorted(ids)
    found: dict[str, Any] = {}
    for start in range(0, len(wanted), IN_A_QUERY):
        some = requests.c.id.in_(wanted[start : start + IN_A_QUERY])
        found.update({row.id: row for row in connection.execute(select(requests).where(some))})
    return found


def _agreements(connection: Connection, ids: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for start in range(0, len(ids), IN_A_QUERY):
        some = approvals.c.request_id.in_(ids[start : start + IN_A_QUERY])
        for row in connection.execute(select(approvals).where(some).order_by(approvals.c.at)):
            found.setdefault(row.request_id, []).append(row.person_id)
    return found
