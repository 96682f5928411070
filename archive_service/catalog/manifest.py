"""A manifest: the table (CSV or XLSX) that says what the files of a folder are."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from openpyxl import load_workbook

from archive_service.errors import BadInput

COLUMNS: dict[str, tuple[str, ...]] = {
    "file": ("文件", "文件名", "file", "files"),
    "title": ("题名", "title"),
    "date": ("日期", "date"),
    "class": ("类型", "类别", "class", "type"),
    "level": ("密级", "level"),
    "author": ("责任者", "author"),
    "document_no": ("文号", "document_no"),
    "year": ("年度", "year"),
    "note": ("备注", "note"),
}
NEEDED = ("file", "title", "date", "class")


@dataclass(frozen=True)
class Row:
    """One line of a manifest: the number that a spreadsheet shows for it, and its values by column."""

    number: int
    values: dict[str, str]

    @property
    def files(self) -> list[str]:
        """The files of the record, the main one first."""
        return [name.strip() for name in self.values["file"].replace("；", ";").split(";") if name.strip()]


def find_manifest(folder: Path) -> Path:
    """Return the manifest of a folder: ``manifest.csv`` or ``manifest.xlsx``."""
    found = [folder / name for name in ("manifest.csv", "manifest.xlsx") if (folder / name).is_file()]
    if len(found) != 1:
        raise BadInput(
            f"文件夹“{folder.name}”里应有且只有一个清单：manifest.csv 或 manifest.xlsx。",
            f"The folder {folder.name!r} must hold exactly one manifest: manifest.csv or manifest.xlsx.",
        )
    return found[0]


def read_manifest(path: Path) -> list[Row]:
    """Read a manifest from a file."""
    try:
        return parse_manifest(path.name, path.read_bytes())
    except OSError as error:
        raise BadInput(
            f"清单无法读取：{error.strerror}。", f"The manifest cannot be read: {error.strerror}."
        ) from error


def parse_manifest(name: str, data: bytes) -> list[Row]:
    """Read a manifest from bytes, by its name CSV or XLSX; a missing column is said with all others that are missing."""
    lines = list(_xlsx(name, data) if name.lower().endswith(".xlsx") else _csv(data))
    if not lines:
        raise BadInput("清单是空的。", "The manifest is empty.")
    names = [_column(cell) for cell in lines[0][1]]
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise BadInput(
            f"清单缺少列：{'、'.join(COLUMNS[name][0] for name in missing)}。第一行应为列名。",
            f"The manifest lacks columns: {', '.join(missing)}. Its first line must hold the column names.",
        )
    rows = []
    for number, cells in lines[1:]:
        if any(cells):
            values = dict.fromkeys(COLUMNS, "") | {name: cell for name, cell in zip(names, cells, strict=False) if name}
            rows.append(Row(number, values))
    return rows


def parse_date(text: str) -> date:
    """Read a civil date as people write it: 2024-03-01, 2024/3/1, 20240301, 2024年3月1日."""
    plain = text.strip().replace("年", "-").replace("月", "-").replace("日", "").replace("/", "-").replace(".", "-")
    try:
        if plain.isdigit() and len(plain) == 8:
            return date(int(plain[:4]), int(plain[4:6]), int(plain[6:]))
        year, month, day = (int(part) for part in plain.split("-"))
        return date(year, month, day)
    except ValueError as error:
        raise BadInput(
            f"“{text}”不是日期，请写成 2024-03-01。", f"{text!r} is no date; write it as 2024-03-01."
        ) from error


def _column(cell: str) -> str:
    wanted = cell.strip().lower()
    return next((name for name, words in COLUMNS.items() if wanted in words), "")


def _csv(raw: bytes) -> Iterator[tuple[int, Sequence[str]]]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030", errors="replace")  # what Excel writes on Chinese Windows
    reader = csv.reader(io.StringIO(text))
    for cells in reader:
        yield reader.line_num, [cell.strip() for cell in cells]


def _xlsx(name: str, data: bytes) -> Iterator[tuple[int, Sequence[str]]]:
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except Exception as error:  # openpyxl lets zip and XML faults of many kinds through
        raise BadInput(
            f"清单“{name}”不是可读的 XLSX 文件。", f"The manifest {name!r} is not a readable XLSX file."
        ) from error
    for number, cells in enumerate(book.worksheets[0].iter_rows(values_only=True), 1):
        yield (
            number,
            [
                "" if cell is None else cell.date().isoformat() if isinstance(cell, datetime) else str(cell).strip()
                for cell in cells
            ],
        )
