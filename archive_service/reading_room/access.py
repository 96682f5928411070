"""Access for a time: asked for by code, agreed to by the people its level needs, ended by the clock without any job.

Asking for a code that was never issued is answered like any other, so that asking tells nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.codes.text import normalise_code
from archive_service.catalog.names import one_line, several_lines
from archive_service.catalog.tables import ARCHIVED
from archive_service.clock import from_stamp, to_stamp
from archive_service.errors import BadInput, Conflict, NotFound
from archive_service.people.model import EVERY_PERMISSION, REDACTED, VIEW, Person
from archive_service.people.policy import Action, Thing, can, require
from archive_service.people.rights import joined, split
from archive_service.people.service import person_from_row
from archive_service.people.tables import grants, people
from archive_service.people.telling import reference_of, tell
from archive_service.reading_room.deciding import has_copy, may_decide, record_of, tell_deciders, tell_of_message
from archive_service.reading_room.seats import LONGEST, LONGEST_DAYS, open_seats, permitted, seat_of
from archive_service.reading_room.tables import approvals, messages, requests

LONGEST_TEXT = 500
LONGEST_MESSAGE = 1000
MOST_TOGETHER = 30
"""Records that one application names at most."""


@dataclass(frozen=True)
class Wish:
    """What somebody asks for: a record by its code, to what purpose, for whom, how long, and what to do with it."""

    code: str
    purpose: str
    days: int
    on_behalf: str = ""
    actions: frozenset[str] = frozenset({VIEW})

    def checked(self) -> Wish:
        """Return the wish as it is kept; :class:`BadInput` where something is missing or cannot be kept."""
        code = normalise_code(self.code)
        purpose = several_lines(self.purpose, "利用目的", "The purpose", LONGEST_TEXT)
        if not code or not purpose or not code.isprintable():
            raise BadInput("请填写档号和利用目的。", "Please give the archival code and the purpose.")
        if not 1 <= self.days <= LONGEST_DAYS:
            raise BadInput(f"查阅期限为 1 至 {LONGEST_DAYS} 天。", f"Access lasts 1 to {LONGEST_DAYS} days.")
        if not self.actions <= EVERY_PERMISSION:
            raise BadInput(
                "可申请的利用方式：阅览、复制打印、下载原件。",
                "One may ask to view, to copy and print, or to download.",
            )
        on_behalf = one_line(self.on_behalf, "单位或部门", "For whom", 200)
        return Wish(code[:200], purpose, self.days, on_behalf, self.actions | {VIEW})


@dataclass(frozen=True)
class ReadingRoom:
    """Takes requests, has them agreed to, ends grants."""

    ledger: Ledger

    def ask(
        self,
        actor: Person,
        code: str,
        purpose: str,
        days: int,
        *,
        on_behalf: str = "",
        actions: Iterable[str] = (VIEW,),
    ) -> str:
        """Ask to read a record, by its archival code; return the request's id."""
        require(actor, Action.ASK_ACCESS)
        wish = Wish(code, purpose, days, on_behalf, frozenset(actions)).checked()
        with self.ledger.work(actor.id) as work:
            request_id = _enter(work, actor, wish, None)
            tell_deciders(work, [request_id], "access_waits")
            work.commit()
        return request_id

    def ask_for_all(
        self,
        actor: Person,
        codes: Sequence[str],
        purpose: str,
        days: int,
        *,
        on_behalf: str = "",
        actions: Iterable[str] = (VIEW,),
    ) -> list[str]:
        """Ask for several records at once; return the requests' ids, one for each record.

        Each goes its own way: its level says who decides, and nobody learns from one what else was asked for.
        """
        require(actor, Action.ASK_ACCESS)
        if not 1 <= len(codes) <= MOST_TOGETHER:
            raise BadInput(f"一次申请 1 至 {MOST_TOGETHER} 件。", f"Ask for 1 to {MOST_TOGETHER} records at once.")
        wanted = frozenset(actions)
        wishes = {
            wish.code: wish for code in codes for wish in [Wish(code, purpose, days, on_behalf, wanted).checked()]
        }
        bundle = uuid.uuid4().hex if len(wishes) > 1 else None
        with self.ledger.work(actor.id) as work:
            ids = [_enter(work, actor, wish, None, bundle) for wish in wishes.values()]
            tell_deciders(work, ids, "access_waits")
            work.commit()
        return ids

    def extend(self, actor: Person, request_id: str, purpose: str, days: int) -> str:
        """Ask for more time while one's leave lasts: a new request, weighed anew; its time follows on the present one."""
        require(actor, Action.ASK_ACCESS)
        with self.ledger.work(actor.id) as work:
            old = self._own(work.connection, actor, request_id)
            grant = work.connection.execute(_alive(request_id, work.at)).one_or_none()
            if grant is None:
                raise Conflict(
                    "此许可已到期或已收回，请重新申请。", "This leave has ended or was taken back; please ask anew."
                )
            actions = split(old.actions) if old.actions else frozenset({VIEW})
            wish = Wish(old.code, purpose, days, old.on_behalf or "", actions).checked()
            new_id = _enter(work, actor, wish, request_id)
            tell_deciders(work, [new_id], "access_waits")
            work.commit()
        return new_id

    def withdraw(self, actor: Person, request_id: str) -> None:
        """Take one's own request back before it is decided."""
        require(actor, Action.ASK_ACCESS)
        with self.ledger.work(actor.id) as work:
            self._own(work.connection, actor, request_id)
            if not work.update(requests, request_id, {"state": "withdrawn"}, requests.c.state == "asked"):
                raise _decided_already()
            work.act(acts.ACCESS_WITHDRAWN, "access_request", request_id)
            work.commit()

    def finish(self, actor: Person, request_id: str, effect: str) -> None:
        """Give one's leave back before its time and say what the reading was good for (利用效果)."""
        require(actor, Action.ASK_ACCESS)
        said = several_lines(effect, "利用效果", "What it was good for", LONGEST_TEXT)
        with self.ledger.work(actor.id) as work:
            self._own(work.connection, actor, request_id)
            grant = work.connection.execute(select(grants).where(grants.c.request_id == request_id)).one_or_none()
            if grant is None or grant.revoked_at is not None:
                raise _no_grant()
            work.update(grants, grant.id, {"revoked_at": work.at})
            work.update(requests, request_id, {"state": "returned", "effect": said or None})
            work.act(acts.ACCESS_RETURNED, "record", grant.record_id, request=request_id)
            work.commit()

    def say(self, actor: Person, request_id: str, body: str) -> None:
        """Add to the conversation over a request; for the one who asked and those who decide."""
        require(actor, Action.SEE_ACCESS)
        with self.ledger.work(actor.id) as work:
            request = self._request(work.connection, request_id)
            if not (request.person_id == actor.id or may_decide(actor, request, record_of(work.connection, request))):
                raise _no_request()
            said = several_lines(body, "留言", "The message", LONGEST_MESSAGE)
            if not said:
                raise BadInput("请填写留言。", "Please write a message.")
            row = {"id": uuid.uuid4().hex, "request_id": request_id, "person_id": actor.id, "body": said, "at": work.at}
            work.insert(messages, row)
            work.act(acts.ACCESS_TALKED_OVER, "access_request", request_id)
            tell_of_message(work, actor, request)
            work.commit()

    def grant(self, actor: Person, request_id: str, *, redacted: bool = False) -> bool:
        """Agree to a request; return whether that was the last agreement needed, so that the person may read from now on.

        Leave is given for the record at its present level; it ends when the level changes, and so does an agreement.
        With ``redacted`` it is for the record's redacted copies alone; of two who agree the narrower leave counts.
        """
        _require_decider(actor)
        with self.ledger.work(actor.id) as work:
            request = self._asked(work.connection, request_id)
            record = record_of(work.connection, request)
            _require_not_own(actor, request)
            if record is None or record.status != ARCHIVED or not may_decide(actor, request, record):
                # One answer for what is not there and for what this person may not know of.
                raise NotFound(
                    "没有这个档号的在库档案，只能不予批准。",
                    "No record in custody has this code; the request can only be refused.",
                )
            self._must_still_read(work.connection, request.person_id)
            if redacted and not has_copy(work.connection, record):
                raise Conflict(
                    "此件没有已放行的遮盖件，请先制作。",
                    "The record has no redacted copy that is released; have one made first.",
                )
            taken = _agree(work, actor, request_id, record.level, redacted=redacted)
            whole = not open_seats(record.level, taken)
            if whole:
                _give(work, actor, request, record)
            work.commit()
        return whole

    def _must_still_read(self, connection: Connection, person_id: str) -> None:
        row = connection.execute(select(people).where(people.c.id == person_id)).one()
        person = person_from_row(connection, row, self.ledger.clock.stamp())
        if not can(person, Action.ASK_ACCESS).allowed:
            raise Conflict(
                "申请人已停用，或不再担任可以查阅的角色；只能不予批准。",
                "The person who asked is disabled or no longer has a role that reads; the request can only be refused.",
            )

    def refuse(self, actor: Person, request_id: str, reason: str) -> None:
        """Refuse a request, with the reason that the person will read."""
        _require_decider(actor)
        if not _plain(reason):
            raise BadInput("请说明不予批准的理由。", "Please say why access is refused.")
        with self.ledger.work(actor.id) as work:
            request = self._asked(work.connection, request_id)
            _require_not_own(actor, request)
            if not may_decide(actor, request, record_of(work.connection, request)):
                raise _no_request()
            decided = {"state": "refused", "decided_by": actor.id, "decided_at": work.at, "reason": _plain(reason)}
            _decide(work, request_id, decided)
            work.act(acts.ACCESS_REFUSED, "access_request", request_id)
            tell(work, [request.person_id], "access_refused", request_id, reference_of(request_id))
            work.commit()

    def revoke(self, actor: Person, request_id: str, reason: str) -> None:
        """Take a grant back; the next request to read is refused."""
        _require_decider(actor)
        with self.ledger.work(actor.id) as work:
            found = work.connection.execute(select(requests).where(requests.c.id == request_id)).one_or_none()
            grant = work.connection.execute(select(grants).where(grants.c.request_id == request_id)).one_or_none()
            if grant is None or found is None:
                raise _no_grant()
            _require_not_own(actor, found)
            if not may_decide(actor, found, record_of(work.connection, found)):
                raise _no_grant()
            if not work.update(grants, grant.id, {"revoked_at": work.at}, grants.c.revoked_at.is_(None)):
                raise _no_grant()
            work.update(requests, request_id, {"state": "revoked", "reason": _plain(reason) or None})
            work.act(acts.ACCESS_REVOKED, "record", grant.record_id, request=request_id)
            tell(work, [found.person_id], "access_revoked", request_id, reference_of(request_id))
            work.commit()

    def _asked(self, connection: Connection, request_id: str) -> Any:
        request = self._request(connection, request_id)
        if request.state != "asked":
            raise _decided_already()
        return request

    def _request(self, connection: Connection, request_id: str) -> Any:
        found = select(requests).where(requests.c.id == request_id).with_for_update()
        request = connection.execute(found).one_or_none()
        if request is None:
            raise _no_request()
        return request

    def _own(self, connection: Connection, actor: Person, request_id: str) -> Any:
        request = self._request(connection, request_id)
        if request.person_id != actor.id:
            raise _no_request()
        return request


