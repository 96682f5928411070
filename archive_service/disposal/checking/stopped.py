"""A check that stopped itself: what it would have queued, for the approver who is asked whether that can be right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from archive_service.catalog.tables import records
from archive_service.disposal.checking.check import RetentionCheck, to_be_queued
from archive_service.disposal.checking.confirming import confirmations
from archive_service.people.model import Person
from archive_service.people.policy import Action, Verdict, can, require


@dataclass(frozen=True)
class Group:
    """Records of one type that would be queued, and the first and last day on which they became due."""

    class_code: str
    type_code: str
    count: int
    first_due: date
    last_due: date


@dataclass(frozen=True)
class StoppedCheck:
    """A check that queued nothing: its row, what would be queued if it ran now, and whether the viewer may confirm it."""

    run: Any
    groups: tuple[Group, ...]
    confirm: Verdict
    confirmations: int

    @property
    def total(self) -> int:
        """How many records would be queued now."""
        return sum(group.count for group in self.groups)


def stopped_check(check: RetentionCheck, viewer: Person) -> StoppedCheck | None:
    """Return the last check if it stopped and still has something to queue, else ``None``."""
    require(viewer, Action.SEE_DISPOSAL)
    run = check.last_run()
    if run is None or run.state != "stopped":
        return None
    by_type = (records.c.class_code, records.c.type_code)
    wanted = (
        select(*by_type, func.count(), func.min(records.c.due_on), func.max(records.c.due_on))
        .where(*to_be_queued(check.clock.reading().now.astimezone(check.ledger.clock.zone).date()))
        .group_by(*by_type)
        .order_by(*by_type)
    )
    with check.ledger.read() as connection:
        groups = tuple(Group(*row) for row in connection.execute(wanted))
    given = confirmations(check.ledger, run.id)
    return StoppedCheck(run, groups, can(viewer, Action.APPROVE), given) if groups else None
