"""Copies in the stores: what must lie where, made, found faulty, made good again.

The rows are their own outbox: a row that is ``wanted``, ``missing`` or ``damaged`` waits until its copy is made.
Whoever dies over one leaves the row, and after its lease another takes it. Everything here can be done twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import Any

from sqlalchemy import func, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.audit.vouching import is_vouched
from archive_service.catalog.keeping import copy_history, known_stores
from archive_service.catalog.keeping.copy_rows import (
    DAMAGED,
    MISSING,
    UNDONE,
    WANTED,
    WRITTEN,
    as_wanted,
    at_place,
    earlier,
    fresh_row,
    same,
    watched,
)
from archive_service.catalog.outbox import enqueue
from archive_service.catalog.tables import ARCHIVED, components, copies, outbox, records
from archive_service.clock import to_stamp
from archive_service.errors import ArchiveError, Damaged, Unavailable
from archive_service.vault import PRIMARY, Fault, Finding, Vault, Wanted

log = logging.getLogger("archive_service.copies")

AT_ONCE = 50
LEASE = timedelta(minutes=10)
PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
RENEWED_AT_ONCE = 200


@dataclass(frozen=True)
class Copies:
    """Keeps the copies of every record in the stores that must hold them."""

    ledger: Ledger
    vault: Vault
    noticed: SimpleQueue[Finding] = field(default_factory=SimpleQueue)
    """What readers came upon; they do not wait for it to be noted."""

    # ------------------------------------------------------------------------------------------------ what must be

    def plan(self, progress: Callable[[int], None] | None = None) -> int:
        """Bring the rows in line with the placement: after a new store, a new rule, or a restore; how many were asked for.

        A copy that is not wanted any more is no longer watched; its object stays where it is and ``doctor`` tells of it.
        What lies in a store that the settings no longer name stays noted: nobody can look whether it is still there.
        """
        asked, after = 0, ""
        while True:
            with self.ledger.read() as connection:
                page = connection.execute(
                    select(records.c.id, records.c.level, records.c.class_code)
                    .where(records.c.status == ARCHIVED, records.c.id > after)
                    .order_by(records.c.id)
                    .limit(500)
                ).all()
            if not page:
                break
            asked += self._plan_page(page)
            after = page[-1].id
            if progress:
                progress(len(page))
        with self.ledger.work(None) as work:
            alive = select(records.c.id).where(records.c.id == copies.c.record_id, records.c.status == ARCHIVED)
            work.connection.execute(copies.delete().where(~alive.exists(), copies.c.state.in_(UNDONE)))
            work.commit()
        return asked

    def _plan_page(self, page: Sequence[Any]) -> int:
        places = {row.id: self.vault.places(row.level, row.class_code) for row in page}
        with self.ledger.work(None) as work:
            there = work.connection.execute(select(copies).where(copies.c.record_id.in_(list(places)))).all()
            have: dict[str, dict[str, dict[str, Any]]] = {record_id: {} for record_id in places}
            for row in there:
                have[row.record_id].setdefault(row.place, {})[row.name] = row
            fresh: list[dict[str, Any]] = []
            unknown = [record_id for record_id, by_place in have.items() if PRIMARY not in by_place]
            if unknown:
                enqueue(work, "capsule", *unknown)  # its capsule, written again, tells all that belongs to it
            for record_id, by_place in have.items():
                for place in places[record_id] - {PRIMARY}:
                    missing = by_place.get(PRIMARY, {}).keys() - by_place.get(place, {}).keys()
                    fresh += [fresh_row(by_place[PRIMARY][name], place, work.at) for name in sorted(missing)]
                for place in (by_place.keys() & self.vault.stores.keys()) - places[record_id]:
                    work.connection.execute(
                        copies.delete().where(copies.c.record_id == record_id, copies.c.place == place)
                    )
            self._tell_of_stores(work, {place for by_place in have.values() for place in by_place})
            known_stores.take_into_use(work, {row["place"] for row in fresh})
            if fresh:
                work.connection.execute(copies.insert(), fresh)
            work.commit()
        return len(fresh) + len(unknown)

    def _tell_of_stores(self, work: Work, places: Collection[str]) -> None:
        """Note stores that rows name and the log does not, and forget rows of those that the log calls given up.

        Such rows come back with a backup from before the store was given up.
        """
        gone = {one.name for one in known_stores.given_up(work.connection)} - self.vault.stores.keys()
        known_stores.take_into_use(work, set(places) - gone)
        if gone & set(places):
            work.connection.execute(copies.delete().where(copies.c.place.in_(sorted(gone))))

    # ---------------------------------------------------------------------------------------------------- making

    def settle(self, progress: Callable[[int], None] | None = None, stopped: Callable[[], bool] = lambda: False) -> int:
        """Note what readers came upon and make every copy that is due; how many were made or made good."""
        self._note_noticed()
        made = 0
        while not stopped():
            rows = self._claim()
            if not rows:
                return made
            for row in rows:
                made += self._make(row)
                if progress:
                    progress(made)
        return made

    def _claim(self) -> Sequence[Any]:
        now = self.ledger.clock.now()
        known = copies.c.place.in_(list(self.vault.stores))
        due = (
            select(copies)
            .where(copies.c.state.in_(UNDONE), copies.c.not_before <= to_stamp(now), known)
            .order_by(copies.c.not_before)
            .limit(AT_ONCE)
        )
        with self.ledger.read() as connection:
            if connection.execute(due.limit(1)).first() is None:
                return []
        with self.ledger.work(None) as work:
            rows = work.connection.execute(due.with_for_update(skip_locked=True)).all()
            for row in rows:
                work.connection.execute(
                    copies.update()
                    .where(same(row))
                    .values(not_before=to_stamp(now + LEASE), attempts=copies.c.attempts + 1)
                )
            work.commit()
        return rows

    def _make(self, row: Any) -> int:
        try:
            if row.state != WANTED and not self._may_repair(row):
                return 0
            self.vault.replicate(as_wanted(row))
        except ArchiveError as error:
            self._put_off(row, error)
            return 0
        with self.ledger.work(None) as work:
            done = work.connection.execute(
                copies.update()
                .where(same(row), copies.c.sha256 == row.sha256)
                .values(state=WRITTEN, attempts=0, trouble=None, locked_until=None, locked_held=False)
            ).rowcount
            if done and row.state == WANTED:
                copy_history.add(work, [row], copy_history.COPIED)
            elif done:
                work.act(acts.COPY_REPAIRED, "record", row.record_id, place=row.place, name=row.name)
            work.commit()
        return 1

    def _may_repair(self, row: Any) -> bool:
        """Say whether a faulty copy may be made from another; a capsule is written anew from the catalogue instead.

        What a good copy is, the catalogue says, and the log must vouch for what the catalogue says: else a changed
        catalogue would spread a changed object.
        """
        if row.name.endswith("capsule.json"):
            if row.place != PRIMARY:
                return True
            with self.ledger.work(None) as work:
                enqueue(work, "capsule", row.record_id)
                work.commit()
            return False
        with self.ledger.read() as connection:
            wanted = select(components).where(
                components.c.record_id == row.record_id, components.c.sealed_sha256 == row.sha256
            )
            files = connection.execute(wanted).all()
            if any(
                f"/{one.id}.v{one.version}." in row.name and is_vouched(connection, components, one.id, row.record_id)
                for one in files
            ):
                return True
        raise Damaged(
            "目录所记摘要与审计日志不符，不予修复。请先核验日志。",
            "The hash in the catalogue is not the one in the log; nothing is repaired from it. Verify the log first.",
        )

    def _put_off(self, row: Any, error: ArchiveError) -> None:
        pause = min(PAUSE * 2 ** min(row.attempts, 10), LONGEST_PAUSE)
        later = to_stamp(self.ledger.clock.now() + pause)
        with self.ledger.work(None) as work:
            first = row.trouble is None and row.state != WANTED and not isinstance(error, Unavailable)
            work.connection.execute(
                copies.update().where(same(row)).values(not_before=later, trouble=error.text.en[:500])
            )
            if first:
                work.act(acts.COPY_NOT_REPAIRED, "record", row.record_id, place=row.place, name=row.name)
            work.commit()
        log.warning("copy %s in %s: %s", row.name, row.place, error.text.en)

    # ------------------------------------------------------------------------------------------- earlier capsules

    def earlier_capsules(self) -> int:
        """Return how many capsules were written by an earlier version, and tell less than a rebuild needs."""
        with self.ledger.read() as connection:
            return int(connection.execute(earlier().with_only_columns(func.count())).scalar_one())

    def renew_capsules(self, most: int = RENEWED_AT_ONCE) -> int:
        """Ask for some capsules of an earlier version to be written again; how many. Can be stopped and repeated anywhere."""
        pending = select(outbox.c.seq).where(outbox.c.topic == "capsule", outbox.c.record_id == copies.c.record_id)
        wanted = earlier().where(~pending.exists()).order_by(copies.c.name).limit(most)
        with self.ledger.read() as connection:
            due = list(connection.execute(wanted).scalars())
        if due:
            with self.ledger.work(None) as work:
                enqueue(work, "capsule", *due)
                work.commit()
        return len(due)

    # --------------------------------------------------------------------------------------------------- findings

    def _note_noticed(self) -> None:
        findings = []
        while True:
            try:
                findings.append(self.noticed.get_nowait())
            except Empty:
                break
        if findings:
            self.note(findings)

    def note(self, findings: Iterable[Finding]) -> list[Finding]:
        """Note faulty copies, so that they are made good; return those that were news and stand up to a second look.

        A store that is away says nothing about its copies. What is being changed or destroyed just now is no fault.
        """
        news = []
        for finding in dict.fromkeys(findings):
            if finding.fault not in (Fault.MISSING, Fault.DAMAGED) or not finding.name:
                continue
            with self.ledger.read() as connection:
                row = connection.execute(watched().where(at_place(finding.place, finding.name))).one_or_none()
            if row is None or row.place not in self.vault.stores:
                continue
            if self.vault.examine(row.place, as_wanted(row)) is None:
                continue
            with self.ledger.work(None) as work:
                still = work.connection.execute(watched().where(same(row), copies.c.sha256 == row.sha256)).first()
                changed = (
                    still
                    and work.connection.execute(
                        copies.update()
                        .where(same(row), copies.c.state.not_in((MISSING, DAMAGED)))
                        .values(state=finding.fault.value, not_before=work.at, attempts=0, trouble=None)
                    ).rowcount
                )
                if changed:
                    work.act(
                        acts.COPY_FAULTY,
                        "record",
                        row.record_id,
                        place=row.place,
                        name=row.name,
                        fault=finding.fault.value,
                    )
                    news.append(finding)
                work.commit()
        return news

    # ---------------------------------------------------------------------------------------------------- showing

    def of_record(self, record_id: str) -> Sequence[Any]:
        """Return the rows of one record's copies, store by store."""
        with self.ledger.read() as connection:
            wanted = select(copies).where(copies.c.record_id == record_id).order_by(copies.c.place, copies.c.name)
            return connection.execute(wanted).all()

    def faulty(self, most: int = 200) -> Sequence[Any]:
        """Return copies that are missing or damaged, with the code of their record."""
        with self.ledger.read() as connection:
            wanted = (
                select(copies, records.c.code)
                .join(records, records.c.id == copies.c.record_id)
                .where(copies.c.state.in_((MISSING, DAMAGED)))
                .order_by(records.c.code, copies.c.place, copies.c.name)
                .limit(most)
            )
            return connection.execute(wanted).all()

    def is_asked(self, finding: Finding) -> bool:
        """Say whether an unexpected object is one that is to be made here: someone has made it just now."""
        with self.ledger.read() as connection:
            row = connection.execute(select(copies).where(at_place(finding.place, finding.name))).first()
        return row is not None

    def unlisted(self) -> set[str]:
        """Return the records of which nothing is noted yet: filed just now, or the catalogue was just made again."""
        noted = select(copies.c.name).where(copies.c.record_id == records.c.id, copies.c.place == PRIMARY)
        wanted = select(records.c.id).where(records.c.status == ARCHIVED, ~noted.exists())
        with self.ledger.read() as connection:
            return set(connection.execute(wanted).scalars())

    def listed(self, place: str) -> Iterator[Wanted]:
        """Yield everything that must lie in a store by now, in the order of names; what is still to be made is left out."""
        after = ""
        while True:
            with self.ledger.read() as connection:
                wanted = (
                    select(copies)
                    .where(copies.c.place == place, copies.c.name > after, copies.c.state != WANTED)
                    .order_by(copies.c.name)
                    .limit(2000)
                )
                page = connection.execute(wanted).all()
            if not page:
                return
            yield from map(as_wanted, page)
            after = page[-1].name