def _enter(work: Work, actor: Person, wish: Wish, extends: str | None, bundle: str | None = None) -> str:
    request_id = uuid.uuid4().hex
    row = {
        "id": request_id,
        "person_id": actor.id,
        "code": wish.code,
        "purpose": wish.purpose,
        "days": wish.days,
        "on_behalf": wish.on_behalf or None,
        "actions": joined(wish.actions),
        "extends": extends,
        "bundle": bundle,
        "state": "asked",
        "asked_at": work.at,
    }
    work.insert(requests, row)
    work.act(acts.ACCESS_ASKED, "access_request", request_id, days=wish.days)
    return request_id


def _agree(work: Work, actor: Person, request_id: str, level: str, *, redacted: bool) -> set[str]:
    """Enter somebody's agreement from the seat that is open to them; return all seats taken."""
    same = (approvals.c.request_id == request_id) & (approvals.c.level == level)
    rows = work.connection.execute(select(approvals.c.seat, approvals.c.person_id).where(same)).all()
    taken = {row.seat for row in rows}
    seat = seat_of(actor, level, taken)
    if any(row.person_id == actor.id for row in rows):
        raise Conflict("您已同意；还须由另一人同意。", "You have agreed already; another person has to agree as well.")
    if seat is None:
        missing = open_seats(level, taken)
        raise Conflict(
            f"此申请还须由{'、'.join(one.words.zh for one in missing)}同意。",
            f"This request still needs {' and '.join(one.words.en for one in missing)}.",
        )
    row = {"id": uuid.uuid4().hex, "request_id": request_id, "person_id": actor.id}
    try:
        work.insert(approvals, {**row, "seat": seat.name, "level": level, "at": work.at, "redacted": redacted or None})
    except IntegrityError as error:
        raise _decided_already() from error
    work.act(acts.ACCESS_AGREED, "access_request", request_id)
    return {*taken, seat.name}


