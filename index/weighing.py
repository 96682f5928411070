"""What each term of a question weighs before any index is asked.

A question in whole sentences is mostly talk. Its pairs of characters weigh fully within a word, less across two words
and little within talk; single characters help where a paper says it in other words; what means the same, or says in
the language of papers what was asked in that of every day, is looked for too.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping

from index import lexicon
from index.analysis import LONGEST_TERM, STOP_CHARACTERS, STOP_WORDS, analyse, phrase_terms, pieces, stem

ACROSS, TALK, BETWEEN, SINGLE, HINT = 0.8, 0.25, 0.4, 0.6, 0.9
"""What weighs: a pair across two words, one within talk, one half in talk, a single character, a synonym or hint."""

MOST_TERMS = 160
NO_SINGLE = STOP_CHARACTERS | frozenset("么什怎哪谁几我你他她它这那们个")


@functools.lru_cache(maxsize=64)
def question_terms(said: tuple[str, ...]) -> Mapping[str, float]:
    """Return the terms by which a question in whole sentences is ranked, the weightiest first."""
    weights: dict[str, float] = {}
    hinted: dict[str, float] = {}
    for text in said:
        for kind, piece in pieces(text):
            for term, weight in _of_run(piece) if kind == "han" else _of_word(kind, piece):
                weights[term] = weights.get(term, 0.0) + weight
            for term, weight in _hinted(kind, piece):
                hinted[term] = max(hinted.get(term, 0.0), weight)
    for term, weight in hinted.items():
        weights[term] = max(weights.get(term, 0.0), weight)
    ranked = sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))
    return dict(ranked[:MOST_TERMS])


def chains_of(word: str) -> list[list[tuple[str, int]]]:
    """Return the chains of terms by which a word stands in a document: its own first, then those of its synonyms."""
    others = lexicon.synonyms().get(word, ())
    return [phrase_terms(word), *filter(None, map(phrase_terms, others))]


def _of_word(kind: str, piece: str) -> Iterator[tuple[str, float]]:
    if kind == "word" and piece.isalpha():
        if piece not in STOP_WORDS:
            yield stem(piece)[:LONGEST_TERM], TALK if piece in lexicon.talk() else 1.0
        return
    for place, token in enumerate(analyse(piece)):
        yield token.term, 1.0 if place == 0 else SINGLE


def _of_run(run: str) -> Iterator[tuple[str, float]]:
    talk, begins = [False] * len(run), [False] * len(run)
    place = 0
    for word in lexicon.cut(run):
        begins[place] = True
        if word in lexicon.talk():
            talk[place : place + len(word)] = [True] * len(word)
        place += len(word)
    for here, character in enumerate(run):
        if character not in NO_SINGLE:
            yield character, SINGLE * (TALK if talk[here] else 1.0)
        if here + 1 < len(run):
            if talk[here] and talk[here + 1]:
                weight = TALK
            elif talk[here] or talk[here + 1]:
                weight = BETWEEN
            else:
                weight = ACROSS if begins[here + 1] else 1.0
            yield run[here : here + 2], weight


def _hinted(kind: str, piece: str) -> Iterator[tuple[str, float]]:
    if kind == "han":
        places = range(len(piece))
        longer = {
            piece[at : at + n] for at in places for n in range(2, lexicon.LONGEST_SAID + 1) if at + n <= len(piece)
        }
        said: Iterable[str] = longer | {word for word in lexicon.cut(piece) if len(word) == 1}
    else:
        said = {piece}
    for word in said:
        for other in (*lexicon.synonyms().get(word, ()), *lexicon.hints().get(word, ())):
            chain = phrase_terms(other)
            for term, _ in chain:
                yield term, HINT / len(chain) ** 0.7
