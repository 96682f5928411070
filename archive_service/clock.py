"""The clock that is handed in: nothing below ``app`` asks the machine for the time by itself."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
THIS_PROCESS = uuid.uuid4().hex


def utc_now() -> datetime:
    """Return the machine's time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Pulse:
    """Time that nobody can wind: microseconds since the machine came up, and which coming up that was."""

    boot: str
    microseconds: int


def machine_pulse() -> Pulse:
    """Return the machine's pulse, the same for every process on it; time asleep counts.

    Where a machine tells neither its boot nor such a clock, the pulse is this process's own.
    """
    if not BOOT_ID.exists() or not hasattr(time, "CLOCK_BOOTTIME"):
        return Pulse(THIS_PROCESS, time.monotonic_ns() // 1000)
    boot = BOOT_ID.read_text(encoding="ascii").strip().replace("-", "")
    return Pulse(boot, time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000)


@dataclass(frozen=True)
class Clock:
    """Tells the time of the archive: instants in UTC, civil dates in the archive's own zone.

    ``pulse`` bounds what the wall clock may claim; a time that was handed in (``source``) has none unless one is
    handed in with it.
    """

    zone: ZoneInfo
    source: Callable[[], datetime] = utc_now
    pulse: Callable[[], Pulse] | None = None

    def beat(self) -> Pulse | None:
        """Return the pulse of this instant, or ``None`` where time was handed in without one."""
        if self.pulse is not None:
            return self.pulse()
        return machine_pulse() if self.source is utc_now else None

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
