"""What becomes due in the months to come, by class: how many records, what storage they free, what holds stand in the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from archive_service.audit.ledger import Ledger
from archive_service.catalog.tables import ARCHIVED, components, records
from archive_service.disposal.holds.holds import held
from archive_service.people.model import Person
from archive_service.people.policy import Action, require


@dataclass
class Ahead:
    """One class in one month (``2027-01``); ``size`` is of the sealed objects in every form, in bytes of one copy."""

    month: str
    class_code: str
    records: int = 0
    held: int = 0
    size: int = 0


def ahead(ledger: Ledger, viewer: Person, years: int) -> list[Ahead]:
    """Return what becomes due until the end of the year that lies so many years ahead; the overdue in its own month."""
    require(viewer, Action.SEE_DISPOSAL)
    horizon = date(min(ledger.clock.today().year + max(years, 0), 9998), 12, 31)
    by = records.c.due_on, records.c.class_code
    due = records.c.status == ARCHIVED, records.c.due_on <= horizon
    found: dict[tuple[str, str], Ahead] = {}

    def cell(due_on: date, class_code: str) -> Ahead:
        month = due_on.strftime("%Y-%m")
        return found.setdefault((month, class_code), Ahead(month, class_code))

    sizes = select(*by, func.sum(components.c.sealed_size)).join(components, components.c.record_id == records.c.id)
    with ledger.read() as connection:
        for due_on, class_code, count in connection.execute(select(*by, func.count()).where(*due).group_by(*by)):
            cell(due_on, class_code).records += count
        in_the_way = select(*by, func.count()).where(*due, held()).group_by(*by)
        for due_on, class_code, count in connection.execute(in_the_way):
            cell(due_on, class_code).held += count
        for due_on, class_code, size in connection.execute(sizes.where(*due).group_by(*by)):
            cell(due_on, class_code).size += int(size or 0)
    return [found[key] for key in sorted(found)]
