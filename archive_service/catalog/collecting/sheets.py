"""Tables out of CSV and XLSX files, line by line as text. A formula is never computed, and text that looks like one stays text."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from openpyxl import load_workbook

from archive_service.errors import BadInput, Text

ENCODINGS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True)
class Line:
    """A line of a table: its number as a spreadsheet shows it, its cells, and what is wrong with it."""

    number: int
    cells: tuple[str, ...]
    fault: Text | None = None


def read_csv(name: str, data: bytes) -> Iterator[Line]:
    """Yield the lines of a CSV file: UTF-8, UTF-16 with mark, or GB18030; comma, semicolon or tab between the cells."""
    text = _decoded(name, data)
    beginning = text[: text.find("\n")] if "\n" in text else text
    separator = max(",;\t", key=beginning.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            yield Line(number, tuple(cell.strip() for cell in cells))
    except csv.Error as error:
        raise BadInput(
            f"清单“{name}”第 {number + 1} 行不是正确的 CSV（引号不成对？）：{error}。",
            f"Line {number + 1} of the manifest {name!r} is no proper CSV (a quote left open?): {error}.",
        ) from error


def _decoded(name: str, data: bytes) -> str:
    marked = next((encoding for mark, encoding in ENCODINGS if data.startswith(mark)), None)
    for encoding in (marked,) if marked else ("utf-8", "gb18030"):  # GB18030 is what Excel writes on Chinese Windows
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise BadInput(
        f"清单“{name}”的编码无法识别，请另存为 UTF-8 编码的 CSV。",
        f"The encoding of the manifest {name!r} is unknown; save it as CSV in UTF-8.",
    )


def read_xlsx(name: str, data: bytes, largest: int) -> Iterator[Line]:
    """Yield the lines of the first sheet: of a formula the result that was saved with it, never the formula."""
    _refuse_bomb(name, data, largest)
    results, formulas = _sheet(name, data, values=True), _sheet(name, data, values=False)
    number = 0
    while True:
        number += 1
        shown, written = _next(name, results), _next(name, formulas)
        if shown is None or written is None:
            return
        cells = tuple(_text(cell) for cell in shown)
        yield Line(number, cells, _fault(shown, written))


def _refuse_bomb(name: str, data: bytes, largest: int) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            size = sum(entry.file_size for entry in package.infolist())
    except zipfile.BadZipFile as error:
        raise _unreadable(name) from error
    if size > largest:
        raise BadInput(f"清单“{name}”展开后过大。", f"The manifest {name!r} is too large when unpacked.")


def _sheet(name: str, data: bytes, *, values: bool) -> Iterator[tuple[Any, ...]]:
    book = _guarded(name, lambda: load_workbook(io.BytesIO(data), read_only=True, data_only=values, keep_links=False))
    if not book.worksheets:
        raise _unreadable(name)
    sheet: Any = book.worksheets[0]
    sheet.reset_dimensions()  # what a file says of its own size is not to be relied on
    rows: Iterator[tuple[Any, ...]] = sheet.iter_rows(values_only=False)
    return rows


def _next(name: str, rows: Iterator[tuple[Any, ...]]) -> tuple[Any, ...] | None:
    found: tuple[Any, ...] | None = _guarded(name, lambda: next(rows, None))
    return found


def _guarded(name: str, act: Callable[[], Any]) -> Any:
    try:
        return act()
    except Exception as error:  # openpyxl lets zip and XML faults of many kinds through
        raise _unreadable(name) from error


def _unreadable(name: str) -> BadInput:
    return BadInput(f"清单“{name}”不是可读的 XLSX 文件。", f"The manifest {name!r} is not a readable XLSX file.")


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _fault(shown: tuple[Any, ...], written: tuple[Any, ...]) -> Text | None:
    for result, cell in zip(shown, written, strict=False):
        if cell.value is None:
            continue
        if result.data_type == "e":
            return Text(
                f"单元格 {cell.coordinate} 是错误值 {result.value}。",
                f"Cell {cell.coordinate} holds the error value {result.value}.",
            )
        if cell.data_type == "f" and result.value is None:
            return Text(
                f"单元格 {cell.coordinate} 是没有结果的公式，请改为数值或文字。",
                f"Cell {cell.coordinate} is a formula without a saved result; put the value in its place.",
            )
    return None
