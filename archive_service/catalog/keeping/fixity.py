"""Fixity: every copy is read again within a set number of days, and a random sample each night.

The order of reading is that of the rows' own ``checked_at``: what was not read for longest comes first, so a run can
be stopped and begun again anywhere. Reading holds no lock; what it finds is noted in short transactions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.audit.tables import entries
from archive_service.catalog.keeping import copy_history
from archive_service.catalog.keeping.copies import Copies
from archive_service.catalog.keeping.copy_history import FILED, SAMPLE, SWEEP, WHOLE
from archive_service.catalog.keeping.copy_rows import GOOD, WANTED, WRITTEN, as_wanted
from archive_service.catalog.keeping.known_stores import not_among_settings, out_of_settings
from archive_service.catalog.tables import copies
from archive_service.clock import to_stamp
from archive_service.config import FixityTable
from archive_service.errors import ArchiveError, Text
from archive_service.vault import PRIMARY, Fault, Finding, for_one_night, sample_size

AT_ONCE = 100
LATE = 4
"""What is late is read beside a night's share, at most so many times as much: after a long stop the load stays bounded."""
READABLE = (WRITTEN, GOOD)
"""States of copies that are there as far as anybody knows."""

waiting_since = case((copies.c.checked_at == "", copies.c.not_before), else_=copies.c.checked_at)
"""Since when a copy waits for its reading: its last one, or its writing."""

Progress = Callable[[int, int], None]
Methods = dict[tuple[str, str], str]
"""Why copies (store, name) are read; what is not named is read because everything is."""


@dataclass
class Run:
    """What a run has read and found. ``unreachable`` are stores that were away; their copies were passed over."""

    copies: int = 0
    sampled: int = 0
    method: str = SWEEP
    bytes: int = 0
    found: list[Finding] = field(default_factory=list)
    unreachable: set[str] = field(default_factory=set)
    stopped: bool = False


@dataclass(frozen=True)
class StoreState:
    """One store as its copies were last found: numbers of copies by state, their bytes, and the oldest reading of one."""

    name: str
    place: str
    reachable: bool
    trouble: Text | None
    states: dict[str, int]
    bytes: int
    never_read: int
    oldest_reading: str

    @property
    def sound(self) -> bool:
        """Whether the store can be reached and nothing in it is known to be missing or damaged."""
        return self.reachable and not self.faulty

    @property
    def faulty(self) -> int:
        """The number of copies that are missing or damaged."""
        return sum(count for state, count in self.states.items() if state not in (*READABLE, WANTED))

    @property
    def held(self) -> int:
        """The number of copies that are there as far as anybody knows."""
        return sum(self.states.get(state, 0) for state in READABLE)


