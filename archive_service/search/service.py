"""Searching: every hit is checked again against the rights of this moment before it is counted or shown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from archive_service.audit.ledger import Ledger
from archive_service.catalog.codes.text import normalise_code
from archive_service.catalog.records.browse import Catalogue, Line
from archive_service.catalog.records.former_codes import borne_before
from archive_service.catalog.tables import ARCHIVED, DESTROYING, components, records
from archive_service.errors import ArchiveError, BadInput, Text
from archive_service.people.model import LEVEL_WORDS, LEVELS, READER, SEARCHED_LEVELS, VIEW, Person
from archive_service.people.policy import Action, Thing, can, require
from archive_service.search.compartments import Compartments
from archive_service.search.facts import FIELDS, JOINED, Facts, FactTable, facts_of
from archive_service.search.fields import SearchFilters, read_typed
from archive_service.search.merging import merged
from archive_service.vault import Vault
from index.engines.base import DOC_ID, Found, Scope
from index.extract.scans import BEGINNING
from index.highlight import fragments
from index.query import Query, parse_query
from index.slips import slips_in

IN_A_QUERY = 500
"""Ids in one SQL query."""

BY_QUERY = 200
"""More hits than these are worth reading and remembering the facts of all records for."""

ONE_BY_ONE = 8000
"""Up to so many records are looked up by their ids."""

LONGEST_CODE = 200
MOST_MENDED, MOST_TRIED = 6, 3
"""Words of a question for which better ones are looked for, and how many are tried for each."""

SNIPPET_BYTES = 2_000_000
FEW = 10
"""Where fewer records hold every word of a question, those follow that hold some of them."""


@dataclass(frozen=True)
class Hit:
    """A record found, with the passage that matches: pieces of text, each a match or not."""

    line: Line
    parts: list[tuple[str, bool]]


@dataclass(frozen=True)
class Results:
    """What a person may see of what was found."""

    hits: list[Hit]
    total: int
    facets: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    sentence: Text | None = None
    told: tuple[Text, ...] = ()
    """What of the question could not be read, said so that it can be put right."""
    start: int = 0
    """How many stand before the first of the hits."""


ALL_SEEING = Person("", "", "", frozenset({READER}), frozenset(LEVEL_WORDS))
"""Nobody: the sight of :meth:`Search.matching`."""


class _Answer(NamedTuple):
    """``ranked`` fits the filters; ``seen`` is everything that matches and that the person may see."""

    ranked: list[str]
    seen: dict[str, Facts]


@dataclass(frozen=True)
class Search:
    """Asks the compartments that a person may search."""

    ledger: Ledger
    vault: Vault
    catalogue: Catalogue
    compartments: Compartments
    facts: FactTable

    def find(
        self,
        actor: Person,
        text: str,
        filters: SearchFilters | None = None,
        *,
        limit: int = 20,
        offset: int = 0,
        behind: str = "",
        newest_first: bool = False,
        passages: bool = True,
    ) -> Results:
        """Return the best hits for what a person typed; an archival code typed in any form finds its record first.

        Filters may be typed too (see :mod:`archive_service.search.fields`); filters alone list what fits. The total, the
        counts of the facets and the order depend on nothing but what this person may see. A page begins behind the
        record with the code ``behind``, wherever that stands by now, and at ``offset`` where it is found no more.
        """
        kept, seen, query, told = self._ranked(actor, text, filters)
        if newest_first:
            kept.sort(key=lambda one: seen[one].document_date, reverse=True)
        if behind:
            offset = next((place for place, one in enumerate(kept, 1) if seen[one].code == behind), offset)
        lines = self.catalogue.by_ids(actor, kept[offset : offset + limit])
        page = [lines[record_id] for record_id in kept[offset : offset + limit] if record_id in lines]
        texts = self._kept_texts([line.id for line in page]) if passages else {}
        hits = [Hit(line, self._passage(texts.get(line.id), query)) for line in page]
        nothing = Text(
            "没有找到。换几个字词试试，或减少筛选条件。", "Nothing was found. Try other words, or fewer filters."
        )
        return Results(hits, len(kept), _facets(seen.values()), None if kept else nothing, told, offset)

    def ids(self, actor: Person, text: str, filters: SearchFilters | None = None) -> list[str]:
        """Return the ids of everything that :meth:`find` would list, the best first."""
        return self._ranked(actor, text, filters)[0]

    def _ranked(
        self, actor: Person, text: str, filters: SearchFilters | None
    ) -> tuple[list[str], dict[str, Facts], Query, tuple[Text, ...]]:
        require(actor, Action.SEARCH)
        if not text.strip():
            raise BadInput("请输入要查找的字词或档号。", "Please type words or an archival code to look for.")
        typed = read_typed(text)
        filters = (filters or SearchFilters()).with_typed(typed.filters)
        query = parse_query(typed.words)
        if typed.words or typed.filters.empty:
            answer = self._nearest(actor, query, filters)
            by_code = self._seen(actor, self._by_code(typed.words))
        else:
            answer, by_code = self._fitting(actor, filters), {}
        seen = {**by_code, **answer.seen}
        kept = list(dict.fromkeys([*(one for one in by_code if _fits(by_code[one], filters)), *answer.ranked]))
        return kept, seen, query, tuple(typed.told)

    def better(self, actor: Person, text: str, filters: SearchFilters | None = None) -> str | None:
        """Return a question that finds something, with other words where this person's records hold none that was typed.

        Only words of records within the person's scope are thought of, and only what the person then finds is told.
        """
        require(actor, Action.SEARCH)
        typed = read_typed(text)
        query = parse_query(typed.words)
        if not query.words:
            return None
        mended = typed.words
        for word in slips_in(query.said, query.words)[:MOST_MENDED]:
            near = sorted(
                set().union(*(self._near_words(name, actor, word) for name in self.compartments.names)),
                key=lambda one: (one[0], one[1]),
            )
            for _, other in near[:MOST_TRIED]:
                if self.find(actor, other, limit=1, passages=False).total:
                    mended = re.sub(re.escape(word), other, mended, flags=re.IGNORECASE)
                    break
        if mended == typed.words or not self.find(actor, mended, filters, limit=1, passages=False).total:
            return None
        return mended

    def _near_words(self, name: str, actor: Person, word: str) -> frozenset[tuple[int, str]]:
        scope = self._scope(name, actor, SearchFilters())
        return frozenset() if scope is None else self.compartments.near(name, word, scope)

    def _fitting(self, actor: Person, filters: SearchFilters) -> _Answer:
        """Return every record that fits the filters and that the person may see, the newest first."""
        wanted = (
            (filters.class_code, records.c.class_code),
            (filters.type_code, records.c.type_code),
            (filters.year, records.c.year),
            (filters.level, records.c.level),
        )
        only = [column == value for value, column in wanted if value]
        with self.ledger.read() as connection:
            condition = self.catalogue.seen_by(actor) & (records.c.status == ARCHIVED)
            ids = list(connection.execute(select(records.c.id).where(condition, *only)).scalars())
        seen = {one: facts for one, facts in self._seen(actor, ids).items() if _fits(facts, filters)}
        return _Answer(sorted(seen, key=lambda one: (-seen[one].document_date.toordinal(), seen[one].code)), seen)

    def matching(self, text: str) -> list[str]:
        """Return the ids of all records that match some words now, whoever may see them, in no order.

        For holds alone: they must stop what their words mean, and tell nobody what they caught. What is sealed has no
        words here; it is matched by typed filters.
        """
        typed = read_typed(text)
        if typed.words or typed.filters.empty:
            seen = self._answer(ALL_SEEING, parse_query(typed.words), SearchFilters(), strict=True).seen
        else:
            seen = self._fitting(ALL_SEEING, typed.filters).seen
        return sorted(one for one, facts in seen.items() if _fits(facts, typed.filters))

    def _by_code(self, text: str) -> list[str]:
        code = normalise_code(text)
        if not code.isprintable() or len(code) > LONGEST_CODE:  # no database takes every character
            return []
        if not any(sign.isdigit() for sign in code):  # every code ends in a number
            return []
        with self.ledger.read() as connection:
            return list(
                connection.execute(select(records.c.id).where((records.c.code == code) | borne_before(code))).scalars()
            )

    def _nearest(self, actor: Person, query: Query, filters: SearchFilters) -> _Answer:
        """Return what holds every word of a short question; where that is little, what holds some of them follows."""
        whole = self._answer(actor, query, filters, strict=True)
        if len(whole.seen) >= FEW or len(query.words) < 2 or query.form is not None:
            return whole
        near = self._answer(actor, query, filters, strict=False)
        return _Answer(list(dict.fromkeys([*whole.ranked, *near.ranked])), {**near.seen, **whole.seen})

    def _answer(self, actor: Person, query: Query, filters: SearchFilters, *, strict: bool) -> _Answer:
        """Ask every compartment, check every hit again, and only then rank the compartments' answers together."""
        found = {name: self._asked(name, actor, query, filters, strict=strict) for name in self.compartments.names}
        seen = self._seen(actor, frozenset().union(*(one.all_ids for one in found.values())), archived=True)
        keep = seen.__contains__ if filters.empty else lambda one: one in seen and _fits(seen[one], filters)
        ranked = merged(found.values(), keep)
        return _Answer(ranked, seen)

    def _asked(self, name: str, actor: Person, query: Query, filters: SearchFilters, *, strict: bool) -> Found:
        scope = self._scope(name, actor, filters)
        if query.empty or scope is None:
            return Found((), frozenset())
        return self.compartments.search(name, query, scope, strict=strict)

    def _scope(self, name: str, actor: Person, filters: SearchFilters) -> Scope | None:
        """Return what of a compartment exists for a person; nothing when none of it does."""
        levels = self.compartments.levels(name) & actor.clearance
        at = self.ledger.clock.stamp()
        granted = frozenset(one.record_id for one in actor.grants if at < one.until and VIEW in one.actions)
        if not (levels or granted):
            return None
        wanted = {
            "class": filters.class_code,
            "type": filters.type_code,
            "year": str(filters.year or ""),
            "level": filters.level,
        }
        narrowed = {field: value for field, value in wanted.items() if value}
        # Of the compartment's levels even one that is wholly seen is named: the index may be behind the catalogue.
        return Scope({"level": frozenset(levels), DOC_ID: granted}, narrowed)

    def _seen(self, actor: Person, ids: Collection[str], *, archived: bool = False) -> dict[str, Facts]:
        """Return those of some records that the person may see at this moment, as the catalogue knows them now."""
        with self.ledger.read() as connection:
            known = self.facts.current(connection, load=len(ids) > BY_QUERY)
            if known is None:
                return self._asked_for(connection, actor, list(ids), archived=archived)
            levels = _levels_seen(actor)
            seen = {
                one: facts
                for one in ids
                if (facts := known.get(one)) is not None
                and facts.level in levels
                and (facts.status == ARCHIVED if archived else facts.status != DESTROYING)
            }
            # What is open by leave alone is asked for each time: leave may have been taken back a moment ago.
            by_leave = {one.record_id for one in actor.grants}.intersection(ids).difference(seen)
            seen.update(self._asked_for(connection, actor, sorted(by_leave), archived=archived))
        return seen

    def _asked_for(
        self, connection: Connection, actor: Person, ids: Sequence[str], *, archived: bool
    ) -> dict[str, Facts]:
        if not ids:
            return {}
        condition = self.catalogue.seen_by(actor)
        if actor is not ALL_SEEING:
            condition &= records.c.level.in_(SEARCHED_LEVELS)
        if archived:
            condition &= records.c.status == ARCHIVED
        asked = select(records.c.id, *FIELDS).select_from(JOINED).where(condition)
        if len(ids) > ONE_BY_ONE:  # reading through all that the person sees is quicker than naming so many
            wanted = set(ids)
            return {row[0]: facts_of(row) for row in connection.execute(asked) if row[0] in wanted}
        seen: dict[str, Facts] = {}
        for start in range(0, len(ids), IN_A_QUERY):
            some = records.c.id.in_(ids[start : start + IN_A_QUERY])
            seen.update({row[0]: facts_of(row) for row in connection.execute(asked.where(some))})
        return seen

    def _passage(self, kept: Any, query: Query) -> list[tuple[str, bool]]:
        """Cut the matching passage out of a record's text, read from the vault for this answer and kept nowhere."""
        text = self._opened(kept) if kept is not None else ""
        parts: list[tuple[str, bool]] = []
        for fragment in fragments(text, query):
            parts += [*([(" … ", False)] if parts else []), *((piece, bool(match)) for piece, match in fragment)]
        return parts

    def text_of(self, record_id: str) -> str:
        """Return the extracted text of a record, or nothing; the caller has asked the policy."""
        kept = self._kept_texts([record_id]).get(record_id)
        return self._opened(kept) if kept is not None else ""

    def _kept_texts(self, record_ids: Sequence[str]) -> dict[str, Any]:
        """Return where the texts of some records are kept."""
        wanted = (components.c.record_id, components.c.id, components.c.version)
        texts = select(*wanted).where(components.c.record_id.in_(record_ids), components.c.role == "text")
        with self.ledger.read() as connection:
            return {row.record_id: row for row in connection.execute(texts)}

    def _opened(self, kept: Any) -> str:
        try:
            text = _limited(self.vault.open(kept.record_id, kept.id, kept.version)).decode("utf-8", "replace")
        except ArchiveError:
            return ""
        return text.replace(BEGINNING, " ")


