"""Numbers that no record bears: blocks reserved for papers to come, and the void ledger of those that were withdrawn.

A number once issued stays issued. One that is not used goes into the ledger with a reason and the person, so that the
row of numbers has no gap that nobody can explain.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.classification.schedules import Schedules, schemes_used
from archive_service.catalog.codes.numbers import Numbers, codes_issued, in_force
from archive_service.catalog.codes.scheme import Number, Scheme
from archive_service.catalog.codes.text import normalise_code
from archive_service.catalog.names import one_line
from archive_service.catalog.records.browse import Filters
from archive_service.catalog.tables import RESERVED, VOID, case_files, fonds, reserved_numbers, void_numbers
from archive_service.errors import BadInput, Conflict, NotFound
from archive_service.people.model import Person
from archive_service.people.policy import Action, can, require

MOST = 500
"""Numbers in one block: a few boxes of papers."""

LONGEST = timedelta(days=731)
"""How far ahead a block may be reserved: two years."""

PAGE = 100
KEYS = uuid.UUID("9a2b6c1e-52c5-4a0e-8f6d-3e0a6f1f7b42")
EXPIRED = "预留到期未用 Reserved and not used in time"


@dataclass(frozen=True)
class Wanted:
    """A block of numbers that is to be reserved: for which records, how many, for what, until when."""

    fonds_no: str
    type_code: str
    year: int
    retention: str
    count: int
    purpose: str
    expires_on: date
    case_no: str | None = None
    key: str | None = None
    """Makes a repeated request return the block that was reserved first, and take no further number."""


@dataclass(frozen=True)
class Block:
    """A block that still holds unused numbers."""

    block: str
    first: str
    last: str
    left: int
    purpose: str
    expires_on: date
    reserved_by: str


@dataclass(frozen=True)
class VoidLedger:
    """Reserves numbers, withdraws them, and shows those that were withdrawn."""

    ledger: Ledger
    schedules: Schedules

    def reserve(self, actor: Person, wanted: Wanted) -> list[str]:
        """Reserve the next numbers of a class for papers that come later; return their codes, to be written on them."""
        require(actor, Action.VOID_NUMBER)
        purpose = one_line(wanted.purpose, "用途", "The purpose", 200)
        today = self.ledger.clock.today()
        if not purpose:
            raise BadInput(
                "请写明为哪些文件预留（如盒号）。", "Say which papers the numbers are for (a box, for example)."
            )
        if not 1 <= wanted.count <= MOST:
            raise BadInput(f"一次预留 1 至 {MOST} 个号。", f"Between 1 and {MOST} numbers are reserved at a time.")
        if not today < wanted.expires_on <= today + LONGEST:
            raise BadInput(
                f"到期日应在明天至 {today + LONGEST} 之间；到期未用的号进入作废登记。",
                f"The block must expire between tomorrow and {today + LONGEST}; what is not used by then goes into the void ledger.",
            )
        record_type = self.schedules.plan.type(wanted.type_code)
        parts = record_type.parts(wanted.fonds_no, wanted.year, wanted.retention)
        with self.ledger.work(actor.id) as work:
            block = uuid.uuid5(KEYS, f"{actor.id}\n{wanted.key}").hex if wanted.key else uuid.uuid4().hex
            case_id = _checked_place(work, wanted)
            numbers = Numbers(work, in_force(work.connection, today))
            taken = numbers.reserve(record_type.scheme, parts, wanted.count, case_id)
            earlier = _codes_of(
                work, block
            )  # asked with the sequence held: two equal requests come one after the other
            if earlier:
                return earlier
            numbers.finish()
            said = {"block": block, "purpose": purpose, "expires_on": wanted.expires_on, "state": RESERVED}
            by = {"reserved_at": work.at, "reserved_by": actor.id}
            work.insert_many(reserved_numbers, [_row(record_type.scheme.name, one) | said | by for one in taken])
            work.act(acts.NUMBERS_RESERVED, "number", block, code=taken[0].code, number=len(taken))
            work.commit()
        return [one.code for one in taken]

    def withdraw(self, actor: Person, code: str, reason: str) -> str:
        """Enter a number that no record bears into the void ledger, for good; return its code.

        It may be reserved, missing in its row, or not yet reached: numbering then passes it by.
        """
        require(actor, Action.VOID_NUMBER)
        why, wanted = one_line(reason, "原因", "The reason", 500), normalise_code(code)
        if not why:
            raise BadInput("请说明作废的原因。", "Please say why the number is withdrawn.")
        with self.ledger.work(actor.id) as work:
            row = work.connection.execute(
                select(reserved_numbers).where(reserved_numbers.c.code == wanted)
            ).one_or_none()
            if row is not None:
                self._give_up(work, row, why, actor.id)
            else:
                scheme, number = self._unborne(work, wanted)
                enter_void(work, scheme, number, why, actor.id)
            work.commit()
        return wanted

    def expire(self) -> int:
        """Enter every reserved number whose time is over into the void ledger; return how many. The daily job's part."""
        over = (reserved_numbers.c.state == RESERVED) & (reserved_numbers.c.expires_on < self.ledger.clock.today())
        query = select(reserved_numbers).where(over).order_by(reserved_numbers.c.id).limit(MOST)
        done = 0
        while True:
            with self.ledger.work(None) as work:
                rows = work.connection.execute(query).all()
                given_up = [row for row in rows if self._give_up(work, row, EXPIRED, row.reserved_by, lost=False)]
                if not given_up:
                    return done
                work.commit()
                done += len(given_up)

    def voided(self, actor: Person, after: str = "", limit: int = PAGE) -> Sequence[Any]:
        """Return the void ledger by code, from behind ``after`` on."""
        require(actor, Action.VOID_NUMBER)
        query = select(void_numbers).where(void_numbers.c.code > after).order_by(void_numbers.c.code).limit(limit)
        with self.ledger.read() as connection:
            return connection.execute(query).all()

    def among(self, actor: Person, filters: Filters) -> list[Any]:
        """Return the void numbers that explain the gaps of a list which is narrowed to class, year and fonds at most.

        For archivists only: who does not see all records could conclude from them which other gaps hide one.
        """
        narrower = filters.case_no or filters.type_code or filters.level or filters.enterprise
        if narrower or not can(actor, Action.VOID_NUMBER).allowed:
            return []
        types = self.schedules.plan.types.values()
        problems = {one.problem for one in types if one.class_code == filters.class_code}
        return self._of_class(problems, filters.year, filters.fonds_no)

    def _of_class(self, problems: Collection[str], year: int | None, fonds_no: str) -> list[Any]:
        """Return the void numbers of some classes (by unit or problem code; none: of all), of a year and a fonds."""
        with self.ledger.read() as connection:
            schemes = schemes_used(connection)
            rows = connection.execute(select(void_numbers).order_by(void_numbers.c.code)).all()
        found = []
        for row in rows:
            parts = (schemes[row.scheme].parse(row.code) if row.scheme in schemes else None) or {}
            in_class = not problems or parts.get("problem") in problems
            in_fonds = not fonds_no or parts.get("fonds") == fonds_no
            if in_class and in_fonds and (year is None or parts.get("year") == str(year)):
                found.append(row)
        return found

    def blocks(self, actor: Person) -> list[Block]:
        """Return the blocks with unused numbers, the first to expire first."""
        require(actor, Action.VOID_NUMBER)
        table = reserved_numbers
        query = (
            select(
                table.c.block,
                func.min(table.c.code).label("first"),
                func.max(table.c.code).label("last"),
                func.count().label("left"),
                table.c.purpose,
                table.c.expires_on,
                table.c.reserved_by,
            )
            .where(table.c.state == RESERVED)
            .group_by(table.c.block, table.c.purpose, table.c.expires_on, table.c.reserved_by)
            .order_by(table.c.expires_on, func.min(table.c.code))
        )
        with self.ledger.read() as connection:
            return [Block(**row) for row in connection.execute(query).mappings()]

    def _give_up(self, work: Work, row: Any, why: str, person_id: str, *, lost: bool = True) -> bool:
        """Move a reserved number into the ledger; one that was used in between stays (and is refused where ``lost``)."""
        if work.update(reserved_numbers, row.id, {"state": VOID}, reserved_numbers.c.state == RESERVED):
            enter_void(work, row.scheme, Number(row.scope, row.number, row.code), why, person_id)
            return True
        if lost:
            raise _issued(row.code)
        return False

    def _unborne(self, work: Work, code: str) -> tuple[str, Number]:
        """Return scheme and number of a code that nobody bears, its sequence held; refuse one that was issued."""
        if codes_issued(work.connection, [code]):
            raise _issued(code)
        scheme, parts = self._read(work, code)
        numbers = Numbers(work)
        number = numbers.pass_by(scheme, parts)
        numbers.finish()
        return scheme.name, number

    def _read(self, work: Work, code: str) -> tuple[Scheme, dict[str, str]]:
        """Take a code apart by the scheme that numbers its class today."""
        lookup = in_force(work.connection, self.ledger.clock.today())
        for one in self.schedules.plan.types.values():
            scheme = lookup(one.scheme)
            parts = scheme.parse(code)
            ours = {"category": one.category, "problem": one.problem}
            if parts and all(parts.get(name, value) == value for name, value in ours.items()):
                _known_fonds(work, parts.get("fonds"))
                return scheme, parts
        raise BadInput(
            f"“{code}”不是本馆现行编号方案能给出的档号。",
            f"{code!r} is not a code that a numbering scheme of this archive could give.",
        )


