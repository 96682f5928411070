"""Old Excel workbooks."""

from __future__ import annotations

import io

import xlrd

MOST_ROWS = 200_000


def read(data: bytes) -> str:
    """Return sheet names and cell values, a line for each row."""
    book = xlrd.open_workbook(file_contents=data, logfile=io.StringIO(), on_demand=True)
    lines: list[str] = []
    for sheet in book.sheets():
        lines.append(sheet.name)
        for row in range(min(sheet.nrows, MOST_ROWS)):
            cells = [_shown(cell, book.datemode) for cell in sheet.row(row)]
            lines.append("\t".join(cell for cell in cells if cell.strip()))
    return "\n".join(line for line in lines if line)


def _shown(cell: xlrd.sheet.Cell, datemode: int) -> str:
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return str(xlrd.xldate_as_datetime(cell.value, datemode)).removesuffix(" 00:00:00")
        except (xlrd.xldate.XLDateError, OverflowError, ValueError):
            return str(cell.value)
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return ""
    return str(cell.value).removesuffix(".0") if cell.ctype == xlrd.XL_CELL_NUMBER else str(cell.value)
