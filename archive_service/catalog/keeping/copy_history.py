"""What was done with every copy: made, read and found good, locked. Damage and repair stand in the log itself.

A copy is read for decades. Good readings that follow each other by the same method become one row that says the
first, the last, and how many, so that the history stays short and says all the same that nothing was left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, bindparam, func, select

from archive_service.audit.ledger import Work
from archive_service.catalog.tables import copy_history

COPIED, CHECKED, LOCKED, HELD, LIFTED = "copied", "checked", "locked", "held", "lifted"
SWEEP, SAMPLE, WHOLE, FILED = "sweep", "sample", "whole", "filed"
"""Why a copy was read: its turn, by lot, because everything was, or because it had just been filed."""


def add(work: Work, rows: Sequence[Any], what: str, detail: str = "") -> None:
    """Add one thing to the history of some copies (rows of ``copies``), within the transaction that notes it."""
    if rows:
        work.connection.execute(copy_history.insert(), [_fresh(row, what, detail, work.at) for row in rows])


def add_readings(work: Work, rows: Sequence[Any], method_of: dict[tuple[str, str], str]) -> None:
    """Add good readings of some copies, each by its method; one that follows another of its kind is counted with it."""
    by_place: dict[str, list[Any]] = {}
    for row in rows:
        by_place.setdefault(row.place, []).append(row)
    fresh, again = [], []
    for place, some in by_place.items():
        last = _last(work, place, [row.name for row in some])
        for row in some:
            method = method_of.get((place, row.name), WHOLE)
            before = last.get(row.name)
            if before is not None and (before.what, before.detail) == (CHECKED, method):
                again.append({"one": before.id, "now": work.at})
            else:
                fresh.append(_fresh(row, CHECKED, method, work.at))
    if fresh:
        work.connection.execute(copy_history.insert(), fresh)
    if again:
        work.connection.execute(
            copy_history.update()
            .where(copy_history.c.id == bindparam("one"))
            .values(last_at=bindparam("now"), times=copy_history.c.times + 1),
            again,
        )


def remember(work: Work, told: Iterable[tuple[str, str, str, str, bool]]) -> int:
    """Add what the log tells of holds in the stores (time, record, place, name, whether set) and the history lacks; how many."""
    wanted = select(copy_history.c.at, copy_history.c.place, copy_history.c.name, copy_history.c.what)
    known = {tuple(row) for row in work.connection.execute(wanted.where(copy_history.c.what.in_((HELD, LIFTED))))}
    fresh = [
        {"record_id": record_id, "place": place, "name": name, "what": what, "detail": "", "at": at}
        for at, record_id, place, name, on in told
        if (at, place, name, what := HELD if on else LIFTED) not in known
    ]
    if fresh:
        rows = [{**one, "last_at": one["at"], "times": 1} for one in fresh]
        work.connection.execute(copy_history.insert(), rows)
    return len(fresh)


def still_held() -> Select[Any]:
    """Return the query for place and name of every copy that was held in its store when it was last heard of."""
    newest = (
        select(func.max(copy_history.c.id))
        .where(copy_history.c.what.in_((HELD, LIFTED)))
        .group_by(copy_history.c.place, copy_history.c.name)
    )
    wanted = select(copy_history.c.place, copy_history.c.name)
    return wanted.where(copy_history.c.id.in_(newest), copy_history.c.what == HELD)


def _last(work: Work, place: str, names: Sequence[str]) -> dict[str, Any]:
    newest = (
        select(func.max(copy_history.c.id))
        .where(copy_history.c.place == place, copy_history.c.name.in_(names))
        .group_by(copy_history.c.name)
    )
    found = work.connection.execute(select(copy_history).where(copy_history.c.id.in_(newest)))
    return {row.name: row for row in found}


def _fresh(row: Any, what: str, detail: str, at: str) -> dict[str, Any]:
    same = {"record_id": row.record_id, "place": row.place, "name": row.name}
    return {**same, "what": what, "detail": detail, "at": at, "last_at": at, "times": 1}