def _codes_of(work: Work, block: str) -> list[str]:
    query = select(reserved_numbers.c.code).where(reserved_numbers.c.block == block)
    return list(work.connection.execute(query.order_by(reserved_numbers.c.number)).scalars())


def _checked_place(work: Work, wanted: Wanted) -> str | None:
    _known_fonds(work, wanted.fonds_no)
    if not wanted.case_no:
        return None
    found = work.connection.execute(
        select(case_files.c.id).where(case_files.c.case_no == wanted.case_no)
    ).scalar_one_or_none()
    if found is None:
        raise NotFound(f"没有案卷“{wanted.case_no}”。", f"There is no case file {wanted.case_no!r}.")
    return str(found)


def _known_fonds(work: Work, fonds_no: str | None) -> None:
    known = fonds_no is None or work.connection.execute(select(fonds.c.id).where(fonds.c.fonds_no == fonds_no)).first()
    if not known:
        raise NotFound(f"没有全宗“{fonds_no}”。", f"There is no fonds {fonds_no!r}.")


def _row(scheme: str, one: Number) -> dict[str, Any]:
    return {"id": uuid.uuid4().hex, "scheme": scheme, "scope": one.scope, "number": one.number, "code": one.code}


def enter_void(work: Work, scheme: str, number: Number, why: str, person_id: str) -> None:
    """Enter a number into the void ledger, inside the caller's transaction."""
    row = _row(scheme, number)
    work.insert(void_numbers, row | {"reason": why, "voided_at": work.at, "voided_by": person_id})
    work.act(acts.NUMBER_VOIDED, "number", row["id"], code=number.code)


def _issued(code: str) -> Conflict:
    return Conflict(
        f"档号 {code} 已经发出过：有件的号不在此作废（编错了可“更正档号”；档案只能经处置离库），已作废的不再登记。",
        f"The code {code} has been issued: one that a record bears is not withdrawn here (have it corrected if it is wrong; records leave by disposal only), one that is void is void already.",
    )
