"""What hits are narrowed and counted by, held in memory and held against the log before each use.

Every change of a record stands in the log in the transaction that makes it, so the length of the log says whether
anything happened since, and its new entries say to which records. Whether a person may see a record is decided at
every search; only the facts of the catalogue are remembered.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from archive_service.audit.ledger import Ledger
from archive_service.audit.tables import entries, head
from archive_service.catalog.tables import case_files, records

IN_A_QUERY = 500
MOST = 300_000
"""Records that are remembered; a larger archive is asked each time."""
MOST_NEW = 20_000
"""Entries of the log that are gone through; behind more of them everything is read anew."""


class Facts(NamedTuple):
    """What a result is narrowed and counted by."""

    class_code: str
    type_code: str
    year: int
    level: str
    code: str
    document_date: date
    enterprise: str
    status: str


FIELDS = (
    *(records.c.class_code, records.c.type_code, records.c.year, records.c.level, records.c.code),
    *(records.c.document_date, case_files.c.enterprise, records.c.status),
)
JOINED = records.outerjoin(case_files, case_files.c.id == records.c.case_id)


def facts_of(row: Any) -> Facts:
    """Return the facts of a row of ``FIELDS`` behind an id."""
    return Facts._make([*row[1:7], row[7] or "", row[8]])


class FactTable:
    """The facts of all records, as they are at the moment of the reading; of an archive that is too large, nothing."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._known: dict[str, Facts] = {}
        self._size: int | None = None
        self._words: dict[str, str] = {}

    def current(self, connection: Connection, *, load: bool = True) -> Mapping[str, Facts] | None:
        """Return the facts by record, brought up to what this reading sees; ``None`` where they are not remembered.

        Without ``load`` they are not read for the first time: for a few records that would cost more than it saves.
        """
        if self._size is None and not load:
            return None
        size = connection.execute(select(head.c.size).where(head.c.id == 1)).scalar_one_or_none() or 0
        with self._lock:
            if size == self._size:
                return self._known
            if self._size is not None and self._size - MOST_NEW <= size < self._size:
                return self._known  # another reading that began later was here first
            if self._size is None or not 0 <= size - self._size <= MOST_NEW:
                if connection.execute(select(func.count()).select_from(records)).scalar_one() > MOST:
                    self._known, self._size = {}, None
                    return None
                self._known = dict(self._read(connection, None))
            else:
                self._follow(connection, self._size)
            self._size = size
            return self._known

    def _follow(self, connection: Connection, since: int) -> None:
        """Read again what the log says was written since."""
        wanted = select(entries.c.body).where(entries.c.seq > since, entries.c.body.contains('"rows"'))
        changed: set[str] = set()
        cases: set[str] = set()
        for body in connection.execute(wanted).scalars():
            for name in json.loads(body).get("rows", {}):
                table, _, row_id = name.partition("/")
                if table == records.name:
                    changed.add(row_id)
                elif table == case_files.name:
                    cases.add(row_id)
        if not changed and not cases:
            return
        known = dict(self._known)  # whoever reads the old one goes on reading it
        for ids, column in ((changed, records.c.id), (cases, records.c.case_id)):
            for some in _portions(ids):
                known.update(self._read(connection, column.in_(some)))
        self._known = known

    def _read(self, connection: Connection, only: Any) -> Iterable[tuple[str, Facts]]:
        asked = select(records.c.id, *FIELDS).select_from(JOINED)
        kept = self._words.setdefault
        for row in connection.execute(asked if only is None else asked.where(only)):
            class_code, type_code, year, level, code, day, enterprise, status = row[1:]
            words = [kept(one, one) for one in (class_code, type_code, level, enterprise or "", status)]
            yield row[0], Facts(words[0], words[1], year, words[2], code, day, words[3], words[4])


def _portions(ids: Collection[str]) -> Iterable[list[str]]:
    every = sorted(ids)
    return (every[start : start + IN_A_QUERY] for start in range(0, len(every), IN_A_QUERY))
