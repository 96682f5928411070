"""Lists of the catalogue saved under a name: one's own, and those that others share.

A view keeps what a list is narrowed to and no record, so whoever opens it sees what that person may see.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import or_, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.catalog.names import one_line
from archive_service.catalog.tables import saved_views
from archive_service.errors import BadInput, Conflict, NotFound
from archive_service.people.model import Person
from archive_service.people.policy import Action, require

MOST = 50
"""Views that one person keeps."""


@dataclass(frozen=True)
class SavedView:
    """A view: its name, what it narrows to, whose it is."""

    id: str
    name: str
    narrowed: Mapping[str, str]
    person_id: str
    shared: bool


@dataclass(frozen=True)
class SavedViews:
    """Keeps views."""

    ledger: Ledger

    def of(self, person: Person) -> list[SavedView]:
        """Return a person's own views and those that others share, by name."""
        require(person, Action.BROWSE)
        query = select(saved_views).where(
            saved_views.c.removed_at.is_(None), or_(saved_views.c.person_id == person.id, saved_views.c.shared)
        )
        with self.ledger.read() as connection:
            return [_view(row) for row in connection.execute(query.order_by(saved_views.c.name, saved_views.c.id))]

    def save(self, person: Person, name: str, narrowed: Mapping[str, str], *, shared: bool) -> None:
        """Save a view under a name; one's own view of that name is replaced."""
        require(person, Action.BROWSE)
        title = one_line(name, "名称", "The name", 60)
        query = urlencode({key: value for key, value in narrowed.items() if value})
        if not title or not query or len(query) > 500:
            raise BadInput(
                "请先筛选，再给视图起名（最多 60 字）。",
                "Narrow the list first, then give the view a name (at most 60 characters).",
            )
        own = select(saved_views).where(saved_views.c.person_id == person.id, saved_views.c.removed_at.is_(None))
        with self.ledger.work(person.id) as work:
            kept = work.connection.execute(own).all()
            same = next((row for row in kept if row.name == title), None)
            values = {"query": query, "shared": shared, "saved_at": work.at}
            if same is not None:
                view_id = same.id
                work.update(saved_views, view_id, values)
            elif len(kept) >= MOST:
                raise Conflict(f"每人最多 {MOST} 个视图，请先删去不用的。", f"At most {MOST} views; remove one first.")
            else:
                view_id = uuid.uuid4().hex
                identity = {"id": view_id, "person_id": person.id, "name": title, "removed_at": None}
                work.insert(saved_views, identity | values)
            work.act(acts.VIEW_SAVED, "view", view_id, shared=shared)
            work.commit()

    def remove(self, person: Person, view_id: str) -> None:
        """Remove one of one's own views."""
        require(person, Action.BROWSE)
        mine = (saved_views.c.person_id == person.id) & saved_views.c.removed_at.is_(None)
        with self.ledger.work(person.id) as work:
            found = select(saved_views.c.id).where(saved_views.c.id == view_id, mine)
            if work.connection.execute(found).first() is None:
                raise NotFound("没有这个视图，或不是您的。", "There is no such view of yours.")
            work.update(saved_views, view_id, {"removed_at": work.at})
            work.act(acts.VIEW_REMOVED, "view", view_id)
            work.commit()


def _view(row: Any) -> SavedView:
    return SavedView(row.id, row.name, dict(parse_qsl(row.query)), row.person_id, row.shared)
