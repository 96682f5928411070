"""What a register is, whatever it is written to: a title, the fields of its head, columns, rows, who signs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from archive_service.errors import Text

Cell = str | int


class Kind(StrEnum):
    """How a column is set: running text, an archival code that is never broken, a date, a number to the right."""

    TEXT = "text"
    CODE = "code"
    DATE = "date"
    NUMBER = "number"


@dataclass(frozen=True)
class Column:
    """A column: its heading, its share of the width, how it is set."""

    heading: Text
    share: int
    kind: Kind = Kind.TEXT


@dataclass(frozen=True)
class Register:
    """A register ready to be written in one language.

    ``fields`` stand under the title (fonds number, year, period ...), ``note`` below the rows, ``signatures`` are the
    roles that sign at the end. Every cell is text or a whole number; nothing in a cell is ever a formula.
    """

    title: str
    unit: str
    drawn_up_on: str
    fields: Sequence[tuple[str, str]]
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    signatures: Sequence[str] = ()
    note: str = ""
    language: str = "zh"

    def headings(self) -> list[str]:
        """Return the headings in the register's language."""
        return [column.heading.in_language(self.language) for column in self.columns]

    def say(self, zh: str, en: str) -> str:
        """Return the wording of the register's language."""
        return zh if self.language == "zh" else en
