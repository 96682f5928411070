"""Small words that the tests of this package share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from retention_policies import Facts, Rule, Schedule, Trigger, default_schedule_path, load_schedule

GOLDEN = Path(__file__).parents[1] / "golden"
SAMPLE: Schedule = load_schedule(default_schedule_path())
RULES: Mapping[str, Rule] = SAMPLE.rules


def day(text: str) -> date:
    return date.fromisoformat(text)


def closed(text: str) -> Facts:
    """Facts of a paper whose case was closed on that day."""
    return Facts(triggers={Trigger.CASE_CLOSED: day(text)})
