"""Numbering schemes: a pattern in the plan, checked when it is loaded, rendering codes that cannot collide.

A pattern is text with parts in braces, such as ``{fonds}-{category}·{year}-{retention}-{problem}-{item:4}``.
Everything before the item number is the *scope* in which items count from 1.
"""

from __future__ import annotations

import itertools
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from archive_service.audit.ledger import Work
from archive_service.catalog.tables import records, sequences, void_numbers
from archive_service.database.engine import insert_if_absent
from archive_service.database.tables import new_salt
from archive_service.errors import BadInput, Conflict

PART = re.compile(r"\{([a-z]+)(?::(\d))?\}")
SHAPES: dict[str, str] = {
    "fonds": r"[A-Z0-9]{4}",
    "category": r"[A-Z]{2}(?:·(?!(?:19|20)\d\d(?:\W|$))[A-Z0-9]{1,4}){0,3}",
    "year": r"(?:19|20)\d\d",
    "retention": r"Y|D[1-9]\d?",
    "problem": r"[A-Z0-9]{2,6}",
}
DIGITS = frozenset("0123456789")
LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
SETS: dict[str, list[list[frozenset[str]]]] = {
    "fonds": [[DIGITS | LETTERS] * 4],
    "year": [[frozenset("1"), frozenset("9"), DIGITS, DIGITS], [frozenset("2"), frozenset("0"), DIGITS, DIGITS]],
    "retention": [
        [frozenset("Y")],
        [frozenset("D"), DIGITS - {"0"}],
        [frozenset("D"), DIGITS - {"0"}, DIGITS],
    ],
}
"""The same shapes, place by place."""

LONGEST_NAME, LONGEST_FIXED = 32, 60
AHEAD = 32
"""Codes that are looked up at once, whether they were issued before."""

NEEDED = ("fonds", "category", "year", "retention", "problem")
"""What a scope must tell apart: leaving one out would let two classes give the same code."""


@dataclass(frozen=True)
class Number:
    """A number taken: the scope that it counts in, the number, the rendered code."""

    scope: str
    number: int
    code: str


@dataclass(frozen=True)
class Scheme:
    """A numbering scheme whose pattern has been checked."""

    name: str
    pattern: str
    width: int

    def scope(self, parts: Mapping[str, str]) -> str:
        """Render everything before the item number; each part must have its proper shape."""
        for name, value in parts.items():
            if not re.fullmatch(SHAPES[name], value, re.ASCII):
                raise BadInput(
                    f"档号的“{name}”部分不能是“{value}”。", f"{value!r} cannot be the {name} part of an archival code."
                )
        return PART.sub(lambda part: parts[part[1]], self.pattern.rsplit("{item", 1)[0])

    def number_in(self, scope: str, code: str) -> int:
        """Return the item number of a code that was given to a record before; it must be one of this scope."""
        digits = code.removeprefix(scope)
        if not code.startswith(scope) or not (digits.isascii() and digits.isdigit() and len(digits) == self.width):
            raise BadInput(
                f"档号“{code}”与此件不符：按其全宗、门类、年度、保管期限和类别，应为“{scope}”加 {self.width} 位件号。",
                f"The code {code!r} is not one of this record: by fonds, category, year, period and class it would be {scope!r} and {self.width} digits.",
            )
        if int(digits) == 0:
            raise BadInput("件号从 1 开始。", "Item numbers start at 1.")
        return int(digits)

    def code(self, scope: str, number: int) -> str:
        """Render the whole code; a number beyond the pattern's width is refused, never widened."""
        if not 1 <= number < 10**self.width:
            raise Conflict(
                f"“{scope}”的件号已到 {10**self.width - 1}，方案 {self.name} 容纳不下更多；请启用新的编号方案。",
                f"The item numbers of {scope!r} have reached {10**self.width - 1}; scheme {self.name} holds no more. Please start a new scheme.",
            )
        return f"{scope}{number:0{self.width}d}"


def read_scheme(name: str, pattern: str) -> Scheme:
    """Check a pattern and return its scheme; :class:`BadInput` says everything that is wrong with it."""
    faults = list(_faults(pattern))
    if not 1 <= len(name) <= LONGEST_NAME:
        faults.append((f"名称最多 {LONGEST_NAME} 个字符", f"its name has more than {LONGEST_NAME} characters"))
    if faults:
        raise BadInput(
            f"编号方案 {name}：{'；'.join(zh for zh, _ in faults)}。",
            f"Numbering scheme {name}: {'; '.join(en for _, en in faults)}.",
        )
    return Scheme(name, pattern, int(PART.findall(pattern)[-1][1]))


def _faults(pattern: str) -> Iterator[tuple[str, str]]:
    names = [name for name, _ in PART.findall(pattern)]
    unknown = [name for name in names if name not in (*NEEDED, "item")]
    missing = [name for name in (*NEEDED, "item") if name not in names]
    fixed = PART.sub("\0", pattern)
    if unknown:
        yield f"没有这样的部分：{', '.join(unknown)}", f"unknown parts: {', '.join(unknown)}"
    if missing:
        yield (
            f"缺少 {', '.join(missing)}，不同的档案会得到相同的档号",
            f"without {', '.join(missing)} two records could get the same code",
        )
    if len(names) != len(set(names)):
        yield "同一部分出现两次", "a part stands twice"
    if any(width and name != "item" for name, width in PART.findall(pattern)):
        yield "只有 item 有位数", "only item has a width"
    if not re.search(r"\{item:[3-6]\}$", pattern):
        yield "末尾应为 {item:3} 至 {item:6}", "it must end with {item:3} to {item:6}"
    if any(not re.search("[-·]", between) for between in fixed.split("\0")[1:-1]):
        yield "相邻部分之间须有“-”或“·”，否则无法区分", "parts need '-' or '·' between them to be told apart"
    if len(fixed) > LONGEST_FIXED:
        yield f"固定文字最多 {LONGEST_FIXED} 个字符", f"it has more than {LONGEST_FIXED} characters of fixed text"
    if re.search(r"[^-·A-Z0-9\0]", fixed):
        yield "固定文字只能是大写字母、数字、“-”和“·”", "fixed text may hold capital letters, digits, '-' and '·' only"


