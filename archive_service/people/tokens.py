"""Tokens for programs: made by a person for a purpose and a time, shown once, kept as a digest, never wider than the person."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.clock import to_stamp
from archive_service.errors import BadInput, NotFound, Text
from archive_service.people.model import Person
from archive_service.people.rights import joined, split
from archive_service.people.service import person_from_row
from archive_service.people.tables import people, tokens

LONGEST_DAYS = 365
LONGEST_NAME = 60
PREFIX = "archive_"

READ, FILE, DISPOSE, AUDIT = "read", "file", "dispose", "audit"
SCOPES: dict[str, Text] = {
    READ: Text("检索与查看", "Search and show"),
    FILE: Text("归档与登记事件", "File records and events"),
    DISPOSE: Text("冻结与处置清册", "Holds and disposal lists"),
    AUDIT: Text("核验日志", "Verify the log"),
}


@dataclass(frozen=True)
class Tokens:
    """Makes, checks and ends tokens."""

    ledger: Ledger

    def make(self, person: Person, name: str, scopes: frozenset[str], days: int) -> str:
        """Make a token and return it: the only time that it is seen."""
        plain = " ".join("".join(sign if sign.isprintable() else " " for sign in name).split())[:LONGEST_NAME]
        if not plain or not scopes or not scopes <= SCOPES.keys():
            raise BadInput("请填写名称，并至少选择一项范围。", "Please give a name and choose at least one scope.")
        if not 1 <= days <= LONGEST_DAYS:
            raise BadInput(f"有效期为 1 至 {LONGEST_DAYS} 天。", f"A token lasts 1 to {LONGEST_DAYS} days.")
        token, token_id = PREFIX + secrets.token_urlsafe(32), uuid.uuid4().hex
        with self.ledger.work(person.id) as work:
            row = {"id": token_id, "person_id": person.id, "name": plain, "digest": _digest(token)}
            until = to_stamp(self.ledger.clock.now() + timedelta(days=days))
            ends = {"scopes": joined(scopes), "created_at": work.at, "until": until, "revoked_at": None}
            work.insert(tokens, {**row, **ends})
            work.act(acts.TOKEN_MADE, "person", person.id, until=until)
            work.commit()
        return token

    def of(self, person: Person) -> Sequence[Any]:
        """Return a person's tokens that are alive; the tokens themselves are not kept."""
        alive = (
            (tokens.c.person_id == person.id)
            & tokens.c.revoked_at.is_(None)
            & (tokens.c.until > self.ledger.clock.stamp())
        )
        with self.ledger.read() as connection:
            return connection.execute(select(tokens).where(alive).order_by(tokens.c.created_at)).all()

    def revoke(self, person: Person, token_id: str) -> None:
        """End one of one's own tokens."""
        with self.ledger.work(person.id) as work:
            mine = (tokens.c.person_id == person.id, tokens.c.revoked_at.is_(None))
            if not work.update(tokens, token_id, {"revoked_at": work.at}, *mine):
                raise NotFound("没有这个令牌，或已失效。", "There is no such token, or it has ended.")
            work.act(acts.TOKEN_REVOKED, "person", person.id)
            work.commit()

    def person(self, token: str) -> tuple[Person, frozenset[str]] | None:
        """Return whose token this is, with the rights of this moment, and its scopes; ``None`` when it has ended."""
        at = self.ledger.clock.stamp()
        with self.ledger.read() as connection:
            row = connection.execute(
                select(people, tokens.c.scopes)
                .join(tokens, tokens.c.person_id == people.c.id)
                .where(
                    tokens.c.digest == _digest(token),
                    tokens.c.revoked_at.is_(None),
                    tokens.c.until > at,
                    people.c.disabled_at.is_(None),
                )
            ).one_or_none()
            if row is None or row.must_change:
                return None
            return person_from_row(connection, row, at), split(row.scopes)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
