"""The pattern language of archival codes: what a pattern is made of, and whether its codes can be read in one way only.

A pattern is text with parts in braces: ``{fonds}-{category}·{year}-{retention}[-{problem}]-{item:4}``. Counted parts
(``file``, ``item``) have a width and are filled with zeros; ``{problem:3}`` takes three capital letters or digits only,
``{retention=Y/D30/D10}`` these periods only. Square brackets hold what is left out where the class has no unit or
problem code. Everything else stands in the code as it is written.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

DIGITS = frozenset("0123456789")
LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
CAPITALS = DIGITS | LETTERS
HAN = frozenset("室")
"""Any Chinese character: fixed text holds none, so one stands for all of them."""

SHAPES: dict[str, str] = {
    "fonds": r"[A-Z0-9]{4}",
    "category": r"[A-Z]{2}(?:·(?!(?:19|20)\d\d(?:\W|$))[A-Z0-9]{1,4}){0,3}",
    "year": r"(?:19|20)\d\d",
    "retention": r"Y|D[1-9]\d?",
    "problem": r"[A-Z0-9]{1,6}|[\u4e00-\u9fff]{1,12}",
}
COUNTED: dict[str, range] = {"file": range(2, 7), "item": range(3, 7)}
"""Parts that count, and how many digits they may have."""

PARTS = (*SHAPES, *COUNTED)
PROBLEM_WIDTHS = range(1, 7)
TOKEN = re.compile(r"\{([a-z]+)(?::(\d)|=([A-Z0-9/]+))?\}|([\[\]])|([^{}\[\]]+)|(.)", re.DOTALL)
LONGEST_FIXED = 60

Row = tuple[frozenset[str], ...]
_OPEN: dict[str, list[Row]] = {
    "fonds": [(CAPITALS,) * 4],
    "year": [(frozenset("1"), frozenset("9"), DIGITS, DIGITS), (frozenset("2"), frozenset("0"), DIGITS, DIGITS)],
    "retention": [(frozenset("Y"),), (frozenset("D"), DIGITS - {"0"}), (frozenset("D"), DIGITS - {"0"}, DIGITS)],
    "problem": [(CAPITALS,) * n for n in range(1, 7)] + [(HAN,) * n for n in range(1, 13)],
}
"""The same shapes, place by place."""

_DOT = frozenset("·")
_NO_YEAR: list[Row] = [
    *((CAPITALS,) * n for n in (1, 2, 3)),
    (CAPITALS - {"1", "2"}, CAPITALS, CAPITALS, CAPITALS),
    (frozenset("1"), CAPITALS - {"9"}, CAPITALS, CAPITALS),
    (frozenset("2"), CAPITALS - {"0"}, CAPITALS, CAPITALS),
    *((frozenset(one), frozenset(two), LETTERS, CAPITALS) for one, two in ("19", "20")),
    *((frozenset(one), frozenset(two), DIGITS, LETTERS) for one, two in ("19", "20")),
]
"""A sub-code of a category: up to four signs, but no year."""


@dataclass(frozen=True)
class Piece:
    """A piece of a pattern: a part, or fixed text (``part`` is empty). ``optional`` ones go where there is no problem code."""

    part: str
    text: str
    width: int = 0
    optional: bool = False
    values: tuple[str, ...] = ()
    """The only values that the part may have, where the pattern names them."""

    @property
    def shape(self) -> str:
        """What the part looks like, as a regular expression."""
        if self.part in COUNTED:
            return rf"[0-9]{{{self.width}}}"
        if self.part == "problem" and self.width:
            return rf"[A-Z0-9]{{{self.width}}}"
        return "|".join(self.values) or SHAPES[self.part]

    @property
    def rows(self) -> list[Row]:
        """The same, place by place."""
        if self.values:
            return [tuple(frozenset(sign) for sign in value) for value in self.values]
        if self.part == "problem" and self.width:
            return [(CAPITALS,) * self.width]
        return _OPEN.get(self.part) or [(DIGITS,) * self.width]

    def render(self, parts: Mapping[str, str]) -> str:
        """Return what stands in a code for this piece."""
        if self.optional and not parts.get("problem"):
            return ""
        return parts[self.part] if self.part else self.text


def read_pieces(pattern: str) -> tuple[Piece, ...]:
    """Return the pieces of a pattern; what cannot be read stands as fixed text, where :func:`faults_of` finds it."""
    pieces, optional = [], False
    for part, width, values, bracket, text, other in TOKEN.findall(pattern):
        if bracket:
            optional = bracket == "["
        else:
            pieces.append(
                Piece(part, text or other, int(width or 0), optional, tuple(values.split("/")) if values else ())
            )
    return tuple(pieces)


def faults_of(pattern: str, restart: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield everything that is wrong with a pattern and with what its sequence restarts at, in both languages."""
    pieces = read_pieces(pattern)
    named = [piece.part for piece in pieces if piece.part]
    found = [
        *_faults_of_parts(named),
        *_faults_of_widths(pieces),
        *_faults_of_text(pattern, pieces),
        *_faults_of_restart(named, restart),
    ]
    yield from found
    if not found:
        code = two_readings(pieces)
        if code:
            yield (
                f"会有歧义：例如 {code} 可以按两种方式拆开",
                f"it is ambiguous: {code}, for example, can be taken apart in two ways",
            )


