"""Numbering schemes: a pattern in the plan, checked when it is loaded, rendering codes that cannot collide.

A pattern is text with parts in braces, such as ``{fonds}-{category}·{year}-{retention}-{problem}-{item:4}``.
Everything before the item number is the *scope* in which items count from 1.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from archive_service.audit.ledger import Work
from archive_service.catalog.tables import sequences
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
            if not re.fullmatch(SHAPES[name], value):
                raise BadInput(
                    f"档号的“{name}”部分不能是“{value}”。", f"{value!r} cannot be the {name} part of an archival code."
                )
        return PART.sub(lambda part: parts[part[1]], self.pattern.rsplit("{item", 1)[0])

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
    if faults:
        raise BadInput(
            f"编号方案 {name}：{'；'.join(zh for zh, _ in faults)}。",
            f"Numbering scheme {name}: {'; '.join(en for _, en in faults)}.",
        )
    return Scheme(name, pattern, int(PART.findall(pattern)[-1][1]))


def _faults(pattern: str) -> list[tuple[str, str]]:
    faults: list[tuple[str, str]] = []
    names = [name for name, _ in PART.findall(pattern)]
    unknown = [name for name in names if name not in (*NEEDED, "item")]
    missing = [name for name in (*NEEDED, "item") if name not in names]
    if unknown:
        faults.append((f"没有这样的部分：{', '.join(unknown)}", f"unknown parts: {', '.join(unknown)}"))
    if missing:
        faults.append(
            (
                f"缺少 {', '.join(missing)}，不同的档案会得到相同的档号",
                f"without {', '.join(missing)} two records could get the same code",
            )
        )
    if len(names) != len(set(names)):
        faults.append(("同一部分出现两次", "a part stands twice"))
    if not re.search(r"\{item:[3-6]\}$", pattern):
        faults.append(("末尾应为 {item:3} 至 {item:6}", "it must end with {item:3} to {item:6}"))
    if re.search(r"\}\{", pattern):
        faults.append(("相邻部分之间须有分隔符，否则无法区分", "parts need a separator between them to be told apart"))
    if re.search(r"[^-·A-Z0-9]", PART.sub("", pattern)):
        faults.append(
            ("固定文字只能是大写字母、数字、“-”和“·”", "fixed text may hold capital letters, digits, '-' and '·' only")
        )
    return faults


def take_number(work: Work, scheme: Scheme, parts: Mapping[str, str]) -> Number:
    """Take the next number of a scope inside the caller's transaction.

    The row of the sequence is locked until that transaction ends: a second accession waits for it, and one
    that fails gives its number back. So there is neither a duplicate nor a gap.
    """
    scope = scheme.scope(parts)
    row = _locked_sequence(work, scheme.name, scope)
    number = row.last_no + 1
    code = scheme.code(scope, number)
    work.update(sequences, row.id, {"last_no": number})
    return Number(scope, number, code)


def _locked_sequence(work: Work, scheme: str, scope: str) -> Any:
    locked = select(sequences).where(sequences.c.scheme == scheme, sequences.c.scope == scope).with_for_update()
    row = work.connection.execute(locked).one_or_none()
    if row is not None:
        return row
    # Two first accessions of a scope may come at once: the second one's insert waits for the first and does nothing.
    values = {"id": uuid.uuid4().hex, "scheme": scheme, "scope": scope, "last_no": 0, "salt": new_salt()}
    insert_if_absent(work.connection, sequences, values, "scheme", "scope")
    return work.connection.execute(locked).one()
