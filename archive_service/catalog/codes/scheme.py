"""Numbering schemes: a pattern, checked before it is used, rendering codes that cannot collide.

Everything of a code but its item number is the *scope* in which items count from 1, unless the scheme says that
fewer parts restart the count.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from archive_service.catalog.codes.patterns import COUNTED, PARTS, SHAPES, Piece, common_code, faults_of, read_pieces
from archive_service.errors import BadInput, Conflict

LONGEST_NAME = 32
PLACE = "*"
"""Stands in a scope where the item number stands in the code, if something follows it there."""


@dataclass(frozen=True)
class Number:
    """A number taken: the scope that it counts in, the number, the rendered code."""

    scope: str
    number: int
    code: str


@dataclass(frozen=True)
class Run:
    """The codes that differ by their number alone: what stands before and behind it, and the scope that it counts in."""

    scheme: str
    scope: str
    before: str
    after: str
    width: int

    def number_in(self, code: str) -> int:
        """Return the item number of a code that was given to a record before; it must be one of this run."""
        digits = code[len(self.before) : len(code) - len(self.after)]
        framed = code.startswith(self.before) and code.endswith(self.after)
        if not (framed and digits.isascii() and digits.isdigit() and len(digits) == self.width):
            raise BadInput(
                f"档号“{code}”与此件不符：按其全宗、门类、年度、保管期限和类别，应为“{self.before}”加 {self.width} 位件号{self._behind('，再加“')}。",
                f"The code {code!r} is not one of this record: by fonds, category, year, period and class it would be {self.before!r} and {self.width} digits{self._behind(' and ')}.",
            )
        if int(digits) == 0:
            raise BadInput("件号从 1 开始。", "Item numbers start at 1.")
        return int(digits)

    def _behind(self, link: str) -> str:
        return f"{link}{self.after}" + ("”" if "“" in link else "") if self.after else ""

    def code(self, number: int) -> str:
        """Render the whole code; a number beyond the pattern's width is refused, never widened."""
        if not 1 <= number < 10**self.width:
            raise Conflict(
                f"“{self.before}”的件号已到 {10**self.width - 1}，方案 {self.scheme} 容纳不下更多；请启用新的编号方案。",
                f"The item numbers of {self.before!r} have reached {10**self.width - 1}; scheme {self.scheme} holds no more. Please start a new scheme.",
            )
        return f"{self.before}{number:0{self.width}d}{self.after}"


@dataclass(frozen=True)
class Scheme:
    """A version of a numbering scheme whose pattern has been checked.

    ``restart`` names the parts for each value of which items count from 1 again; empty: for each code without its
    item number, as the standards have it.
    """

    name: str
    pattern: str
    restart: tuple[str, ...] = ()
    version: int = 1

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """The pattern in pieces."""
        return read_pieces(self.pattern)

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of a code, in their order."""
        return tuple(piece.part for piece in self.pieces if piece.part)

    def width(self, part: str = "item") -> int:
        """Return how many digits a counted part has; 0 for one that the pattern does not have."""
        return next((piece.width for piece in self.pieces if piece.part == part), 0)

    def run(self, parts: Mapping[str, str], counted: str = "item") -> Run:
        """Return the codes of given parts; each must have its proper shape. ``counted`` is ``item``, or ``file`` for what stands up to it."""
        self._check(parts)
        at = next(place for place, piece in enumerate(self.pieces) if piece.part == counted)
        before = "".join(piece.render(parts) for piece in self.pieces[:at])
        if counted == "file":
            return Run(self.name, f"{before}{PLACE}", before, "", self.width("file"))
        after = "".join(piece.render(parts) for piece in self.pieces[at + 1 :])
        scope = "/".join(f"{name}={parts[name]}" for name in self.restart) or before + (PLACE + after if after else "")
        return Run(self.name, scope, before, after, self.width())

    def _check(self, parts: Mapping[str, str]) -> None:
        for piece in self.pieces:
            value = parts.get(piece.part, "")
            left_out = piece.optional and not parts.get("problem")
            if piece.part in SHAPES and not left_out and not re.fullmatch(piece.shape, value, re.ASCII):
                raise BadInput(
                    f"档号的“{piece.part}”部分不能是“{value}”（方案 {self.name}）。",
                    f"{value!r} cannot be the {piece.part} part of an archival code (scheme {self.name}).",
                )

    def parse(self, code: str) -> dict[str, str] | None:
        """Take a normalised code apart; ``None`` if it is not one of this scheme. There is one way only."""
        found = re.fullmatch(self._grammar, code, re.ASCII)
        if found is None or any(int(found[part]) == 0 for part in self.parts if part in COUNTED):
            return None
        return {name: value or "" for name, value in found.groupdict().items()}

    @cached_property
    def _grammar(self) -> str:
        made = ""
        for optional, group in itertools.groupby(self.pieces, lambda piece: piece.optional):
            text = "".join(
                f"(?P<{piece.part}>{piece.shape})" if piece.part else re.escape(piece.text) for piece in group
            )
            made += f"(?:{text})?" if optional else text
        return made

    def written(self, scope: str, number: int) -> str:
        """Write a number of a scope as a code, as far as the scope tells it."""
        if "=" in scope:
            return f"{scope} … {number:0{self.width()}d}"
        before, place, after = scope.partition(PLACE)
        return f"{before}{number:0{self.width('file' if place and not after else 'item')}d}{after}"


def read_scheme(name: str, pattern: str, restart: Sequence[str] = (), version: int = 1) -> Scheme:
    """Check a pattern and return its scheme; :class:`BadInput` says everything that is wrong with it."""
    faults = list(faults_of(pattern, restart))
    if not re.fullmatch(rf"[A-Z0-9_]{{1,{LONGEST_NAME}}}", name):
        faults.append(
            (
                f"名称为 1 至 {LONGEST_NAME} 个大写字母、数字或下划线",
                f"its name has 1 to {LONGEST_NAME} capital letters, digits or underscores",
            )
        )
    if faults:
        raise BadInput(
            f"编号方案 {name}：{'；'.join(zh for zh, _ in faults)}。",
            f"Numbering scheme {name}: {'; '.join(en for _, en in faults)}.",
        )
    return Scheme(name, pattern, tuple(part for part in PARTS if part in restart), version)


def shared_code(one: tuple[Scheme, str, str], other: tuple[Scheme, str, str]) -> str | None:
    """Return a code that two classes, each given as scheme, category and problem code, could both produce.

    Two classes of one scheme share a sequence wherever they share a code: no number of it is given twice.
    """
    return common_code(
        *((scheme.pieces, {"category": category, "problem": problem}) for scheme, category, problem in (one, other))
    )
