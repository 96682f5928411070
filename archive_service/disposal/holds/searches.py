"""Holds over a stored search: what matches now is held, and what matches later is caught too.

A search is asked of all records, whatever the person who placed the hold may see: a hold that passed over what its
placer is not cleared for would let that be destroyed. What it finds is written to the hold as single records, so that
everything that looks for holds sees it; nothing falls out of a hold again until the whole hold is released. Pages name
what was caught only to those who may see it (:mod:`archive_service.disposal.holds.views`).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.catalog.tables import ARCHIVED, DESTROYING, records
from archive_service.disposal.tables import hold_records, hold_scopes, holds

Finder = Callable[[str], Collection[str]]
"""Returns the ids of all records that match some words."""


@dataclass(frozen=True)
class HoldSearches:
    """Catches what stored searches of standing holds find."""

    ledger: Ledger
    find: Finder

    def catch(self) -> int:
        """Bring every record that a standing hold's search finds under that hold; return how many are new."""
        with self.ledger.read() as connection:
            wanted = select(hold_scopes.c.words, holds.c.id, holds.c.hold_no).join(
                holds, holds.c.id == hold_scopes.c.hold_id
            )
            standing = connection.execute(
                wanted.where(holds.c.released_at.is_(None), hold_scopes.c.words.is_not(None))
            ).all()
        return sum(self._catch(row) for row in standing)

    def _catch(self, row: Any) -> int:
        found = set(self.find(row.words))
        if not found:
            return 0
        with self.ledger.work(None) as work:
            # The hold's own row first: two that catch at once wait for each other here.
            alive = select(holds.c.id).where(holds.c.id == row.id, holds.c.released_at.is_(None)).with_for_update()
            if work.connection.execute(alive).first() is None:
                return 0
            known = select(hold_records.c.record_id).where(hold_records.c.hold_id == row.id)
            fresh = found - set(work.connection.execute(known).scalars())
            held = select(records.c.id).where(records.c.id.in_(fresh), records.c.status.in_((ARCHIVED, DESTROYING)))
            new = list(work.connection.execute(held.order_by(records.c.id).with_for_update()).scalars())
            if new:
                rows = [{"record_id": one, "case_id": None, "hold_id": row.id, "id": uuid.uuid4().hex} for one in new]
                work.insert_many(hold_records, rows)
                work.act(acts.HOLD_CAUGHT, "hold", row.id, hold_no=row.hold_no, records=new)
                work.commit()
        return len(new)
