"""Answering a query from Whoosh's postings, within a scope.

Whoosh's own collectors count and weigh over the whole index, so that documents nobody may see would move the order
of those one sees. Here every figure of the ranking (how many documents there are, how many hold a word) is taken
over the scope alone; the same documents give the same order whatever else the index holds, in whatever segments.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from index.analysis import phrase_terms
from index.engines.base import DOC_ID, Found, Scope
from index.query import Query

TITLE, TEXT, FACTS = "title", "text", "facts"
WEIGHTS = {TITLE: 2.5, TEXT: 1.0}
USUAL_LENGTH = {TITLE: 30, TEXT: 1500}
"""Terms of a usual title and text. The true mean would change with every document that nobody may see."""

SATURATION, LENGTH_SHARE = 1.2, 0.75
"""k1 and b of BM25."""

SHORT = 3
"""A question of so few words means all of them; of a longer one most are talk, and what matters ranks first."""

Hits = dict[int, float]


def fact(name: str, value: str) -> str:
    """Return the term under which a short field is kept."""
    return f"{name}={value}".replace(",", " ")


def find(reader: Any, query: Query, scope: Scope, *, strict: bool) -> Found:
    """Return what matches."""
    if query.empty:
        return Found((), frozenset())
    ids: dict[str, float] = {}
    every: set[str] = set()
    worlds = [_World(leaf, scope) for leaf, _ in reader.leaf_readers()]
    population = sum(len(world.seen) for world in worlds)
    words = [_unit(worlds, word, population) for word in query.words]
    phrases = [_unit(worlds, phrase, population) for phrase in query.phrases]
    barred = [_unit(worlds, word, population) for word in query.excluded]
    everything = strict and not query.any_word and len(words) <= SHORT
    for place, world in enumerate(worlds):
        scored = _combined([one[place] for one in words], [one[place] for one in phrases], everything=everything)
        for one in barred:
            for docnum in one[place]:
                scored.pop(docnum, None)
        for docnum, score in scored.items():
            doc_id = world.doc_id(docnum)
            every.add(doc_id)
            if world.narrowed is None or docnum in world.narrowed:
                ids[doc_id] = round(score, 9)
    ranked = sorted(ids, key=lambda doc_id: (-ids[doc_id], doc_id))
    return Found(tuple(ranked), frozenset(every))


def _combined(words: list[Hits], phrases: list[Hits], *, everything: bool) -> Hits:
    must = [*phrases, *(words if everything else ())]
    scored: Hits = {}
    for hits in (*words, *phrases):
        for docnum, score in hits.items():
            scored[docnum] = scored.get(docnum, 0.0) + score
    return {docnum: score for docnum, score in scored.items() if all(docnum in hits for hits in must)}


class _World:
    """One segment, and which of its documents exist for the one who asks."""

    def __init__(self, leaf: Any, scope: Scope) -> None:
        self.leaf = leaf
        living = set(leaf.all_doc_ids())
        self.seen = living if scope.seen is None else living & self._named(scope.seen)
        self.narrowed: set[int] | None = None
        for name, value in scope.narrowed.items():
            fitting = self.docs(FACTS, fact(name, value))
            self.narrowed = fitting if self.narrowed is None else self.narrowed & fitting

    def _named(self, wanted: Mapping[str, Iterable[str]]) -> set[int]:
        named: set[int] = set()
        for name, values in wanted.items():
            for value in values:
                named |= self.docs(DOC_ID, value) if name == DOC_ID else self.docs(FACTS, fact(name, value))
        return named

    def postings(self, field: str, term: str) -> Any:
        return self.leaf.postings(field, term) if (field, term) in self.leaf else None

    def docs(self, field: str, term: str) -> set[int]:
        postings = self.postings(field, term)
        return set() if postings is None else set(postings.all_ids())

    def doc_id(self, docnum: int) -> str:
        return str(self.leaf.stored_fields(docnum)[DOC_ID])


def _unit(worlds: list[_World], text: str, population: int) -> list[Hits]:
    """Return for each segment the documents in which a word or phrase stands, with what it is worth there."""
    chain = phrase_terms(text)
    counted = [{field: _frequencies(world, field, chain) for field in (TITLE, TEXT)} for world in worlds]
    holding = sum(len(fields[TITLE].keys() | fields[TEXT].keys()) for fields in counted)
    rarity = math.log(1 + (population - holding + 0.5) / (holding + 0.5))
    return [_worth(world, fields, rarity) for world, fields in zip(worlds, counted, strict=True)]


def _worth(world: _World, fields: Mapping[str, dict[int, int]], rarity: float) -> Hits:
    hits: Hits = {}
    for field, frequencies in fields.items():
        for docnum, frequency in frequencies.items():
            length = world.leaf.doc_field_length(docnum, field) / USUAL_LENGTH[field]
            damping = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * length)
            worth = WEIGHTS[field] * rarity * frequency * (SATURATION + 1) / (frequency + damping)
            hits[docnum] = hits.get(docnum, 0.0) + worth
    return hits


def _frequencies(world: _World, field: str, chain: list[tuple[str, int]]) -> dict[int, int]:
    """Count how often a chain of terms stands in each document of the scope."""
    candidates = _candidates(world, field, {term for term, _ in chain})
    if not candidates:
        return {}
    if len(chain) == 1:
        return _weights(world, field, chain[0][0], candidates)
    postings = {term: world.postings(field, term) for term, _ in chain}
    found: dict[int, int] = {}
    for docnum in sorted(candidates):
        places = {term: _places(one, docnum) for term, one in postings.items()}
        first, offset = chain[0]
        starts = {place - offset for place in places[first]}
        for term, step in chain[1:]:
            starts &= {place - step for place in places[term]}
        if starts:
            found[docnum] = len(starts)
    return found


def _candidates(world: _World, field: str, terms: set[str]) -> set[int]:
    """Return the documents of the scope that hold all terms."""
    candidates = world.seen if terms else set()
    for term in terms:
        candidates = candidates & world.docs(field, term)
        if not candidates:
            break
    return candidates


def _weights(world: _World, field: str, term: str, candidates: set[int]) -> dict[int, int]:
    postings = world.postings(field, term)
    found: dict[int, int] = {}
    while postings.is_active():
        if postings.id() in candidates:
            found[postings.id()] = max(1, round(postings.weight()))
        postings.next()
    return found


def _places(postings: Any, docnum: int) -> Iterable[int]:
    postings.skip_to(docnum)
    places: Iterable[int] = postings.value_as("positions")
    return places
