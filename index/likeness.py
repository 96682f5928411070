"""Which of several known kinds a text is most like, and the words that say so.

A transparent weighing: every kind has words that speak for it (its names, and texts known to be of that kind), a word
counts the more the fewer kinds share it, and repetition helps less and less (as in BM25). Nothing is learnt that cannot
be shown: the answer is a sum over words, and the words are handed back.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from index.analysis import STOP_WORDS, stem
from index.folding import HAN, fold

SATURATION = 1.2
"""How soon repetition of a word within what is known of a kind stops counting."""

LONGEST_CHAIN = 4
"""Chinese words are taken as chains of two to four characters; longer ones are several chains."""

ENDING = "$"
SPOKEN = 5
"""Words that are told for each kind."""

_PIECE = re.compile(rf"(?P<han>[{HAN}]{{2,}})|(?P<word>[a-z]{{2,}})")


class Known(NamedTuple):
    """A text that is known to speak for a kind, and how much it counts."""

    text: str
    weight: float = 1.0


class Like(NamedTuple):
    """A kind, how much speaks for it (only to be compared within one answer), and the words that do."""

    kind: str
    score: float
    words: tuple[str, ...]


class Likeness:
    """What is known of some kinds, ready to be asked."""

    def __init__(self, known: Mapping[str, Iterable[Known]], common: str = "") -> None:
        """Take in what is known of each kind; words of ``common`` say nothing, for they are in whatever is asked."""
        self._weights: dict[str, dict[str, float]] = {}
        for kind, texts in known.items():
            counted: dict[str, float] = {}
            for text, weight in texts:
                for chain in set(chains(text)):
                    counted[chain] = counted.get(chain, 0.0) + weight
            for chain, weight in counted.items():
                self._weights.setdefault(chain, {})[kind] = weight / (weight + SATURATION)
        for chain in chains(common):
            self._weights.pop(chain, None)
        count = len(known)
        self._rare = {chain: math.log(1 + count / sum(kinds.values())) for chain, kinds in self._weights.items()}
        self._norms: dict[str, float] = {}
        for chain, kinds in self._weights.items():
            for kind, weight in kinds.items():
                self._norms[kind] = self._norms.get(kind, 0.0) + (weight * self._rare[chain]) ** 2

    def rank(self, parts: Sequence[Known], best: int = 3) -> list[Like]:
        """Return the kinds that the parts of a text are most like, the likeliest first; none if nothing speaks for any."""
        asked: dict[str, float] = {}
        for text, weight in parts:
            for chain, times in Counter(chains(text)).items():
                asked[chain] = asked.get(chain, 0.0) + weight * (1 + math.log(times))
        said: dict[str, dict[str, float]] = {}
        for chain, weight in asked.items():
            for kind, known in self._weights.get(chain, {}).items():
                said.setdefault(kind, {})[chain] = weight * known * self._rare[chain] ** 2 / self._long(kind)
        scores = {kind: sum(words.values()) for kind, words in said.items()}
        first = sorted(scores, key=lambda kind: (-scores[kind], kind))[:best]
        return [Like(kind, scores[kind], _telling(said[kind])) for kind in first]

    def _long(self, kind: str) -> float:
        """Return how much is known of a kind: of two that are matched alike the one with fewer words is the likelier."""
        return math.sqrt(self._norms[kind])


def chains(text: str) -> list[str]:
    """Return the words of a text as they are weighed: chains of Chinese characters, stems of English words.

    What a Chinese phrase ends with is counted once more, marked by ``$``: there it says what kind of paper it is.
    """
    found: list[str] = []
    for piece in _PIECE.finditer(fold(text).text):
        word = piece.group()
        if piece.lastgroup == "word":
            if word not in STOP_WORDS:
                found.append(stem(word))
            continue
        for size in range(2, LONGEST_CHAIN + 1):
            found.extend(word[at : at + size] for at in range(len(word) - size + 1))
        found.extend(word[-size:] + ENDING for size in (2, 4) if len(word) >= size)
    return found


def _telling(words: Mapping[str, float]) -> tuple[str, ...]:
    """Return the words that weigh most, whole ones where several chains are pieces of one, and none within another."""
    plain = {chain.removesuffix(ENDING) for chain in words}
    told: list[str] = []
    for chain in sorted(words, key=lambda one: (-words[one] * len(one), one)):
        word = _grown(chain.removesuffix(ENDING), plain)
        if not any(_overlap(word, other) for other in told):
            told.append(word)
        if len(told) == SPOKEN:
            break
    return tuple(told)


def _grown(word: str, chains_said: set[str]) -> str:
    """Return the longest word that a chain is a piece of, as far as the neighbouring chains were said too."""
    if len(word) < LONGEST_CHAIN or word.isascii():
        return word
    keep = LONGEST_CHAIN - 1
    longest = {chain for chain in chains_said if len(chain) == LONGEST_CHAIN}
    while True:
        after = next((one for one in sorted(longest) if one[:keep] == word[-keep:]), None)
        before = next((one for one in sorted(longest) if one[1:] == word[:keep]), None)
        longest -= {after, before}
        word = (before[0] if before else "") + word + (after[-1] if after else "")
        if not after and not before:
            return word


def _overlap(one: str, other: str) -> bool:
    """Say whether two words are pieces of the same: one within the other, or the end of one beginning the other."""
    if one in other or other in one:
        return True
    return any(one.endswith(other[:size]) or other.endswith(one[:size]) for size in range(2, min(len(one), len(other))))
