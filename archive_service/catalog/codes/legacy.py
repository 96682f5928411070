"""Codes of older holdings: read as well as can be, with a proposal for each and with every change named. Nothing is repaired unasked.

A proposal is one only: whoever files the papers takes it or leaves it, code by code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from archive_service.catalog.codes.patterns import COUNTED, SHAPES
from archive_service.catalog.codes.scheme import Scheme
from archive_service.catalog.codes.text import normalise_code
from archive_service.errors import ArchiveError, Text

LONGEST = 200
SEPARATORS = re.compile(r"[-·./\\_,;:：、，]+")
PERIODS = {"永久": "Y", "长期": "D30", "短期": "D10", "C": "D30", "D": "D10", "30": "D30", "10": "D10"}
"""What stood for a period before codes did; the old terms of 1987 are read as their nearest successors, for a person to confirm."""

FIRST_CENTURY = 50
"""Two digits of a year from here on belong to the twentieth century."""

GLUED = re.compile(r"([A-Z]+|[\u4e00-\u9fff]+)(\d+)")


@dataclass(frozen=True)
class Proposal:
    """A code that an old one may stand for: by which scheme, and what was changed to come to it."""

    code: str
    scheme: str
    changes: tuple[Text, ...]


def propose(typed: str, schemes: Sequence[Scheme], words: Mapping[str, str], most: int = 3) -> list[Proposal]:
    """Return the codes that a typed one may stand for, those with the fewest changes first; a good code stands alone.

    ``words`` says which words stand for which codes (names of classes and units, for example).
    """
    if len(typed) > LONGEST:
        return []
    code = normalise_code(typed)
    changed = () if code == typed.strip() else (Text("统一书写形式", "written in the usual form"),)
    good = [Proposal(code, scheme.name, changed) for scheme in schemes if scheme.parse(code)]
    if good:
        return good[:1]
    upper = {normalise_code(word): meant for word, meant in words.items()}
    found: dict[str, Proposal] = {}
    tokens = [token for token in SEPARATORS.split(code) if token]
    for scheme in schemes:
        for parts, changes in _aligned(scheme, list(scheme.parts), [*tokens], upper):
            made = _rendered(scheme, parts)
            if made and (made not in found or len(changes) < len(found[made].changes)):
                found[made] = Proposal(made, scheme.name, changes or _only_signs())
    return sorted(found.values(), key=lambda one: (len(one.changes), one.code))[:most]


def _only_signs() -> tuple[Text, ...]:
    return (Text("更正分隔符", "separators put right"),)


def _rendered(scheme: Scheme, parts: Mapping[str, str]) -> str | None:
    try:
        code = scheme.run(parts).code(int(parts["item"]))
    except ArchiveError:
        return None
    return code if scheme.parse(code) else None


Aligned = tuple[dict[str, str], tuple[Text, ...]]


def _aligned(
    scheme: Scheme, parts: Sequence[str], tokens: Sequence[str], words: Mapping[str, str]
) -> Iterator[Aligned]:
    """Yield the ways in which the pieces of a typed code can be the parts of a scheme."""
    if not parts:
        if not tokens:
            yield {}, ()
        return
    part, rest = parts[0], parts[1:]
    if part == "problem" and any(piece.optional for piece in scheme.pieces):
        for read, changes in _aligned(scheme, rest, tokens, words):
            yield {"problem": "", **read}, changes
    if not tokens:
        return
    for value, change, left in _first(scheme, part, tokens, words):
        for read, changes in _aligned(scheme, rest, left, words):
            yield {part: value, **read}, (*change, *changes)


def _first(
    scheme: Scheme, part: str, tokens: Sequence[str], words: Mapping[str, str]
) -> Iterator[tuple[str, tuple[Text, ...], Sequence[str]]]:
    """Yield what the first part may be, what was changed for it, and what is left of the code."""
    token = tokens[0]
    if part == "category":
        for count in range(1, min(4, len(tokens)) + 1):
            value = "·".join(tokens[:count])
            if re.fullmatch(SHAPES["category"], value, re.ASCII):
                yield value, (), tokens[count:]
    elif part in COUNTED:
        width = scheme.width(part)
        if token.isascii() and token.isdigit() and len(str(int(token))) <= width:
            padded = f"{int(token):0{width}d}"
            yield padded, _changed(token, padded), tokens[1:]
    else:
        for value in _meant(scheme, part, token, words):
            yield value, _changed(token, value), tokens[1:]
        glued = GLUED.fullmatch(token)
        if glued and part == "problem":
            for value in _meant(scheme, part, glued[1], words):
                parted = Text(
                    f"“{token}”拆为“{glued[1]}”和“{glued[2]}”", f"{token!r} parted into {glued[1]!r} and {glued[2]!r}"
                )
                yield value, (parted, *_changed(glued[1], value)), [glued[2], *tokens[1:]]
    if token in words and part == "category":
        yield words[token], _changed(token, words[token]), tokens[1:]


def _meant(scheme: Scheme, part: str, token: str, words: Mapping[str, str]) -> Iterable[str]:
    shape = next(piece.shape for piece in scheme.pieces if piece.part == part)
    candidates = [token, words.get(token, "")]
    if part == "retention":
        candidates.append(PERIODS.get(token.removesuffix("年").removeprefix("定期"), ""))
    if part == "year" and re.fullmatch(r"\d\d", token, re.ASCII):
        candidates.append(("19" if int(token) >= FIRST_CENTURY else "20") + token)
    known = [one for one in dict.fromkeys(candidates) if re.fullmatch(shape, one, re.ASCII)]
    return known[-1:] if token in words else known[:1]


def _changed(old: str, new: str) -> tuple[Text, ...]:
    return () if old == new else (Text(f"“{old}”改为“{new}”", f"{old!r} becomes {new!r}"),)
