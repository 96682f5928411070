"""One table of a schedule file, read key by key; every fault is noted with its place and reading goes on.

A reader that stops at the first fault makes its author walk the same way many times, so each question asked here
answers with something harmless after noting the fault; the caller throws all away if any was noted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from retention_policies.text import Text


class Reading:
    """A table, where it stands (``file: [[rule]] KCQ10``) and the list that all faults of the file go to."""

    def __init__(self, raw: object, place: str, faults: list[str]) -> None:
        self.place = place
        self.faults = faults
        self._seen: set[str] = set()
        self._raw: Mapping[str, object] = raw if isinstance(raw, dict) else {}
        if not isinstance(raw, dict):
            self.note("应为表", "must be a table")

    def note(self, zh: str, en: str, key: str = "") -> None:
        """Note a fault of this table, or of one of its keys."""
        self.faults.append(f"{self.place}{f': {key}' if key else ''}: {zh} / {en}")

    def has(self, key: str) -> bool:
        """Whether the key stands in the table."""
        return key in self._raw

    def take(self, key: str, *, needed: bool = True) -> object:
        """Return the raw value; a needed key that is missing is a fault."""
        self._seen.add(key)
        if key not in self._raw and needed:
            self.note("缺少此项", "missing", key)
        return self._raw.get(key)

    def text(self, key: str, *, needed: bool = True) -> str:
        """Return a text that is not empty."""
        value = self.take(key, needed=needed)
        if isinstance(value, str) and value.strip():
            return value.strip()
        if self.has(key):
            self.note(f"应为非空文字：{value!r}", f"must be a text, not empty, not {value!r}", key)
        return ""

    def one_of(self, key: str, permitted: Sequence[str], *, needed: bool = True) -> str:
        """Return one of some words; what stands there otherwise is a fault."""
        before = len(self.faults)
        value = self.text(key, needed=needed)
        if value and value not in permitted:
            listed = ", ".join(permitted)
            self.note(f"不是允许的值：{value!r}（可用：{listed}）", f"unknown value {value!r} (one of: {listed})", key)
        return value if len(self.faults) == before else ""

    def both(self, key: str) -> Text:
        """Return a text in both languages, ``{ zh = "...", en = "..." }``; full stops at the end are left off."""
        value = self.take(key)
        if not self.has(key):
            return Text("", "")
        table = Reading(value, f"{self.place}: {key}", self.faults)
        if not isinstance(value, dict):
            return Text("", "")
        result = Text(table.text("zh").rstrip("。"), table.text("en").rstrip("."))
        table.finish()
        return result

    def texts(self, key: str, *, needed: bool = True) -> tuple[str, ...]:
        """Return a list of texts, none of them empty or twice; a needed list has at least one."""
        value = self.take(key, needed=needed)
        if not self.has(key):
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            self.note(f"应为文字列表：{value!r}", f"must be a list of texts, not {value!r}", key)
            return ()
        if (needed and not value) or len(set(value)) < len(value):
            self.note(f"列表不得为空或重复：{value!r}", f"must not be empty or hold anything twice: {value!r}", key)
        return tuple(value)

    def day(self, key: str) -> date:
        """Return a civil date."""
        value = self.take(key)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if self.has(key):
            self.note(f"应为日期，如 2024-01-01：{value!r}", f"must be a date as 2024-01-01, not {value!r}", key)
        return date.min

    def tables(self, key: str, *, needed: bool = False) -> list[Reading]:
        """Return the tables of a list, each placed by its code, or by its number where it has none."""
        value = self.take(key, needed=needed)
        if not self.has(key):
            return []
        if not isinstance(value, list) or not value:
            self.note("应为至少一个表的列表", "must be a list of at least one table", key)
            return []
        return [Reading(raw, f"{self.place}: [[{key}]] {_name(raw, i)}", self.faults) for i, raw in enumerate(value, 1)]

    def finish(self) -> None:
        """Note every key that nobody asked for."""
        for key in self._raw:
            if key not in self._seen:
                self.note("没有这样的项", "unknown key", key)


def _name(raw: object, number: int) -> str:
    code = raw.get("code") if isinstance(raw, dict) else None
    return code if isinstance(code, str) and code.strip() else f"#{number}"