def shared_code(one: tuple[Scheme, str, str], other: tuple[Scheme, str, str]) -> str | None:
    """Return a code that two classes, each given as scheme, category and problem code, could both produce.

    Exact: apart from category and problem code every part is one of a few rows of character sets, so each
    pattern stands for finitely many of these, and two of them have a code in common when every place has.
    """
    for row, beside in itertools.product(_rows_of_sets(*one), _rows_of_sets(*other)):
        if len(row) == len(beside) and not any(map(frozenset.isdisjoint, row, beside)):
            return "".join(min(here & there) for here, there in zip(row, beside, strict=True))
    return None


def _rows_of_sets(scheme: Scheme, category: str, problem: str) -> Iterator[list[frozenset[str]]]:
    choices: list[list[list[frozenset[str]]]] = []
    for fixed, name in re.findall(r"([^{}]+)|\{([a-z]+)(?::\d)?\}", scheme.pattern):
        exact = fixed or {"category": category, "problem": problem}.get(name)
        choices.append(
            [[frozenset(letter) for letter in exact]] if exact else SETS.get(name, [[DIGITS] * scheme.width])
        )
    for row in itertools.product(*choices):
        yield [letters for part in row for letters in part]


@dataclass
class _Counter:
    """A sequence that this transaction holds: the number reached, and which of the next codes were issued before."""

    row_id: str
    last: int
    was: int
    looked_to: int
    issued: set[str]


class Numbers:
    """Takes numbers inside the caller's transaction, :meth:`finish` writes how far the sequences have come.

    The row of a sequence is locked until that transaction ends: a second accession waits for it, and one that
    fails gives its numbers back. So there is neither a duplicate nor a gap. A code that was ever issued, to a
    record that was destroyed since or to a voided number, is passed over, and refused when it is given.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._counters: dict[tuple[str, str], _Counter] = {}

    def take(self, scheme: Scheme, parts: Mapping[str, str], given: str | None = None) -> Number:
        """Take the next number of a scope, or the one of a code that was ``given``."""
        scope = scheme.scope(parts)
        counter = self._counter(scheme, scope)
        if given is not None:
            return self._take_given(scheme, scope, given, counter)
        while True:
            number = counter.last + 1
            code = scheme.code(scope, number)
            self._look_ahead(scheme, scope, counter)
            counter.last = number
            if code not in counter.issued:
                return Number(scope, number, code)

    def finish(self) -> None:
        """Write the sequences down."""
        for counter in self._counters.values():
            if counter.last != counter.was:
                self._work.update(sequences, counter.row_id, {"last_no": counter.last})

    def _take_given(self, scheme: Scheme, scope: str, code: str, counter: _Counter) -> Number:
        number = scheme.number_in(scope, code)
        if number <= counter.last or code in counter.issued or _issued(self._work, [code]):
            raise Conflict(
                f"档号 {code} 已经发出过，不能再用（已销毁或作废的档号也不再使用）。",
                f"The code {code} has been issued before and is never used again, destroyed or void ones included.",
            )
        counter.issued.add(code)
        if number == counter.last + 1:
            counter.last = number
        return Number(scope, number, code)

    def _counter(self, scheme: Scheme, scope: str) -> _Counter:
        found = self._counters.get((scheme.name, scope))
        if found is None:
            row = _locked_sequence(self._work, scheme.name, scope)
            found = _Counter(row.id, row.last_no, row.last_no, row.last_no, set())
            self._counters[scheme.name, scope] = found
        return found

    def _look_ahead(self, scheme: Scheme, scope: str, counter: _Counter) -> None:
        if counter.last < counter.looked_to:
            return
        start = counter.last + 1
        stop = min(start + AHEAD, 10**scheme.width)
        counter.issued |= _issued(self._work, [scheme.code(scope, number) for number in range(start, stop)])
        counter.looked_to = stop - 1


def _issued(work: Work, codes: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for table in (records, void_numbers):
        found.update(work.connection.execute(select(table.c.code).where(table.c.code.in_(codes))).scalars())
    return found


def _locked_sequence(work: Work, scheme: str, scope: str) -> Any:
    locked = select(sequences).where(sequences.c.scheme == scheme, sequences.c.scope == scope).with_for_update()
    row = work.connection.execute(locked).one_or_none()
    if row is not None:
        return row
    # Two first accessions of a scope may come at once: the second one's insert waits for the first and does nothing.
    values = {"id": uuid.uuid4().hex, "scheme": scheme, "scope": scope, "last_no": 0, "salt": new_salt()}
    insert_if_absent(work.connection, sequences, values, "scheme", "scope")
    return work.connection.execute(locked).one()
