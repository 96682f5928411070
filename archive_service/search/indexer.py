"""The index and the catalogue: settled, compared, made anew, purged.

A record's custody never depends on this: whatever fails here is noted and can be done again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from archive_service.audit.ledger import Ledger
from archive_service.catalog.classification.schedules import Schedules
from archive_service.catalog.tables import ARCHIVED, index_states, outbox, records, scan_states
from archive_service.config import ExtractionTable
from archive_service.errors import ArchiveError, Damaged, NotFound
from archive_service.people.model import SEARCHED_LEVELS
from archive_service.search.compartments import Compartments
from archive_service.search.outbox import INDEX, Outbox
from archive_service.search.rebuilding import Progress, Rebuilding
from archive_service.search.scans import Scans
from archive_service.search.settling import Settling
from archive_service.search.texts import FAILED, INDEXED, SEALED, WITHOUT_TEXT, Prepared, Texts
from archive_service.vault import Vault
from index.analysis import ANALYSIS_VERSION
from index.extract import Limits

log = logging.getLogger("archive_service.search")

CURRENT = f"{ANALYSIS_VERSION}/"
"""How the marks of this version's analysis begin."""


@dataclass(frozen=True)
class Compared:
    """What a comparison of index and catalogue led to: records asked for again, records taken out of the index."""

    asked: int
    removed: int


@dataclass
class _Looked:
    """Whether this process has looked at the index yet."""

    once: bool = False


