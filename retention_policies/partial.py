"""Dates of which the day, or the month too, is unknown: ``1998-05-00``, ``1998-00-00``.

Old papers bear such dates. They are counted from the latest day that they can mean, so that not knowing never
brings the end of a period forward.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime

from retention_policies.text import FactsError

_WRITTEN = re.compile(r"(\d{4})(?:-?(\d{2})(?:-?(\d{2}))?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A year, or a year and a month. Raises :class:`FactsError` for what no calendar has."""

    year: int
    month: int | None = None

    def __post_init__(self) -> None:
        month_good = self.month is None or (type(self.month) is int and 1 <= self.month <= 12)
        if type(self.year) is not int or not 1 <= self.year <= MAXYEAR or not month_good:
            raise FactsError(
                f"不是年份或年月：{self.year!r}-{self.month!r}", f"No year or month: {self.year!r}-{self.month!r}"
            )

    @property
    def latest(self) -> date:
        """The latest day that it can mean."""
        month = self.month or 12
        return date(self.year, month, calendar.monthrange(self.year, month)[1])

    @property
    def earliest(self) -> date:
        """The earliest day that it can mean."""
        return date(self.year, self.month or 1, 1)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month or 0:02}-00"


def read_date(text: str) -> date | PartialDate:
    """Read ``1998-05-17``, ``19980517``, ``1998-05-00``, ``19980000``, ``1998-05`` or ``1998``.

    Raises :class:`FactsError` for anything else, a day without its month (``1998-00-17``) included.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise FactsError(f"不是日期：{text!r}", f"Not a date: {text!r}")
    year, month, day = (int(part or 0) for part in found.groups())
    if day:
        try:
            return date(year, month, day)
        except ValueError as error:
            raise FactsError(f"没有这一天：{text!r}", f"There is no such day: {text!r}") from error
    return PartialDate(year, month or None)


def latest_day(given: date | PartialDate) -> date:
    """Return the latest day that a date can mean."""
    return given.latest if isinstance(given, PartialDate) else given


def is_civil(given: object) -> bool:
    """Whether it is a date, whole or partial; an instant is none, for its civil day depends on a zone."""
    return isinstance(given, PartialDate) or (isinstance(given, date) and not isinstance(given, datetime))
