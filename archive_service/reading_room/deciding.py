"""Who has a say in a request for access, and whom to tell of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.tables import records
from archive_service.people.model import Person
from archive_service.people.notices import everybody
from archive_service.people.policy import Action, Thing, can
from archive_service.people.telling import reference_of, tell
from archive_service.reading_room.seats import seat_of
from archive_service.reading_room.tables import approvals, messages, redactions, requests


def may_decide(actor: Person, request: Any, record: Any) -> bool:
    """Say whether somebody has a say in a request: of the record's level, and not one's own.

    A code that no record has is decided on by whoever decides on anything.
    """
    hands = {"requester": frozenset({request.person_id})}
    if record is not None and record.level == "SEAL":
        return can(actor, Action.DECIDE_UNSEALING, Thing(hands=hands)).allowed
    levels = sorted(actor.clearance) if record is None else [record.level]
    return any(can(actor, Action.DECIDE_ACCESS, Thing(level=one, hands=hands)).allowed for one in levels)


def remind_deciders(ledger: Ledger, asked_before: str) -> int:
    """Tell the deciders, once, of every request made before an instant and not decided; return how many there were."""
    late = (requests.c.state == "asked") & requests.c.reminded_at.is_(None) & (requests.c.asked_at < asked_before)
    with ledger.read() as connection:
        ids = connection.execute(select(requests.c.id).where(late)).scalars().all()
    for request_id in ids:
        with ledger.work(None) as work:
            if work.update(requests, request_id, {"reminded_at": work.at}, requests.c.state == "asked"):
                work.act(acts.ACCESS_REMINDED, "access_request", request_id)
                tell_deciders(work, [request_id], "access_overdue")
                work.commit()
    return len(ids)


def tell_deciders(work: Work, request_ids: Sequence[str], kind: str) -> None:
    """Tell those who can agree now, each once however many requests there are: by the first that is theirs."""
    people = everybody(work.connection, work.at)
    told: set[str] = set()
    for request_id in request_ids:
        able_now = set(_deciders(work, request_id, people))
        tell(work, able_now - told, kind, request_id, reference_of(request_id))
        told |= able_now


def _deciders(work: Work, request_id: str, people: Sequence[Person]) -> list[str]:
    """Return those who can agree to a request: of its level, from a seat that is still open, and not yet agreed."""
    request = work.connection.execute(select(requests).where(requests.c.id == request_id)).one()
    record = record_of(work.connection, request)
    rows: Sequence[Any] = []
    if record is not None:
        agreed = (approvals.c.request_id == request_id) & (approvals.c.level == record.level)
        rows = work.connection.execute(select(approvals).where(agreed)).all()
    taken, done = {row.seat for row in rows}, {row.person_id for row in rows}
    return [
        person.id
        for person in people
        if person.id not in done
        and may_decide(person, request, record)
        and (record is None or seat_of(person, record.level, taken) is not None)
    ]


def tell_of_message(work: Work, actor: Person, request: Any) -> None:
    """Tell the one who asked, and those deciders who spoke before and still have a say, of a new message."""
    before = select(messages.c.person_id).where(messages.c.request_id == request.id)
    spoke = set(work.connection.execute(before).scalars())
    record = record_of(work.connection, request)
    heard = {
        one.id for one in everybody(work.connection, work.at) if one.id in spoke and may_decide(one, request, record)
    }
    tell(work, (heard | {request.person_id}) - {actor.id}, "access_said", request.id, reference_of(request.id))


def record_of(connection: Connection, request: Any) -> Any:
    """Return the record that a request names, or nothing: a code may be nobody's."""
    return connection.execute(select(records).where(records.c.code == request.code)).one_or_none()


def has_copy(connection: Connection, record: Any) -> bool:
    """Say whether a redacted copy of a record was released, at the level that the record has now."""
    same = (redactions.c.record_id == record.id) & (redactions.c.record_level == record.level)
    found = select(redactions.c.id).where(same, redactions.c.state == "released")
    return connection.execute(found).first() is not None
