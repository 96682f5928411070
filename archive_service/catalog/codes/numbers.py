"""Taking numbers: inside the transaction that needs them, each once, without a gap."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, select, union_all

from archive_service.audit import acts
from archive_service.audit.ledger import Work
from archive_service.catalog.codes.scheme import Number, Run, Scheme
from archive_service.catalog.tables import (
    RESERVED,
    USED,
    case_file_numbers,
    numbering_schemes,
    records,
    reserved_numbers,
    sequences,
    void_numbers,
)
from archive_service.database.engine import insert_if_absent
from archive_service.database.tables import new_salt
from archive_service.errors import BadInput, Conflict

AHEAD = 64
"""Codes that are looked up at once, whether they were issued before."""


Reached = dict[tuple[str, str], int]
"""The last number of each sequence, by scheme and scope."""


@dataclass
class _Counter:
    """A sequence that this transaction holds: the number reached, and which of the next ones were issued before."""

    row_id: str
    last: int
    was: int
    looked_to: dict[str, int]
    """How far each run of codes was looked through, by what stands before its number."""
    issued: set[str]
    numbers: set[int]


def in_force(connection: Connection, today: date) -> Callable[[Scheme], Scheme]:
    """Return what finds, for a scheme that a plan names, its version that holds on a day; each is looked up once."""
    found: dict[str, Scheme] = {}

    def lookup(scheme: Scheme) -> Scheme:
        if scheme.name not in found:
            table = numbering_schemes
            query = select(table).where(table.c.name == scheme.name, table.c.starts_on <= today)
            row = connection.execute(query.order_by(table.c.version.desc()).limit(1)).one_or_none()
            found[scheme.name] = stored_scheme(row) if row else scheme
        return found[scheme.name]

    return lookup


def stored_scheme(row: Any) -> Scheme:
    """Return the scheme of a stored version; it was checked when it was saved."""
    return Scheme(row.name, row.pattern, tuple(row.restart.split()), row.version)


def _as_it_is(scheme: Scheme) -> Scheme:
    return scheme


class Numbers:
    """Takes numbers inside the caller's transaction, :meth:`finish` writes how far the sequences have come.

    The row of a sequence is locked until that transaction ends: a second accession waits for it, and one that
    fails gives its numbers back. So there is neither a duplicate nor a gap. A code that was ever issued, to a
    record that was destroyed since or to a voided number, is passed over, and refused when it is given.
    """

    def __init__(
        self, work: Work, in_force: Callable[[Scheme], Scheme] = _as_it_is, reached: Reached | None = None
    ) -> None:
        """``reached`` is for trying out: the numbers that an earlier try, which wrote nothing, has come to."""
        self._work = work
        self._reached = reached or {}
        self._in_force = in_force
        self._counters: dict[tuple[str, str], _Counter] = {}

    def take(
        self, scheme: Scheme, parts: Mapping[str, str], given: str | None = None, case_id: str | None = None
    ) -> Number:
        """Take the next number of a scope, or the one of a code that was ``given``; ``case_id`` is for schemes by file."""
        scheme = self._in_force(scheme)
        if scheme.width("file"):
            parts = {**parts, "file": self._file_number(scheme, parts, given, case_id)}
        run = scheme.run(parts)
        return self._next(run) if given is None else self._take_given(run, given)

    def reserve(self, scheme: Scheme, parts: Mapping[str, str], count: int, case_id: str | None = None) -> list[Number]:
        """Take the next numbers of a scope for papers that are filed later under them."""
        scheme = self._in_force(scheme)
        if scheme.width("file") and "file" not in parts:
            parts = {**parts, "file": self._file_number(scheme, parts, None, case_id)}
        run = scheme.run(parts)
        return [self._next(run) for _ in range(count)]

    def next_file_number(self, scheme: Scheme, parts: Mapping[str, str]) -> str:
        """Return the number that the next new case file of a class would get."""
        run = scheme.run({**parts, "file": ""}, "file")
        return f"{self._free_file_number(run):0{run.width}d}"

    def pass_by(self, scheme: Scheme, parts: Mapping[str, str]) -> Number:
        """Take a number that nobody has out of its row, for the void ledger; ``parts`` are those of its code, taken apart."""
        run, number = scheme.run(parts), int(parts["item"])
        code, counter = run.code(number), self._counter(run)
        if _numbers_taken(self._work, run, number, number):
            raise Conflict(f"件号 {number} 已经发出过。", f"The number {number} has been issued.")
        if number == counter.last + 1:
            counter.last = number
        return Number(run.scope, number, code)

    def finish(self) -> None:
        """Write the sequences down."""
        for counter in self._counters.values():
            if counter.last != counter.was:
                self._work.update(sequences, counter.row_id, {"last_no": counter.last})

    def reached(self) -> Reached:
        """Return how far each sequence has come."""
        return {key: counter.last for key, counter in self._counters.items()}

    def _next(self, run: Run) -> Number:
        counter = self._counter(run)
        while True:
            number = counter.last + 1
            code = run.code(number)
            self._look_ahead(run, counter)
            counter.last = number
            if code not in counter.issued and number not in counter.numbers:
                return Number(run.scope, number, code)

    def _take_given(self, run: Run, code: str) -> Number:
        number, counter = run.number_in(code), self._counter(run)
        if self._claim_reserved(code):
            return Number(run.scope, number, code)
        known = number <= counter.last or code in counter.issued or number in counter.numbers
        if known or codes_issued(self._work.connection, [code]) or _numbers_taken(self._work, run, number, number):
            raise Conflict(
                f"档号 {code} 已经发出过，不能再用（已销毁或作废的档号也不再使用）。",
                f"The code {code} has been issued before and is never used again, destroyed or void ones included.",
            )
        counter.issued.add(code)
        counter.numbers.add(number)
        if number == counter.last + 1:
            counter.last = number
        return Number(run.scope, number, code)

    def _claim_reserved(self, code: str) -> bool:
        """Take a code out of a block that was reserved for papers; say whether it stood there, unused."""
        query = select(reserved_numbers.c.id).where(reserved_numbers.c.code == code)
        row_id = self._work.connection.execute(query).scalar_one_or_none()
        still = reserved_numbers.c.state == RESERVED
        return row_id is not None and self._work.update(reserved_numbers, row_id, {"state": USED}, still)

    def _file_number(self, scheme: Scheme, parts: Mapping[str, str], given: str | None, case_id: str | None) -> str:
        """Return the number of a case file among those of its class, giving it one if it has none yet."""
        if case_id is None:
            raise BadInput(
                f"编号方案 {scheme.name} 按案卷编号，请选择案卷。",
                f"Scheme {scheme.name} numbers by case file; please choose a case file.",
            )
        run = scheme.run(parts, "file")
        self._counter(run)  # held: two records of a new case file must not get two numbers for it
        table = case_file_numbers
        ours = (table.c.scheme == scheme.name) & (table.c.scope == run.scope)
        query = select(table.c.number).where(ours, table.c.case_id == case_id)
        found = self._work.connection.execute(query).scalar_one_or_none()
        if found is None:
            wanted = (scheme.parse(given) or {}).get("file") if given else None
            found = self._new_file_number(run, case_id, int(wanted) if wanted else None)
        return f"{found:0{run.width}d}"

    def _new_file_number(self, run: Run, case_id: str, wanted: int | None) -> int:
        counter, taken = self._counter(run), self._file_numbers(run)
        if wanted in taken:
            raise Conflict(
                f"案卷号 {wanted} 已属于另一案卷。", f"File number {wanted} belongs to another case file already."
            )
        number = wanted or self._free_file_number(run)
        run.code(number)
        while counter.last + 1 in taken | {number}:
            counter.last += 1
        row = {"id": uuid.uuid4().hex, "scheme": run.scheme, "scope": run.scope, "number": number, "case_id": case_id}
        self._work.insert(case_file_numbers, {**row, "allotted_at": self._work.at})
        self._work.act(acts.FILE_NUMBER_ALLOTTED, "case_file", case_id, scheme=run.scheme, number=number)
        return number

    def _free_file_number(self, run: Run) -> int:
        taken = self._file_numbers(run)
        return next(one for one in itertools.count(self._counter(run).last + 1) if one not in taken)

    def _file_numbers(self, run: Run) -> set[int]:
        table = case_file_numbers
        query = select(table.c.number).where(table.c.scheme == run.scheme, table.c.scope == run.scope)
        return set(self._work.connection.execute(query).scalars())

    def _counter(self, run: Run) -> _Counter:
        found = self._counters.get((run.scheme, run.scope))
        if found is None:
            row, new = _locked_sequence(self._work, run.scheme, run.scope)
            # A new row is written down whatever becomes of it: the log vouches for what is written by a work alone.
            last = max(row.last_no, self._reached.get((run.scheme, run.scope), 0))
            found = _Counter(row.id, last, -1 if new else row.last_no, {}, set(), set())
            self._counters[run.scheme, run.scope] = found
        return found

    def _look_ahead(self, run: Run, counter: _Counter) -> None:
        if counter.last < counter.looked_to.get(run.before, 0):
            return
        start = counter.last + 1
        stop = min(start + AHEAD, 10**run.width)
        counter.issued |= codes_issued(self._work.connection, [run.code(number) for number in range(start, stop)])
        counter.numbers |= _numbers_taken(self._work, run, start, stop - 1)
        counter.looked_to[run.before] = stop - 1


_NUMBERED = (records, void_numbers, reserved_numbers)
"""Where a number stands once it was issued."""

_NUMBERS_TAKEN = union_all(
    *(
        select(table.c.number).where(
            table.c.scheme == bindparam("wanted_scheme"),
            table.c.scope == bindparam("wanted_scope"),
            table.c.number.between(bindparam("first"), bindparam("last")),
        )
        for table in _NUMBERED
    )
)
_CODES_ISSUED = union_all(
    *(select(table.c.code).where(table.c.code.in_(bindparam("codes", expanding=True))) for table in _NUMBERED)
)
"""Made once: the queries stand on the way of every record that is filed."""


def _numbers_taken(work: Work, run: Run, first: int, last: int) -> set[int]:
    """Return the numbers of a scope that codes of another shape have: classes that count together, earlier versions."""
    asked = {"wanted_scheme": run.scheme, "wanted_scope": run.scope, "first": first, "last": last}
    return set(work.connection.execute(_NUMBERS_TAKEN, asked).scalars())


def codes_issued(connection: Connection, codes: Sequence[str]) -> set[str]:
    """Return those of some codes that were ever issued: to a record, to the void ledger, or reserved."""
    found: set[str] = set()
    for start in range(0, len(codes), 500):
        found.update(connection.execute(_CODES_ISSUED, {"codes": list(codes[start : start + 500])}).scalars())
    return found


def _locked_sequence(work: Work, scheme: str, scope: str) -> tuple[Any, bool]:
    locked = select(sequences).where(sequences.c.scheme == scheme, sequences.c.scope == scope).with_for_update()
    row = work.connection.execute(locked).one_or_none()
    if row is not None:
        return row, False
    # Two first accessions of a scope may come at once: the second one's insert waits for the first and does nothing.
    values = {"id": uuid.uuid4().hex, "scheme": scheme, "scope": scope, "last_no": 0, "salt": new_salt()}
    insert_if_absent(work.connection, sequences, values, "scheme", "scope")
    row = work.connection.execute(locked).one()
    return row, row.id == values["id"]
