"""Looking at requests for access: one's own, those that wait for one's agreement, one of them as a whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit.ledger import Ledger
from archive_service.catalog.tables import ARCHIVED, records
from archive_service.clock import from_stamp, to_stamp
from archive_service.errors import NotFound
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, can, require
from archive_service.people.tables import grants, people
from archive_service.reading_room.deciding import may_decide
from archive_service.reading_room.seats import open_seats, seat_of
from archive_service.reading_room.tables import approvals, messages, requests


@dataclass(frozen=True)
class Told:
    """A request with all that belongs to it. ``level`` and ``needed`` are there for those who decide on it only."""

    row: Any
    agreed: Sequence[Any]
    talk: Sequence[Any]
    mine: bool
    decides: bool
    needed: tuple[Any, ...]
    level: str
    together: Sequence[Any] = ()
    """The other requests of the same application, as far as the viewer sees them."""


@dataclass(frozen=True)
class Requests:
    """Lists of requests, each for the person who may see it."""

    ledger: Ledger
    decide_days: int = 5

    def overdue_before(self) -> str:
        """Return the instant before which a request must have been made to be overdue now."""
        return to_stamp(self.ledger.clock.now() - timedelta(days=self.decide_days))

    def due_at(self, row: Any) -> str:
        """Return the instant by which a request is to be decided."""
        return to_stamp(from_stamp(row.asked_at) + timedelta(days=self.decide_days))

    def mine(self, actor: Person) -> Sequence[Any]:
        """Return one's own requests, the newest first, with the end of the grant where there is one."""
        with self.ledger.read() as connection:
            return _rows(connection, requests.c.person_id == actor.id)

    def waiting(self, actor: Person) -> Sequence[Any]:
        """Return the requests that wait for this person: of a level that is theirs to decide, from a seat still open."""
        return [row for row in self.asked(actor) if self._waits_for(actor, row)]

    def asked(self, actor: Person) -> Sequence[Any]:
        """Return all requests without a conclusion that this person has a say in."""
        if not (can(actor, Action.DECIDE_UNSEALING).allowed or _decides(actor)):
            return []
        return self._for_deciders(actor, lambda row: row.state == "asked", requests.c.state == "asked")

    def in_force(self, actor: Person) -> Sequence[Any]:
        """Return the grants that have not ended and that this person may take back: those of others, by level."""
        alive = grants.c.revoked_at.is_(None) & (grants.c.until > self.ledger.clock.stamp())
        return self._for_deciders(actor, lambda row: row.level is not None, alive)

    def _for_deciders(self, actor: Person, fits: Callable[[Any], bool], condition: Any) -> Sequence[Any]:
        with self.ledger.read() as connection:
            rows = _rows(connection, condition)
        return [row for row in rows if fits(row) and may_decide(actor, row, row if row.level else None)]

    def _waits_for(self, actor: Person, row: Any) -> bool:
        if row.level is None or row.status != ARCHIVED:
            return True  # it can only be refused, by anybody who decides
        with self.ledger.read() as connection:
            agreed = _agreed(connection, row.id, row.level)
        if any(one.person_id == actor.id for one in agreed):
            return False
        return seat_of(actor, row.level, {one.seat for one in agreed}) is not None

    def one(self, actor: Person, request_id: str) -> Told:
        """Return a request as a whole, for the one who asked and for those who have a say in it."""
        require(actor, Action.SEE_ACCESS)
        with self.ledger.read() as connection:
            row = next(iter(_rows(connection, requests.c.id == request_id)), None)
            decides = row is not None and may_decide(actor, row, row if row.level else None)
            if row is None or not (decides or row.person_id == actor.id):
                raise NotFound("没有这项申请。", "There is no such request.")
            said = select(messages, people.c.name).join(people, people.c.id == messages.c.person_id)
            talk = connection.execute(
                said.where(messages.c.request_id == request_id).order_by(messages.c.at, messages.c.id)
            ).all()
            agreed = _agreed(connection, request_id, row.level) if decides and row.level else []
        taken = {one.seat for one in agreed}
        needed = tuple(open_seats(row.level, taken)) if decides and row.level and row.state == "asked" else ()
        mine = row.person_id == actor.id
        together = [one for one in self._bundle(row) if mine or may_decide(actor, one, one if one.level else None)]
        return Told(row, agreed, talk, mine, decides, needed, row.level if decides else "", together)

    def together(self, actor: Person, request_id: str) -> list[str]:
        """Return the requests of an application that wait for this person, the named one first."""
        row = self.one(actor, request_id).row
        waiting = {one.id for one in self.waiting(actor)}
        return [request_id, *(one.id for one in self._bundle(row) if one.id in waiting)]

    def _bundle(self, row: Any) -> Sequence[Any]:
        if row.bundle is None:
            return []
        with self.ledger.read() as connection:
            return _rows(connection, (requests.c.bundle == row.bundle) & (requests.c.id != row.id))


def _decides(actor: Person) -> bool:
    return any(can(actor, Action.DECIDE_ACCESS, Thing(level=level)).allowed for level in actor.clearance)


def _agreed(connection: Connection, request_id: str, level: str) -> Sequence[Any]:
    return connection.execute(
        select(approvals, people.c.name)
        .join(people, people.c.id == approvals.c.person_id)
        .where(approvals.c.request_id == request_id, approvals.c.level == level)
        .order_by(approvals.c.at)
    ).all()


def _rows(connection: Connection, condition: Any) -> Sequence[Any]:
    asked_by = people.c.name.label("person_name")
    return connection.execute(
        select(
            requests,
            asked_by,
            grants.c.until,
            grants.c.revoked_at,
            grants.c.actions.label("leave"),
            records.c.level,
            records.c.status,
        )
        .join(people, people.c.id == requests.c.person_id)
        .outerjoin(grants, grants.c.request_id == requests.c.id)
        .outerjoin(records, records.c.code == requests.c.code)
        .where(condition)
        .order_by(requests.c.asked_at.desc(), requests.c.id)
    ).all()
