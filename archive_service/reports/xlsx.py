"""A register as a spreadsheet: one sheet, the head repeated on every printed page, every cell plain text or a number."""

from __future__ import annotations

import io
import re
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter

from archive_service.reports.register import Cell, Kind, Register

TYPE = "Noto Sans CJK SC"
A4 = "9"
"""The number that spreadsheets have for A4 paper."""

WIDTH = 150
"""Characters that the columns of a sheet share."""

THIN = Side(style="thin", color="FF999999")
# Control characters cannot stand in a spreadsheet; a reader program would call the whole file damaged.
FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def as_xlsx(register: Register) -> bytes:
    """Return the register as an XLSX file."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(FORBIDDEN.sub("", re.sub(r"[\[\]:*?/\\]", " ", register.title))[:31])
    shares = sum(column.share for column in register.columns)
    for number, column in enumerate(register.columns, 1):
        sheet.column_dimensions[get_column_letter(number)].width = max(6, WIDTH * column.share / shares)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    head = 4 if register.fields else 3
    sheet.print_title_rows = f"{head}:{head}"
    sheet.oddFooter.center.text = register.say("第 &P 页 共 &N 页", "Page &P of &N")
    sheet.freeze_panes = f"A{head + 1}"

    def cell(value: Cell, kind: Kind = Kind.TEXT, *, bold: bool = False, size: int = 10, edge: bool = True) -> Any:
        made = WriteOnlyCell(sheet, value=FORBIDDEN.sub("\ufffd", value) if isinstance(value, str) else value)
        if isinstance(value, str):
            made.data_type = "s"  # a title that begins with "=" stays a title
        made.font = Font(name=TYPE, bold=bold, size=size)
        made.alignment = Alignment(
            vertical="top", wrap_text=kind is Kind.TEXT, horizontal="right" if kind is Kind.NUMBER else "left"
        )
        if edge:
            made.border = Border(top=THIN, bottom=THIN, left=THIN, right=THIN)
        return made

    sheet.append([cell(register.title, Kind.CODE, bold=True, size=16, edge=False)])
    sheet.append([cell(f"{register.unit}    {register.drawn_up_on}", Kind.CODE, edge=False)])
    if register.fields:
        line = "    ".join(f"{name}{register.say('：', ': ')}{value}" for name, value in register.fields)
        sheet.append([cell(line, Kind.CODE, edge=False)])
    sheet.append([cell(heading, bold=True) for heading in register.headings()])
    for row in register.rows:
        sheet.append([cell(value, column.kind) for value, column in zip(row, register.columns, strict=True)])
    if register.note:
        sheet.append([cell(register.note, Kind.CODE, edge=False)])
    for role in register.signatures:
        sheet.append([cell(f"{role}{register.say('：', ': ')}", Kind.CODE, edge=False)])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()
