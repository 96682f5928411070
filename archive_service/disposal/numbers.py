"""Running numbers of lists and holds: from 1 in each year, without a gap, never twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Table, func, select
from sqlalchemy.exc import IntegrityError

T = TypeVar("T")
ATTEMPTS = 10


def next_number(connection: Connection, table: Table, year: int) -> int:
    """Return the number after the highest of a year; rows are never removed, so there is no gap."""
    last = connection.execute(select(func.max(table.c.number)).where(table.c.year == year)).scalar_one()
    return int(last or 0) + 1


def numbered(attempt: Callable[[], T]) -> T:
    """Run a transaction that takes a number; when another took the same one first, run it again."""
    for _ in range(ATTEMPTS - 1):
        try:
            return attempt()
        except IntegrityError:
            continue
    return attempt()
