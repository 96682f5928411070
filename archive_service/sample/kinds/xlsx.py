"""Spreadsheets: one sheet per table with head, filter and frozen rows; the running text on a sheet of its own."""

from __future__ import annotations

from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from archive_service.sample.model import Heading, Paper, Para, Sign, Table

THIN = Border(*(Side(style="thin", color="AAAAAA"),) * 4)
GREY = PatternFill("solid", fgColor="EDEDED")
WRAP = Alignment(wrap_text=True, vertical="top")
CENTRE = Alignment(horizontal="center", vertical="center", wrap_text=True)
HEAD_ROW = 4


def write(path: Path, paper: Paper) -> None:
    """Write the paper's tables as XLSX, one sheet each, and its text as the last sheet."""
    book = Workbook()
    first = book.active
    if first is not None:
        book.remove(first)
    for block in paper.blocks:
        if isinstance(block, Table):
            _sheet(book.create_sheet(_sheet_name(block.name, book)), block, paper)
    _notes(book.create_sheet("说明" if paper.language != "en" else "Notes"), paper)
    book.properties.title, book.properties.creator = paper.title, paper.issuer
    book.properties.description = paper.notice
    book.properties.created = book.properties.modified = paper.made
    book.save(path)


def _sheet_name(name: str, book: Workbook) -> str:
    clean = "".join(char for char in name if char not in "[]:*?/\\")[:28]
    return clean if clean not in book.sheetnames else f"{clean} {len(book.sheetnames) + 1}"


def _sheet(sheet: Worksheet, table: Table, paper: Paper) -> None:
    last = get_column_letter(len(table.head))
    for row, (text, size) in enumerate(
        ((paper.title, 15), (f"{paper.issuer}  {paper.dated}", 10), (paper.notice, 9)), 1
    ):
        sheet.merge_cells(f"A{row}:{last}{row}")
        cell = sheet.cell(row, 1, text)
        cell.font, cell.alignment = Font(name="宋体", size=size, bold=row == 1), CENTRE
        sheet.row_dimensions[row].height = 30 if row != 2 else 18
    total = sum(table.widths)
    for column, (name, share) in enumerate(zip(table.head, table.widths, strict=True), 1):
        cell = sheet.cell(HEAD_ROW, column, name)
        cell.font, cell.fill, cell.border, cell.alignment = Font(name="黑体", bold=True), GREY, THIN, CENTRE
        sheet.column_dimensions[get_column_letter(column)].width = max(8.0, 110 * share / total)
    for number, values in enumerate(table.rows, HEAD_ROW + 1):
        for column, value in enumerate(values, 1):
            cell = sheet.cell(number, column, value)
            cell.font, cell.border, cell.alignment = Font(name="宋体", size=10.5), THIN, WRAP
    sheet.freeze_panes = f"A{HEAD_ROW + 1}"
    sheet.auto_filter.ref = f"A{HEAD_ROW}:{last}{HEAD_ROW + len(table.rows)}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True  # type: ignore[union-attr]
    sheet.print_title_rows = f"{HEAD_ROW}:{HEAD_ROW}"


def _notes(sheet: Worksheet, paper: Paper) -> None:
    sheet.column_dimensions["A"].width = 100
    lines: list[tuple[str, bool]] = [(paper.title, True), (paper.notice, False)]
    for block in paper.blocks:
        match block:
            case Heading(text):
                lines.append((text, True))
            case Para(text):
                lines.append((text, False))
            case Sign(signs):
                lines += [(sign, False) for sign in signs]
            case Table():
                pass
    for row, (text, bold) in enumerate(lines, 1):
        cell = sheet.cell(row, 1, text)
        cell.font, cell.alignment = Font(name="宋体", size=11, bold=bold), WRAP
