"""Folding: the many ways of writing one thing become one way, and every character remembers where it came from.

Steps, in this order: what is no text is dropped (pinyin in brackets, zero-width marks, line breaks and spaces inside
Chinese, as in 通　知, hyphens at the end of an English line); look-alike dashes and dots become one; NFKC, lower case and no
accents; traditional becomes simplified characters.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import opencc

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af々〇"
"""Chinese characters, as the inside of a character class."""

# Dash and dot look-alikes of archival codes; the full-width full stop stays a full stop, or 3．5 would lose its point.
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—−－﹣"), "-")
_DOTS = dict.fromkeys(map(ord, "·・•‧⋅｡∙"), "·")

# One syllable in brackets after the character it reads, as web previews put it: 產(chǎn). A toned vowel must be in it,
# so that 公司(abc) stays. The neutral tone of 了(le) stays too: nothing tells it from an abbreviation.
_TONED = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ"
_PINYIN = rf"(?<=[{HAN}])[(（][a-zɡ]{{0,3}}[{_TONED}][a-zɡ]{{0,4}}[)）]"
_ZERO_WIDTH = "[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\ufe00-\ufe0f]+"
_BROKEN_CHINESE = rf"(?<=[{HAN}])[ \t\u3000]*\r?\n[ \t\u3000]*(?=[{HAN}])"
_SPREAD_CHINESE = rf"(?<=[{HAN}])[ \u3000]{{1,4}}(?=[{HAN}])"
_BROKEN_ENGLISH = r"(?<=[a-z])-\r?\n(?=[a-z])"
_DROPPED = re.compile(f"{_PINYIN}|{_ZERO_WIDTH}|{_BROKEN_CHINESE}|{_SPREAD_CHINESE}|{_BROKEN_ENGLISH}")
_MARKS = re.compile("[\u0300-\u036f\u3099\u309a\u20d0-\u20ff]+")
_COMBINING = re.compile(f".{_MARKS.pattern}", re.DOTALL)


class Folded(NamedTuple):
    """Folded text; the character at ``i`` came from ``original[starts[i]:ends[i]]``."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]


class _Fold(dict[int, str]):
    """Folded form of each code point, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        folded = _DASHES.get(code) or _DOTS.get(code) or _fold_character(chr(code))
        self[code] = folded
        return folded


def _fold_character(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "Cs", "Co", "Cn"):
        # Control characters end strings in C libraries, lone surrogates cannot be encoded: both become a space.
        return "\n" if character == "\n" else " "
    folded = unicodedata.normalize("NFKC", character).lower()
    if folded.isascii() or "\u0370" <= character <= "\uffff":
        return folded
    bare = "".join(part for part in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(part))
    return bare or folded


_TABLE = _Fold()


@functools.cache
def _to_simplified() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def fold(text: str) -> Folded:
    """Fold a text and keep, for every folded character, the place it came from."""
    kept, starts, ends = _drop(text)
    folded = kept.translate(_TABLE)
    if len(folded) != len(kept) or _COMBINING.search(kept):
        folded, starts, ends = _fold_slowly(kept, starts, ends)
    return Folded(simplify(folded), starts, ends)


def simplify(text: str) -> str:
    """Turn traditional into simplified characters without changing the length.

    Every single character maps to exactly one; phrase rules keep the length in all cases known, which is checked,
    because offsets depend on it.
    """
    if text.isascii():
        return text
    converter = _to_simplified()
    simplified: str = converter.convert(text)
    if len(simplified) == len(text):
        return simplified
    return "".join(_one_for_one(character) for character in text)


@functools.lru_cache(maxsize=65536)
def _one_for_one(character: str) -> str:
    simplified: str = _to_simplified().convert(character)
    return simplified if len(simplified) == 1 else character


def _drop(text: str) -> tuple[str, Sequence[int], Sequence[int]]:
    spans = [match.span() for match in _DROPPED.finditer(text)]
    if not spans:
        return text, range(len(text)), range(1, len(text) + 1)
    pieces: list[str] = []
    starts: list[int] = []
    here = 0
    for begin, end in [*spans, (len(text), len(text))]:
        pieces.append(text[here:begin])
        starts.extend(range(here, begin))
        here = end
    return "".join(pieces), starts, [start + 1 for start in starts]


def _fold_slowly(text: str, starts: Sequence[int], ends: Sequence[int]) -> tuple[str, list[int], list[int]]:
    """Fold where one character becomes several (½, ㈱, ℃) or several become one (letter and accent)."""
    pieces: list[str] = []
    new_starts: list[int] = []
    new_ends: list[int] = []
    here = 0
    while here < len(text):
        cluster = _COMBINING.match(text, here)
        end = cluster.end() if cluster else here + 1
        piece = _fold_cluster(text[here:end]) if cluster else text[here].translate(_TABLE)
        pieces.append(piece)
        new_starts.extend([starts[here]] * len(piece))
        new_ends.extend([ends[end - 1]] * len(piece))
        here = end
    return "".join(pieces), new_starts, new_ends


def _fold_cluster(text: str) -> str:
    """Fold a letter with its marks; a full-width letter takes them like the plain one, and a Latin one keeps none."""
    piece = unicodedata.normalize("NFKC", text).translate(_TABLE)
    return _MARKS.sub("", piece) if piece[0].isascii() else piece
