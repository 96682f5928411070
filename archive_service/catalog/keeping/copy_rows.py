"""Rows of copies: their states, and how they are found."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, select

from archive_service.audit.ledger import Work
from archive_service.catalog.tables import ARCHIVED, copies, outbox, records, scan_states
from archive_service.errors import Text
from archive_service.vault import PRIMARY, Wanted

WANTED, WRITTEN, GOOD, MISSING, DAMAGED = "wanted", "written", "good", "missing", "damaged"
UNDONE = (WANTED, MISSING, DAMAGED)
"""States that ask for a copy to be made."""

CAPSULE_FORMAT = 2
"""What a capsule tells: since 2 the catalogue's rows as they stand. Raised with every change, so that older ones are renewed."""


def forget(work: Work, record_id: str) -> None:
    """Take a destroyed record's copies out of what is watched, within the transaction that makes its stub."""
    work.connection.execute(copies.delete().where(copies.c.record_id == record_id))
    work.connection.execute(scan_states.delete().where(scan_states.c.record_id == record_id))


def object_words(name: str) -> Text:
    """Return what an object of a store is, for people."""
    return Text("封装说明", "Capsule") if is_capsule(name) else Text("封存文件", "Sealed file")


def is_capsule(name: str) -> bool:
    """Say whether an object of this name is a capsule."""
    return name.endswith("/capsule.json")


def earlier() -> Any:
    """Return the query for records in the archive whose capsule in the primary store is of an earlier version."""
    alive = select(records.c.id).where(records.c.id == copies.c.record_id, records.c.status == ARCHIVED)
    return select(copies.c.record_id).where(copies.c.place == PRIMARY, copies.c.format < CAPSULE_FORMAT, alive.exists())


def watched() -> Any:
    """Return a query for the rows of records that are in the archive and whose capsule is not being written."""
    pending = select(outbox.c.seq).where(outbox.c.topic == "capsule", outbox.c.record_id == copies.c.record_id)
    return select(copies).where(
        select(records.c.id).where(records.c.id == copies.c.record_id, records.c.status == ARCHIVED).exists(),
        ~and_(copies.c.name.endswith("capsule.json"), pending.exists()),
    )


def as_wanted(row: Any) -> Wanted:
    """Return what a row says must lie in its store."""
    return Wanted(row.name, row.size, row.sha256, frozenset({row.place}))


def same(row: Any) -> Any:
    """Return the condition for the row of the same copy, as it is now."""
    return at_place(row.place, row.name)


def at_place(place: str, name: str) -> Any:
    """Return the condition for the row of an object in a store."""
    return and_(copies.c.place == place, copies.c.name == name)


def fresh_row(like: Any, place: str, at: str) -> dict[str, Any]:
    """Return the values of a row that asks for a further copy of what another row tells."""
    return {
        "place": place,
        "name": like.name,
        "record_id": like.record_id,
        "size": like.size,
        "sha256": like.sha256,
        "state": WANTED,
        "checked_at": "",
        "attempts": 0,
        "not_before": at,
        "trouble": None,
        "format": like.format,
    }
