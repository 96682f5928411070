"""What is to go from a copy, and reading a copy again to see that it went."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from index.extract.kinds import PDF, PICTURES
from index.extract.runner import Limits, extract
from index.extract.scans import available, recognise

LINE = re.compile(r"\s*(\d{1,4})\s*[:：]\s*" + r"[\s,，]+".join([r"(\d{1,3}(?:\.\d{1,2})?)"] * 4) + r"\s*")
MOST_WORDS, LONGEST_WORD, MOST_AREAS = 500, 200, 1000


class Unread(ValueError):
    """What was typed for an area or a word cannot be read; its only argument is the line."""


@dataclass(frozen=True)
class Marked:
    """Words, and areas as (page, left, top, right, bottom) in hundredths of the page."""

    words: tuple[str, ...] = ()
    areas: tuple[tuple[float, ...], ...] = field(default=())

    @property
    def empty(self) -> bool:
        """True where nothing is to go."""
        return not self.words and not self.areas


def read_marked(words: Sequence[str], areas: str) -> Marked:
    """Read words, and lines like ``2: 10, 20, 55.5, 24``; :class:`Unread` names the first line that is not one."""
    told = tuple(dict.fromkeys(" ".join(word.split()) for word in words if word.strip()))
    for word in told:
        if len(word) > LONGEST_WORD or len(told) > MOST_WORDS:
            raise Unread(word[:40])
    found: list[tuple[float, ...]] = []
    for line in filter(str.strip, areas.splitlines()):
        match = LINE.fullmatch(line)
        numbers = tuple(map(float, match.groups())) if match else ()
        if not numbers or len(found) >= MOST_AREAS or not _a_rectangle(*numbers):
            raise Unread(line.strip()[:40])
        found.append(numbers)
    return Marked(told, tuple(found))


def _a_rectangle(page: float, left: float, top: float, right: float, bottom: float) -> bool:
    return page >= 1 and 0 <= left < right <= 100 and 0 <= top < bottom <= 100


class Seen(NamedTuple):
    """How many of the words were read again, and whether the pictures could be read at all."""

    pages: int
    read: bool


def found_again(copy: bytes, kind: str, marked: Marked, letters: Limits, pictures: Limits | None) -> Seen:
    """Take the text out of a copy, by letters and by recognition, and count the words that it should not hold."""
    text = extract([copy], kind, letters).text if kind not in PICTURES else ""
    read = not (kind == PDF or kind in PICTURES)
    if not read and marked.words and pictures is not None and available():
        seen = recognise([copy], kind, pictures, 1000, _go_on)
        text, read = f"{text}\n{seen.text}", seen.reason is None or bool(seen.text)
    plain = squeezed(text)
    return Seen(sum(squeezed(word) in plain for word in marked.words if squeezed(word)), read)


def _go_on(_done: int, _total: int) -> bool:
    return True


def squeezed(text: str) -> str:
    """Return a text without anything between its letters, in one form."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()