def _levels_seen(actor: Person) -> frozenset[str]:
    """Return the levels that a person sees without any leave, by the policy."""
    bare = replace(actor, grants=())
    levels = LEVELS if actor is ALL_SEEING else SEARCHED_LEVELS
    return frozenset(one for one in levels if can(bare, Action.SEE_RECORD, Thing(level=one)).allowed)


def _limited(chunks: Iterable[bytes]) -> bytes:
    data = bytearray()
    for chunk in chunks:
        data += chunk
        if len(data) >= SNIPPET_BYTES:
            break
    return bytes(data)


def _fits(facts: Facts, filters: SearchFilters) -> bool:
    wanted = (
        (filters.class_code, facts.class_code),
        (filters.type_code, facts.type_code),
        (filters.level, facts.level),
    )
    return (
        all(not value or value == found for value, found in wanted)
        and filters.year in (None, facts.year)
        and (not filters.enterprise or filters.enterprise.casefold() in facts.enterprise.casefold())
        and (not filters.code or normalise_code(facts.code).startswith(normalise_code(filters.code)))
        and (filters.before is None or facts.document_date < filters.before)
        and (filters.after is None or facts.document_date >= filters.after)
    )


def _facets(seen: Iterable[Facts]) -> dict[str, list[tuple[str, int]]]:
    every = list(seen)
    columns = {"class": 0, "type": 1, "year": 2, "level": 3}
    counted = {name: Counter(map(itemgetter(column), every)) for name, column in columns.items()}
    return {name: sorted((str(value), count) for value, count in counter.items()) for name, counter in counted.items()}
