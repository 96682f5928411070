"""Bringing together what a four-property check looks at: the record, its files, its log, its numbers, its copies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from archive_service.audit.tables import entries
from archive_service.catalog.classification.schedules import Schedules
from archive_service.catalog.descriptions import describe
from archive_service.catalog.keeping.copy_rows import GOOD, WANTED, WRITTEN
from archive_service.catalog.model import Description
from archive_service.catalog.properties.subject import Alike, Copied, Subject
from archive_service.catalog.records.due import decide_row
from archive_service.catalog.tables import (
    ARCHIVED,
    components,
    copies,
    index_states,
    records,
    reserved_numbers,
    void_numbers,
)
from archive_service.errors import ArchiveError, Text
from archive_service.people.model import OPEN_LEVELS
from archive_service.vault import Vault

NEAR = 100
"""Sealed descriptions of one day that are opened to be compared: more say nothing that a person could look through."""


def gather(connection: Connection, vault: Vault, schedules: Schedules, row: Mapping[Any, Any], today: date) -> Subject:
    """Return everything about a record that a check looks at."""
    said = describe(vault, row)
    files = connection.execute(
        select(components)
        .where(components.c.record_id == row["id"], components.c.role.in_(("original", "attachment")))
        .order_by(components.c.position)
    ).all()
    done = connection.execute(
        select(entries.c.act).where(entries.c.object_type == "record", entries.c.object_id == row["id"])
    ).scalars()
    state = connection.execute(select(index_states).where(index_states.c.record_id == row["id"])).one_or_none()
    missing, voids = _numbers(connection, row)
    return Subject(
        row=row,
        said=said,
        files=files,
        due_now=decide_row(connection, schedules, row, today).due_on,
        acts=frozenset(done),
        filer=row["filed_by"],
        missing_numbers=missing,
        voids=voids,
        known_type=row["type_code"] in schedules.plan.types,
        same_code=_bearers(connection, row["code"]),
        unlisted=len(set(vault.keys_of(row["id"])) - _entered(connection, row["id"])),
        index_state=state.state if state else "",
        index_reason=Text(state.reason_zh, state.reason_en) if state else Text("", ""),
        copies=_copies(connection, row["id"]),
        alike=_alike(connection, vault, row, said),
        today=today,
    )


def _bearers(connection: Connection, code: str) -> int:
    """Count what bears a code: records, those destroyed too, and void numbers."""
    return sum(
        connection.execute(select(func.count()).where(table.c.code == code)).scalar_one()
        for table in (records, void_numbers)
    )


def _entered(connection: Connection, record_id: str) -> set[str]:
    """Return the ids of all objects that a record has by its entry: its files, their text, and its capsule."""
    found = connection.execute(select(components.c.id).where(components.c.record_id == record_id)).scalars()
    return {record_id, *found}


def _numbers(connection: Connection, row: Mapping[Any, Any]) -> tuple[list[int], int]:
    """Return the numbers below a record's that no record, reservation or void ledger has, and how many are void."""
    there: set[int] = set()
    voids = 0
    for table in (records, reserved_numbers, void_numbers):
        same = (table.c.scheme == row["scheme"], table.c.scope == row["scope"], table.c.number <= row["number"])
        found = connection.execute(select(table.c.number).where(*same)).scalars().all()
        voids = len(found)  # of the last table
        there.update(found)
    return [one for one in range(1, row["number"] + 1) if one not in there], voids


def _copies(connection: Connection, record_id: str) -> Copied:
    rows = connection.execute(
        select(copies.c.state, func.count(), func.min(copies.c.checked_at))
        .where(copies.c.record_id == record_id)
        .group_by(copies.c.state)
    ).all()
    good = sum(count for state, count, _ in rows if state in (GOOD, WRITTEN))
    bad = sum(count for state, count, _ in rows if state not in (GOOD, WRITTEN, WANTED))
    checked = [oldest for state, _, oldest in rows if state in (GOOD, WRITTEN)]
    never = sum(1 for oldest in checked if not oldest)
    return Copied(good, bad, never, min((one for one in checked if one), default=""))


def _alike(connection: Connection, vault: Vault, row: Mapping[Any, Any], said: Description) -> Alike:
    """Look for another record of the same level that says the same of itself; other levels are nobody's business here."""
    others = (records.c.id != row["id"], records.c.level == row["level"], records.c.status == ARCHIVED)
    same_day = records.c.document_date == row["document_date"]
    if row["level"] in OPEN_LEVELS:
        titled = select(records.c.id).where(*others, same_day, records.c.title == said.title)
        numbered = select(records.c.id).where(
            *others, records.c.document_no == said.document_no, records.c.author == said.author
        )
        return Alike(
            bool(said.document_no and said.author) and connection.execute(numbered.limit(1)).first() is not None,
            connection.execute(titled.limit(1)).first() is not None,
        )
    near = [
        _opened(vault, one)
        for one in connection.execute(select(records).where(*others, same_day).limit(NEAR)).mappings()
    ]
    return Alike(
        bool(said.document_no and said.author)
        and any((one.document_no, one.author) == (said.document_no, said.author) for one in near),
        any(one.title == said.title for one in near),
    )


def _opened(vault: Vault, row: Mapping[Any, Any]) -> Description:
    try:
        return describe(vault, row)
    except ArchiveError:  # another record that cannot be read is found by its own check
        return Description("")
