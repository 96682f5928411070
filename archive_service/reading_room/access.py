"""Access for a time: asked for by code, decided by another person, ended by the clock without any job.

Asking for a code that was never issued is answered like any other, so that asking tells nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.codes import normalise_code
from archive_service.catalog.tables import ARCHIVED, records
from archive_service.clock import to_stamp
from archive_service.errors import ArchiveError, BadInput, Conflict, NotFound
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, can, require
from archive_service.people.service import person_from_row
from archive_service.people.tables import grants, people
from archive_service.reading_room.tables import requests

LONGEST_DAYS = 14


@dataclass(frozen=True)
class ReadingRoom:
    """Takes requests, decides them, ends grants."""

    ledger: Ledger

    def ask(self, actor: Person, code: str, purpose: str, days: int) -> str:
        """Ask to read a record, by its archival code; return the request's id."""
        require(actor, Action.ASK_ACCESS)
        wanted = normalise_code(code)
        if not wanted or not purpose.strip() or not wanted.isprintable() or "\0" in purpose:
            raise BadInput("请填写档号和利用目的。", "Please give the archival code and the purpose.")
        if not 1 <= days <= LONGEST_DAYS:
            raise BadInput(f"查阅期限为 1 至 {LONGEST_DAYS} 天。", f"Access lasts 1 to {LONGEST_DAYS} days.")
        request_id = uuid.uuid4().hex
        undecided = {"state": "asked", "decided_by": None, "decided_at": None, "reason": None}
        with self.ledger.work(actor.id) as work:
            row = {
                "id": request_id,
                "person_id": actor.id,
                "code": wanted[:200],
                "purpose": purpose.strip()[:500],
                "days": days,
            }
            work.insert(requests, {**row, "asked_at": work.at, **undecided})
            work.act(acts.ACCESS_ASKED, "access_request", request_id, days=days)
            work.commit()
        return request_id

    def grant(self, actor: Person, request_id: str) -> None:
        """Grant a request: the person may read that record from now on for the days asked for.

        Leave is given for the record at its present level; it ends when the level changes.
        """
        _require_decider(actor, "")
        with self.ledger.work(actor.id) as work:
            request = self._asked(work.connection, request_id)
            record = work.connection.execute(select(records).where(records.c.code == request.code)).one_or_none()
            thing = Thing(level=record.level if record else None, hands={"requester": frozenset({request.person_id})})
            _require_decider(actor, request.person_id)
            if record is None or record.status != ARCHIVED or not can(actor, Action.DECIDE_ACCESS, thing).allowed:
                # One answer for what is not there and for what this person may not know of.
                raise NotFound(
                    "没有这个档号的在库档案，只能不予批准。",
                    "No record in custody has this code; the request can only be refused.",
                )
            if record.level == "SEAL":
                raise Conflict("密封件不能按一般申请批准。", "A sealed item cannot be granted by an ordinary request.")
            self._must_still_read(work.connection, request.person_id)
            until = to_stamp(self.ledger.clock.now() + timedelta(days=request.days))
            grant = {
                "id": uuid.uuid4().hex,
                "request_id": request_id,
                "person_id": request.person_id,
                "record_id": record.id,
                "level": record.level,
            }
            self._decide(work, request_id, {"state": "granted", "decided_by": actor.id, "decided_at": work.at})
            work.insert(
                grants, {**grant, "granted_by": actor.id, "granted_at": work.at, "until": until, "revoked_at": None}
            )
            said = {"request": request_id, "to": request.person_id, "until": until, "level": record.level}
            work.act(acts.ACCESS_GRANTED, "record", record.id, **said)
            work.commit()

    def _must_still_read(self, connection: Connection, person_id: str) -> None:
        row = connection.execute(select(people).where(people.c.id == person_id)).one()
        person = person_from_row(connection, row, self.ledger.clock.stamp())
        if not can(person, Action.ASK_ACCESS).allowed:
            raise Conflict(
                "申请人已停用，或不再担任可以查阅的角色；只能不予批准。",
                "The person who asked is disabled or no longer has a role that reads; the request can only be refused.",
            )

    def _decide(self, work: Work, request_id: str, decided: dict[str, str]) -> None:
        if not work.update(requests, request_id, decided, requests.c.state == "asked"):
            raise _decided_already()

    def refuse(self, actor: Person, request_id: str, reason: str) -> None:
        """Refuse a request, with the reason that the person will read."""
        _require_decider(actor, "")
        if not _plain(reason):
            raise BadInput("请说明不予批准的理由。", "Please say why access is refused.")
        with self.ledger.work(actor.id) as work:
            request = self._asked(work.connection, request_id)
            record = work.connection.execute(
                select(records.c.level).where(records.c.code == request.code)
            ).one_or_none()
            _require_decider(actor, request.person_id)
            if record is not None:
                _require_cleared(actor, record.level, request.person_id, _no_request())
            decided = {
                "state": "refused",
                "decided_by": actor.id,
                "decided_at": work.at,
                "reason": _plain(reason),
            }
            self._decide(work, request_id, decided)
            work.act(acts.ACCESS_REFUSED, "access_request", request_id)
            work.commit()

    def revoke(self, actor: Person, request_id: str, reason: str) -> None:
        """Take a grant back; the next request to read is refused."""
        _require_decider(actor, "")
        with self.ledger.work(actor.id) as work:
            grant = work.connection.execute(select(grants).where(grants.c.request_id == request_id)).one_or_none()
            if grant is None:
                raise _no_grant()
            level = work.connection.execute(select(records.c.level).where(records.c.id == grant.record_id)).scalar_one()
            _require_decider(actor, grant.person_id)
            _require_cleared(actor, level, grant.person_id, _no_grant())
            if not work.update(grants, grant.id, {"revoked_at": work.at}, grants.c.revoked_at.is_(None)):
                raise _no_grant()
            work.update(requests, request_id, {"state": "revoked", "reason": _plain(reason) or None})
            work.act(acts.ACCESS_REVOKED, "record", grant.record_id, request=request_id)
            work.commit()

    def mine(self, actor: Person) -> Sequence[Any]:
        """Return one's own requests, the newest first, with the end of the grant where there is one."""
        return self._list(requests.c.person_id == actor.id)

    def waiting(self, actor: Person) -> Sequence[Any]:
        """Return the requests that this person may decide; a code of a level that the person is not cleared for is not among them."""
        if not any(can(actor, Action.DECIDE_ACCESS, Thing(level=level)).allowed for level in actor.clearance):
            return []
        readable = records.c.level.in_(sorted(actor.clearance)) | records.c.id.is_(None)
        return self._list((requests.c.state == "asked") & (requests.c.person_id != actor.id) & readable)

    def in_force(self, actor: Person) -> Sequence[Any]:
        """Return the grants that have not ended and that this person may take back: those of others, by level."""
        levels = [level for level in actor.clearance if can(actor, Action.DECIDE_ACCESS, Thing(level=level)).allowed]
        alive = grants.c.revoked_at.is_(None) & (grants.c.until > self.ledger.clock.stamp())
        return self._list(alive & records.c.level.in_(sorted(levels)) & (grants.c.person_id != actor.id))

    def _list(self, condition: Any) -> Sequence[Any]:
        with self.ledger.read() as connection:
            return connection.execute(
                select(requests, people.c.name.label("person_name"), grants.c.until, grants.c.revoked_at)
                .join(people, people.c.id == requests.c.person_id)
                .outerjoin(grants, grants.c.request_id == requests.c.id)
                .outerjoin(records, records.c.code == requests.c.code)
                .where(condition)
                .order_by(requests.c.asked_at.desc(), requests.c.id)
            ).all()

    def _asked(self, connection: Any, request_id: str) -> Any:
        request = connection.execute(select(requests).where(requests.c.id == request_id)).one_or_none()
        if request is None:
            raise _no_request()
        if request.state != "asked":
            raise _decided_already()
        return request


def _require_decider(actor: Person, requester_id: str) -> None:
    """Refuse one who decides on nothing, or on this only by being the one who asked; say nothing of the record."""
    level = next(iter(sorted(actor.clearance)), None)
    require(actor, Action.DECIDE_ACCESS, Thing(level=level, hands={"requester": frozenset({requester_id})}))


def _require_cleared(actor: Person, level: str, requester_id: str, otherwise: ArchiveError) -> None:
    thing = Thing(level=level, hands={"requester": frozenset({requester_id})})
    if not can(actor, Action.DECIDE_ACCESS, thing).allowed:
        raise otherwise


def _no_request() -> NotFound:
    return NotFound("没有这项申请。", "There is no such request.")


def _decided_already() -> Conflict:
    return Conflict("此申请已有结论。", "This request has been decided already.")


def _no_grant() -> Conflict:
    return Conflict("没有有效的许可可收回。", "There is no grant to take back.")


def _plain(reason: str) -> str:
    """Return a typed reason as it can be kept on both databases."""
    return reason.replace("\0", "").strip()[:500]
