"""A sentence for people, in Chinese and in English side by side."""

from __future__ import annotations

from typing import NamedTuple


class Text(NamedTuple):
    """What is said, once in each language; neither is a translation of the other."""

    zh: str
    en: str


class RetentionError(Exception):
    """Base of what this package refuses; ``text`` says why in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.text = Text(zh, en)


class FactsError(RetentionError, ValueError):
    """Facts about a record that cannot be meant: wrong type, unknown trigger, negative number of years."""


class ScheduleError(RetentionError):
    """A schedule file that cannot be used; ``faults`` lists every reason at once, nothing of it is loaded."""

    def __init__(self, faults: list[str]) -> None:
        joined = "\n".join(f"  - {fault}" for fault in faults)
        super().__init__(f"保管期限表不可用：\n{joined}", f"The retention schedule cannot be used:\n{joined}")
        self.faults = faults
