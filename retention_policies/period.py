"""How long: permanent or a number of whole years, and the codes that stand for it in archival codes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from retention_policies.text import RetentionError, Text

LONGEST_TERM: Final = 99
"""The longest fixed term a schedule may set, in years: two digits fit the retention code of DA/T 13 (``D99``)."""

_WORDS = re.compile(r"([1-9]\d{0,3}) years?")
_CODE = re.compile(r"D([1-9]\d{0,3})")


@dataclass(frozen=True, slots=True)
class Period:
    """A retention period 保管期限; ``years`` is None for permanent 永久."""

    years: int | None

    def __post_init__(self) -> None:
        if self.years is not None and (type(self.years) is not int or self.years < 1):
            raise RetentionError(
                f"保管期限须为永久或至少一年：{self.years!r}",
                f"A retention period is permanent or at least one year: {self.years!r}",
            )

    @classmethod
    def from_code(cls, code: str) -> Period:
        """Read ``Y`` (permanent) or ``D`` and years, as ``D30``; anything else raises :class:`RetentionError`."""
        if code == "Y":
            return PERMANENT
        found = _CODE.fullmatch(code)
        if found is None:
            raise RetentionError(f"不是保管期限代码：{code!r}", f"Not a retention code: {code!r}")
        return cls(int(found[1]))

    @classmethod
    def from_words(cls, words: str) -> Period:
        """Read what stands in a schedule: ``permanent`` or ``30 years``; else :class:`RetentionError`."""
        if words == "permanent":
            return PERMANENT
        found = _WORDS.fullmatch(words)
        if found is None or int(found[1]) > LONGEST_TERM:
            raise RetentionError(
                f'保管期限应写作 "permanent" 或 "30 years"（1–{LONGEST_TERM} 年）：{words!r}',
                f'a period is "permanent" or "30 years" (1 to {LONGEST_TERM}), not {words!r}',
            )
        return cls(int(found[1]))

    @property
    def permanent(self) -> bool:
        """Whether it never ends."""
        return self.years is None

    @property
    def code(self) -> str:
        """The retention code 保管期限代码: ``Y``, ``D30``, ``D10``..."""
        return "Y" if self.years is None else f"D{self.years}"

    @property
    def words(self) -> str:
        """As a schedule writes it."""
        return "permanent" if self.years is None else f"{self.years} year{'' if self.years == 1 else 's'}"

    @property
    def text(self) -> Text:
        """As people read it."""
        return Text("永久", "permanent") if self.years is None else Text(f"{self.years} 年", self.words)

    def plus(self, years: int) -> Period:
        """Return this period made longer by whole years; permanent stays permanent."""
        return self if self.years is None else Period(self.years + years)

    def at_least(self, other: Period) -> bool:
        """Whether this period is as long as the other or longer."""
        return self.years is None or (other.years is not None and self.years >= other.years)


PERMANENT: Final = Period(None)


def longest(first: Period, *others: Period) -> Period:
    """Return the longest of some periods; a mixed file 案卷 keeps all its items that long."""
    result = first
    for other in others:
        if not result.at_least(other):
            result = other
    return result
