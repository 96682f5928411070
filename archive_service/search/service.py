"""Searching: every hit is checked again against the rights of this moment before it is counted or shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from archive_service.audit.ledger import Ledger
from archive_service.catalog.browse import Catalogue, Line
from archive_service.catalog.codes import normalise_code
from archive_service.catalog.tables import components, records
from archive_service.errors import ArchiveError, BadInput, Text
from archive_service.people.model import SEARCHED_LEVELS, Person
from archive_service.people.policy import Action, require
from archive_service.search.compartments import Compartments
from archive_service.vault import Vault
from index.highlight import fragments
from index.query import Query, parse_query

MOST = 1000
"""Hits looked at for one question; what lies behind them is of no use to a reader."""

SNIPPET_BYTES = 2_000_000
FUSION = 60
"""The constant of reciprocal rank fusion: scores of different compartments are never compared."""


@dataclass(frozen=True)
class SearchFilters:
    """What results are narrowed to; empty means everything."""

    class_code: str = ""
    type_code: str = ""
    year: int | None = None
    level: str = ""


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


@dataclass(frozen=True)
class Search:
    """Asks the compartments that a person may search."""

    ledger: Ledger
    vault: Vault
    catalogue: Catalogue
    compartments: Compartments

    def find(
        self, actor: Person, text: str, filters: SearchFilters | None = None, *, limit: int = 20, offset: int = 0
    ) -> Results:
        """Return the best hits for what a person typed; an archival code typed in any form finds its record first."""
        require(actor, Action.SEARCH)
        filters = filters or SearchFilters()
        if not text.strip():
            raise BadInput("请输入要查找的字词或档号。", "Please type words or an archival code to look for.")
        query = parse_query(text)
        ranked = [*self._by_code(text), *self._ranked(actor, query)]
        lines = self._seen(actor, list(dict.fromkeys(ranked)))
        facets = _facets(lines)
        kept = [line for line in lines if _fits(line, filters)]
        hits = [Hit(line, self._passage(line, query)) for line in kept[offset : offset + limit]]
        sentence = (
            None
            if kept
            else Text(
                "没有找到。换几个字词试试，或减少筛选条件。", "Nothing was found. Try other words, or fewer filters."
            )
        )
        return Results(hits, len(kept), facets, sentence)

    def _by_code(self, text: str) -> list[str]:
        code = normalise_code(text)
        with self.ledger.read() as connection:
            found = connection.execute(select(records.c.id).where(records.c.code == code)).scalars()
            return list(found)

    def _ranked(self, actor: Person, query: Query) -> list[str]:
        granted = {grant.record_id for grant in actor.grants}
        scores: Counter[str] = Counter()
        for level in self.compartments.names:
            if not (self.compartments.levels(level) & actor.clearance or granted):
                continue
            for rank, record_id in enumerate(self.compartments.search(level, query, MOST)):
                scores[record_id] += 1 / (FUSION + rank)  # type: ignore[assignment]
        return [record_id for record_id, _ in scores.most_common(MOST)]

    def _seen(self, actor: Person, ids: Sequence[str]) -> list[Line]:
        lines: dict[str, Line] = {}
        for start in range(0, len(ids), 400):
            lines.update(self.catalogue.by_ids(actor, ids[start : start + 400]))
        return [
            lines[record_id] for record_id in ids if record_id in lines and lines[record_id].level in SEARCHED_LEVELS
        ]

    def _passage(self, line: Line, query: Query) -> list[tuple[str, bool]]:
        """Cut the matching passage out of the record's text, read from the vault for this answer and kept nowhere."""
        text = self.text_of(line.id)
        parts: list[tuple[str, bool]] = []
        for fragment in fragments(text, query):
            parts += [*([(" … ", False)] if parts else []), *((piece, bool(match)) for piece, match in fragment)]
        return parts

    def text_of(self, record_id: str) -> str:
        """Return the extracted text of a record, or nothing; the caller has asked the policy."""
        with self.ledger.read() as connection:
            row = connection.execute(
                select(components).where(components.c.record_id == record_id, components.c.role == "text")
            ).one_or_none()
        if row is None:
            return ""
        try:
            return _limited(self.vault.open(record_id, row.id, row.version)).decode("utf-8", "replace")
        except ArchiveError:
            return ""


def _limited(chunks: Iterable[bytes]) -> bytes:
    data = bytearray()
    for chunk in chunks:
        data += chunk
        if len(data) >= SNIPPET_BYTES:
            break
    return bytes(data)


def _fits(line: Line, filters: SearchFilters) -> bool:
    wanted = (
        (filters.class_code, line.type_code[:3]),
        (filters.type_code, line.type_code),
        (filters.level, line.level),
    )
    return all(not value or value == found for value, found in wanted) and filters.year in (None, line.year)


def _facets(lines: Sequence[Line]) -> dict[str, list[tuple[str, int]]]:
    counted = {
        "class": Counter(line.type_code[:3] for line in lines),
        "year": Counter(str(line.year) for line in lines),
        "level": Counter(line.level for line in lines),
    }
    return {name: sorted(counter.items()) for name, counter in counted.items()}
