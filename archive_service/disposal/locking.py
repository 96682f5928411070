"""Stores that keep locks follow the catalogue: files locked until their retention date, holds mirrored as legal holds.

What a store has confirmed stands with each copy; whatever differs from what must be is due. So nothing need be told
here when a date moves or a hold comes and goes, and a store that was away catches up by itself.

Only sealed files are locked. A capsule is written anew with every change of its record. A date that moves earlier
changes nothing: a lock is passed by destruction alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, tuple_

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.audit.verify import Finding
from archive_service.catalog.keeping import copy_history
from archive_service.catalog.keeping.copy_history import still_held
from archive_service.catalog.keeping.fixity import READABLE
from archive_service.catalog.tables import DESTROYED, copies, records
from archive_service.disposal.holds.holds import held
from archive_service.errors import ArchiveError, NotFound, Text, Unavailable
from archive_service.vault import Locks, Vault

log = logging.getLogger("archive_service.locking")

AT_ONCE = 200
AHEAD = timedelta(days=3653)
"""How far ahead a file without a date (permanent, or undecided) is locked."""
RENEW = timedelta(days=365)
"""Such a lock is renewed when so much of it has passed."""
LONGEST = timedelta(days=90 * 365)
"""Later dates are treated like none: servers refuse locks beyond a hundred years."""


@dataclass(frozen=True)
class Locking:
    """Brings the locks of the stores in line with dates and holds."""

    ledger: Ledger
    vault: Vault

    def settle(self, stopped: Callable[[], bool] = lambda: False) -> int:
        """Extend, hold and lift what is due in every store that keeps locks; how many files were brought in line.

        A store that fails is left until the next time; what was done in it stays done.
        """
        done = 0
        for place, locks in self.vault.locks().items():
            numbers = {"place": place, "locked": 0, "held": 0, "lifted": 0}
            try:
                self._settle_store(place, locks, numbers, stopped)
            except ArchiveError as error:
                log.warning("locks in %s: %s", place, error.text.en)
            changed = numbers["locked"] + numbers["held"] + numbers["lifted"]  # type: ignore[operator]
            if changed:
                self.ledger.note(None, acts.LOCKS_KEPT, "store", place, **numbers)
            done += changed
        return done

    def recall(self) -> int:
        """Take up holds that stand in the stores by the history and that a catalogue made again does not know; how many.

        Only of files that nothing holds any more: so they are due to be lifted, like any other.
        """
        forgotten = (
            select(copies.c.place, copies.c.name)
            .join(records, records.c.id == copies.c.record_id)
            .where(
                copies.c.place.in_(list(self.vault.locks())),
                tuple_(copies.c.place, copies.c.name).in_(still_held()),
                ~copies.c.locked_held,
                ~held(),
                _is_file(),
            )
        )
        with self.ledger.read() as connection:
            rows = connection.execute(forgotten).all() if self.vault.locks() else []
        if not rows:
            return 0
        with self.ledger.work(None) as work:
            for row in rows:
                same = (copies.c.place == row.place, copies.c.name == row.name)
                work.connection.execute(copies.update().where(*same).values(locked_held=True))
            work.commit()
        return len(rows)

    def behind(self) -> dict[str, int]:
        """Return, for every store that keeps locks, how many files in it are not locked as they must be."""
        with self.ledger.read() as connection:
            wanted = self._due(self.vault.locks()).with_only_columns(copies.c.place, func.count())
            found = {row.place: int(row[1]) for row in connection.execute(wanted.group_by(copies.c.place))}
        return {place: found.get(place, 0) for place in self.vault.locks()}

    def findings(self) -> list[Finding]:
        """Say which stores cannot lock as the settings ask, and which are behind."""
        found = [Finding(place, one) for place, locks in self.vault.locks().items() for one in locks.troubles()]
        told = {one.place for one in found}
        return found + [
            Finding(
                place,
                Text(
                    f"{count} 个文件尚未按期限或冻结锁定；后台每分钟自动补办，若不减少请查看服务日志中的原因与凭据权限",
                    f"{count} files are not locked yet as their dates and holds ask; the background work does it every "
                    "minute. If the number does not fall, see the reason in the service's log and the rights of the credentials",
                ),
            )
            for place, count in self.behind().items()
            if count and place not in told
        ]

    def outside_holds(self, record_id: str) -> list[str]:
        """Return the stores in which a legal hold stands on a record that this archive has not placed there."""
        with self.ledger.read() as connection:
            wanted = select(copies).where(copies.c.record_id == record_id, copies.c.place.in_(list(self.vault.locks())))
            rows = connection.execute(wanted.where(_is_file())).all()
        return sorted({row.place for row in rows if not row.locked_held and self._held_there(row)})

    def _held_there(self, row: Any) -> bool:
        try:
            return self.vault.locks()[row.place].kept(row.name).held
        except (NotFound, Unavailable):
            return False

    # ------------------------------------------------------------------------------------------------ the inside

    def _settle_store(self, place: str, locks: Locks, numbers: dict[str, Any], stopped: Callable[[], bool]) -> None:
        after = ""
        while not stopped():
            wanted = self._due([place]).where(copies.c.name > after).order_by(copies.c.name).limit(AT_ONCE)
            with self.ledger.read() as connection:
                rows = connection.execute(wanted).all()
            if not rows:
                return
            after = rows[-1].name
            done: list[tuple[Any, dict[str, Any]]] = []
            try:
                for row in rows:
                    values = self._bring_in_line(locks, row)
                    if values:
                        done.append((row, values))
            finally:
                self._note(done, numbers)

    def _bring_in_line(self, locks: Locks, row: Any) -> dict[str, Any]:
        """Do in the store what is due for one file; return what it confirmed. One that is gone is the copies' matter."""
        values: dict[str, Any] = {}
        try:
            if row.late:
                until = self._date(row.due_on)
                locks.extend(row.name, self._instant(until))
                values["locked_until"] = until
            if bool(row.held) != row.locked_held:
                locks.hold(row.name, bool(row.held))
                values["locked_held"] = bool(row.held)
        except NotFound:
            return {}
        return values

    def _note(self, done: Sequence[tuple[Any, dict[str, Any]]], numbers: dict[str, Any]) -> None:
        if not done:
            return
        mirrored: dict[str, list[str]] = {"set_on": [], "lifted_from": []}
        with self.ledger.work(None) as work:
            for row, values in done:
                same = (copies.c.place == row.place, copies.c.name == row.name, copies.c.sha256 == row.sha256)
                work.connection.execute(copies.update().where(*same).values(**values))
                if "locked_until" in values:
                    copy_history.add(work, [row], copy_history.LOCKED, values["locked_until"].isoformat())
                    numbers["locked"] += 1
                if "locked_held" in values:
                    mirrored["set_on" if values["locked_held"] else "lifted_from"].append(row.name)
                    what = copy_history.HELD if values["locked_held"] else copy_history.LIFTED
                    copy_history.add(work, [row], what)
                    numbers[what] += 1
            if any(mirrored.values()):
                # In the log, file by file: without the catalogue nobody else knows which holds in a store are ours.
                work.act(acts.HOLDS_MIRRORED, "store", numbers["place"], **mirrored)
            work.commit()

    def _due(self, places: Any) -> Select[Any]:
        """Return the query for files whose lock is not what it must be."""
        today = self.ledger.clock.today()
        endless = or_(records.c.due_on.is_(None), records.c.due_on > today + LONGEST)
        until = copies.c.locked_until
        late = case(
            (endless, or_(until.is_(None), until < today + AHEAD - RENEW)),
            else_=and_(records.c.due_on > today, or_(until.is_(None), until < records.c.due_on)),
        )
        return (
            select(copies, records.c.due_on, late.label("late"), held().label("held"))
            .join(records, records.c.id == copies.c.record_id)
            .where(
                copies.c.place.in_(list(places)),
                copies.c.state.in_(READABLE),
                _is_file(),
                records.c.status != DESTROYED,
                or_(late, held() != copies.c.locked_held),
            )
        )

    def _date(self, due_on: date | None) -> date:
        today = self.ledger.clock.today()
        return today + AHEAD if due_on is None or due_on > today + LONGEST else due_on

    def _instant(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self.ledger.clock.zone)


def _is_file() -> ColumnElement[bool]:
    return ~copies.c.name.endswith("capsule.json")
