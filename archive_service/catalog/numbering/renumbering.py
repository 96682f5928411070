"""Correcting the number of a filed record: it moves to a new number, the old one goes into the void ledger for good.

For records that were numbered amiss: in the wrong year, class or period, or not as their paper says. One person proposes
and gives the reason, another carries it out. Nothing but the number changes: files, words, class, level, dates and how
long the record is kept stay as they are, so this is no way out of the archive. The record is still found by its old code.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.classification.schedules import Schedules
from archive_service.catalog.codes.numbers import Numbers, in_force
from archive_service.catalog.codes.scheme import Number
from archive_service.catalog.codes.text import normalise_code
from archive_service.catalog.model import YEARS
from archive_service.catalog.names import one_line
from archive_service.catalog.numbering.void_ledger import enter_void
from archive_service.catalog.outbox import enqueue
from archive_service.catalog.records.amending import must_be_open, to_amend
from archive_service.catalog.tables import DONE, PROPOSED, STRUCK, fonds, records, renumberings
from archive_service.errors import ArchiveError, BadInput, Conflict, Forbidden, NotFound, Text
from archive_service.people.model import Person
from archive_service.people.policy import Action, require, visible

Standing = Callable[[Connection, Sequence[str]], dict[str, Text]]
"""Says which of some records must stay as they are now, and why."""


@dataclass(frozen=True)
class Proposal:
    """A correction that waits for the second person; ``new_code`` is what the record would get now, or ``fault`` why not."""

    id: str
    old_code: str
    new_code: str
    reason: str
    proposed_by: str
    proposed_at: str
    fault: Text | None = None


@dataclass(frozen=True)
class Renumbering:
    """Corrects numbers of filed records by four hands."""

    ledger: Ledger
    schedules: Schedules
    standing: Standing

    def propose(self, actor: Person, code: str, reason: str, year: int | None = None, given: str = "") -> str:
        """Propose that a record gets another number; return the code that it would get at this moment.

        ``year`` is the right archival year where the old one is wrong; ``given`` the code that its paper bears. Without
        them the next number is taken of the class that the record is in now, with the period by which it is kept now.
        """
        require(actor, Action.VOID_NUMBER)
        why = one_line(reason, "原因", "The reason", 400)
        if not why:
            raise BadInput("请说明改号的原因。", "Please say why the number is corrected.")
        wanted = {"year": year, "given_code": normalise_code(given) or None}
        would_be = self._tried(actor, code, wanted)
        with self.ledger.work(actor.id) as work:
            row = self._amendable(work, actor, code)
            open_one = select(renumberings.c.id).where(
                renumberings.c.record_id == row["id"], renumberings.c.state == PROPOSED
            )
            if work.connection.execute(open_one).first():
                raise Conflict("此件已有待办的改号。", "A correction of this record's number waits already.")
            new = {"id": uuid.uuid4().hex, "record_id": row["id"], "old_code": row["code"], "new_code": None}
            by = {"reason": why, "proposed_at": work.at, "proposed_by": actor.id}
            work.insert(renumberings, new | wanted | by | {"state": PROPOSED, "decided_at": None, "decided_by": None})
            work.act(acts.RENUMBERING_PROPOSED, "record", row["id"], code=row["code"])
            work.commit()
        return would_be

    def carry_out(self, actor: Person, proposal_id: str) -> tuple[str, str]:
        """Give the record its new number, as the second person; return the old code and the new one."""
        require(actor, Action.VOID_NUMBER)
        with self.ledger.work(actor.id) as work:
            one = self._waiting(work.connection, actor, proposal_id)
            if one.proposed_by == actor.id:
                raise Forbidden(
                    "改号须由提出人以外的人办理。", "Someone other than the one who proposed it carries it out."
                )
            row = self._amendable(work, actor, one.old_code)
            number = self._number(work, row, {"year": one.year, "given_code": one.given_code})
            decided = {"state": DONE, "new_code": number.code, "decided_at": work.at, "decided_by": actor.id}
            if not work.update(renumberings, one.id, decided, renumberings.c.state == PROPOSED):
                raise _gone()
            enter_void(
                work,
                row["scheme"],
                Number(row["scope"], row["number"], row["code"]),
                f"改号 Renumbered：{one.reason}",
                one.proposed_by,
            )
            work.update(records, row["id"], self._columns(row, number, one.year))
            work.act(acts.RECORD_RENUMBERED, "record", row["id"], old=row["code"], new=number.code)
            enqueue(work, "capsule", row["id"])
            enqueue(work, "index", row["id"])
            work.commit()
        return row["code"], number.code

    def strike(self, actor: Person, proposal_id: str) -> str:
        """Let a proposal go; nothing was changed by it. Return the code that stays."""
        require(actor, Action.VOID_NUMBER)
        with self.ledger.work(actor.id) as work:
            one = self._waiting(work.connection, actor, proposal_id)
            decided = {"state": STRUCK, "decided_at": work.at, "decided_by": actor.id}
            if not work.update(renumberings, one.id, decided, renumberings.c.state == PROPOSED):
                raise _gone()
            work.act(acts.RENUMBERING_STRUCK, "record", one.record_id, code=one.old_code)
            work.commit()
        return str(one.old_code)

    def waiting(self, actor: Person) -> list[Proposal]:
        """Return what waits for a second person, of the records that this one may see, the oldest first."""
        require(actor, Action.VOID_NUMBER)
        with self.ledger.read() as connection:
            rows = connection.execute(self._seen(actor).order_by(renumberings.c.proposed_at)).all()
        found = []
        for one in rows:
            new_code, fault = "", None
            try:
                new_code = self._tried(actor, one.old_code, {"year": one.year, "given_code": one.given_code})
            except ArchiveError as error:
                fault = error.text
            found.append(Proposal(one.id, one.old_code, new_code, one.reason, one.proposed_by, one.proposed_at, fault))
        return found

    def history(self, record_id: str) -> Sequence[Any]:
        """Return the corrections that were carried out, the oldest first; the caller shows them to those who see the record."""
        query = select(renumberings).where(renumberings.c.record_id == record_id, renumberings.c.state == DONE)
        with self.ledger.read() as connection:
            return connection.execute(query.order_by(renumberings.c.decided_at)).all()

    # ------------------------------------------------------------------------------------------------ the inside

    def _tried(self, actor: Person, code: str, wanted: Mapping[str, Any]) -> str:
        """Return the code that a record would get, in a transaction that is never committed."""
        with self.ledger.work(actor.id) as work:
            return self._number(work, self._amendable(work, actor, code), wanted).code

    def _amendable(self, work: Work, actor: Person, code: str) -> Mapping[Any, Any]:
        row = to_amend(work, actor, code)
        must_be_open(work.connection, row["id"])
        why = self.standing(work.connection, [row["id"]]).get(row["id"])
        if why:
            raise Conflict(f"{row['code']} {why.zh}。", f"{row['code']}: {why.en}.")
        return row

    def _number(self, work: Work, row: Mapping[Any, Any], wanted: Mapping[str, Any]) -> Number:
        year = wanted["year"] or row["year"]
        if year not in YEARS:
            raise BadInput(f"年度 {year} 不可用。", f"The year {year} cannot be used.")
        record_type = self.schedules.plan.type(row["type_code"])
        fonds_no = work.connection.execute(select(fonds.c.fonds_no).where(fonds.c.id == row["fonds_id"])).scalar_one()
        numbers = Numbers(work, in_force(work.connection, self.ledger.clock.today()))
        parts = record_type.parts(fonds_no, year, row["period"])
        number = numbers.take(record_type.scheme, parts, wanted["given_code"], row["case_id"])
        numbers.finish()
        return number

    def _columns(self, row: Mapping[Any, Any], number: Number, year: int | None) -> dict[str, Any]:
        """Return the columns of a record that say its number, and no other."""
        record_type = self.schedules.plan.type(row["type_code"])
        return {
            "code": number.code,
            "scheme": record_type.scheme.name,
            "scope": number.scope,
            "number": number.number,
            "category": record_type.category,
            "problem_code": record_type.problem,
            "retention_code": row["period"],
            "year": year or row["year"],
        }

    def _seen(self, actor: Person) -> Any:
        """Return the query for the open proposals of records that a person sees."""
        return (
            select(renumberings)
            .join(records, records.c.id == renumberings.c.record_id)
            .where(renumberings.c.state == PROPOSED)
            .where(visible(actor, records.c.level, records.c.id, at=self.ledger.clock.stamp()))
        )

    def _waiting(self, connection: Connection, actor: Person, proposal_id: str) -> Any:
        found = connection.execute(self._seen(actor).where(renumberings.c.id == proposal_id)).one_or_none()
        if found is None:
            raise _gone()
        return found


def _gone() -> NotFound:
    return NotFound("没有这项待办的改号。", "There is no such correction waiting.")
