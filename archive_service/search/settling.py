"""Settling the outbox: a quick lane that nothing blocks, and a slow one for files that take their time.

A file that exceeds the quick lane's patience is begun again in the slow lane, while the quick lane goes on. What is
ready is committed to the index about once a second, and only then noted and struck out of the outbox.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select

from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.keeping.capsules import write_capsule
from archive_service.catalog.tables import ARCHIVED, index_states, records
from archive_service.errors import ArchiveError, Damaged, Text
from archive_service.search import scans
from archive_service.search.compartments import Compartments
from archive_service.search.outbox import CAPSULE, INDEX, TRIES, Outbox, strike_out
from archive_service.search.texts import FAILED, SEALED, Prepared, Slow, Texts
from index.extract import Limits

log = logging.getLogger("archive_service.search")

QUICK_WORKERS = 2
PATIENCE_SECONDS = 5
"""What the quick lane gives one file."""

COMMIT_EVERY_SECONDS = 1.0
COMMIT_AT = 50
HOLD_EVERY_SECONDS = 30.0
CAPSULES_AT_ONCE = 20

GIVEN_UP = Text("多次尝试均未完成，已停止尝试。", "Several attempts did not finish; no more are made.")


@dataclass
class Settling:
    """One run over the outbox; it ends when nothing is due and nothing is under way."""

    ledger: Ledger
    texts: Texts
    compartments: Compartments
    box: Outbox
    limits: Limits
    mend: Callable[[], object]
    no_scans: Text | None = None
    """Why the words in pictures are not recognised; nothing where they are."""
    done: int = 0
    _warned: bool = False
    _ready: list[tuple[Any, Prepared | None]] = field(default_factory=list)
    _flying: dict[Future[Prepared | None], Any] = field(default_factory=dict)
    _slow: set[Future[Prepared | None]] = field(default_factory=set)

    def run(self) -> int:
        """Do everything that is due; return how many rows were settled. ``mend`` is called when the index is damaged."""
        quick, slow = ThreadPoolExecutor(QUICK_WORKERS), ThreadPoolExecutor(1)
        with quick, slow:
            committed = held = time.monotonic()
            while True:
                capsules = self._capsules()
                self._take_up(quick)
                if not self._flying and not self._ready and not capsules:
                    return self.done
                self._land(slow)
                if time.monotonic() - held >= HOLD_EVERY_SECONDS:
                    self.box.hold([row.seq for row in self._flying.values()])
                    held = time.monotonic()
                waited = time.monotonic() - committed >= COMMIT_EVERY_SECONDS
                if self._ready and (waited or len(self._ready) >= COMMIT_AT or not self._flying):
                    self._commit()
                    committed = time.monotonic()

    def _take_up(self, quick: ThreadPoolExecutor) -> None:
        room = 2 * QUICK_WORKERS - (len(self._flying) - len(self._slow))
        for row in self.box.claim(INDEX, room) if room > 0 else ():
            if row.attempts >= TRIES:
                self._give_up(row, Text(GIVEN_UP.zh, GIVEN_UP.en))
                continue
            hurried = replace(self.limits, wall_seconds=min(PATIENCE_SECONDS, self.limits.wall_seconds))
            self._flying[quick.submit(self.texts.prepare, row.record_id, hurried, slow_too=False)] = row

    def _land(self, slow: ThreadPoolExecutor) -> None:
        if not self._flying:
            return
        landed, _ = wait(self._flying, timeout=0.5, return_when=FIRST_COMPLETED)
        for future in landed:
            row = self._flying.pop(future)
            self._slow.discard(future)
            try:
                prepared = future.result()
                self._ready.append((row, prepared))
                self._warn_once(prepared)
            except Slow:
                again = slow.submit(self.texts.prepare, row.record_id, self.limits)
                self._flying[again] = row
                self._slow.add(again)
            except Exception as error:  # whatever one record brings about, the others go on
                self._trouble(row, error)

    def _capsules(self) -> int:
        rows = self.box.claim(CAPSULE, CAPSULES_AT_ONCE)
        for row in rows:
            try:
                write_capsule(self.ledger, self.texts.vault, row.record_id)
                self.done += 1
            except Exception as error:  # never given up: from capsules the catalogue can be rebuilt
                self.box.put_off(row, _in_words(error))
                log.warning("capsule of %s: %s", row.record_id, _in_words(error).en)
        return len(rows)

    def _commit(self) -> None:
        """Write to the index, then note and strike out in one transaction."""
        ready, self._ready = self._ready, []
        into = self.compartments.generation
        try:
            write(self.ledger, self.compartments, [one for _, one in ready if one is not None])
        except Damaged as error:
            log.error("the index is damaged and is built again: %s", error.text.en)
            self.mend()
            for row, _ in ready:
                self.box.put_off(row, error.text)
            return
        except Exception as error:
            for row, _ in ready:
                self._trouble(row, error)
            return
        with self.ledger.work(None) as work:
            note(work, [one for _, one in ready if one is not None])
            ask_for_pictures(work, [one for _, one in ready if one is not None], self.no_scans)
            strike_out(work.connection, [row.seq for row, _ in ready])
            work.commit()
        self.done += len(ready)
        if self.compartments.generation != into:  # another index may have taken its place before it knew of these
            self.box.ask([row.record_id for row, _ in ready])

    def _warn_once(self, prepared: Prepared | None) -> None:
        if prepared is not None and prepared.weakly_caged and not self._warned:
            self._warned = True
            log.warning(
                "Text was extracted without seccomp: this system does not keep a hostile document from network and "
                "programs. 本系统不支持 seccomp，文字提取进程未受完整隔离。"
            )

    def _trouble(self, row: Any, error: Exception) -> None:
        words = _in_words(error)
        log.warning("index of %s: %s", row.record_id, words.en)
        if row.attempts + 1 >= TRIES:
            self._give_up(row, words)
        else:
            self.box.put_off(row, words)

    def _give_up(self, row: Any, why: Text) -> None:
        with self.ledger.work(None) as work:
            if still_archived(work.connection, [row.record_id]):
                _note_one(work, row.record_id, FAILED, why, "")
            strike_out(work.connection, [row.seq])
            work.commit()
        self.done += 1


def write(ledger: Ledger, compartments: Compartments, ready: list[Prepared]) -> None:
    """Give the compartments what is ready and make it durable; what was hidden meanwhile stays out."""

    def still(record_ids: Collection[str]) -> Collection[str]:
        with ledger.read() as connection:
            return still_archived(connection, record_ids)

    with ledger.read() as connection:
        known = select(index_states.c.record_id).where(index_states.c.record_id.in_([one.record_id for one in ready]))
        before = set(connection.execute(known).scalars())
    for one in ready:
        if one.record_id in before:
            compartments.purge_elsewhere(one.level, [one.record_id])
        if one.state != SEALED:
            compartments.add(one.level, one.record_id, one.words, one.text, one.fields, one.mark)
    compartments.commit(still)


def note(work: Work, ready: list[Prepared]) -> None:
    """Note the outcome for every record that is still there."""
    alive = still_archived(work.connection, [one.record_id for one in ready])
    for one in ready:
        if one.record_id in alive:
            _note_one(work, one.record_id, one.state, one.reason, one.mark)


def ask_for_pictures(work: Work, ready: list[Prepared], why_not: Text | None) -> None:
    """Ask for the words in the pictures that were met, or tell why they are not recognised."""
    looked = {one.record_id: one.scans for one in ready if one.scans is not None}
    for record_id in still_archived(work.connection, looked) if looked else ():
        scans.looked_at(work, record_id, looked[record_id] or 0, why_not)


def still_archived(connection: Any, record_ids: Collection[str]) -> set[str]:
    """Return those of some records that are in the archive and not under destruction."""
    wanted = select(records.c.id).where(records.c.id.in_(list(record_ids)), records.c.status == ARCHIVED)
    return set(connection.execute(wanted).scalars())


def _note_one(work: Work, record_id: str, state: str, reason: Text, mark: str) -> None:
    work.connection.execute(index_states.delete().where(index_states.c.record_id == record_id))
    values = {"record_id": record_id, "state": state, "reason_zh": reason.zh[:500], "reason_en": reason.en[:500]}
    work.connection.execute(index_states.insert().values(**values, analysis=mark, at=work.at))


def _in_words(error: Exception) -> Text:
    if isinstance(error, ArchiveError):
        return error.text
    # The kind alone: the words of a foreign error might quote the document.
    return Text(f"内部错误（{type(error).__name__}）。", f"Internal error ({type(error).__name__}).")
