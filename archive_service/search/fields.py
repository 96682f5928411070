"""Filters typed by hand in the search box: ``class:KCQ year:2024 密级:内部 before:2025``, read kindly.

What is no field stays what it was, words to look for; a field whose value cannot be read is left out, and said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from datetime import date

from archive_service.errors import Text
from archive_service.people.model import LEVEL_WORDS

LONGEST_VALUE = 200


@dataclass(frozen=True)
class SearchFilters:
    """What results are narrowed to; empty means everything.

    ``before`` is the first day no longer wanted, ``after`` the first that is; ``code`` is the beginning of an archival
    code, ``enterprise`` a part of the inspected enterprise's name.
    """

    class_code: str = ""
    type_code: str = ""
    year: int | None = None
    level: str = ""
    enterprise: str = ""
    code: str = ""
    before: date | None = None
    after: date | None = None

    @property
    def empty(self) -> bool:
        """True when nothing is narrowed."""
        return self == SearchFilters()

    def with_typed(self, typed: SearchFilters) -> SearchFilters:
        """Return these filters and those that were typed; what was chosen in the panel counts before what was typed."""
        open_ones = {one.name: getattr(typed, one.name) for one in fields(self) if not getattr(self, one.name)}
        return replace(self, **open_ones)


@dataclass(frozen=True)
class Typed:
    """What was typed, taken apart: the words, the filters, and what could not be read."""

    words: str
    filters: SearchFilters
    told: tuple[Text, ...] = ()


NAMES = {
    **dict.fromkeys(["class", "类", "类别"], "class_code"),
    **dict.fromkeys(["type", "类型"], "type_code"),
    **dict.fromkeys(["year", "年", "年度"], "year"),
    **dict.fromkeys(["level", "密级"], "level"),
    **dict.fromkeys(["enterprise", "企业"], "enterprise"),
    **dict.fromkeys(["code", "档号"], "code"),
    **dict.fromkeys(["before", "早于"], "before"),
    **dict.fromkeys(["after", "晚于"], "after"),
}
_FIELD = re.compile(
    rf"(?<!\S)(?P<name>{'|'.join(sorted(NAMES, key=len, reverse=True))})[:：]"
    r"(?:[\"“](?P<quoted>[^\"”]*)[\"”]|(?P<bare>\S*))",
    re.IGNORECASE,
)
_DAY = re.compile(r"(\d{4})(?:[-/.年](\d{1,2}))?(?:[-/.月](\d{1,2}))?[年月日]?")


def read_typed(text: str) -> Typed:
    """Take the filters out of what a person typed."""
    found: dict[str, str | int | date] = {}
    told: list[Text] = []
    for match in _FIELD.finditer(text):
        value = (match["quoted"] if match["quoted"] is not None else match["bare"] or "").strip()[:LONGEST_VALUE]
        name = NAMES[match["name"].lower()]
        read = _read(name, value)
        if read is None:
            told.append(_unread(match.group(), name))
        else:
            found[name] = read
    words = _FIELD.sub(" ", text).strip()
    return Typed(words, SearchFilters(**found), tuple(told))  # type: ignore[arg-type]


def _read(name: str, value: str) -> str | int | date | None:
    if not value:
        return None
    if name == "year":
        return int(value[:4]) if re.fullmatch("[0-9]{4}年?", value) else None
    if name in ("before", "after"):
        return read_day(value)
    if name == "level":
        said = {one.lower(): level for level, text in LEVEL_WORDS.items() for one in (level, text.zh, text.en)}
        return said.get(value.lower())
    return value.upper() if name in ("class_code", "type_code") else value


def read_day(value: str) -> date | None:
    """Read a day; of a year or a month alone the first day is meant."""
    found = _DAY.fullmatch(value)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        return None


def _unread(typed: str, name: str) -> Text:
    hints = {
        "year": Text("年度请写四位数字，如 年度:2024", "write a year with four digits, as in year:2024"),
        "before": Text("日期请写成 早于:2024-05-01", "write a date as in before:2024-05-01"),
        "after": Text("日期请写成 晚于:2024-05-01", "write a date as in after:2024-05-01"),
        "level": Text("密级请写代码或名称，如 密级:INT", "write a level by its code or name, as in level:INT"),
    }
    hint = hints.get(name, Text("冒号后面请紧接所查的值", "put the value right behind the colon"))
    return Text(f"“{typed}”没有看懂，已略过；{hint.zh}。", f"{typed!r} was not understood and left out; {hint.en}.")
