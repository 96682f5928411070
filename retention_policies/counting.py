"""Calendar arithmetic of retention: the clock starts on 1 January after the trigger, and ends with a year.

Only civil dates are used, so neither time zones nor summer time nor leap days can move a result.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import MAXYEAR, date


@dataclass(frozen=True, slots=True)
class Count:
    """When the clock starts 起算, the last day of keeping, and the day from which appraisal is due 可鉴定."""

    clock_start: date
    last_day: date
    due_on: date


def count_years(trigger_date: date, years: int) -> Count | None:
    """Count whole years from 1 January after the trigger date; None when the calendar (year 9999) ends before.

    A period counted from the document date itself would end up to a year early: that classic fault is what
    the start on the next 1 January prevents.
    """
    due_year = trigger_date.year + years + 1
    if due_year > MAXYEAR:
        return None
    return Count(
        clock_start=date(trigger_date.year + 1, 1, 1),
        last_day=date(due_year - 1, 12, 31),
        due_on=date(due_year, 1, 1),
    )


def end_of_year(day: date) -> date:
    """Return 31 December of the year of a date."""
    return date(day.year, 12, 31)
