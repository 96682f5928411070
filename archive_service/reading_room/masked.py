"""Masked entries: of a level that is marked discoverable, that a record with this code is kept, and nothing else of it.

It exists so that access can be asked for. It is found by its whole archival code alone: were it found by words, whoever
searches could learn its text word by word.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from archive_service.audit.ledger import Ledger
from archive_service.catalog.codes.text import normalise_code
from archive_service.catalog.tables import ARCHIVED, records
from archive_service.people.model import Person
from archive_service.people.policy import Action, can, visible

LONGEST_CODE = 200


@dataclass(frozen=True)
class Masked:
    """What may be known of a record that one may not see."""

    code: str
    level: str


@dataclass(frozen=True)
class MaskedEntries:
    """Finds masked entries; ``discoverable`` are the levels that have any."""

    ledger: Ledger
    discoverable: frozenset[str]

    def find(self, actor: Person, typed: str) -> Masked | None:
        """Return the masked entry of a code, typed in any form, for one who may ask for access and does not see the record."""
        code = normalise_code(typed)
        if not self.discoverable or not code.isprintable() or len(code) > LONGEST_CODE:
            return None
        if not can(actor, Action.ASK_ACCESS).allowed:
            return None
        hidden = ~visible(actor, records.c.level, records.c.id, at=self.ledger.clock.stamp())
        wanted = select(records.c.code, records.c.level).where(
            records.c.code == code,
            records.c.level.in_(sorted(self.discoverable)),
            records.c.status == ARCHIVED,
            hidden,
        )
        with self.ledger.read() as connection:
            row = connection.execute(wanted).one_or_none()
        return Masked(row.code, row.level) if row else None
