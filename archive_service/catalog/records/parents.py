"""What a photograph or recording belongs to: a record named when it is filed, or else the papers of its case file.

A media item is kept as its main record (DOMAIN 3.3: ``PARENT``). One that names none but lies in a case file is
part of a mixed file 案卷, which is kept for the longest period of its items from the latest of their triggers.
Only an item with neither is kept by its own rule's *otherwise*.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from archive_service.audit.ledger import Work
from archive_service.catalog.classification.schedules import ScheduleVersions
from archive_service.catalog.codes.text import normalise_code
from archive_service.catalog.records.facts import facts_of, triggers_of_case
from archive_service.catalog.records.inherited import CasePaper
from archive_service.catalog.tables import ARCHIVED, DESTROYING, record_parents, records
from archive_service.errors import BadInput, Conflict, NotFound
from archive_service.people.model import Person
from archive_service.people.policy import visible
from retention_policies import Hold, Parent, Period, longest

HoldsOf = Callable[[Connection, Mapping[Any, Any]], Sequence[Hold]]
"""Looks up the holds of a record's row; the catalogue itself knows none."""


def inherits(schedules: ScheduleVersions, row: Mapping[Any, Any]) -> bool:
    """Say whether a record's rule takes its period from a parent."""
    return any(rule.inherits for rule in schedules.rules_of(row))


def parents_of(
    connection: Connection, schedules: ScheduleVersions, row: Mapping[Any, Any], holds_of: HoldsOf | None = None
) -> tuple[Parent, ...]:
    """Return the parents of a record whose rule inherits, as the retention rules want them; otherwise nothing.

    ``row`` is a row of ``record``, or the values of one about to be written: then with ``parent_id``.
    """
    if not inherits(schedules, row):
        return ()
    parent_id = row["parent_id"] if "parent_id" in row else parent_id_of(connection, row["id"])
    kind: type[Parent] = Parent
    if parent_id is not None:
        ids = [parent_id]
    else:
        kind = CasePaper
        ids = decisive_in_case(connection, schedules, row["case_id"]) if row["case_id"] else []
    found = connection.execute(select(records).where(records.c.id.in_(ids)).order_by(records.c.id)).mappings()
    return tuple(_parent(connection, schedules, kind, parent, holds_of) for parent in found)


def _parent(
    connection: Connection,
    schedules: ScheduleVersions,
    kind: type[Parent],
    row: Mapping[Any, Any],
    holds_of: HoldsOf | None,
) -> Parent:
    rules = schedules.rules_of(row)
    rule = replace(rules[0], also=(*rules[0].also, *rules[1:])) if rules[1:] else rules[0] if rules else None
    holds = holds_of(connection, row) if holds_of else ()
    return kind(rule, facts_of(row, triggers_of_case(connection, row["case_id"]), holds))


def parent_id_of(connection: Connection, record_id: str) -> str | None:
    """Return the id of the record that this one names as its parent."""
    return connection.execute(
        select(record_parents.c.parent_id).where(record_parents.c.record_id == record_id)
    ).scalar_one_or_none()


def decisive_in_case(connection: Connection, schedules: ScheduleVersions, case_id: str) -> list[str]:
    """Return the few papers of a case file that decide how long the whole is kept.

    A permanent one decides alone. Otherwise: one of the longest period, the one with the latest trigger, and one
    whose clock does not run yet, for it makes all wait.
    """
    papers = (records.c.case_id == case_id) & ~_inheriting(schedules)
    # The first by code of each period: which one decides is then the same whoever asks, and can be looked up.
    first = select(records.c.period, func.min(records.c.code).label("code")).where(papers)
    by_period = {row.period: row.code for row in connection.execute(first.group_by(records.c.period))}
    if not by_period:
        return []
    most = longest(*(Period.from_code(code) for code in by_period)).code
    codes = {by_period[most]}
    if most != "Y":
        latest = select(records.c.code).where(papers, records.c.due_on.is_not(None))
        waiting = select(records.c.code).where(papers, records.c.due_on.is_(None))
        for query in (latest.order_by(records.c.trigger_date.desc(), records.c.code), waiting.order_by(records.c.code)):
            codes.update(connection.execute(query.limit(1)).scalars())
    return sorted(connection.execute(select(records.c.id).where(records.c.code.in_(codes))).scalars())


def followers_of(connection: Connection, schedules: ScheduleVersions, rows: Iterable[Mapping[Any, Any]]) -> list[str]:
    """Return the records that may be kept otherwise because these have changed: what names them, and what follows their case files."""
    some = list(rows)
    named = select(record_parents.c.record_id).where(record_parents.c.parent_id.in_([row["id"] for row in some]))
    following = set(connection.execute(named).scalars())
    for case_id in sorted({row["case_id"] for row in some if row["case_id"]}):
        following.update(followers_in_case(connection, schedules, case_id))
    return sorted(following)


def followers_in_case(connection: Connection, schedules: ScheduleVersions, case_id: str) -> list[str]:
    """Return the records of a case file that follow it as a whole, because they name no parent of their own."""
    named = select(record_parents.c.record_id).where(record_parents.c.record_id == records.c.id).exists()
    wanted = select(records.c.id).where(
        records.c.case_id == case_id, records.c.status == ARCHIVED, _inheriting(schedules), ~named
    )
    return sorted(connection.execute(wanted).scalars())


def _inheriting(schedules: ScheduleVersions) -> ColumnElement[bool]:
    codes = {code for schedule in schedules.every() for code, rule in schedule.rules.items() if rule.inherits}
    return records.c.rule_code.in_(sorted(codes))


def find_parent(connection: Connection, schedules: ScheduleVersions, actor: Person, wanted: str, at: str) -> Any:
    """Return the row of the record that an archivist names as parent, by code or id, among those that he or she may see."""
    named = (records.c.code == normalise_code(wanted)) | (records.c.id == wanted.strip())
    seen = visible(actor, records.c.level, records.c.id, at=at) & (records.c.status != DESTROYING)
    row = connection.execute(select(records).where(named, seen)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"没有主件“{wanted}”。", f"There is no record {wanted!r} for this one to belong to.")
    _check(schedules, row)
    return row


def _check(schedules: ScheduleVersions, row: Mapping[Any, Any]) -> None:
    if row["status"] != ARCHIVED:
        raise Conflict(f"主件 {row['code']} 已不在库。", f"The main record {row['code']} is no longer held.")
    if inherits(schedules, row):
        raise BadInput(
            f"{row['code']} 自身也随主件保管，不能作主件；请填写它的主件。",
            f"{row['code']} is itself kept as another record; name that other record.",
        )


def lock_parent(connection: Connection, schedules: ScheduleVersions, parent_id: str) -> None:
    """Hold a parent as it is until the transaction ends, and look again whether it can still be one."""
    held = select(records).where(records.c.id == parent_id).with_for_update(read=True)
    _check(schedules, connection.execute(held).mappings().one())


def link(work: Work, record_id: str, parent_id: str, actor: Person) -> None:
    """Write down that a record belongs to another."""
    row = {"id": uuid.uuid4().hex, "record_id": record_id, "parent_id": parent_id}
    work.insert(record_parents, {**row, "linked_at": work.at, "linked_by": actor.id})
