"""PDF papers: the same page as the Word ones, fixed, with page x of y."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, Literal
from xml.sax.saxutils import escape

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, HRFlowable, Paragraph, SimpleDocTemplate, Spacer
from reportlab.platypus import Table as Grid

from archive_service.sample.model import Block, Heading, Paper, Para, Sign, Table
from index.extract.chinese_type import chinese_font

TA_CENTER: Literal[1] = 1
TA_RIGHT: Literal[2] = 2
RED, GREY, INK, RULE = HexColor("#C01F1F"), HexColor("#666666"), HexColor("#111111"), HexColor("#999999")
FRAME_PADDING = 12
LINE = A4[0] - 52 * mm - FRAME_PADDING
CELL_PADDING = 13
# A Latin word or one Chinese character, with the brackets that open before it and the marks that close after it.
UNIT = re.compile(r"[《（“〔]*(?:[!-~]+|.)[，。；：、）》〕”！？—]* *")


@cache
def _font() -> str:
    """Register the type once; embedded where the font is at hand, else a name every Chinese reader program knows."""
    path = chinese_font()
    if path is None:
        pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
        return "STSong-Light"
    pdfmetrics.registerFont(TTFont("SampleHei", str(path), subfontIndex=0))
    return "SampleHei"


def write(path: Path, paper: Paper) -> None:
    """Write the paper as PDF."""
    doc = SimpleDocTemplate(
        str(path),
        pagesize=A4,
        leftMargin=26 * mm,
        rightMargin=26 * mm,
        topMargin=26 * mm,
        bottomMargin=24 * mm,
        title=paper.title,
        author=paper.issuer,
        subject=f"{paper.case_no} {paper.notice}",
        invariant=1,
    )
    flow: list[Flowable] = []
    if paper.formal:
        size = 26 if len(paper.issuer) <= 14 else 20
        flow += [
            Paragraph(escape(paper.issuer), _style(size, align=TA_CENTER, colour=RED, after=6)),
            Paragraph(escape(paper.document_no or paper.case_no), _style(11, align=TA_CENTER, after=4)),
            HRFlowable(width="100%", thickness=1.6, color=RED, spaceAfter=14),
        ]
    flow.append(Paragraph(escape(paper.title), _style(17, align=TA_CENTER, after=8)))
    flow.append(Paragraph(escape(paper.notice), _style(8.5, align=TA_CENTER, colour=GREY, after=10)))
    for block in paper.blocks:
        flow += _block(block, paper.language)

    class Numbered(_Numbered):
        mark = f"{paper.case_no}  {'Invented sample' if paper.language == 'en' else '虚构示例'}"
        chinese = paper.language != "en"

    doc.build(flow, canvasmaker=Numbered)


class _Numbered(Canvas):
    """A canvas that knows the number of pages: pages are kept and drawn at the end."""

    mark = ""
    chinese = True

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._kept: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - the name is the library's
        self._kept.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]

    def save(self) -> None:
        total = len(self._kept)
        for number, state in enumerate(self._kept, 1):
            self.__dict__.update(state)
            self.setFont(_font(), 8.5)
            self.setFillColor(GREY)
            self.drawRightString(A4[0] - 26 * mm, A4[1] - 16 * mm, self.mark)
            page = f"第 {number} 页 共 {total} 页" if self.chinese else f"Page {number} of {total}"
            self.drawCentredString(A4[0] / 2, 13 * mm, page)
            super().showPage()
        super().save()


def _style(
    size: float,
    *,
    align: Literal[0, 1, 2] = 0,
    colour: Color = INK,
    after: float = 0,
    before: float = 0,
    indent: float = 0,
    cjk: bool = True,
) -> ParagraphStyle:
    return ParagraphStyle(
        "sample",
        fontName=_font(),
        fontSize=size,
        leading=size * (1.6 if size < 14 else 1.35),
        alignment=align,
        textColor=colour,
        spaceAfter=after,
        spaceBefore=before,
        firstLineIndent=indent,
        wordWrap="CJK" if cjk else None,
    )


def _block(block: Block, language: str) -> list[Flowable]:
    cjk = language != "en"
    match block:
        case Heading(text):
            return [Paragraph(escape(text), _style(12.5, before=8, after=4, cjk=cjk))]
        case Para(text):
            indent = 22 if cjk else 0
            shown = _broken(text, LINE, 11, indent) if cjk else escape(text)
            return [Paragraph(shown, _style(11, after=4, indent=indent, cjk=cjk))]
        case Sign(lines):
            style = _style(11, align=TA_RIGHT, after=2, cjk=cjk)
            return [Spacer(1, 12), *(Paragraph(escape(line), style) for line in lines)]
        case Table():
            return _table(block, cjk)


def _broken(text: str, width: float, size: float, indent: float = 0) -> str:
    """Break Chinese lines here: the library lets closing marks start a line."""
    lines, room = [""], width - indent
    for unit in UNIT.findall(text):
        wide = pdfmetrics.stringWidth(unit, _font(), size)
        if wide > room and lines[-1]:
            lines.append("")
            room = width
        lines[-1] += unit
        room -= wide
    return "<br/>".join(escape(line) for line in lines)


def _table(block: Table, cjk: bool) -> list[Flowable]:
    head, cell = _style(9.5, cjk=cjk), _style(9, cjk=cjk)
    rows = [[Paragraph(escape(text), head) for text in block.head]]
    widths = [LINE * share / sum(block.widths) for share in block.widths]
    for row in block.rows:
        shown = [
            _broken(str(text), width - CELL_PADDING, 9) if cjk else escape(str(text))
            for text, width in zip(row, widths, strict=True)
        ]
        rows.append([Paragraph(text, cell) for text in shown])
    grid = Grid(rows, colWidths=widths, repeatRows=1)
    grid.setStyle(
        [
            ("GRID", (0, 0), (-1, -1), 0.4, RULE),
            ("BACKGROUND", (0, 0), (-1, 0), HexColor("#EDEDED")),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("TOPPADDING", (0, 0), (-1, -1), 3),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
        ]
    )
    return [
        Paragraph(escape(block.name), _style(10.5, align=TA_CENTER, before=8, after=4, cjk=cjk)),
        grid,
        Spacer(1, 8),
    ]
