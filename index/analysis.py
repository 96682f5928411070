"""From text to terms, the same for documents and questions.

Every Chinese character gives itself and the pair that it begins, so that any name or new word is found and a
word of any length is exactly the chain of its pairs. What a question's words are, the dictionary says. English
gives stems. Dates, document numbers and archival codes stay whole, and give their parts as well.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

import snowballstemmer

from index import lexicon
from index.folding import HAN, fold

ANALYSIS_VERSION = "3"
"""To be raised with every change of what this module gives: an index of another version must be built again."""

LONGEST_TERM = 64

STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "for",
        "from",
        "has",
        "have",
        "he",
        "in",
        "is",
        "it",
        "its",
        "of",
        "on",
        "or",
        "s",
        "t",
        "that",
        "the",
        "their",
        "this",
        "to",
        "was",
        "were",
        "will",
        "with",
    ]
)
STOP_CHARACTERS = frozenset("的了是在和与及之吗呢啊")

_DATE = r"(?P<date>(?<![0-9])(?:19|20)[0-9]{2}(?:-[0-9]{1,2}-|/[0-9]{1,2}/|\.[0-9]{1,2}\.|年[0-9]{1,2}月)[0-9]{1,2}(?![0-9])日?)"
_PAPER = r"(?P<paper>[\[(〔【](?:19|20)[0-9]{2}[\])〕】] ?第?[0-9]{1,6}号)"
_PIECE = re.compile(
    rf"{_DATE}|{_PAPER}"
    rf"|(?P<code>[a-z0-9]{{4}}-[a-z]{{2}}(?:·[a-z0-9]+)+(?:-[a-z0-9]+)+)"
    rf"|(?P<han>[{HAN}]+)"
    rf"|(?P<word>[a-z0-9]+(?:\.[a-z0-9]+)*)"
    rf"|(?P<other>[^\W_]+)"
)
WHOLES = ("date", "paper")
"""Pieces that have one way of being written as a whole, and are analysed once more for their parts."""

_INSIDE = re.compile(rf"(?P<han>[{HAN}]+)|(?P<word>[0-9]+)")


class Token(NamedTuple):
    """A term, its position for phrases, and where it stands in the original text."""

    term: str
    position: int
    start: int
    end: int


@functools.cache
def _stemmer() -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer("english")


@functools.lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return the stem of an English word; what holds a digit is left as it is."""
    return word if not word.isalpha() else str(_stemmer().stemWord(word))


def analyse(text: str) -> list[Token]:
    """Return the terms of a text in reading order."""
    folded = fold(text)
    tokens: list[Token] = []
    position = 0
    for found in _PIECE.finditer(folded.text):
        piece, start = found.group(), found.start()
        for term, offset, length, step in _terms(found.lastgroup or "", piece):
            left, right = folded.starts[start + offset], folded.ends[start + offset + length - 1]
            tokens.append(Token(term[:LONGEST_TERM], position + step, left, right))
        position += _width(found.lastgroup or "", piece)
    return tokens


def _width(kind: str, piece: str) -> int:
    if kind in WHOLES:
        return sum(_width(inner.lastgroup or "", inner.group()) for inner in _inside(piece))
    return len(piece) if kind == "han" else max(1, len(_parts(kind, piece)))


def _inside(piece: str) -> Iterator[re.Match[str]]:
    return _INSIDE.finditer(piece)


def _whole(kind: str, piece: str) -> str:
    """Return one way of writing a date or a document number, whichever way it was written."""
    numbers = re.findall("[0-9]+", piece)
    if kind == "date":
        return f"{numbers[0]}-{int(numbers[1]):02}-{int(numbers[2]):02}"
    return f"〔{numbers[0]}〕{int(numbers[1])}号"


def _parts(kind: str, piece: str) -> list[tuple[str, int]]:
    """Return the parts of a code or of a number with a point, each with its offset.

    They stand one after the other, so that the beginning of a code finds it as a phrase.
    """
    if kind == "han" or piece.isalpha():
        return []
    parts = [(stem(part.group()), part.start()) for part in re.finditer(r"[^\W_]+", piece)]
    return parts if len(parts) > 1 else []


def _terms(kind: str, piece: str) -> Iterator[tuple[str, int, int, int]]:
    """Give each term of a piece with its offset and length in it and its step of position."""
    if kind in WHOLES:
        yield _whole(kind, piece), 0, len(piece), 0
        step = 0
        for inner in _inside(piece):
            of_kind = inner.lastgroup or ""
            for term, offset, length, inner_step in _terms(of_kind, inner.group()):
                yield term, inner.start() + offset, length, step + inner_step
            step += _width(of_kind, inner.group())
    elif kind == "han":
        yield from _chinese(piece)
    elif kind == "word" and piece.isalpha():
        if piece not in STOP_WORDS:
            yield stem(piece), 0, len(piece), 0
    else:
        yield piece, 0, len(piece), 0
        for step, (part, offset) in enumerate(_parts(kind, piece)):
            yield part, offset, min(len(part), len(piece) - offset), step


def _chinese(run: str) -> Iterator[tuple[str, int, int, int]]:
    for place in range(len(run)):
        if run[place] not in STOP_CHARACTERS or len(run) == 1:
            yield run[place], place, 1, place
        if place + 1 < len(run):
            yield run[place : place + 2], place, 2, place


def pieces(text: str) -> Iterator[tuple[str, str]]:
    """Give what a question consists of, folded: runs of Chinese (``han``), words, codes, dates, each with its kind."""
    for found in _PIECE.finditer(fold(text).text):
        yield found.lastgroup or "", found.group()


def words(text: str) -> list[str]:
    """Return the words of a question, the units that a match is counted by: Chinese words, English words, codes."""
    folded = fold(text).text
    result: list[str] = []
    for found in _PIECE.finditer(folded):
        if found.lastgroup == "han":
            result += [word for word in lexicon.cut(found.group()) if word not in STOP_CHARACTERS]
        elif found.lastgroup in WHOLES:
            result.append(_whole(found.lastgroup or "", found.group()))
        elif found.group() not in STOP_WORDS:
            result.append(found.group())
    return list(dict.fromkeys(result))


def phrase_terms(text: str) -> list[tuple[str, int]]:
    """Return the terms of a phrase with the places at which they stand in it.

    Of a Chinese word these are its pairs; between two words only the places count, so that a phrase is found
    across punctuation as well. Stop words leave a place free.
    """
    chain: list[tuple[str, int]] = []
    position = 0
    for found in _PIECE.finditer(fold(text).text):
        kind, piece = found.lastgroup or "", found.group()
        if kind == "han":
            chain += _chain_of(piece, position)
        else:
            chain += [(term[:LONGEST_TERM], position) for term, *_ in itertools.islice(_terms(kind, piece), 1)]
        position += _width(kind, piece)
    return chain


def _chain_of(run: str, position: int) -> Iterator[tuple[str, int]]:
    for word in lexicon.cut(run):
        for place in range(len(word) - 1):
            yield word[place : place + 2], position + place
        if len(word) == 1 and (word not in STOP_CHARACTERS or len(run) == 1):
            yield word, position
        position += len(word)
