"""Civil dates as people write them."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from archive_service.errors import BadInput

CHINESE_DIGITS = {"〇": 0, "零": 0, "○": 0, **{sign: value for value, sign in enumerate("一二三四五六七八九", 1)}}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
LONG_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)

# A time of day may stand behind, as spreadsheets write it; it does not belong to a civil date and must be midnight.
MIDNIGHT = r"(?:[T ]\s*0{1,2}:00(?::00(?:\.0+)?)?)?"
FORMS = tuple(
    re.compile(form + MIDNIGHT, re.ASCII)
    for form in (
        r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})",
        r"(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})",
        r"(?P<y>\d{4})\.(?P<m>\d{1,2})\.(?P<d>\d{1,2})",
        r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)",
        r"(?P<y>\d{4})\s*年\s*(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2})\s*[日号]",
        r"(?P<d>\d{1,2})[ -](?P<month>[a-z]+)\.?,?[ -](?P<y>\d{4})",
        r"(?P<month>[a-z]+)\.? (?P<d>\d{1,2}),? (?P<y>\d{4})",
    )
)
CHINESE = re.compile(
    r"([〇零○一二三四五六七八九]{4})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})[日号]"
)


def parse_date(text: str) -> date:
    """Read a civil date as people write it; year, month and day must be beyond doubt.

    2024-03-01, 2024/3/1, 2024.3.1, 20240301, 2024年3月1日, 二〇二四年三月一日, 1 March 2024, Mar 1, 2024. A date such as
    03/01/2024, of which nobody knows whether the day or the month comes first, is refused.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain:
        raise BadInput("没有填日期，请填写，如 2024-03-01。", "There is no date; give one such as 2024-03-01.")
    try:
        found = _chinese(plain) or _western(plain.lower())
    except ValueError:
        found = None
    if found is None:
        raise BadInput(f"“{text}”不是日期，请写成 2024-03-01。", f"{text!r} is no date; write it as 2024-03-01.")
    return found


def _western(text: str) -> date | None:
    for form in FORMS:
        found = form.fullmatch(text.replace("t", " ") if text[:1].isdigit() and ":" in text else text)
        if found:
            parts = found.groupdict()
            month = _month(parts["month"]) if parts.get("month") else int(parts["m"])
            return date(int(parts["y"]), month, int(parts["d"]))
    return None


def _month(word: str) -> int:
    for names in (MONTHS, LONG_MONTHS):
        if word in names:
            return names.index(word) + 1
    raise ValueError(word)


def _chinese(text: str) -> date | None:
    found = CHINESE.fullmatch("".join(text.split()))
    if not found:
        return None
    year = int("".join(str(CHINESE_DIGITS[sign]) for sign in found[1]))
    return date(year, _count(found[2]), _count(found[3]))


def _count(words: str) -> int:
    """Read a number below a hundred: 三, 十, 十二, 二十, 三十一."""
    tens, ten, ones = words.rpartition("十")
    if not ten:
        if len(words) > 1:
            raise ValueError(words)
        return CHINESE_DIGITS[words]
    if len(tens) > 1 or len(ones) > 1:
        raise ValueError(words)
    return (CHINESE_DIGITS[tens] if tens else 1) * 10 + (CHINESE_DIGITS[ones] if ones else 0)
