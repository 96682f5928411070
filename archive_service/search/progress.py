"""How many of the records that a person sees still wait: for their text to be taken out, or for words in pictures."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import func, select

from archive_service.catalog.records.browse import Catalogue
from archive_service.catalog.tables import outbox, records, scan_states
from archive_service.people.model import SEARCHED_LEVELS, Person
from archive_service.search.outbox import INDEX
from archive_service.search.scans import SCAN


class Progress(NamedTuple):
    """Records without their text yet, records whose pictures are being read, and of those pages done and in all."""

    texts: int
    pictures: int
    done: int
    pages: int


def progress_of(catalogue: Catalogue, person: Person) -> Progress:
    """Count what waits among the records that a person sees at this moment."""
    seen = catalogue.seen_by(person) & records.c.level.in_(SEARCHED_LEVELS)
    number = func.count(func.distinct(outbox.c.record_id))
    waiting = select(number).select_from(outbox).join(records, records.c.id == outbox.c.record_id).where(seen)
    sums = select(func.coalesce(func.sum(scan_states.c.done), 0), func.coalesce(func.sum(scan_states.c.pages), 0))
    reading = (
        sums.select_from(scan_states)
        .join(records, records.c.id == scan_states.c.record_id)
        .where(seen, scan_states.c.record_id.in_(select(outbox.c.record_id).where(outbox.c.topic == SCAN)))
    )
    with catalogue.ledger.read() as connection:
        texts = connection.execute(waiting.where(outbox.c.topic == INDEX)).scalar_one()
        pictures = connection.execute(waiting.where(outbox.c.topic == SCAN)).scalar_one()
        done, pages = connection.execute(reading).one() if pictures else (0, 0)
    return Progress(texts, pictures, int(done), int(pages))
