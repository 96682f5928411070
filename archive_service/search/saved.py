"""Searches that a person keeps, and what is new among their hits since the person last looked.

Rights are those of the moment of looking: what may no longer be seen is in no list and no count, and what may be seen
by now is new. The words asked for and the records seen lie sealed; a notice says only that there is something new.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from archive_service.audit.ledger import Ledger
from archive_service.catalog.names import one_line
from archive_service.catalog.records.browse import Line
from archive_service.errors import ArchiveError, BadInput, Conflict, NotFound
from archive_service.people.model import Person
from archive_service.people.policy import Action, can, require
from archive_service.people.service import person_from_row
from archive_service.people.tables import people
from archive_service.people.telling import reference_of, tell
from archive_service.search.fields import SearchFilters, read_day
from archive_service.search.service import Search
from archive_service.search.tables import saved_searches
from archive_service.vault import Secrets

MOST = 30
"""Searches that one person keeps."""
MOST_HITS = 5000
SHOWN = 10


@dataclass(frozen=True)
class Saved:
    """A kept search: its name, what it asks, how many hits there are now, how many are new, and the first of those."""

    id: str
    name: str
    wanted: Mapping[str, str]
    total: int
    new: int
    lines: Sequence[Line]


@dataclass(frozen=True)
class SavedSearches:
    """Keeps searches."""

    ledger: Ledger
    search: Search
    secrets: Secrets

    def of(self, actor: Person) -> list[Saved]:
        """Return a person's searches, by name, each asked anew."""
        require(actor, Action.SEARCH)
        return sorted((self._shown(actor, row) for row in self._rows(actor)), key=lambda one: (one.name, one.id))

    def save(self, actor: Person, name: str, wanted: Mapping[str, str]) -> str:
        """Keep a search under a name; what it finds now counts as seen. One's own of that name is replaced."""
        require(actor, Action.SEARCH)
        title = one_line(name, "名称", "The name", 60)
        kept = {key: value[:500] for key, value in wanted.items() if value}
        if not title or not kept.get("q"):
            raise BadInput("请先检索，再起名保存。", "Search first, then give the search a name.")
        ids = self._ids(actor, kept)
        if len(ids) > MOST_HITS:
            raise Conflict(
                f"结果超过 {MOST_HITS} 件，请加条件后再保存。",
                f"It finds more than {MOST_HITS} records; narrow it first.",
            )
        same = next((one.id for one in self.of(actor) if one.name == title), None)
        search_id = uuid.uuid4().hex
        with self.ledger.work(actor.id) as work:
            if same:
                work.connection.execute(delete(saved_searches).where(saved_searches.c.id == same))
            mine = select(func.count()).select_from(saved_searches).where(saved_searches.c.person_id == actor.id)
            if work.connection.execute(mine).scalar_one() >= MOST:
                raise Conflict(f"每人最多保存 {MOST} 个检索。", f"At most {MOST} searches are kept; remove one first.")
            row = {"id": search_id, "person_id": actor.id, "saved_at": work.at, "looked_at": work.at, "told_at": None}
            asked = self._sealed(search_id, {"name": title, "wanted": kept})
            seen = self._sealed(search_id, ids)
            work.connection.execute(insert(saved_searches).values(**row, sealed_asked=asked, sealed_seen=seen))
            work.commit()
        return search_id

    def look(self, actor: Person, search_id: str) -> None:
        """Take everything that a search finds now as seen."""
        row = self._own(actor, search_id)
        ids = self._ids(actor, self._opened(row, row.sealed_asked)["wanted"])[:MOST_HITS]
        with self.ledger.work(actor.id) as work:
            values = {"sealed_seen": self._sealed(search_id, ids), "looked_at": work.at, "told_at": None}
            work.connection.execute(update(saved_searches).where(saved_searches.c.id == search_id).values(**values))
            work.commit()

    def remove(self, actor: Person, search_id: str) -> None:
        """Forget one of one's own searches."""
        self._own(actor, search_id)
        with self.ledger.work(actor.id) as work:
            work.connection.execute(delete(saved_searches).where(saved_searches.c.id == search_id))
            work.commit()

    def tell_news(self) -> int:
        """Tell people, once until they look, that a search of theirs has something new; return how many were told."""
        told = 0
        with self.ledger.read() as connection:
            waiting = select(saved_searches).where(saved_searches.c.told_at.is_(None))
            rows = connection.execute(waiting.order_by(saved_searches.c.id)).all()
        for row in rows:
            person = self._person(row.person_id)
            if not can(person, Action.SEARCH).allowed:
                continue
            try:
                new = self._shown(person, row).new
            except ArchiveError:  # an index that cannot be asked now is asked the next time
                continue
            if new:
                with self.ledger.work(None) as work:
                    mine = saved_searches.c.id == row.id
                    work.connection.execute(update(saved_searches).where(mine).values(told_at=work.at))
                    tell(work, [person.id], "search_news", row.id, reference_of(row.id))
                    work.commit()
                told += 1
        return told

    def _person(self, person_id: str) -> Person:
        with self.ledger.read() as connection:
            row = connection.execute(select(people).where(people.c.id == person_id)).one()
            return person_from_row(connection, row, self.ledger.clock.stamp())

    def _shown(self, actor: Person, row: Any) -> Saved:
        asked = self._opened(row, row.sealed_asked)
        seen = set(self._opened(row, row.sealed_seen))
        ids = self._ids(actor, asked["wanted"])
        new = [one for one in ids if one not in seen]
        lines = self.search.catalogue.by_ids(actor, new[:SHOWN])
        shown = [lines[one] for one in new[:SHOWN] if one in lines]
        return Saved(row.id, asked["name"], asked["wanted"], len(ids), len(new), shown)

    def _ids(self, actor: Person, wanted: Mapping[str, str]) -> list[str]:
        return self.search.ids(actor, wanted["q"], filters_of(wanted))

    def _rows(self, actor: Person) -> Sequence[Any]:
        with self.ledger.read() as connection:
            mine = select(saved_searches).where(saved_searches.c.person_id == actor.id)
            return connection.execute(mine).all()

    def _own(self, actor: Person, search_id: str) -> Any:
        require(actor, Action.SEARCH)
        found = next((row for row in self._rows(actor) if row.id == search_id), None)
        if found is None:
            raise NotFound("没有这个检索，或不是您的。", "There is no such search of yours.")
        return found

    def _sealed(self, search_id: str, said: Any) -> bytes:
        return self.secrets.seal(json.dumps(said, ensure_ascii=False).encode(), f"search/{search_id}")

    def _opened(self, row: Any, sealed: Any) -> Any:
        return json.loads(self.secrets.open(bytes(sealed), f"search/{row.id}"))


def filters_of(wanted: Mapping[str, str]) -> SearchFilters:
    """Read filters as an address holds them; what cannot be read narrows nothing."""
    year = wanted.get("year", "")
    return SearchFilters(
        class_code=wanted.get("class", ""),
        type_code=wanted.get("type", ""),
        year=int(year) if year.isascii() and year.isdigit() else None,
        level=wanted.get("level", ""),
        enterprise=wanted.get("enterprise", ""),
        code=wanted.get("code", ""),
        before=read_day(wanted.get("before", "")),
        after=read_day(wanted.get("after", "")),
    )
