"""The list that goes with each folder, in the columns that the folder import reads."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from openpyxl import Workbook

COLUMNS_ZH = ("文件", "题名", "日期", "类型", "密级", "责任者", "文号", "年度", "备注")
COLUMNS_EN = ("file", "title", "date", "class", "level", "author", "document_no", "year", "note")


@dataclass(frozen=True)
class Row:
    """One record: its files (paths relative to the manifest), and what the papers themselves do not say."""

    files: tuple[str, ...]
    title: str
    day: date
    class_code: str
    level: str
    author: str
    document_no: str
    note: str

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
        )


def write(folder: Path, form: str, rows: list[Row]) -> Path:
    """Write the manifest as ``csv``, ``csv-bom`` (as spreadsheets save it), ``csv-english`` or ``xlsx``."""
    if form == "xlsx":
        return _write_xlsx(folder / "manifest.xlsx", rows)
    path = folder / "manifest.csv"
    encoding = "utf-8-sig" if form == "csv-bom" else "utf-8"
    with path.open("w", encoding=encoding, newline="") as out:
        writer = csv.writer(out)
        writer.writerow(COLUMNS_EN if form == "csv-english" else COLUMNS_ZH)
        writer.writerows(row.cells() for row in rows)
    return path


def _write_xlsx(path: Path, rows: list[Row]) -> Path:
    book = Workbook()
    sheet = book.active
    if sheet is not None:
        sheet.title = "归档清单"
        sheet.append(COLUMNS_ZH)
        for row in rows:
            sheet.append(row.cells())
        sheet.freeze_panes = "A2"
    book.save(path)
    return path
