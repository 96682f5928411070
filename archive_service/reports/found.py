"""The list of what a search found, as a register to be saved: the same records that the person sees, and no more."""

from __future__ import annotations

from archive_service.audit import acts
from archive_service.errors import Text
from archive_service.people.model import LEVEL_WORDS, Person
from archive_service.reports.catalogues import CODE, DATE, LEVEL, NUMBER, PERIOD, TITLE
from archive_service.reports.register import Column, Register
from archive_service.search.fields import SearchFilters
from archive_service.search.service import Search

MOST_ROWS = 10_000
TYPE = Column(Text("类型", "Type"), 16)


def found_register(
    search: Search,
    actor: Person,
    asked: str,
    filters: SearchFilters,
    unit: Text,
    language: str,
    *,
    newest_first: bool = False,
) -> Register:
    """Draw up what the search finds now, in its order; the log notes who took how many rows, not what was asked."""
    found = search.find(actor, asked, filters, limit=MOST_ROWS, newest_first=newest_first, passages=False)
    rows = [
        (
            number,
            hit.line.code,
            hit.line.title,
            hit.line.type_name.in_language(language),
            hit.line.document_date,
            LEVEL_WORDS[hit.line.level].in_language(language),
            hit.line.period,
        )
        for number, hit in enumerate(found.hits, 1)
    ]
    search.ledger.note(actor.id, acts.REGISTER_WRITTEN, "register", "search", rows=len(rows))
    cut = Text(
        f"共 {found.total} 件，所列为前 {len(rows)} 件。", f"{found.total} found; the first {len(rows)} are listed."
    )
    return Register(
        title=Text("检索结果", "Search results").in_language(language),
        unit=unit.in_language(language),
        drawn_up_on=search.ledger.clock.today().isoformat(),
        fields=[(Text("检索词", "Asked for").in_language(language), asked)],
        columns=(NUMBER, CODE, TITLE, TYPE, DATE, LEVEL, PERIOD),
        rows=rows,
        note=cut.in_language(language),
        language=language,
    )