@dataclass(frozen=True)
class Indexer:
    """Settles what the outbox asks for; says how far it is; makes the index anew."""

    ledger: Ledger
    vault: Vault
    schedules: Schedules
    compartments: Compartments
    limits: Limits
    scans: Scans
    _looked: _Looked = field(default_factory=_Looked)

    @classmethod
    def at(cls, folder: Path, ledger: Ledger, vault: Vault, schedules: Schedules, settings: ExtractionTable) -> Indexer:
        """Return the indexer of an archive whose index lies in ``folder``."""
        limits = Limits(
            memory_mib=settings.memory_mib,
            cpu_seconds=settings.cpu_seconds,
            wall_seconds=settings.wall_seconds,
            input_bytes=settings.input_mib * 1024 * 1024,
            output_characters=settings.output_characters,
        )
        scans = Scans(ledger, Texts(ledger, vault), settings)
        return cls(ledger, vault, schedules, Compartments(folder, vault), limits, scans)

    @property
    def texts(self) -> Texts:
        """What prepares records for the index."""
        return Texts(self.ledger, self.vault)

    @property
    def box(self) -> Outbox:
        """What waits to be done."""
        return Outbox(self.ledger)

    def settle(self) -> int:
        """Do what waits until nothing is due any more; return how many rows were settled.

        The first time in a process the index is looked at: one that has lost what the catalogue says it holds
        (deleted, restored, cut off by a crash) is compared record by record, and what is missing is asked for again.
        """
        if not self._looked.once:
            self._looked.once = True
            if not self._sizes_agree() or not self.compartments.generations.noted:
                found = self.reconcile()
                self.compartments.generations.note()
                log.warning(
                    "the index did not match the catalogue: %d records asked for again, %d taken out",
                    found.asked,
                    found.removed,
                )
        return Settling(
            self.ledger, self.texts, self.compartments, self.box, self.limits, self.reconcile, self.scans.reason
        ).run()

    def _sizes_agree(self) -> bool:
        try:
            there = self.compartments.count()
        except ArchiveError:
            return False
        with self.ledger.read() as connection:
            wanted = (
                select(func.count())
                .select_from(records.outerjoin(index_states, index_states.c.record_id == records.c.id))
                .where(records.c.status == ARCHIVED, records.c.level.in_(SEARCHED_LEVELS), _not_given_up())
            )
            expected = connection.execute(wanted).scalar_one()
        waiting = self.box.waiting()
        return expected - waiting <= there <= expected + waiting

    def reconcile(self) -> Compared:
        """Compare the index with the catalogue, record by record and state by state, and ask for whatever differs.

        A compartment that cannot be read is emptied first. For every start after which the index may be older, or
        newer, than the catalogue; costs about a second for each 100,000 records.
        """
        held = {name: self._marks(name) for name in self.compartments.names}
        with self.ledger.read() as connection:
            rows = connection.execute(
                select(records.c.id, records.c.level, index_states.c.state, index_states.c.analysis)
                .outerjoin(index_states, index_states.c.record_id == records.c.id)
                .where(records.c.status == ARCHIVED)
            ).all()
            waiting = set(connection.execute(select(outbox.c.record_id).where(outbox.c.topic == INDEX)).scalars())
        home = {row.id: self.compartments.name_of(row.level) for row in rows}
        removed = 0
        for name, marks in held.items():
            strays = [record_id for record_id in marks if home.get(record_id) != name]
            if strays:
                self.compartments.remove(name, strays)
                removed += len(strays)
        asked = [
            row.id
            for row in rows
            if row.id not in waiting and row.state not in (SEALED, FAILED) and not _agrees(row, held, home[row.id])
        ]
        self.box.ask(asked)
        return Compared(len(asked), removed)

    def _marks(self, name: str) -> dict[str, str]:
        try:
            return self.compartments.marks(name)
        except (Damaged, NotFound) as error:
            log.warning("compartment %s cannot be read and is built again: %s", name, error.text.en)
            self.compartments.clear(name)
            return {}

    def purge(self, record_id: str) -> None:
        """Remove a record's terms from every index and write anew what held them; can be repeated."""
        damaged = False
        for name in self.compartments.names:
            try:
                self.compartments.remove(name, [record_id])
            except Damaged:
                # What cannot be read cannot be searched for what must go: all of it goes, and is built again.
                self.compartments.clear(name)
                damaged = True
        if damaged:
            self.reconcile()
        with self.ledger.work(None) as work:
            work.connection.execute(outbox.delete().where(outbox.c.record_id == record_id))
            work.connection.execute(index_states.delete().where(index_states.c.record_id == record_id))
            work.connection.execute(scan_states.delete().where(scan_states.c.record_id == record_id))
            work.commit()

    def remains(self, record_id: str) -> list[str]:
        """Look again for a record in every index; empty is clean."""
        return self.compartments.remains(record_id)

    def status(self) -> dict[str, Any]:
        """Say how many records are indexed, wait, have no text, have failed."""
        with self.ledger.read() as connection:
            found = connection.execute(select(index_states.c.state, func.count()).group_by(index_states.c.state))
            states: dict[str, int] = {row.state: row[1] for row in found}
        return {
            "analysis": ANALYSIS_VERSION,
            "rebuild_due": self.due(),
            "indexed": states.get(INDEXED, 0),
            "without_text": states.get(WITHOUT_TEXT, 0),
            "sealed": states.get(SEALED, 0),
            "failed": states.get(FAILED, 0),
            "waiting": self.box.waiting(),
            "scans": self.scans.status(),
        }

    def rebuild(self, progress: Progress | None = None) -> int:
        """Make the whole index anew from the sealed texts, beside the old one; return how many records it holds.

        A record that cannot be prepared is left to the outbox and its tries; the others go on.
        """
        return Rebuilding(self.ledger, self.compartments, self._prepared, self.scans.reason, progress).run()

    def renew(self) -> int:
        """Make the index anew if it is of an earlier analysis; the old one serves meanwhile. Return how many it holds."""
        if not self.due():
            return 0
        log.warning("the analysis of texts has changed; the index is built again while the old one serves")
        return self.rebuild()

    def due(self) -> bool:
        """Say whether records were indexed by an earlier analysis, so that a rebuild is due."""
        with self.ledger.read() as connection:
            other = select(index_states.c.record_id).where(
                index_states.c.state.in_([INDEXED, WITHOUT_TEXT]), ~index_states.c.analysis.startswith(CURRENT)
            )
            return connection.execute(other.limit(1)).first() is not None

    def _prepared(self, record_id: str) -> Prepared | None:
        try:
            return self.texts.prepare(record_id, self.limits)
        except Exception as error:  # one record's fault does not end the rebuild
            log.warning("index of %s: %s", record_id, type(error).__name__)
            self.box.ask([record_id])
            return None


def _not_given_up() -> Any:
    return index_states.c.state.is_(None) | (index_states.c.state != FAILED)


def _agrees(row: Any, held: dict[str, dict[str, str]], name: str | None) -> bool:
    """Say whether the index holds of a record exactly the state that was noted of it."""
    if name is None:
        return bool(row.state == SEALED)
    mark = row.analysis or ""
    return bool(mark) and held[name].get(row.id) == mark
