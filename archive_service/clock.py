"""The clock that is handed in: nothing below ``app`` asks the machine for the time by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def utc_now() -> datetime:
    """Return the machine's time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Clock:
    """Tells the time of the archive: instants in UTC, civil dates in the archive's own zone."""

    zone: ZoneInfo
    source: Callable[[], datetime] = utc_now

    def now(self) -> datetime:
        """Return this instant, in UTC."""
        return self.source().astimezone(UTC)

    def today(self) -> date:
        """Return today's civil date in the archive's zone; retention compares dates, never instants."""
        return self.now().astimezone(self.zone).date()

    def stamp(self) -> str:
        """Return this instant as it is stored: ISO 8601 in UTC with microseconds, so text order is time order."""
        return to_stamp(self.now())


def to_stamp(moment: datetime) -> str:
    """Write an instant in the one form that the database holds (27 characters, ``...Z``)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_stamp(text: str) -> datetime:
    """Read an instant written by :func:`to_stamp`."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
