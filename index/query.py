"""What a person typed, as a small value that no engine knows: words, phrases, what must not be there."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from index.analysis import phrase_terms, words
from index.folding import HAN
from index.form import Form, Forming, Phrase, Word
from index.lexicon import talk

LONGEST_QUERY = 10_000
"""Characters that are read; a longer question is cut there."""

SHORT = 3
"""A question of so few words means all of them; of a longer one most are talk, and what matters ranks first."""

MOST_WORDS = 48
MOST_SAID = 200
MOST_EXCLUDED = 200

_QUOTES = '"“”„‟＂«»「」『』'
_PART = re.compile(
    rf"(?P<minus>[-－−﹣]+(?=[^\s－−﹣-])|(?:NOT|ＮＯＴ)(?=[\s(（{_QUOTES}{HAN}])|(?<!\S)非(?=[\s(（{_QUOTES}]))"
    rf"|[{_QUOTES}](?P<phrase>[^{_QUOTES}]*)(?:[{_QUOTES}]|$)"
    rf"|(?P<open>[(（])|(?P<close>[)）])"
    rf"|(?P<bare>(?:(?!(?<=[{HAN}])NOT[\s{HAN}])[^\s(（)）{_QUOTES}])+)"
)
_OR = frozenset(["OR", "|", "||", "或"])
_JOINING = frozenset(["AND", "&", "&&", "与", "NOT", "非", *_OR])


@dataclass(frozen=True)
class Query:
    """A question: words of which most should match, phrases that must, words and phrases that must not."""

    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    any_word: bool = False
    form: Form | None = field(default=None, compare=False)
    """How words and phrases are joined, where an OR was typed; nothing where all count in their usual way."""
    said: tuple[str, ...] = field(default=(), compare=False)
    """What was typed where words may match, uncut: what lies between two words tells too."""

    @property
    def empty(self) -> bool:
        """True when nothing is asked for; what only excludes asks for nothing."""
        return not self.words and not self.phrases


@dataclass
class _Reading:
    """What has been read so far. ``barred`` is the depth of brackets from which on everything is excluded."""

    words: list[str]
    phrases: list[str]
    excluded: list[str]
    said: list[str]
    forming: Forming
    any_word: bool = False
    depth: int = 0
    barred: int | None = None
    minus: bool = False

    def bracket(self, step: int) -> None:
        """Go one bracket in or out; a minus before a bracket holds until it closes."""
        if self.barred is None and not (step > 0 and self.minus):
            self.forming.bracket(step)
        if step > 0:
            self.depth += 1
            if self.minus and self.barred is None:
                self.barred = self.depth
            self.minus = False
            return
        if self.barred == self.depth:
            self.barred = None
        self.depth = max(0, self.depth - 1)

    def take(self, said: str, *, phrase: bool) -> None:
        """Take a word or phrase to where it belongs."""
        out = self.minus or self.barred is not None
        self.minus = False
        if not phrase_terms(said):
            return
        if out:
            self.excluded.append(said)
        elif phrase:
            self.phrases.append(said)
            self.forming.take(Phrase(said))
        else:
            cut = words(said)
            kept = _without_talk(cut) if len(cut) > 1 else cut
            self.words += kept
            self.said.append(said)
            for word in kept[:MOST_WORDS]:
                self.forming.take(Word(word))

    def either(self) -> None:
        """An OR was typed; within what is excluded it changes nothing."""
        if self.barred is None:
            self.any_word = True
            self.forming.either()


def parse_query(text: str) -> Query:
    """Read what a person typed: plain words, ``"phrases"``, ``-word`` or ``NOT word``, ``OR`` between words, brackets.

    AND, which need not be typed, binds closer than OR. What is excluded, in whatever bracket, never comes.

    Operators are written large, or in Chinese (与 或 非) standing alone, so that no sentence holds one by chance. What
    is not understood is a word; nothing that a person types is an error.
    """
    reading = _Reading([], [], [], [], Forming())
    for part in _PART.finditer(text[:LONGEST_QUERY]):
        if part["minus"]:
            reading.minus = True
        elif part["open"] or part["close"]:
            reading.bracket(1 if part["open"] else -1)
        elif part["phrase"] is not None:
            reading.take(part["phrase"], phrase=True)
        elif (sign := unicodedata.normalize("NFKC", part["bare"])) in _JOINING:
            if sign in _OR:
                reading.either()
        else:
            reading.take(part["bare"], phrase=False)
    asked = list(dict.fromkeys(reading.words))
    return Query(
        words=_first(_without_talk(asked) if len(asked) > SHORT else asked, MOST_WORDS),
        phrases=_first(reading.phrases, MOST_WORDS),
        excluded=_first(reading.excluded, MOST_EXCLUDED),
        any_word=reading.any_word,
        form=reading.forming.formed() if reading.any_word else None,
        said=tuple(reading.said[:MOST_SAID]),
    )


def _without_talk(cut: list[str]) -> list[str]:
    """Leave out words of talking, unless nothing else was said."""
    return [word for word in cut if word not in talk()] or cut


def _first(given: list[str], most: int) -> tuple[str, ...]:
    return tuple(list(dict.fromkeys(given))[:most])
