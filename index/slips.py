"""Words that a word may be a slip for: English ones by letters, Chinese ones of the trade by one character."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from index import lexicon
from index.folding import HAN

SHORT_WORD = 6
"""A shorter word may be wrong in one letter, a longer one in two."""

LEAST = 4
LENGTHS = (6, 5, 4, 3, 2)
LONGEST_SAID = 40
MOST_AROUND = 12


def is_han(word: str) -> bool:
    """Say whether a word is written in Chinese characters."""
    return re.fullmatch(f"[{HAN}]+", word) is not None


def slips_in(said: Sequence[str], words: Sequence[str]) -> list[str]:
    """Return what of a question may be a slip: its English words, and what looks like a word of the trade but for one character."""
    found = [word for word in words if not is_han(word)]
    for text in said:
        for run in re.findall(f"[{HAN}]+", text[:LONGEST_SAID]):
            pieces = [run[at : at + length] for length in LENGTHS for at in range(len(run) - length + 1)]
            found += [piece for piece in pieces if next(of_the_trade(piece), None)]
    return list(dict.fromkeys(found))


def of_the_trade(word: str) -> Iterator[tuple[int, str]]:
    """Give the words of the trade that are as long and differ in one character."""
    if len(word) < 2:
        return
    for other in lexicon.known():
        if len(other) == len(word) and sum(a != b for a, b in zip(word, other, strict=True)) == 1:
            yield 1, other


def by_letters(word: str, terms: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Give the terms that are near a word in letters."""
    if len(word) < LEAST or not (word.isascii() and word.isalpha()):
        return
    most = 1 if len(word) < SHORT_WORD else 2
    for term in terms:
        if term.isalpha() and abs(len(term) - len(word)) <= most and term != word:
            apart = distance(word, term, most)
            if apart <= most:
                yield apart, term


def distance(one: str, other: str, most: int) -> int:
    """Return how many letters to change, leave out, put in or swap make one word the other; more than ``most`` is enough."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for column, sign in enumerate(other, 1):
            steps = min(last[column] + 1, now[-1] + 1, last[column - 1] + (letter != sign))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == sign:
                steps = min(steps, before[column - 2] + 1)
            now.append(steps)
        if min(now) > most:
            return most + 1
        before, last = last, now
    return last[-1]
