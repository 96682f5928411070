"""What of a record, and of what was done, may be shown on the desk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, or_, select

from archive_service.audit.tables import entries
from archive_service.catalog.tables import records
from archive_service.disposal.tables import candidates
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, can, visible

WORDS = ("title", "author", "document_no", "note", "sealed_description")


@dataclass(frozen=True)
class Done:
    """One act that the log bears: its number, instant, person (by id; nobody is the service), name and detail."""

    seq: int
    at: str
    person_id: str | None
    act: str
    detail: Mapping[str, Any]


def shown(viewer: Person, record: Mapping[str, Any], at: str) -> tuple[Mapping[str, Any], bool]:
    """Return a record as the viewer may see it, its words taken out otherwise, and whether they were left in."""
    if can(viewer, Action.SEE_RECORD, Thing(level=record["level"], record_id=record["id"]), at=at).allowed:
        return dict(record), True
    return {**record, **dict.fromkeys(WORDS)}, False


def known(viewer: Person, at: str) -> ColumnElement[bool]:
    """Return the SQL condition that a viewer may know of a row of ``record``.

    It is one that the viewer sees, or one that has been on the disposal desk: whoever works there knows its code.
    """
    on_desk = exists(select(candidates.c.id).where(candidates.c.record_id == records.c.id).correlate(records))
    return or_(visible(viewer, records.c.level, records.c.id, at=at), on_desk)


def done_with(connection: Connection, object_type: str, object_id: str) -> tuple[Done, ...]:
    """Return what the log says was done with a thing, the newest last."""
    found = connection.execute(
        select(entries)
        .where(entries.c.object_type == object_type, entries.c.object_id == object_id)
        .order_by(entries.c.seq)
    )
    return tuple(Done(row.seq, row.at, row.person_id, row.act, json.loads(row.body).get("detail", {})) for row in found)
