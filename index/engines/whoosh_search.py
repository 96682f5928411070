"""Answering a query from Whoosh's postings, within a scope.

Whoosh's own collectors count and weigh over the whole index, so that documents nobody may see would move the order
of those one sees. Here every figure of the ranking (how many documents there are, how many hold a word) is taken
over the scope alone; the same documents give the same order whatever else the index holds, in whatever segments.

Of a long question the terms that tell most are counted first. What holds none of them cannot come near the best any
more, and the common terms are then looked up only for what is left, not counted through.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from index.analysis import phrase_terms
from index.engines.base import DOC_ID, Found, Scope
from index.engines.whoosh_postings import SATURATION, TEXT, TITLE, Held, Row, Segment
from index.form import Either, Form, Phrase, Word
from index.query import SHORT, Query
from index.slips import MOST_AROUND, by_letters, is_han, of_the_trade
from index.weighing import chains_of, question_terms

FIELDS = (TITLE, TEXT)

FAR_BEHIND = 0.2
"""What reaches less than this share of the best is talk that happens to agree, and not an answer."""

MOST_COUNTED = 1500
"""Documents of a long question for which its common terms are looked up: those that hold most of the telling ones."""

COUNTED_THROUGH = 24
"""Terms of a long question that bring in documents; the others only weigh those that are there."""

Docs = set[int]


def fact(name: str, value: str) -> str:
    """Return the term under which a short field is kept."""
    return f"{name}={value}".replace(",", " ")


def find(segments: list[Segment], query: Query, scope: Scope, *, strict: bool) -> Found:
    """Return what matches: all words of a short question when ``strict``, else whatever comes near enough."""
    if query.empty:
        return Found((), frozenset())
    worlds = [_World(segment, scope) for segment in segments]
    everything = query.form is not None or (strict and len(query.words) <= SHORT)
    terms = _terms(query, everything=everything)
    tallies = [_Tally(world) for world in worlds]
    population = sum(world.seen.count for world in worlds)
    weighed = _weighed(terms, worlds, population)
    if everything or query.phrases:
        for tally in tallies:
            tally.admit(_allowed(tally.world, query, everything=everything))
        for term in weighed:
            for tally in tallies:
                tally.weigh(term)
    else:
        _near(tallies, weighed, query)
    best = max((score for tally in tallies for score in tally.scores.values()), default=0.0)
    scored = [one for tally in tallies for one in tally.results(0.0 if everything else FAR_BEHIND * best)]
    every = frozenset(one[1] for one in scored)
    kept = sorted(one for one in scored if one[3])
    return Found(tuple(one[1] for one in kept), every, tuple(one[2] for one in kept))


def near(segments: list[Segment], word: str, scope: Scope) -> frozenset[tuple[int, str]]:
    """Return words that documents of the scope hold and that a word may be a slip for; nothing where some hold itself."""
    worlds = [_World(segment, scope) for segment in segments]
    if any(world.holding(chain, None) for world in worlds for chain in chains_of(word)):
        return frozenset()
    if is_han(word):
        found = of_the_trade(word)
    else:
        stemmed = "".join(term for term, _ in phrase_terms(word)[:1])
        terms = {term for world in worlds for term in world.segment.beginning(stemmed[:1])}
        found = by_letters(stemmed, sorted(terms))
    ranked = sorted(found)
    held = (one for one in ranked if any(world.holding(phrase_terms(one[1]), None) for world in worlds))
    return frozenset(islice(held, MOST_AROUND))


@dataclass(frozen=True)
class _Term:
    """A term of the question: what it is worth within the scope, and what share of the question it is."""

    term: str
    worth: float
    share: float


def _terms(query: Query, *, everything: bool) -> Mapping[str, float]:
    terms = question_terms((*query.said, *query.phrases))
    if everything:  # single characters help to come near, which is not asked here
        single = {word for word in query.words if len(word) == 1}
        terms = {term: weight for term, weight in terms.items() if len(term) > 1 or term in single} or terms
    return terms


def _weighed(terms: Mapping[str, float], worlds: list[_World], population: int) -> list[_Term]:
    """Return the terms with what they are worth, the most telling first; all figures are those of the scope."""
    whole = sum(weight for term, weight in terms.items() if len(term) > 1) or 1.0
    weighed = []
    for term, weight in terms.items():
        holding = sum(world.held(term).within(world.seen) for world in worlds)
        if holding:
            rarity = math.log(1 + (population - holding + 0.5) / (holding + 0.5))
            weighed.append(_Term(term, weight * rarity, weight / whole if len(term) > 1 else 0.0))
    return sorted(weighed, key=lambda one: (-one.worth, one.term))


def _allowed(world: _World, query: Query, *, everything: bool) -> Docs:
    """Return the documents of the scope that hold what must be there, and nothing of what must not."""
    if query.form is not None:
        fitting = world.fitting(query.form, None)
        return fitting - world.barred(query, fitting)
    allowed: Docs | None = None
    for phrase in query.phrases:
        allowed = world.holding(phrase_terms(phrase), allowed)
    if everything:
        for word in query.words:
            allowed = set().union(*(world.holding(chain, allowed) for chain in chains_of(word)))
    return (allowed or set()) - world.barred(query, allowed)


def _near(tallies: list[_Tally], weighed: list[_Term], query: Query) -> None:
    """Let in what holds one of the telling terms, and weigh the others for the best of it.

    Single characters, and pairs that no word of the question holds, bring nothing in.
    """
    own = {term for word in query.words for term, _ in phrase_terms(word)}
    bringing = [one for one in weighed if len(one.term) > 1 or one.term in own]
    first, chosen = bringing[:COUNTED_THROUGH], {one.term for one in bringing[:COUNTED_THROUGH]}
    for tally in tallies:
        barred = tally.world.barred(query, None)
        for term in first:
            tally.bring_in(term, barred)
    _cut(tallies)
    for term in weighed:
        if term.term not in chosen:
            for tally in tallies:
                tally.weigh(term)


def _cut(tallies: list[_Tally]) -> None:
    """Keep the best of all, and the best of what is narrowed to; equal ones stay or go together."""
    for narrowed in (False, True):
        scores = [score for tally in tallies for score in tally.scored(narrowed=narrowed)]
        least = heapq.nlargest(MOST_COUNTED, scores)[-1] if len(scores) > MOST_COUNTED else 0.0
        for tally in tallies:
            tally.least[narrowed] = least
    for tally in tallies:
        tally.cut()


class _Tally:
    """What the documents of one segment have gathered so far."""

    def __init__(self, world: _World) -> None:
        self.world = world
        self.scores: dict[int, float] = {}
        self.shares: dict[int, float] = {}
        self.least = {False: 0.0, True: 0.0}

    def admit(self, docs: Docs) -> None:
        """Begin with these documents; no others come in."""
        self.scores, self.shares = dict.fromkeys(docs, 0.0), dict.fromkeys(docs, 0.0)

    def bring_in(self, term: _Term, barred: Docs) -> None:
        """Take in one term, and every document of the scope that holds it."""
        held, damping = self.world.held(term.term), self.world.segment.damping
        scores, shares, top = self.scores, self.shares, term.worth * (SATURATION + 1)
        for docnum, frequency in self.world.holders(held):
            if docnum not in barred:
                scores[docnum] = scores.get(docnum, 0.0) + top * frequency / (frequency + damping[docnum])
                if term.share:
                    shares[docnum] = shares.get(docnum, 0.0) + term.share * (2 if held.in_title(docnum) else 1)

    def weigh(self, term: _Term) -> None:
        """Take in one term for the documents that are there."""
        held, damping = self.world.held(term.term), self.world.segment.damping
        scores, shares, top, share = self.scores, self.shares, term.worth * (SATURATION + 1), term.share
        of = held.few.get if held.few is not None else held.row.__getitem__
        some: Iterable[int] = scores
        if held.few is not None and len(held.few) < len(scores):
            some = [docnum for docnum in held.few if docnum in scores]
        for docnum in some:
            frequency = of(docnum)
            if frequency:
                scores[docnum] += top * frequency / (frequency + damping[docnum])
                if share:
                    shares[docnum] = shares.get(docnum, 0.0) + share * (2 if held.in_title(docnum) else 1)

    def scored(self, *, narrowed: bool) -> Iterable[float]:
        """Give the scores so far, of all or of what is narrowed to."""
        if not narrowed:
            return self.scores.values()
        return [score for docnum, score in self.scores.items() if self.world.narrowed_to(docnum)]

    def cut(self) -> None:
        """Let go what is not among the best."""
        of_all, of_narrowed = self.least[False], self.least[True]
        self.scores = {
            docnum: score
            for docnum, score in self.scores.items()
            if score >= of_all or (score >= of_narrowed and self.world.narrowed_to(docnum))
        }

    def results(self, least: float) -> list[tuple[float, str, float, bool]]:
        """Return what has gathered so much or more: the negative score, the id, the share, whether it is narrowed to."""
        doc_ids, shares = self.world.segment.doc_ids, self.shares
        narrowed = self.world.narrowed
        return [
            (
                -round(score, 9),
                doc_ids[docnum],
                round(shares.get(docnum, 0.0), 6),
                narrowed is None or bool(narrowed.flags[docnum]),
            )
            for docnum, score in self.scores.items()
            if score >= least
        ]


class _World:
    """One segment, and which of its documents exist for the one who asks."""

    def __init__(self, segment: Segment, scope: Scope) -> None:
        self.segment = segment
        self.held = segment.held
        self.seen = segment.living if scope.seen is None else self._named(scope.seen)
        self.narrowed: Row | None = None
        for name, value in scope.narrowed.items():
            fitting = segment.with_facts(frozenset([fact(name, value)])) & self.seen
            self.narrowed = fitting if self.narrowed is None else self.narrowed & fitting

    def _named(self, wanted: Mapping[str, Iterable[str]]) -> Row:
        facts = frozenset(fact(name, value) for name, values in wanted.items() if name != DOC_ID for value in values)
        row = self.segment.with_facts(facts)
        one_by_one = [docnum for value in wanted.get(DOC_ID, ()) for docnum in self.segment.docs(DOC_ID, value)]
        return row.and_also(docnum for docnum in one_by_one if self.segment.living.flags[docnum])

    def narrowed_to(self, docnum: int) -> bool:
        return self.narrowed is None or bool(self.narrowed.flags[docnum])

    def holders(self, held: Held) -> Iterator[tuple[int, int]]:
        """Give the documents of the scope that hold a term, each with how often."""
        seen = self.seen.flags
        if held.few is not None:
            for docnum, frequency in held.few.items():
                if seen[docnum]:
                    yield docnum, frequency
        else:
            row = held.row
            for docnum in Row.of_number(held.number & self.seen.number, len(row)).ids():
                yield docnum, row[docnum]

    def barred(self, query: Query, among: Docs | None) -> Docs:
        """Return what holds something that must not be there."""
        return set().union(*(self.holding(phrase_terms(one), among) for one in query.excluded))

    def fitting(self, form: Form, among: Docs | None) -> Docs:
        """Return those of some documents of the scope that hold words and phrases joined as the question says."""
        if isinstance(form, Word):
            return set().union(*(self.holding(chain, among) for chain in chains_of(form.text)))
        if isinstance(form, Phrase):
            return self.holding(phrase_terms(form.text), among)
        if isinstance(form, Either):
            return set().union(*(self.fitting(one, among) for one in form.parts))
        for one in form.parts:
            among = self.fitting(one, among)
        return among or set()

    def holding(self, chain: list[tuple[str, int]], among: Docs | None) -> Docs:
        """Return those of some documents of the scope in which a chain of terms stands, in the title or in the text."""
        if not chain:
            return set()
        candidates = among
        for term in {term for term, _ in chain}:
            candidates = self._with(self.held(term), candidates)
            if not candidates:
                return set()
        assert candidates is not None
        if len(chain) == 1:
            return candidates
        found: Docs = set()
        for field in FIELDS:
            postings = {term: self.segment.postings(field, term) for term, _ in chain}
            if all(one is not None for one in postings.values()):
                found |= {docnum for docnum in sorted(candidates - found) if _stands(postings, chain, docnum)}
        return found

    def _with(self, held: Held, among: Docs | None) -> Docs:
        if among is not None:
            within = held.few.__contains__ if held.few is not None else held.row.__getitem__
            return {docnum for docnum in among if within(docnum)}
        return {docnum for docnum, _ in self.holders(held)}


def _stands(postings: Mapping[str, Any], chain: list[tuple[str, int]], docnum: int) -> bool:
    first, offset = chain[0]
    places: dict[str, set[int]] = {}
    for term, one in postings.items():
        if one.is_active():
            one.skip_to(docnum)
        if not one.is_active() or one.id() != docnum:
            return False
        places[term] = set(one.value_as("positions"))
    starts = {place - offset for place in places[first]}
    for term, step in chain[1:]:
        starts &= {place - step for place in places[term]}
    return bool(starts)