def _give(work: Work, actor: Person, request: Any, record: Any) -> None:
    """Give the leave that all have agreed to; leave that extends another begins where that one ends."""
    start = from_stamp(work.at)
    if request.extends:
        before = work.connection.execute(_alive(request.extends, work.at)).one_or_none()
        start = from_stamp(before.until) if before is not None else start
    until = to_stamp(start + timedelta(days=min(request.days, LONGEST[record.level])))
    wanted = split(request.actions) if request.actions else frozenset({VIEW})
    narrow = (approvals.c.request_id == request.id) & (approvals.c.level == record.level) & approvals.c.redacted
    redacted = work.connection.execute(select(approvals.c.id).where(narrow)).first() is not None
    grant = {
        "id": uuid.uuid4().hex,
        "request_id": request.id,
        "person_id": request.person_id,
        "record_id": record.id,
        "level": record.level,
        "actions": REDACTED if redacted else joined(permitted(record.level, wanted)),
        "granted_by": actor.id,
        "granted_at": work.at,
        "until": until,
        "revoked_at": None,
    }
    _decide(work, request.id, {"state": "granted", "decided_by": actor.id, "decided_at": work.at})
    work.insert(grants, grant)
    said = {"request": request.id, "to": request.person_id, "until": until, "level": record.level}
    if redacted:
        said["only"] = REDACTED
    work.act(acts.ACCESS_GRANTED, "record", record.id, **said)
    tell(work, [request.person_id], "access_granted", request.id, reference_of(request.id))