@dataclass(frozen=True)
class Fixity:
    """Reads copies again, tells what it found, and says how the stores stand."""

    ledger: Ledger
    copies: Copies
    settings: FixityTable

    def nightly(self, progress: Progress | None = None, stopped: Callable[[], bool] = lambda: False) -> Run:
        """Read what is due tonight: the share of the sweep, and a random sample, of every store."""
        chosen: dict[tuple[str, str], Any] = {}
        methods: dict[tuple[str, str], str] = {}
        for place, total in self._totals().items():
            due = for_one_night(total, self.settings.days)
            sampled = sample_size(total, self.settings.confidence, self.settings.damaged_share)
            reads = (
                (SAMPLE, self._some(place, func.random(), sampled)),
                (SWEEP, self._some(place, copies.c.checked_at, due)),
                (SWEEP, self._some(place, waiting_since, LATE * due, self._late())),
            )
            for method, rows in reads:
                some = {(row.place, row.name): row for row in rows}
                chosen.update(some)
                methods.update(dict.fromkeys(some, method))
        return self._read(list(chosen.values()), methods, progress, stopped)

    def newly_filed(self, stopped: Callable[[], bool] = lambda: False) -> Run:
        """Read back some of what was filed and not read since: a disk that lies is found out while the source is at hand.

        Stands in the history of each copy, and not as a run in the log: it goes on all the time. What it finds is noted
        like any fault.
        """
        unread = copies.c.checked_at == ""
        rows, run = self._some(PRIMARY, copies.c.not_before, AT_ONCE, unread, copies.c.state == WRITTEN), Run()
        methods = dict.fromkeys(((row.place, row.name) for row in rows), FILED)
        self._read_into(run, rows, methods, lambda _done, _total: None, stopped)
        return run

    def everything(self, progress: Progress | None = None, stopped: Callable[[], bool] = lambda: False) -> Run:
        """Read every copy that was not read since this run began, the oldest reading first."""
        since = self.ledger.clock.stamp()
        total, run = sum(self._totals().values()), Run(method=WHOLE)
        while not run.stopped:
            unread = copies.c.checked_at < since
            rows = [row for place in self._totals() for row in self._some(place, copies.c.checked_at, AT_ONCE, unread)]
            rows = [row for row in rows if row.place not in run.unreachable]
            if not rows:
                break
            self._read_into(run, rows, {}, lambda done, _: progress(done, total) if progress else None, stopped)
        self._log(run)
        return run

    def _totals(self) -> dict[str, int]:
        with self.ledger.read() as connection:
            wanted = select(copies.c.place, func.count()).where(copies.c.state.in_(READABLE)).group_by(copies.c.place)
            found = {row.place: int(row[1]) for row in connection.execute(wanted)}
        return {place: found[place] for place in self.copies.vault.stores if place in found}

    def _late(self) -> ColumnElement[bool]:
        """Say of which copies the time is over by tomorrow: in a growing archive what is new takes the nights' shares."""
        over = self.ledger.clock.now() - timedelta(days=self.settings.days - 1)
        return waiting_since < to_stamp(over)

    def _some(self, place: str, order: Any, most: int, *only: ColumnElement[bool]) -> Sequence[Any]:
        wanted = select(copies).where(copies.c.place == place, copies.c.state.in_(READABLE), *only)
        with self.ledger.read() as connection:
            return connection.execute(wanted.order_by(order).limit(most)).all()

    def _read(
        self, rows: Sequence[Any], methods: Methods, progress: Progress | None, stopped: Callable[[], bool]
    ) -> Run:
        run = Run()
        self._read_into(run, rows, methods, lambda done, _: progress(done, len(rows)) if progress else None, stopped)
        self._log(run)
        return run

    def _read_into(
        self, run: Run, rows: Sequence[Any], methods: Methods, progress: Progress, stopped: Callable[[], bool]
    ) -> None:
        for some in _in_parts(rows):
            good, passed = [], []
            for row in some:
                if stopped():
                    run.stopped = True
                    break
                if row.place in run.unreachable:
                    continue
                finding = self.copies.vault.examine(row.place, as_wanted(row))
                if finding is None:
                    good.append(row)
                elif finding.fault is Fault.UNREACHABLE:
                    run.unreachable.add(row.place)
                    continue
                else:
                    news = self.copies.note([finding])
                    run.found += news
                    if not news:
                        passed.append(row)
                run.copies, run.bytes = run.copies + 1, run.bytes + row.size
                run.sampled += methods.get((row.place, row.name)) == SAMPLE
            self._note_read(good, {"state": GOOD}, methods)
            self._note_read(
                passed, {}, None
            )  # being changed or destroyed just now: its turn in this run is over all the same
            progress(run.copies, 0)
            if run.stopped:
                return

    def _note_read(self, rows: Sequence[Any], values: dict[str, str], methods: Methods | None) -> None:
        if not rows:
            return
        with self.ledger.work(None) as work:
            for row in rows:
                same = (copies.c.place == row.place, copies.c.name == row.name, copies.c.sha256 == row.sha256)
                work.connection.execute(copies.update().where(*same).values(checked_at=work.at, **values))
            if methods is not None:
                copy_history.add_readings(work, rows, methods)
            work.commit()

    def _log(self, run: Run) -> None:
        if run.copies or run.unreachable:
            away: dict[str, Any] = {"unreachable": sorted(run.unreachable)} if run.unreachable else {}
            numbers = {"copies": run.copies, "bytes": run.bytes, "faults": len(run.found), "sampled": run.sampled}
            if run.method == WHOLE:
                away["method"] = WHOLE
            self.ledger.note(None, acts.COPIES_CHECKED, "archive", "copies", **numbers, **away)

    # ---------------------------------------------------------------------------------------------------- showing

    def stores(self) -> list[StoreState]:
        """Return how every store stands, those among them that hold copies and are no longer in the settings."""
        with self.ledger.read() as connection:
            wanted = select(
                copies.c.place, copies.c.state, func.count(), func.sum(copies.c.size), func.min(copies.c.checked_at)
            ).group_by(copies.c.place, copies.c.state)
            found = connection.execute(wanted).all()
            never = select(copies.c.place, func.count()).where(copies.c.checked_at == "", copies.c.state.in_(READABLE))
            unread = {row.place: int(row[1]) for row in connection.execute(never.group_by(copies.c.place))}
            read = select(copies.c.place, func.min(copies.c.checked_at)).where(copies.c.checked_at != "")
            oldest = {row.place: row[1] for row in connection.execute(read.group_by(copies.c.place))}
            away = out_of_settings(connection, self.copies.vault.stores)
        standing = {name: (one.place, *_reached(one.check_identity)) for name, one in self.copies.vault.stores.items()}
        standing.update({name: ("", False, not_among_settings([name])) for name in away})
        return [
            StoreState(
                name,
                *how,
                {row.state: int(row[2]) for row in found if row.place == name},
                sum(int(row[3]) for row in found if row.place == name and row.state in READABLE),
                unread.get(name, 0),
                oldest.get(name, ""),
            )
            for name, how in standing.items()
        ]

    def last_runs(self, most: int = 10) -> Sequence[Any]:
        """Return the log's entries of the last runs, the newest first."""
        with self.ledger.read() as connection:
            wanted = (
                select(entries)
                .where(or_(entries.c.act == acts.COPIES_CHECKED.name, entries.c.act == acts.ARCHIVE_EXAMINED.name))
                .order_by(entries.c.seq.desc())
                .limit(most)
            )
            return connection.execute(wanted).all()


def _reached(check: Callable[[], None]) -> tuple[bool, Text | None]:
    try:
        check()
    except ArchiveError as error:
        return False, error.text
    return True, None


def _in_parts(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), AT_ONCE):
        yield rows[start : start + AT_ONCE]
