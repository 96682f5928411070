"""What a person typed, as a small tree that no engine knows: words, phrases, what must not be there."""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.analysis import words

LONGEST_QUERY = 500
"""Characters that are read; a longer question is cut there."""

MOST_WORDS = 48

_PART = re.compile(r'(?P<minus>-|\bNOT\s+|非\s+)?(?:["“”](?P<phrase>[^"“”]*)["“”]|(?P<bare>\S+))', re.IGNORECASE)


@dataclass(frozen=True)
class Query:
    """A question: words of which most should match, phrases that must, words and phrases that must not."""

    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    any_word: bool = False

    @property
    def empty(self) -> bool:
        """True when nothing is asked for; what only excludes asks for nothing."""
        return not self.words and not self.phrases


def parse_query(text: str) -> Query:
    """Read what a person typed: plain words, ``"phrases"``, ``-word`` or ``NOT word``, ``OR`` between words."""
    plain: list[str] = []
    phrases: list[str] = []
    excluded: list[str] = []
    any_word = False
    for part in _PART.finditer(text[:LONGEST_QUERY]):
        phrase, bare = part["phrase"], part["bare"]
        if bare and bare.upper() in ("OR", "AND", "NOT", "|", "&", "&&", "||"):
            any_word = any_word or bare.upper() in ("OR", "|", "||")
            continue
        said = (phrase if phrase is not None else bare or "").strip('"“” ')
        if not words(said):
            continue
        if part["minus"]:
            excluded.append(said)
        elif phrase is not None:
            phrases.append(said)
        else:
            plain.append(said)
    found = list(dict.fromkeys(word for said in plain for word in words(said)))[:MOST_WORDS]
    return Query(tuple(found), tuple(phrases), tuple(excluded), any_word)