def _faults_of_parts(named: Sequence[str]) -> Iterator[tuple[str, str]]:
    unknown = [name for name in named if name not in PARTS]
    if unknown:
        yield (
            f"没有这样的部分：{', '.join(unknown)}（可用：{', '.join(PARTS)}）",
            f"unknown parts: {', '.join(unknown)} (there are {', '.join(PARTS)})",
        )
    if "item" not in named:
        yield "缺少 item，两件会得到相同的档号", "without item two records would get the same code"
    if len(named) != len(set(named)):
        yield "同一部分出现两次", "a part stands twice"
    if "file" in named and "item" in named and named.index("file") > named.index("item"):
        yield "案卷号应在件号之前", "the file number belongs before the item number"


def _faults_of_widths(pieces: Sequence[Piece]) -> Iterator[tuple[str, str]]:
    for piece in pieces:
        widths = COUNTED.get(piece.part)
        if widths and piece.width not in widths:
            first, last = f"{{{piece.part}:{widths[0]}}}", f"{{{piece.part}:{widths[-1]}}}"
            yield (
                f"{piece.part} 须写明位数，{first} 至 {last}；满号即拒绝，不会悄悄加宽",
                f"{piece.part} needs a width, {first} to {last}: a full sequence is then refused and never widens unseen",
            )
        if piece.values and (
            piece.part != "retention" or not all(re.fullmatch(SHAPES["retention"], v) for v in piece.values)
        ):
            yield (
                "只有 retention 可以限定取值，如 {retention=Y/D30/D10}",
                "only retention takes a list of values, such as {retention=Y/D30/D10}",
            )
        if piece.part == "problem" and piece.width and piece.width not in PROBLEM_WIDTHS:
            yield "problem 的位数为 1 至 6", "problem has 1 to 6 signs"
    if any(piece.width and piece.part not in (*COUNTED, "problem") for piece in pieces):
        yield "只有 problem、file 和 item 有位数", "only problem, file and item have a width"


def _faults_of_text(pattern: str, pieces: Sequence[Piece]) -> Iterator[tuple[str, str]]:
    fixed = "".join(piece.text for piece in pieces)
    if re.search(r"[^-·A-Z0-9]", fixed):
        yield "固定文字只能是大写字母、数字、“-”和“·”", "fixed text may hold capital letters, digits, '-' and '·' only"
    if len(fixed) > LONGEST_FIXED:
        yield f"固定文字最多 {LONGEST_FIXED} 个字符", f"it has more than {LONGEST_FIXED} characters of fixed text"
    between = [list(group) for part, group in itertools.groupby(pieces, lambda piece: bool(piece.part))]
    for group in between[1:-1] if len(between) > 1 else []:
        if not group[0].part and not re.search("[-·]", "".join(piece.text for piece in group)):
            yield _together()
            break
    if any(len(group) > 1 for group in between if group[0].part):
        yield _together()
    groups = re.findall(r"\[([^\[\]]*)\]", pattern)
    nested = re.search(r"[\[\]]", re.sub(r"\[[^\[\]]*\]", "", pattern))
    if nested or any([piece.part for piece in read_pieces(group) if piece.part] != ["problem"] for group in groups):
        yield (
            "方括号须成对，其中只能是 {problem} 和分隔符",
            "square brackets come in pairs and hold {problem} with its separator only",
        )


