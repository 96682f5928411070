"""What the index knows of the language of the trade: its words, what means the same, what is only talk.

The lists are data files beside this module, one kind each, in both languages; they are read once.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from importlib import resources

import rjieba

LONGEST_SAID = 6
"""Characters of the longest Chinese word on the left side of the synonyms that is looked for in a sentence."""


@functools.cache
def _segmenter() -> rjieba.Jieba:
    segmenter = rjieba.Jieba()
    for line in _lines("words.txt"):
        for word in line.split():
            segmenter.add_word(word, None, "n")
    return segmenter


@functools.cache
def known() -> tuple[str, ...]:
    """Return the words of the trade."""
    return tuple(dict.fromkeys(word for line in _lines("words.txt") for word in line.split()))


def cut(run: str) -> list[str]:
    """Cut a run of Chinese characters into words."""
    words: list[str] = _segmenter().cut(run)
    return words


@functools.cache
def talk() -> frozenset[str]:
    """Return the words of talking: they say that something is asked, not what."""
    return frozenset(word for line in _lines("talk.txt") for word in line.split())


@functools.cache
def synonyms() -> Mapping[str, tuple[str, ...]]:
    """Return for a word the words that mean the same and stand in for it."""
    return _read(both_ways=True)


@functools.cache
def hints() -> Mapping[str, tuple[str, ...]]:
    """Return for a word of everyday speech the words in which papers and laws say it; they help, but do not stand in."""
    return _read(both_ways=False)


def _read(*, both_ways: bool) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for line in _lines("synonyms.txt"):
        left, arrow, right = line.partition("=>")
        if bool(arrow) is both_ways:
            continue
        for word in left.split():
            found.setdefault(word, []).extend(one for one in (right or left).split() if one != word)
    return {word: tuple(dict.fromkeys(others)) for word, others in found.items()}


def _lines(name: str) -> Iterator[str]:
    text = (resources.files("index") / "data" / name).read_text(encoding="utf-8")
    return (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
