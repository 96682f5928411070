"""PRONOM identifiers for the files of records, found after they are filed: in a caged process, several files at a time.

What has no identifier yet is what waits; so older holdings are identified too. Whatever fails here harms no record.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.catalog.outbox import enqueue
from archive_service.catalog.tables import ARCHIVED, components, records
from archive_service.errors import ArchiveError
from archive_service.vault import Vault
from index.extract.identify import MOST_FILES, UNKNOWN, Format, Given, identify

log = logging.getLogger("archive_service.catalog")

FILES = ("original", "attachment")
"""Roles of what came from outside; texts and previews are our own."""

AT_ONCE_BYTES = 64 * 1024 * 1024
"""Bytes of files that one process takes; of a larger file it keeps beginning and end only."""


@dataclass(frozen=True)
class Identification:
    """Finds what waits, asks, and notes the answers; one run of a process at a time."""

    ledger: Ledger
    vault: Vault
    _busy: threading.Lock = field(default_factory=threading.Lock)
    _passed_over: set[str] = field(default_factory=set)
    """Components that could not be read in this process; they wait for the next one."""

    def settle(self) -> int:
        """Identify every file that waits; return how many were. Another run under way is left to it."""
        if not self._busy.acquire(blocking=False):
            return 0
        try:
            done = 0
            while some := self._waiting():
                done += sum(self._identify(group) for group in _groups(some))
            return done
        finally:
            self._busy.release()

    def _waiting(self) -> Sequence[Any]:
        wanted = (
            select(components)
            .join(records, records.c.id == components.c.record_id)
            .where(components.c.puid.is_(None), components.c.role.in_(FILES), records.c.status == ARCHIVED)
            .where(components.c.id.not_in(list(self._passed_over)))
            .order_by(components.c.id)
            .limit(MOST_FILES)
        )
        with self.ledger.read() as connection:
            return connection.execute(wanted).all()

    def _identify(self, files: Sequence[Any]) -> int:
        """Identify files together; if that fails, each alone, so that one hostile file does not keep the others out."""
        try:
            found = identify([Given(one.size, self._chunks(one)) for one in files])
        except (ArchiveError, OSError) as error:
            if len(files) == 1:
                log.warning("format of %s: %s", files[0].id, type(error).__name__)
                self._passed_over.add(files[0].id)
                return 0
            found = None
        if found is None and len(files) > 1:
            return sum(self._identify([one]) for one in files)
        self._note(files, found or [Format(UNKNOWN)])
        return len(files)

    def _chunks(self, file: Any) -> Iterator[bytes]:
        yield from self.vault.open(file.record_id, file.id, file.version)

    def _note(self, files: Sequence[Any], found: Sequence[Format]) -> None:
        with self.ledger.work(None) as work:
            for file, told in zip(files, found, strict=True):
                there = select(records.c.id).where(records.c.id == file.record_id, records.c.status == ARCHIVED)
                if work.connection.execute(there.with_for_update()).first() is None:
                    continue
                values = {"puid": told.puid, "format_name": told.name or None}
                if work.update(components, file.id, values, components.c.puid.is_(None)):
                    work.act(acts.FORMAT_IDENTIFIED, "record", file.record_id, component=file.id, puid=told.puid)
                    enqueue(work, "capsule", file.record_id)  # so that it tells the row as it now stands
            work.commit()


def _groups(files: Sequence[Any]) -> Iterator[list[Any]]:
    """Split files into groups of no more than :data:`AT_ONCE_BYTES`, or of one."""
    group: list[Any] = []
    size = 0
    for one in files:
        if group and size + one.size > AT_ONCE_BYTES:
            yield group
            group, size = [], 0
        group.append(one)
        size += one.size
    if group:
        yield group
