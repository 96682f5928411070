"""The retention clock: wall time bounded by time that nobody can wind, and out of use when the two part.

A wall clock set forward would make everything mature at once. So the retention clock advances by the smaller of what
the wall clock and the machine's pulse say, never goes back, and does not run while the machine is down. Where the
wall clock has gone more than ten minutes away from it, it is in quarantine: nothing is queued, approved or destroyed
until two people have acknowledged that the wall clock is right. Then it is set to the wall clock.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.audit.vouching import is_vouched
from archive_service.clock import Pulse, from_stamp, to_stamp
from archive_service.disposal.tables import clock_acknowledgements, retention_clocks
from archive_service.errors import Conflict, Unavailable
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, require

TOLERANCE = timedelta(minutes=10)
"""How far wall clock and retention clock may lie apart."""

KEPT_EVERY = timedelta(hours=1)
"""How often a reading is written down while nothing is wrong; a restart of the machine loses no more than this."""

PEOPLE_NEEDED = 2


@dataclass(frozen=True)
class Reading:
    """What the clock says. ``quarantine`` names the doubt that two people must end; ``acknowledged`` did so already."""

    now: datetime
    wall: datetime
    quarantine: str | None = None
    doubtful: bool = False
    acknowledged: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RetentionClock:
    """Says what day it is for retention, or that this is in doubt."""

    ledger: Ledger

    def today(self) -> date:
        """Return the civil date on which maturity is held, or raise :class:`Unavailable` while the clock is in doubt."""
        return self._sure().astimezone(self.ledger.clock.zone).date()

    def stamp(self) -> str:
        """Return the instant that a cooling-off is held against, as it is stored; raises like :meth:`today`."""
        return to_stamp(self._sure())

    def _sure(self) -> datetime:
        read = self.reading()
        if read.doubtful:
            raise Unavailable(
                "系统时钟与保管时钟不符，到期与销毁一律暂停；须由两人核认时钟（鉴定处置页）。",
                "The system's clock and the retention clock disagree: nothing matures or is destroyed until two people"
                " have acknowledged the clock (on the disposal page).",
            )
        return min(read.now, read.wall)

    def reading(self) -> Reading:
        """Return what the clock says now; nothing is written."""
        wall, pulse = self.ledger.clock.now(), self.ledger.clock.beat()
        if pulse is None:  # time was handed in together with everything else: there is nothing to hold it against
            return Reading(wall, wall)
        with self.ledger.read() as connection:
            return self._read(connection, wall, pulse)

    def _read(self, connection: Connection, wall: datetime, pulse: Pulse) -> Reading:
        row, sound = _row(connection, pulse)
        if row is None:
            return Reading(wall, wall)
        reading = _advanced(row, wall, pulse)
        apart = abs(wall - reading) > TOLERANCE or not sound
        if row.quarantine is None or row.id != pulse.boot:
            return Reading(reading, wall, None, doubtful=apart)
        given = select(clock_acknowledgements.c.person_id).where(clock_acknowledgements.c.quarantine == row.quarantine)
        people = frozenset(connection.execute(given).scalars())
        return Reading(reading, wall, row.quarantine, doubtful=True, acknowledged=people)

    def tick(self) -> Reading:
        """Read the clock and write down what must outlive the process: a reading every hour, and every new doubt."""
        wall, pulse = self.ledger.clock.now(), self.ledger.clock.beat()
        if pulse is None:
            return Reading(wall, wall)
        with self.ledger.read() as connection:
            if not _to_be_kept(_row(connection, pulse), wall, pulse):
                return self._read(connection, wall, pulse)
        with self.ledger.work(None) as work:
            _lock(work)
            read = self._keep(work, wall, pulse)
            work.commit()
        return read

    def _keep(self, work: Work, wall: datetime, pulse: Pulse) -> Reading:
        row, sound = _row(work.connection, pulse)
        reading = wall if row is None else _advanced(row, wall, pulse)
        values: dict[str, Any] = {"reading": to_stamp(reading), "wall": to_stamp(wall), "pulse": pulse.microseconds}
        before = row if row is not None and row.id == pulse.boot else None
        doubt = {"quarantine": before and before.quarantine, "since": before and before.since}
        act = acts.CLOCK_KEPT
        if _parted(row, wall, pulse, reading, sound):
            doubt, act = {"quarantine": uuid.uuid4().hex, "since": work.at}, acts.CLOCK_QUARANTINED
        if before is None:
            work.insert(retention_clocks, {"id": pulse.boot, **values, **doubt})
        else:
            work.update(retention_clocks, pulse.boot, {**values, **doubt})
        apart = round((wall - reading).total_seconds())
        work.act(act, "retention_clock", pulse.boot, reading=values["reading"], seconds_apart=apart)
        return Reading(reading, wall, doubt["quarantine"], doubtful=doubt["quarantine"] is not None)

    def acknowledge(self, person: Person, quarantine: str) -> Reading:
        """Say that the wall clock is right. The second person who says so sets the clock to it and ends the quarantine.

        ``quarantine`` is the one that was shown: should the wall clock have jumped again since, nothing is acknowledged.
        """
        require(person, Action.ACKNOWLEDGE_CLOCK)
        shown = self.tick()
        if shown.quarantine is None or shown.quarantine != quarantine:
            raise Conflict(
                "时钟情况已变，请重新查看后再核认。",
                "The clock's state has changed; look at it again before acknowledging.",
            )
        with self.ledger.work(person.id) as work:
            _lock(work)
            wall, pulse = self.ledger.clock.now(), self.ledger.clock.beat()
            assert pulse is not None
            read = self._read(work.connection, wall, pulse)
            require(person, Action.ACKNOWLEDGE_CLOCK, Thing(hands={"acknowledger": read.acknowledged}))
            row = {"id": uuid.uuid4().hex, "quarantine": quarantine, "person_id": person.id}
            work.insert(clock_acknowledgements, {**row, "acknowledged_at": work.at})
            work.act(acts.CLOCK_ACKNOWLEDGED, "retention_clock", pulse.boot, quarantine=quarantine)
            given = read.acknowledged | {person.id}
            if len(given) >= PEOPLE_NEEDED:
                stamp = to_stamp(wall)
                values = {"reading": stamp, "wall": stamp, "pulse": pulse.microseconds}
                work.update(retention_clocks, pulse.boot, {**values, "quarantine": None, "since": None})
                work.act(acts.CLOCK_RELEASED, "retention_clock", pulse.boot, reading=stamp)
                read = Reading(wall, wall)
            work.commit()
        return replace(read, acknowledged=given)


def _lock(work: Work) -> None:
    """Let nobody else change the clock until this transaction ends."""
    work.connection.execute(select(retention_clocks.c.id).with_for_update()).all()


def _row(connection: Connection, pulse: Pulse) -> tuple[Any, bool]:
    """Return the row that the reading goes on from, and whether it is as the log says: this boot's, else the furthest."""
    own = connection.execute(select(retention_clocks).where(retention_clocks.c.id == pulse.boot)).one_or_none()
    furthest = select(retention_clocks).order_by(retention_clocks.c.reading.desc()).limit(1)
    row = own or connection.execute(furthest).one_or_none()
    return row, row is None or is_vouched(connection, retention_clocks, row.id, row.id)


