"""How much of the catalogue a person sees, told without counting all of it: up to a bound, in the order of an index.

A count that stands beside a name is there to choose by; beyond a thousand it says "more than", and costs what a
thousand cost, however many there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal, select

from archive_service.audit.ledger import Ledger
from archive_service.catalog.tables import DESTROYING, case_files, fonds, records
from archive_service.people.model import Person
from archive_service.people.policy import Action, require
from archive_service.people.tables import grants, shows_the_record

MOST = 1000
"""What is counted beside a name; beyond it stands a plus."""

HOLDINGS = 100_000
"""What is counted of everything together."""

PAGE = 50


@dataclass(frozen=True)
class Bounded:
    """A number, or the bound that it is beyond."""

    number: int
    more: bool = False

    def __str__(self) -> str:
        return f"{self.number:,}{'+' if self.more else ''}"


@dataclass(frozen=True)
class Value:
    """A value that the catalogue can be browsed by, with how many visible records have it."""

    key: str
    name: str
    count: Bounded


@dataclass(frozen=True)
class Counting:
    """Counts what a person sees, up to a bound."""

    ledger: Ledger

    def tree(self, person: Person, classes: Sequence[str], types: Sequence[str]) -> dict[str, Bounded]:
        """Return how many visible records some classes and types hold, by their codes; the two kinds share no code."""
        require(person, Action.BROWSE)
        named = [(code, records.c.class_code == code) for code in classes]
        named += [(code, records.c.type_code == code) for code in types]
        with self.ledger.read() as connection:
            return self._counts(connection, person, named)

    def holdings(self, person: Person) -> Bounded:
        """Return how many records the person sees in all."""
        require(person, Action.BROWSE)
        with self.ledger.read() as connection:
            return self._counts(connection, person, [("", literal(True))], HOLDINGS)[""]

    def case_files(self, person: Person) -> int:
        """Return how many case files there are; every one who browses sees them all."""
        require(person, Action.BROWSE)
        with self.ledger.read() as connection:
            return connection.execute(select(func.count()).select_from(case_files)).scalar_one()

    def years(self, person: Person) -> list[Value]:
        """Return the years of visible records, the newest first."""
        require(person, Action.BROWSE)
        with self.ledger.read() as connection:
            found = sorted(set(self._years(connection, person)), reverse=True)
            counts = self._counts(connection, person, [(str(year), records.c.year == year) for year in found])
        return [Value(str(year), str(year), counts[str(year)]) for year in found]

    def fonds(self, person: Person) -> list[Value]:
        """Return every fonds, by number."""
        require(person, Action.BROWSE)
        with self.ledger.read() as connection:
            rows = connection.execute(select(fonds).order_by(fonds.c.fonds_no)).all()
            counts = self._counts(connection, person, [(row.id, records.c.fonds_id == row.id) for row in rows])
        return [Value(row.fonds_no, row.name_zh, counts[row.id]) for row in rows]

    def enterprises(self, person: Person, after: str = "", limit: int = PAGE) -> list[Value]:
        """Return enterprises that case files are about, by name, from behind ``after`` on."""
        require(person, Action.BROWSE)
        name = case_files.c.enterprise
        query = select(name).where(name > after, name != "").distinct().order_by(name).limit(limit)
        with self.ledger.read() as connection:
            names = connection.execute(query).scalars().all()
            counts = self._counts(
                connection,
                person,
                [(one, records.c.case_id.in_(_cases_of(connection, one))) for one in names],
                level=func.coalesce(records.c.level, ""),  # no index is on this, so that the one on case files is taken
            )
        return [Value(one, one, counts[one]) for one in names]

    def inspections(self, person: Person, after: str = "", limit: int = PAGE) -> list[Value]:
        """Return case files, by number backwards, from behind ``after`` on."""
        require(person, Action.BROWSE)
        query = select(case_files).order_by(case_files.c.case_no.desc()).limit(limit)
        if after:
            query = query.where(case_files.c.case_no < after)
        with self.ledger.read() as connection:
            rows = connection.execute(query).all()
            counts = self._counts(connection, person, [(row.id, records.c.case_id == row.id) for row in rows])
        return [Value(row.case_no, row.title, counts[row.id]) for row in rows]

    def _years(self, connection: Connection, person: Person) -> Iterator[int]:
        """Jump from year to year through an index, level by level; nothing between is read."""
        for level in sorted(person.clearance):
            year: int | None = -1
            seen = (records.c.level == level, records.c.status != DESTROYING)
            while year is not None:
                wanted = select(records.c.year).where(*seen, records.c.year > year).order_by(records.c.year).limit(1)
                year = connection.execute(wanted).scalar_one_or_none()
                if year is not None:
                    yield year
        yield from connection.execute(self._by_leave(person, records.c.year)).scalars()

    def _counts(
        self,
        connection: Connection,
        person: Person,
        named: Sequence[tuple[str, ColumnElement[bool]]],
        most: int | None = None,
        level: ColumnElement[Any] = records.c.level,
    ) -> dict[str, Bounded]:
        """Count, for each name, what the person is cleared for up to the bound, and what is open to them by leave."""
        cleared = (level.in_(sorted(person.clearance)), records.c.status != DESTROYING)
        most = MOST if most is None else most
        found = {}
        for key, condition in named:
            some = select(literal(1).label("one")).where(condition, *cleared).limit(most + 1).subquery()
            number = connection.execute(select(func.count()).select_from(some)).scalar_one()
            if number <= most and person.grants:
                number += len(connection.execute(self._by_leave(person, records.c.id).where(condition)).all())
            found[key] = Bounded(min(number, most), number > most)
        return found

    def _by_leave(self, person: Person, column: ColumnElement[Any]) -> Any:
        """Select of the records that the person sees by leave alone."""
        alive = (
            grants.c.person_id == person.id,
            grants.c.revoked_at.is_(None),
            grants.c.until > self.ledger.clock.stamp(),
            grants.c.level == records.c.level,
            shows_the_record(),
        )
        beyond = (records.c.level.not_in(sorted(person.clearance)), records.c.status != DESTROYING)
        return select(column).join(grants, grants.c.record_id == records.c.id).where(*alive, *beyond).distinct()


def _cases_of(connection: Connection, enterprise: str) -> Sequence[str]:
    """Return the ids of an enterprise's case files: an enterprise has few."""
    return connection.execute(select(case_files.c.id).where(case_files.c.enterprise == enterprise)).scalars().all()
