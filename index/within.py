"""Finding words in one text as they stand there: width, case, traditional forms, spaces and breaks make no difference."""

from __future__ import annotations

import re
from typing import NamedTuple

from index.folding import fold

AROUND = 30
"""Characters shown on either side."""


class Place(NamedTuple):
    """What stands before the words, the words as they are written, what stands behind."""

    before: str
    words: str
    after: str


def places_in(text: str, words: str, most: int) -> list[Place]:
    """Return where words stand in a text, in its order; none for words that are nothing but spaces."""
    sought = "".join(fold(words).text.split())
    if not sought or most <= 0:
        return []
    folded = fold(text)
    found: list[Place] = []
    for one in re.finditer(r"\s*".join(map(re.escape, sought)), folded.text):
        start, end = folded.starts[one.start()], folded.ends[one.end() - 1]
        before, after = text[max(0, start - AROUND) : start], text[end : end + AROUND]
        found.append(Place(*(" ".join(piece.split()) for piece in (before, text[start:end], after))))
        if len(found) >= most:
            break
    return found