def _advanced(row: Any, wall: datetime, pulse: Pulse) -> datetime:
    """Return the reading now: never back, and no further on than wall clock and pulse both went; none while it was down."""
    reading = from_stamp(row.reading)
    if row.id != pulse.boot:
        return reading
    by_pulse = timedelta(microseconds=pulse.microseconds - row.pulse)
    return reading + max(timedelta(0), min(by_pulse, wall - from_stamp(row.wall)))


def _parted(row: Any, wall: datetime, pulse: Pulse, reading: datetime, sound: bool) -> bool:
    """Say whether a new quarantine begins: one that stands goes on unless the wall clock has jumped again."""
    if row is None:
        return False
    if row.id == pulse.boot and row.quarantine is not None:
        expected = from_stamp(row.wall) + timedelta(microseconds=pulse.microseconds - row.pulse)
        return abs(wall - expected) > TOLERANCE
    return not sound or abs(wall - reading) > TOLERANCE


def _to_be_kept(found: tuple[Any, bool], wall: datetime, pulse: Pulse) -> bool:
    row, sound = found
    if row is None or row.id != pulse.boot:
        return True
    late = timedelta(microseconds=pulse.microseconds - row.pulse) >= KEPT_EVERY
    return late or _parted(row, wall, pulse, _advanced(row, wall, pulse), sound)
