"""Answering a query from Whoosh's postings, within a scope.

Whoosh's own collectors count and weigh over the whole index, so that documents nobody may see would move the order
of those one sees. Here every figure of the ranking (how many documents there are, how many hold a word) is taken
over the scope alone; the same documents give the same order whatever else the index holds, in whatever segments.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from whoosh.codec.whoosh3 import W3LeafMatcher

from index.analysis import phrase_terms
from index.engines.base import DOC_ID, Found, Scope
from index.query import SHORT, Query
from index.weighing import chains_of, question_terms

TITLE, TEXT, FACTS = "title", "text", "facts"
FIELDS = (TITLE, TEXT)
TITLE_COUNTS = 3.0
"""As often as this does a term of the title count, beside its once in the text."""

SATURATION, LENGTH_SHARE = 1.2, 0.75
"""k1 and b of BM25."""

USUAL_LENGTH = 1500
"""Terms of a usual text. The true mean would change with every document that nobody may see."""

FAR_BEHIND = 0.2
"""What reaches less than this share of the best is talk that happens to agree, and not an answer."""

Docs = set[int]
_Block = tuple[Sequence[int], Sequence[float]]


def fact(name: str, value: str) -> str:
    """Return the term under which a short field is kept."""
    return f"{name}={value}".replace(",", " ")


def find(reader: Any, query: Query, scope: Scope, *, strict: bool) -> Found:
    """Return what matches: all words of a short question when ``strict``, else whatever comes near enough."""
    if query.empty:
        return Found((), frozenset())
    worlds = [_World(leaf, scope) for leaf, _ in reader.leaf_readers()]
    everything = strict and not query.any_word and len(query.words) <= SHORT
    matching = [_allowed(world, query, everything=everything) for world in worlds]
    scored = _scored(worlds, matching, query, everything=everything)
    every = frozenset(one.doc_id for one in scored)
    kept = sorted((one for one in scored if one.narrowed), key=lambda one: (-one.score, one.doc_id))
    return Found(tuple(one.doc_id for one in kept), every, tuple(one.share for one in kept))


@dataclass(frozen=True)
class _Scored:
    """A document that matches; ``share`` says how much of the question it holds, whatever else the index holds."""

    doc_id: str
    score: float
    share: float
    narrowed: bool


def _allowed(world: _World, query: Query, *, everything: bool) -> Docs:
    """Return the documents of the scope that hold what must be there, and nothing of what must not."""
    allowed = world.seen
    for phrase in query.phrases:
        allowed = allowed & world.holding(phrase_terms(phrase), allowed)
    if everything:
        for word in query.words:
            allowed = allowed & set().union(*(world.holding(chain, allowed) for chain in chains_of(word)))
    elif not query.phrases:
        own = {term for word in query.words for term, _ in phrase_terms(word)}
        near = own | {term for term in question_terms(query.said) if len(term) > 1}
        allowed = allowed & set().union(*(world.docs(field, term) for term in near for field in FIELDS))
    for barred in query.excluded:
        allowed = allowed - world.holding(phrase_terms(barred), allowed)
    return allowed


def _scored(worlds: list[_World], matching: list[Docs], query: Query, *, everything: bool) -> list[_Scored]:
    terms = question_terms((*query.said, *query.phrases))
    if everything:  # single characters help to come near, which is not asked here
        single = {word for word in query.words if len(word) == 1}
        terms = {term: weight for term, weight in terms.items() if len(term) > 1 or term in single} or terms
    population = sum(len(world.seen) for world in worlds)
    whole = sum(weight for term, weight in terms.items() if len(term) > 1) or 1.0
    tallies = [_Tally(world, docs) for world, docs in zip(worlds, matching, strict=True)]
    for term, weight in terms.items():
        counted = [tally.world.counted(term) for tally in tallies]
        holding = sum(len(frequencies) for frequencies, _ in counted)
        rarity = math.log(1 + (population - holding + 0.5) / (holding + 0.5))
        share = weight / whole if len(term) > 1 else 0.0
        for tally, (frequencies, titled) in zip(tallies, counted, strict=True):
            tally.add(frequencies, titled, weight * rarity, share)
    best = max((score for tally in tallies for score in tally.scores.values()), default=0.0)
    least = 0.0 if everything else FAR_BEHIND * best
    return [one for tally in tallies for one in tally.results(least)]


class _Tally:
    """What the matching documents of one segment have gathered so far."""

    def __init__(self, world: _World, docs: Docs) -> None:
        self.world, self.docs = world, docs
        self.scores = dict.fromkeys(docs, 0.0)
        self.shares = dict.fromkeys(docs, 0.0)
        self.damping = {docnum: world.damping(docnum) for docnum in docs}

    def add(self, frequencies: Mapping[int, float], titled: Docs, worth: float, share: float) -> None:
        """Take in one term."""
        scores, shares, damping = self.scores, self.shares, self.damping
        few, many = (scores, frequencies) if len(scores) < len(frequencies) else (frequencies, scores)
        for docnum in few:
            if docnum in many:
                frequency = frequencies[docnum]
                scores[docnum] += worth * frequency * (SATURATION + 1) / (frequency + damping[docnum])
                if share:
                    shares[docnum] += share * 2 if docnum in titled else share

    def results(self, least: float) -> list[_Scored]:
        """Return what has gathered so much or more."""
        narrowed = self.world.narrowed
        return [
            _Scored(
                self.world.doc_id(docnum),
                round(score, 9),
                round(self.shares[docnum], 6),
                narrowed is None or docnum in narrowed,
            )
            for docnum, score in self.scores.items()
            if score >= least
        ]


class _World:
    """One segment, and which of its documents exist for the one who asks."""

    def __init__(self, leaf: Any, scope: Scope) -> None:
        self.leaf = leaf
        self._read: dict[tuple[str, str], list[_Block]] = {}
        living = set(leaf.all_doc_ids())
        self.seen = living if scope.seen is None else living & self._named(scope.seen)
        self.narrowed: Docs | None = None
        for name, value in scope.narrowed.items():
            fitting = self.docs(FACTS, fact(name, value))
            self.narrowed = fitting if self.narrowed is None else self.narrowed & fitting

    def _named(self, wanted: Mapping[str, Iterable[str]]) -> Docs:
        named: Docs = set()
        for name, values in wanted.items():
            for value in values:
                named |= self.docs(DOC_ID, value) if name == DOC_ID else self.docs(FACTS, fact(name, value))
        return named

    def postings(self, field: str, term: str) -> Any:
        return self.leaf.postings(field, term) if (field, term) in self.leaf else None

    def docs(self, field: str, term: str) -> Docs:
        return set().union(*(ids for ids, _ in self._blocks(field, term)))

    def counted(self, term: str) -> tuple[dict[int, float], Docs]:
        """Return how often a term stands in each document of the scope, and in the titles of which."""
        seen = self.seen
        found = {
            docnum: frequency
            for ids, weights in self._blocks(TEXT, term)
            for docnum, frequency in zip(ids, weights, strict=True)
            if docnum in seen
        }
        titled: Docs = set()
        for ids, weights in self._blocks(TITLE, term):
            for docnum, frequency in zip(ids, weights, strict=True):
                if docnum in seen:
                    found[docnum] = found.get(docnum, 0.0) + TITLE_COUNTS * frequency
                    titled.add(docnum)
        return found, titled

    def _blocks(self, field: str, term: str) -> list[_Block]:
        """Return a term's documents and frequencies block by block: one by one it takes five times as long."""
        blocks = self._read.get((field, term))
        if blocks is None:
            blocks = self._read[field, term] = list(self._unpacked(field, term))
        return blocks

    def _unpacked(self, field: str, term: str) -> Iterator[_Block]:
        postings = self.postings(field, term)
        postings = getattr(postings, "child", postings)  # deleted documents are left out by what is seen
        if isinstance(postings, W3LeafMatcher):
            while postings.is_active():
                postings.id(), postings.weight()  # reads the block
                yield postings._ids, postings._weights  # noqa: SLF001 - Whoosh has no public way to a whole block
                postings._next_block()  # noqa: SLF001
        elif postings is not None:
            while postings.is_active():
                yield (postings.id(),), (postings.weight(),)
                postings.next()

    def holding(self, chain: list[tuple[str, int]], among: Docs) -> Docs:
        """Return those of some documents in which a chain of terms stands, in the title or in the text."""
        return {docnum for field in FIELDS for docnum in self._standing(field, chain, among)}

    def _standing(self, field: str, chain: list[tuple[str, int]], among: Docs) -> Docs:
        candidates = among if chain else set()
        for term in {term for term, _ in chain}:
            candidates = candidates & self.docs(field, term)
            if not candidates:
                return set()
        if len(chain) == 1 or not candidates:
            return candidates
        postings = {term: self.postings(field, term) for term, _ in chain}
        return {docnum for docnum in sorted(candidates) if _stands(postings, chain, docnum)}

    def damping(self, docnum: int) -> float:
        """Return by how much the length of a document dampens what its terms are worth."""
        length = self.leaf.doc_field_length(docnum, TEXT) / USUAL_LENGTH
        return SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * float(length))

    def doc_id(self, docnum: int) -> str:
        return str(self.leaf.stored_fields(docnum)[DOC_ID])


def _stands(postings: Mapping[str, Any], chain: list[tuple[str, int]], docnum: int) -> bool:
    first, offset = chain[0]
    places = {term: _places(one, docnum) for term, one in postings.items()}
    starts = {place - offset for place in places[first]}
    for term, step in chain[1:]:
        starts &= {place - step for place in places[term]}
    return bool(starts)


def _places(postings: Any, docnum: int) -> Iterable[int]:
    postings.skip_to(docnum)
    places: Iterable[int] = postings.value_as("positions")
    return places