def _together() -> tuple[str, str]:
    return "相邻部分之间须有“-”或“·”，否则无法区分", "parts need '-' or '·' between them to be told apart"


def _faults_of_restart(named: Sequence[str], restart: Sequence[str]) -> Iterator[tuple[str, str]]:
    counted = [name for name in restart if name == "item" or name not in PARTS]
    hidden = [name for name in restart if name not in named and name not in counted]
    if counted:
        yield (
            f"件号不能按 {', '.join(counted)} 重新起编",
            f"item numbers cannot restart for each {', '.join(counted)}",
        )
    if hidden:
        yield (
            f"件号按 {', '.join(hidden)} 重新起编，档号里却没有它，会产生相同的档号",
            f"item numbers restart for each {', '.join(hidden)}, which the code does not show: two records could get the same code",
        )


# ---------------------------------------------------------------------------------------------- all codes of a pattern


@dataclass(frozen=True, eq=False)
class _Place:
    """A sign of a code: which it may be, of which piece it is, and what may follow; ``None`` among these is the end."""

    signs: frozenset[str]
    piece: int
    then: tuple[_Place | None, ...]


def _entries(pieces: Sequence[Piece], fixed: Mapping[str, str], start: int = 0) -> tuple[_Place | None, ...]:
    """Return the first places of a pattern's codes from a piece on; ``fixed`` gives some parts their one value."""
    if start == len(pieces):
        return (None,)
    piece, rest = pieces[start], _entries(pieces, fixed, start + 1)
    left_out: tuple[_Place | None, ...] = ()
    if piece.optional and not (start and pieces[start - 1].optional):  # a group begins: it is there as a whole or not
        behind = next((at for at in range(start, len(pieces)) if not pieces[at].optional), len(pieces))
        left_out = _entries(pieces, fixed, behind) if not fixed.get("problem") else ()
        if fixed.get("problem") == "":
            return left_out
    value = fixed.get(piece.part, piece.text)
    if piece.part == "category" and not value:
        return _category(start, rest)  # never optional
    rows = [tuple(frozenset(sign) for sign in value)] if value else piece.rows
    return (*_rows(rows, start, rest), *left_out)


def _rows(rows: Iterable[Row], piece: int, rest: tuple[_Place | None, ...]) -> tuple[_Place | None, ...]:
    found: list[_Place | None] = []
    for row in rows:
        then = rest
        for signs in reversed(row):
            then = (_Place(signs, piece, then),)
        found += then
    return tuple(found)


def _category(piece: int, rest: tuple[_Place | None, ...]) -> tuple[_Place | None, ...]:
    after = rest
    for _ in range(3):
        after = (*rest, *_rows([(_DOT, *row) for row in _NO_YEAR], piece, after))
    return _rows([(LETTERS, LETTERS)], piece, after)


def two_readings(pieces: Sequence[Piece]) -> str | None:
    """Return a code that can be taken apart in two ways, if the pattern has one. Exact, not by trying.

    Both readings are followed sign by sign: from where they give a sign to different pieces, they are two.
    """
    return _common(_entries(pieces, {}), _entries(pieces, {}), apart=True)


def common_code(
    one: tuple[Sequence[Piece], Mapping[str, str]], other: tuple[Sequence[Piece], Mapping[str, str]]
) -> str | None:
    """Return a code that two patterns, with the values of some of their parts, could both give; ``None``: there is none."""
    return _common(_entries(*one), _entries(*other), apart=False)


def _common(one: tuple[_Place | None, ...], other: tuple[_Place | None, ...], *, apart: bool) -> str | None:
    todo = [(left, right, False, "") for left in one for right in other if left and right]
    seen: set[tuple[int, int, bool]] = set()
    for left, right, parted, code in todo:  # grows while it is gone through: the shortest code comes first
        assert left is not None
        assert right is not None
        shared = left.signs & right.signs
        differ = parted or left.piece != right.piece
        mark = (id(left), id(right), differ)
        if not shared or mark in seen:
            continue
        seen.add(mark)
        longer = code + min(shared)
        if None in left.then and None in right.then and (differ or not apart):
            return longer
        todo += [(a, b, differ, longer) for a in left.then if a for b in right.then if b]
    return None
