"""What a capsule that was just written tells of its record's copies is noted: what there is, and where it must lie."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import select

from archive_service.audit.ledger import Work
from archive_service.catalog.keeping import known_stores
from archive_service.catalog.keeping.copy_rows import (
    CAPSULE_FORMAT,
    DAMAGED,
    MISSING,
    WANTED,
    WRITTEN,
    is_capsule,
    same,
)
from archive_service.catalog.tables import ARCHIVED, copies, records
from archive_service.vault import PRIMARY, Wanted

NAMES_IN_A_QUERY = 400


def note_written(work: Work, wanted: Collection[tuple[str, list[Wanted]]]) -> None:
    """Note, with a capsule that was just written, what its record consists of and where it must lie (record id, objects)."""
    alive = set(
        work.connection.execute(
            select(records.c.id).where(records.c.id.in_([one for one, _ in wanted]), records.c.status == ARCHIVED)
        ).scalars()
    )
    objects = {one.name: (record_id, one) for record_id, ones in wanted if record_id in alive for one in ones}
    names = sorted(objects)
    there: dict[tuple[str, str], Any] = {}
    for start in range(0, len(names), NAMES_IN_A_QUERY):
        some = names[start : start + NAMES_IN_A_QUERY]
        found = work.connection.execute(select(copies).where(copies.c.name.in_(some)))
        there.update({(row.place, row.name): row for row in found})
    fresh = []
    for name, (record_id, one) in objects.items():
        for place in sorted(one.places):
            row = there.get((place, name))
            written = place == PRIMARY
            values: dict[str, Any] = {
                "size": one.size,
                "sha256": one.sha256,
                "not_before": work.at,
                "attempts": 0,
                "trouble": None,
                "format": CAPSULE_FORMAT if is_capsule(name) else None,
            }
            state = {"state": WRITTEN if written else WANTED, "checked_at": ""}
            if row is None:
                fresh.append({"place": place, "name": name, "record_id": record_id, **values, **state})
            elif row.sha256 != one.sha256 or (written and row.state in (MISSING, DAMAGED) and is_capsule(name)):
                work.connection.execute(copies.update().where(same(row)).values(**values, **state))
            elif row.format != values["format"]:
                work.connection.execute(copies.update().where(same(row)).values(format=values["format"]))
    if fresh:
        known_stores.take_into_use(work, {row["place"] for row in fresh})
        work.connection.execute(copies.insert(), fresh)
