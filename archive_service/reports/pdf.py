"""A register as PDF: A4 across, the head on every page, "page x of y", thin rules, embedded Chinese type, places to sign."""

from __future__ import annotations

import io
from functools import cache, partial
from typing import Any, Literal
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_CENTER, TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, LongTable, Paragraph, SimpleDocTemplate, Spacer, Table

from archive_service.errors import Unavailable
from archive_service.reports.register import Cell, Column, Kind, Register
from index.extract.chinese_type import chinese_font

PAGE = landscape(A4)
SIDE, TOP, FOOT = 16 * mm, 16 * mm, 16 * mm
RULE, INK = HexColor("#888888"), HexColor("#111111")


@cache
def chinese_type() -> str:
    """Return the name under which the Chinese type is known to the writer of PDF."""
    path = chinese_font()
    if path is None:
        raise Unavailable(
            "缺少随附的中文字体，无法生成 PDF；可改用 XLSX。",
            "The Chinese type that comes with the program is missing, so no PDF can be made; XLSX works.",
        )
    pdfmetrics.registerFont(TTFont("Register", str(path), subfontIndex=0))
    return "Register"


class _Numbered(Canvas):
    """Writes "page x of y" on each page once it is known how many there are."""

    def __init__(self, *args: Any, register: Register, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self._register = register
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 (the library's name)
        self._pages.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]

    def save(self) -> None:
        for number, page in enumerate(self._pages, 1):
            self.__dict__.update(page)
            self.setFont(chinese_type(), 8)
            self.setFillColor(INK)
            of = self._register.say(f"第 {number} 页 共 {len(self._pages)} 页", f"Page {number} of {len(self._pages)}")
            self.drawCentredString(PAGE[0] / 2, 8 * mm, of)
            self.drawString(SIDE, 8 * mm, self._register.title)
            self.drawRightString(PAGE[0] - SIDE, 8 * mm, self._register.drawn_up_on)
            super().showPage()
        super().save()


def as_pdf(register: Register) -> bytes:
    """Return the register as a PDF file; an empty one says so in place of rows."""
    font = chinese_type()
    written = io.BytesIO()
    document = SimpleDocTemplate(
        written,
        pagesize=PAGE,
        leftMargin=SIDE,
        rightMargin=SIDE,
        topMargin=TOP,
        bottomMargin=FOOT,
        title=register.title,
        author=register.unit,
        invariant=1,
    )
    flow: list[Flowable] = [
        Paragraph(escape(register.unit), ParagraphStyle("unit", fontName=font, fontSize=10, alignment=TA_CENTER)),
        Spacer(1, 2 * mm),
        Paragraph(
            escape(register.title), ParagraphStyle("title", fontName=font, fontSize=18, leading=24, alignment=TA_CENTER)
        ),
        Spacer(1, 3 * mm),
    ]
    if register.fields:
        colon, gap = register.say("：", ": "), "&#160;" * 6
        line = gap.join(escape(f"{name}{colon}{value}") for name, value in register.fields)
        flow += [
            Paragraph(line, ParagraphStyle("fields", fontName=font, fontSize=9.5, leading=14)),
            Spacer(1, 2 * mm),
        ]
    flow.append(_rows(register, font))
    if not register.rows:
        empty = register.say("（无）", "(none)")
        flow.append(Paragraph(empty, ParagraphStyle("none", fontName=font, fontSize=9, alignment=TA_CENTER)))
    flow.append(KeepTogether(_end(register, font)))
    document.build(flow, canvasmaker=partial(_Numbered, register=register))
    return written.getvalue()


def _rows(register: Register, font: str) -> Flowable:
    shares = sum(column.share for column in register.columns)
    width = PAGE[0] - 2 * SIDE
    widths = [width * column.share / shares for column in register.columns]
    head = ParagraphStyle("head", fontName=font, fontSize=8.5, leading=11, alignment=TA_CENTER, wordWrap="CJK")
    styles = {kind: _style(kind, font) for kind in Kind}
    body = [[Paragraph(escape(heading), head) for heading in register.headings()]]
    body += [
        [_cell(value, column, styles) for value, column in zip(row, register.columns, strict=True)]
        for row in register.rows
    ]
    table = LongTable(body, colWidths=widths, repeatRows=1)
    table.setStyle(
        [
            ("GRID", (0, 0), (-1, -1), 0.4, RULE),
            ("LINEBELOW", (0, 0), (-1, 0), 0.9, INK),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("VALIGN", (0, 0), (-1, 0), "MIDDLE"),
            ("LEFTPADDING", (0, 0), (-1, -1), 3),
            ("RIGHTPADDING", (0, 0), (-1, -1), 3),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ]
    )
    return table


def _style(kind: Kind, font: str) -> ParagraphStyle:
    alignment: Literal[0, 1, 2] = TA_RIGHT if kind is Kind.NUMBER else TA_CENTER if kind is Kind.DATE else TA_LEFT
    return ParagraphStyle(kind.value, fontName=font, fontSize=8.5, leading=11.5, wordWrap="CJK", alignment=alignment)


def _cell(value: Cell, column: Column, styles: dict[Kind, ParagraphStyle]) -> Paragraph:
    return Paragraph(escape(str(value)).replace("\n", "<br/>"), styles[column.kind])


def _end(register: Register, font: str) -> list[Flowable]:
    end: list[Flowable] = [Spacer(1, 4 * mm)]
    if register.note:
        end.append(
            Paragraph(
                escape(register.note),
                ParagraphStyle(
                    "note", fontName=font, fontSize=9, leading=13, wordWrap="CJK" if register.language == "zh" else None
                ),
            )
        )
    if register.signatures:
        style = ParagraphStyle("sign", fontName=font, fontSize=9.5, leading=13)
        date = register.say("日期：", "Date: ")
        places = [
            Paragraph(f"{escape(role)}{register.say('：', ': ')}<br/><br/>{date}", style)
            for role in register.signatures
        ]
        row = Table([places], colWidths=[(PAGE[0] - 2 * SIDE) / len(places)] * len(places))
        row.setStyle([("LINEABOVE", (0, 0), (-1, -1), 0.4, RULE), ("TOPPADDING", (0, 0), (-1, -1), 6)])
        end += [Spacer(1, 8 * mm), row]
    return end
