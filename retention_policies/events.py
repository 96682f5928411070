"""Events that start a clock: those that come with the package, and those that a schedule declares (``[[event]]``)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from retention_policies.text import Text

EVENT_CODE: Final = re.compile(r"[A-Z][A-Z0-9_]{1,31}")
"""How the code of an event is written: it is what the catalogue stores (at most 32 characters)."""


class Trigger(StrEnum):
    """The events that every schedule knows without declaring them; PARENT means: as the main record."""

    FORMED = "FORMED"
    YEAR_END = "YEAR_END"
    CASE_CLOSED = "CASE_CLOSED"
    RECT_ACCEPTED = "RECT_ACCEPTED"
    DECISION_EFFECTIVE = "DECISION_EFFECTIVE"
    REPORT_RESOLVED = "REPORT_RESOLVED"
    SUPERSEDED = "SUPERSEDED"
    CREDIT_CLEARED = "CREDIT_CLEARED"
    PARENT = "PARENT"


@dataclass(frozen=True, slots=True)
class Event:
    """An event with a date. ``happened`` stands before its date, ``awaited`` says that it has not come yet.

    ``awaited`` is None where the date follows from the document itself: there is then nothing to wait for.
    """

    code: str
    title: Text
    happened: Text
    awaited: Text | None


def _shipped(code: Trigger, title: Text, happened: Text, awaited: Text | None = None) -> tuple[str, Event]:
    return code, Event(code, title, happened, awaited)


SHIPPED: Final[Mapping[str, Event]] = MappingProxyType(
    dict(
        [
            _shipped(Trigger.FORMED, Text("文件形成", "document formed"), Text("形成于", "Formed")),
            _shipped(Trigger.YEAR_END, Text("年度终了", "end of the year"), Text("年度终了于", "Year ended")),
            _shipped(
                Trigger.CASE_CLOSED,
                Text("结案", "case closed"),
                Text("结案于", "Case closed"),
                Text("尚未结案", "The case is not closed"),
            ),
            _shipped(
                Trigger.RECT_ACCEPTED,
                Text("整改验收", "rectification accepted"),
                Text("整改验收于", "Rectification accepted"),
                Text("整改尚未验收", "The rectification is not accepted"),
            ),
            _shipped(
                Trigger.DECISION_EFFECTIVE,
                Text("决定生效", "decision effective"),
                Text("决定生效于", "Decision effective"),
                Text("决定尚未生效", "The decision is not effective"),
            ),
            _shipped(
                Trigger.REPORT_RESOLVED,
                Text("举报办结", "report resolved"),
                Text("举报办结于", "Report resolved"),
                Text("举报尚未办结", "The report is not resolved"),
            ),
            _shipped(
                Trigger.SUPERSEDED,
                Text("被替代", "superseded"),
                Text("被替代于", "Superseded"),
                Text("尚未被替代", "It is not superseded"),
            ),
            _shipped(
                Trigger.CREDIT_CLEARED,
                Text("信用记录消除", "credit record cleared"),
                Text("信用记录消除于", "Credit record cleared"),
                Text("信用记录尚未消除", "The credit record is not cleared"),
            ),
        ]
    )
)
"""The events of :class:`Trigger` as a schedule would declare them."""


def as_code(name: str) -> str:
    """Return the code of an event; a shipped one as a member of :class:`Trigger`."""
    return Trigger(name) if name in SHIPPED else name
