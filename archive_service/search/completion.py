"""Completing what is being typed: from titles and enterprises of records that the person sees at this moment.

Only open levels have words in the catalogue; of the others nothing is offered to anybody.
"""

from __future__ import annotations

from sqlalchemy import select

from archive_service.catalog.records.browse import Catalogue
from archive_service.catalog.tables import ARCHIVED, case_files, records
from archive_service.people.model import OPEN_LEVELS, Person
from archive_service.people.policy import Action, require

MOST, LONGEST, SHORTEST = 8, 100, 2
LOOKED_AT = 40


def completions(catalogue: Catalogue, actor: Person, typed: str) -> list[str]:
    """Return what a person may be about to type, the newest records first; nothing for less than two characters."""
    require(actor, Action.SEARCH)
    begun = " ".join(typed.split())
    if not SHORTEST <= len(begun) <= LONGEST or not begun.isprintable():
        return []
    seen = catalogue.seen_by(actor) & (records.c.status == ARCHIVED) & records.c.level.in_(OPEN_LEVELS)
    titles = select(records.c.title).where(seen, records.c.title.icontains(begun, autoescape=True))
    newest = titles.order_by(records.c.filed_at.desc(), records.c.id).limit(LOOKED_AT)
    shown = select(records.c.id).where(seen, records.c.case_id == case_files.c.id).correlate(case_files).exists()
    named = select(case_files.c.enterprise).where(case_files.c.enterprise.icontains(begun, autoescape=True), shown)
    with catalogue.ledger.read() as connection:
        found = list(connection.execute(named.distinct().order_by(case_files.c.enterprise).limit(MOST // 2)).scalars())
        found += connection.execute(newest).scalars()
    return list(dict.fromkeys(one[:LONGEST] for one in found if one))[:MOST]
