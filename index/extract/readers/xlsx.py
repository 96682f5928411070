"""XLSX: every cell that holds something, a line for each row."""

from __future__ import annotations

import io

from openpyxl import load_workbook

from index.extract.readers.package import open_package

MOST_ROWS = 200_000


def read(data: bytes) -> str:
    """Return sheet names and cell values."""
    open_package(data).close()
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    lines: list[str] = []
    for sheet in book.worksheets:
        lines.append(sheet.title)
        for row in sheet.iter_rows(values_only=True, max_row=MOST_ROWS):
            cells = [str(cell) for cell in row if cell is not None and str(cell).strip()]
            if cells:
                lines.append("\t".join(cells))
    return "\n".join(lines)
