"""Calendar arithmetic of retention: from what day a period is counted, and on what day it is over.

Only civil dates are used, so neither time zones nor summer time can move a result. Whatever would pass the end of
the calendar (year 9999) has no result: None, never a date that is too early.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from enum import StrEnum
from typing import Final


class CountFrom(StrEnum):
    """From what the years are counted once the trigger has come: the end of its year, of its fiscal year, or itself."""

    YEAR = "year"
    FISCAL_YEAR = "fiscal_year"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Counting:
    """How a period is counted; ``month`` (1 to 12) is the one that a fiscal year ends with."""

    mode: CountFrom = CountFrom.YEAR
    month: int = 12

    def count(self, trigger_date: date, years: int) -> Count | None:
        """Count whole years; None when the calendar ends before the period does."""
        anchor = self._anchor(trigger_date)
        if anchor is None:
            return None
        last = add(anchor, Span(years=years))
        if self.mode is not CountFrom.DAY and last is not None:
            last = _month_end(last)
        if last is None or last == date.max:
            return None
        return Count(anchor + timedelta(days=1), last, last + timedelta(days=1))

    def _anchor(self, day: date) -> date | None:
        """Return the last day before the clock starts."""
        if self.mode is CountFrom.DAY:
            return day
        month = 12 if self.mode is CountFrom.YEAR else self.month
        year = day.year + (day.month > month)
        return _month_end(date(year, month, 1)) if year <= MAXYEAR else None


@dataclass(frozen=True, slots=True)
class Count:
    """When the clock starts 起算, the last day of keeping, and the day from which appraisal is due 可鉴定."""

    clock_start: date
    last_day: date
    due_on: date


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of calendar time, added to a trigger before counting begins; none of it is negative."""

    years: int = 0
    months: int = 0
    days: int = 0

    def __bool__(self) -> bool:
        return bool(self.years or self.months or self.days)


BY_YEAR: Final = Counting()
NO_SPAN: Final = Span()


def add(day: date, span: Span) -> date | None:
    """Add years and months, then days; None beyond the calendar.

    A month without such a day ends the stretch on its own last day (31 January and a month: 28 or 29 February), as
    article 202 of the Civil Code of the PRC (2020) has it; the day that starts a stretch is not itself counted
    (article 201).
    """
    months = day.year * 12 + day.month - 1 + span.years * 12 + span.months
    year, month = divmod(months, 12)
    if year > MAXYEAR:
        return None
    moved = date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
    room = (date.max - moved).days
    return moved + timedelta(days=span.days) if span.days <= room else None


def count_years(trigger_date: date, years: int) -> Count | None:
    """Count whole years from 1 January after the trigger date; None when the calendar (year 9999) ends before.

    A period counted from the document date itself would end up to a year early: that classic fault is what
    the start on the next 1 January prevents.
    """
    return BY_YEAR.count(trigger_date, years)


def end_of_year(day: date) -> date:
    """Return 31 December of the year of a date."""
    return date(day.year, 12, 31)


def _month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
