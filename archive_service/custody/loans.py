"""Lending paper originals 借阅: one record's papers or a whole box, to somebody who may read all of it, until a day.

Nothing is lent on: who needs it longer renews, which is a step of its own, and it comes back before it goes to another.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, func, or_, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.records.browse import Catalogue
from archive_service.catalog.tables import ARCHIVED, records
from archive_service.clock import from_stamp, to_stamp
from archive_service.custody.model import whole, words
from archive_service.custody.tables import boxes, loans, record_places
from archive_service.errors import BadInput, Conflict, NotFound, Text
from archive_service.people.model import Person
from archive_service.people.notices import able, everybody, tell, told_already
from archive_service.people.policy import Action, Thing, can, require
from archive_service.people.service import People

LONGEST = {"PUB": 14, "INT": 14, "TS": 7, "PI": 7}
"""Days that papers of a level are out at most; what is sealed never leaves."""

MOST_RENEWALS = 2
AGAIN = timedelta(days=7) - timedelta(hours=1)
"""After how long an overdue loan is told of again: a week, and the job that looks is not late by it."""

RECORD, BOX = "record", "box"


@dataclass(frozen=True)
class Lent:
    """A loan with its state on a day."""

    row: Any
    late: bool


@dataclass(frozen=True)
class Loans:
    """Lends papers and takes them back."""

    ledger: Ledger
    catalogue: Catalogue
    people: People

    def lend(self, actor: Person, said: Mapping[str, str]) -> str:
        """Lend a record's papers (``record``) or a box (``box``) to a person by login; return the loan's number."""
        require(actor, Action.KEEP_STORE)
        code, box_no = said.get("record", "").strip(), said.get("box", "").strip()
        if bool(code) == bool(box_no):
            raise BadInput("请填写档号或盒号其中之一。", "Give either the code of a record or the number of a box.")
        days = whole(said.get("days", "7"), Text("天数", "The number of days"), 1, max(LONGEST.values()))
        purpose = words(said.get("purpose", ""), Text("用途", "The purpose"), 2, 500)
        borrower = self._borrower(actor, said.get("borrower", ""))
        record_id = self.catalogue.find(actor, code).row["id"] if code else None
        with self.ledger.work(actor.id) as work:
            object_id, label = _object(work.connection, record_id, box_no)
            self._must_be_in(work.connection, object_id, record_id)
            limit = self._limit(work, borrower, object_id, record_id)
            today = self.ledger.clock.today()
            due = min(today + timedelta(days=min(days, limit.days)), limit.until)
            if due < today:
                raise _may_not_read()
            number = _next(work.connection, today.year)
            loan_id, loan_no = uuid.uuid4().hex, f"JY{today.year}-{number:03d}"
            what = {"kind": RECORD if record_id else BOX, "object_id": object_id, "label": label}
            who = {"borrower_id": borrower.id, "unit": " ".join(said.get("unit", "").split())[:200], "purpose": purpose}
            when = {"lent_at": work.at, "lent_by": actor.id, "due_on": due, "renewals": 0}
            work.insert(
                loans, {"id": loan_id, "loan_no": loan_no, "year": today.year, "number": number, **what, **who, **when}
            )
            work.act(acts.PAPER_LENT, what["kind"], object_id, loan=loan_no, to=borrower.id, until=due.isoformat())
            work.commit()
        return loan_no

    def take_back(self, actor: Person, loan_no: str, condition: str) -> None:
        """Enter that papers came back, and in what condition."""
        require(actor, Action.KEEP_STORE)
        found = words(condition, Text("归还状况", "The condition"), 1, 500)
        with self.ledger.work(actor.id) as work:
            row = self._open(work, loan_no)
            work.update(loans, row.id, {"returned_at": work.at, "returned_by": actor.id, "condition": found})
            work.act(acts.PAPER_RETURNED, row.kind, row.object_id, loan=loan_no)
            work.commit()

    def renew(self, actor: Person, loan_no: str, days: str) -> date:
        """Lengthen a loan, counted from today, as far as the borrower may still read it; return the new day."""
        require(actor, Action.KEEP_STORE)
        wanted = whole(days, Text("天数", "The number of days"), 1, max(LONGEST.values()))
        with self.ledger.work(actor.id) as work:
            row = self._open(work, loan_no)
            if row.renewals >= MOST_RENEWALS:
                raise Conflict(
                    f"已续借 {MOST_RENEWALS} 次，请先归还。",
                    f"It was renewed {MOST_RENEWALS} times; it has to come back first.",
                )
            borrower = self.people.by_id(row.borrower_id)
            limit = self._limit(work, borrower, row.object_id, row.object_id if row.kind == RECORD else None)
            today = self.ledger.clock.today()
            due = min(today + timedelta(days=min(wanted, limit.days)), limit.until)
            if due <= row.due_on:
                raise Conflict("续借不能使归还日期提前或不变。", "A renewal has to end later than the loan does now.")
            work.update(loans, row.id, {"due_on": due, "renewals": row.renewals + 1})
            work.act(acts.PAPER_RENEWED, row.kind, row.object_id, loan=loan_no, until=due.isoformat())
            work.commit()
        return due

    def out(self, actor: Person) -> list[Lent]:
        """Return what is out now, the first due first; records only to who sees them."""
        return self._listed(actor, loans.c.returned_at.is_(None), loans.c.due_on)

    def of(self, actor: Person, record_id: str) -> Lent | None:
        """Return the loan by which the paper of a record that the person sees is out, by itself or with its box."""
        if record_id not in self.catalogue.by_ids(actor, [record_id]):
            return None
        box = select(record_places.c.box_id).where(record_places.c.record_id == record_id)
        taken = or_(loans.c.object_id == record_id, loans.c.object_id.in_(box))
        with self.ledger.read() as connection:
            row = connection.execute(select(loans).where(taken, loans.c.returned_at.is_(None))).first()
        return Lent(row, row.due_on < self.ledger.clock.today()) if row else None

    def all(self, actor: Person, first: date, last: date) -> list[Lent]:
        """Return the loans made from one day to another, both included, in their order."""
        zone = self.ledger.clock.zone
        since = to_stamp(datetime.combine(first, time(), zone))
        until = to_stamp(datetime.combine(last + timedelta(days=1), time(), zone))
        span = (loans.c.lent_at >= since) & (loans.c.lent_at < until)
        return self._listed(actor, span, loans.c.lent_at)

    def _listed(self, actor: Person, condition: Any, order: Any) -> list[Lent]:
        require(actor, Action.KEEP_STORE)
        with self.ledger.read() as connection:
            rows = connection.execute(select(loans).where(condition).order_by(order, loans.c.loan_no)).all()
        named = [row.object_id for row in rows if row.kind == RECORD]
        seen = self.catalogue.by_ids(actor, named) if named else {}
        today = self.ledger.clock.today()
        return [
            Lent(row, row.returned_at is None and row.due_on < today)
            for row in rows
            if row.kind == BOX or row.object_id in seen
        ]

    def _open(self, work: Work, loan_no: str) -> Any:
        wanted = select(loans).where(loans.c.loan_no == loan_no).with_for_update()
        row = work.connection.execute(wanted).one_or_none()
        if row is None:
            raise NotFound("没有这笔借阅。", "There is no such loan.")
        if row.returned_at:
            raise Conflict("此笔借阅已归还。", "This loan was returned already.")
        return row

    def _borrower(self, actor: Person, login: str) -> Person:
        borrower = self.people.by_login(login.strip().lower())
        if borrower.id == actor.id:
            raise Conflict("不能借给自己，请由另一位档案员办理。", "Nobody lends to themselves; ask another archivist.")
        return borrower

    def _must_be_in(self, connection: Connection, object_id: str, record_id: str | None) -> None:
        """Refuse what is out: by itself, with its box, or, of a box, with something that lies in it."""
        if record_id:
            box = select(record_places.c.box_id).where(record_places.c.record_id == record_id)
            taken = or_(loans.c.object_id == object_id, loans.c.object_id.in_(box))
        else:
            lying = select(record_places.c.record_id).where(record_places.c.box_id == object_id)
            taken = or_(loans.c.object_id == object_id, loans.c.object_id.in_(lying))
        if connection.execute(select(loans.c.id).where(taken, loans.c.returned_at.is_(None))).first():
            raise Conflict("已借出尚未归还。", "It is lent already and has not come back.")

    def _limit(self, work: Work, borrower: Person, object_id: str, record_id: str | None) -> Limit:
        """Return how long at most: every record must be one that the borrower may read, and none a sealed one."""
        at, end = work.at, date.max
        which = (
            [record_id] if record_id else select(record_places.c.record_id).where(record_places.c.box_id == object_id)
        )
        rows = work.connection.execute(select(records).where(records.c.id.in_(which))).all()
        for row in rows:
            allowed = can(borrower, Action.READ_RECORD, Thing(level=row.level, record_id=row.id), at=at).allowed
            if row.level == "SEAL" or row.status != ARCHIVED or not allowed:
                raise _may_not_read()
            if row.level not in borrower.clearance:
                grant = borrower.grant_for(row.id, row.level, at)
                day = from_stamp(grant.until).astimezone(self.ledger.clock.zone).date() if grant else date.min
                end = min(end, day)
        return Limit(min((LONGEST[row.level] for row in rows), default=max(LONGEST.values())), end)


@dataclass(frozen=True)
class Limit:
    """Days that a loan lasts at most, and the day past which the borrower may not read any more."""

    days: int
    until: date


def remind_of_loans(ledger: Ledger) -> int:
    """Tell borrower and keepers of every overdue loan, again each week; return of how many."""
    now, today = ledger.clock.now(), ledger.clock.today()
    with ledger.read() as connection:
        rows = connection.execute(select(loans).where(loans.c.returned_at.is_(None), loans.c.due_on < today)).all()
        due = [row for row in rows if not told_already(connection, "loan_overdue", row.id, to_stamp(now - AGAIN))]
    for row in due:
        with ledger.work(None) as work:
            alive = {one.id for one in everybody(work.connection, work.at)}
            told = {row.borrower_id, *able(work.connection, work.at, Action.KEEP_STORE)} & alive
            tell(work, told, "loan_overdue", row.id, row.loan_no)
            work.act(acts.LOAN_REMINDED, row.kind, row.object_id, loan=row.loan_no)
            work.commit()
    return len(due)


def _object(connection: Connection, record_id: str | None, box_no: str) -> tuple[str, str]:
    if record_id:
        row = connection.execute(select(records).where(records.c.id == record_id).with_for_update()).one()
        return row.id, row.code
    found = connection.execute(select(boxes).where(boxes.c.box_no == box_no).with_for_update()).one_or_none()
    if found is None:
        raise NotFound("没有这个档案盒。", "There is no such box.")
    return found.id, found.box_no


def _next(connection: Connection, year: int) -> int:
    last = select(func.max(loans.c.number)).where(loans.c.year == year)
    return (connection.execute(last).scalar_one() or 0) + 1


def _may_not_read() -> Conflict:
    return Conflict(
        "借阅人无权阅览其中全部档案（密封件不外借）；请先办理查阅许可。",
        "The borrower may not read all of it, or it is sealed and never lent; leave to read has to be asked for first.",
    )
