"""How long a list has waited: a deadline only reminds, twice the time escalates, and neither ever decides anything."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from archive_service.clock import from_stamp
from archive_service.people.policy import Action


@dataclass(frozen=True)
class Turns:
    """For each step the number of lists that wait for it, and how many of these wait longer than the deadline.

    ``unsigned`` are finished destructions that the viewer supervised and has not signed for yet.
    """

    waiting: Counter[Action] = field(default_factory=Counter)
    late: Counter[Action] = field(default_factory=Counter)
    unsigned: int = 0


def waiting_since(row: Any) -> datetime:
    """Return since when a list waits: since it was submitted, before that since it was drawn up."""
    return from_stamp(row.submitted_at or row.drawn_up_at)


def deadlines_passed(row: Any, now: datetime, deadline_days: int) -> int:
    """Return how many times over the deadline a list has waited: at one it is late, from two on it is escalated."""
    return (now - waiting_since(row)) // timedelta(days=deadline_days)
