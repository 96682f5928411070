"""The list that goes with each folder, in the columns that the folder import reads."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from openpyxl import Workbook

from archive_service.errors import Text
from retention_policies import FactKind, default_schedule_path, load_schedule

QUESTIONS = load_schedule(default_schedule_path()).facts
YES_NO = {"yes": Text("是", "yes"), "no": Text("否", "no")}

COLUMNS_ZH = ("文件", "题名", "日期", "类型", "密级", "责任者", "文号", "年度", "备注", "主件")
COLUMNS_EN = ("file", "title", "date", "class", "level", "author", "document_no", "year", "note", "parent")


@dataclass(frozen=True)
class Row:
    """One record: its files (paths relative to the manifest), and what the papers themselves do not say.

    ``parent`` is the first file of the row that this record belongs to; ``facts`` are answers by question.
    """

    files: tuple[str, ...]
    title: str
    day: date
    class_code: str
    level: str
    author: str
    document_no: str
    note: str
    parent: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    def cells(self) -> tuple[str, ...]:
        """The row as text: files joined by ``;``, the date as YYYY-MM-DD, the year from the date."""
        return (
            ";".join(self.files),
            self.title,
            self.day.isoformat(),
            self.class_code,
            self.level,
            self.author,
            self.document_no,
            str(self.day.year),
            self.note,
            self.parent,
        )


def _answer(code: str, value: str, *, english: bool) -> str:
    """An answer as an archivist writes it: a number, or the words of the choice."""
    question = QUESTIONS[code]
    if question.kind is FactKind.NUMBER:
        return value
    words = YES_NO[value] if question.kind is FactKind.YES_NO else question.choices[value]
    return words.en if english else words.zh


def _lines(rows: Sequence[Row], *, english: bool) -> Iterator[tuple[str, ...]]:
    """The whole table: behind the usual columns one for each question that some row answers."""
    asked = [code for code in QUESTIONS if any(code in row.facts for row in rows)]
    heads = tuple(code if english else QUESTIONS[code].title.zh for code in asked)
    yield (COLUMNS_EN if english else COLUMNS_ZH) + heads
    for row in rows:
        answers = (_answer(code, row.facts[code], english=english) if code in row.facts else "" for code in asked)
        yield (*row.cells(), *answers)


def write(folder: Path, form: str, rows: list[Row]) -> Path:
    """Write the manifest as ``csv``, ``csv-bom`` (as spreadsheets save it), ``csv-english`` or ``xlsx``."""
    if form == "xlsx":
        return _write_xlsx(folder / "manifest.xlsx", rows)
    path = folder / "manifest.csv"
    encoding = "utf-8-sig" if form == "csv-bom" else "utf-8"
    with path.open("w", encoding=encoding, newline="") as out:
        csv.writer(out).writerows(_lines(rows, english=form == "csv-english"))
    return path


def _write_xlsx(path: Path, rows: list[Row]) -> Path:
    book = Workbook()
    sheet = book.active
    if sheet is not None:
        sheet.title = "归档清单"
        for line in _lines(rows, english=False):
            sheet.append(line)
        sheet.freeze_panes = "A2"
    book.save(path)
    return path
