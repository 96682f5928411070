"""Drafts of requests: kept for their writer alone until they are handed in or thrown away; nobody is asked anything yet."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, select

from archive_service.audit.ledger import Ledger
from archive_service.catalog.names import one_line, several_lines
from archive_service.errors import Conflict, NotFound
from archive_service.people.model import EVERY_PERMISSION, Person
from archive_service.people.policy import Action, require
from archive_service.people.rights import joined
from archive_service.reading_room.tables import drafts

MOST = 20
LONGEST_CODES = 6000


@dataclass(frozen=True)
class Drafts:
    """Keeps what somebody has begun to write."""

    ledger: Ledger

    def save(
        self, actor: Person, codes: str, purpose: str, days: int | None, on_behalf: str, actions: Iterable[str]
    ) -> str:
        """Keep a draft as it is, complete or not; return its id."""
        require(actor, Action.ASK_ACCESS)
        row = {
            "id": uuid.uuid4().hex,
            "person_id": actor.id,
            "codes": several_lines(codes, "档号", "The codes", LONGEST_CODES),
            "purpose": several_lines(purpose, "利用目的", "The purpose", 500),
            "on_behalf": one_line(on_behalf, "单位或部门", "For whom", 200),
            "days": days,
            "actions": joined(frozenset(actions) & EVERY_PERMISSION),
        }
        with self.ledger.work(actor.id) as work:
            mine = select(func.count()).select_from(drafts).where(drafts.c.person_id == actor.id)
            if work.connection.execute(mine).scalar_one() >= MOST:
                raise Conflict(
                    f"草稿最多 {MOST} 份，请先删去不用的。", f"At most {MOST} drafts are kept; throw one away first."
                )
            work.connection.execute(insert(drafts).values(**row, saved_at=work.at))
            work.commit()
        return str(row["id"])

    def of(self, actor: Person) -> Sequence[Any]:
        """Return one's drafts, the newest first."""
        with self.ledger.read() as connection:
            mine = select(drafts).where(drafts.c.person_id == actor.id)
            return connection.execute(mine.order_by(drafts.c.saved_at.desc())).all()

    def one(self, actor: Person, draft_id: str) -> Any:
        """Return one of one's own drafts."""
        found = next((row for row in self.of(actor) if row.id == draft_id), None)
        if found is None:
            raise NotFound("没有这份草稿。", "There is no such draft.")
        return found

    def drop(self, actor: Person, draft_id: str) -> None:
        """Throw one of one's own drafts away; one that is gone already is gone."""
        with self.ledger.work(actor.id) as work:
            mine = (drafts.c.id == draft_id) & (drafts.c.person_id == actor.id)
            work.connection.execute(delete(drafts).where(mine))
            work.commit()