def _decide(work: Work, request_id: str, decided: dict[str, str]) -> None:
    if not work.update(requests, request_id, decided, requests.c.state == "asked"):
        raise _decided_already()


def _alive(request_id: str, at: str) -> Any:
    return select(grants).where(grants.c.request_id == request_id, grants.c.revoked_at.is_(None), grants.c.until > at)


def _require_decider(actor: Person) -> None:
    """Refuse one who decides on nothing; say nothing of any record."""
    if can(actor, Action.DECIDE_UNSEALING).allowed:
        return
    require(actor, Action.DECIDE_ACCESS, Thing(level=next(iter(sorted(actor.clearance)), None)))


def _require_not_own(actor: Person, request: Any) -> None:
    action = Action.DECIDE_ACCESS if not actor.administers else Action.DECIDE_UNSEALING
    level = next(iter(sorted(actor.clearance)), None)
    require(actor, action, Thing(level=level, hands={"requester": frozenset({request.person_id})}))


def _no_request() -> NotFound:
    return NotFound("没有这项申请。", "There is no such request.")


def _decided_already() -> Conflict:
    return Conflict("此申请已有结论。", "This request has been decided already.")


def _no_grant() -> Conflict:
    return Conflict("没有有效的许可可收回。", "There is no grant to take back.")


def _plain(reason: str) -> str:
    """Return a typed reason as it can be kept on both databases."""
    return reason.replace("\0", "").strip()[:LONGEST_TEXT]
