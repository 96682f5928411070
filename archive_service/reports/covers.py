"""What is printed onto papers and their wrappers: the cover of a case file 案卷封面 and the archival stamp 归档章 (DOMAIN.md 8)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from archive_service.errors import Text
from archive_service.reports.pdf import chinese_type

COVER = (220 * mm, 310 * mm)
"""The size of a case file."""

STAMP = (45 * mm, 16 * mm)
MARGIN, GAP = 8 * mm, 4 * mm
ACROSS, DOWN = 4, 14
FROM_TOP = 15 * mm
"""How far below the upper edge a stamp is printed onto a paper."""

STAMP_CELLS = (
    Text("全宗号", "Fonds"),
    Text("年度", "Year"),
    Text("件号", "Item"),
    Text("机构（问题）", "Unit"),
    Text("保管期限", "Period"),
    Text("页数", "Pages"),
)
"""The six cells, row by row."""


@dataclass(frozen=True)
class Cover:
    """What stands on the cover of a case file."""

    unit: str
    category: str
    title: str
    dates: str
    period: str
    items: str
    pages: str
    case_no: str
    codes: str


@dataclass(frozen=True)
class Stamp:
    """What stands in the six cells of a stamp, and the code that it belongs to."""

    code: str
    cells: tuple[str, str, str, str, str, str]


def cover(one: Cover, language: str) -> bytes:
    """Return the cover of a case file, 220 by 310 mm, to be printed at full size."""
    written = io.BytesIO()
    canvas = Canvas(written, pagesize=COVER, invariant=1)
    canvas.setTitle(one.case_no)
    wide, high = COVER
    _middle(canvas, wide / 2, high - 55 * mm, wide - 50 * mm, one.unit, 26)
    _middle(canvas, wide / 2, high - 78 * mm, wide - 60 * mm, one.category, 18)
    left, right, top = 30 * mm, wide - 30 * mm, high - 100 * mm
    canvas.setLineWidth(0.8)
    canvas.rect(left, top - 60 * mm, right - left, 60 * mm)
    lines = _wrapped(one.title, 20, right - left - 16 * mm)[:5]
    for place, line in enumerate(lines):
        offset = (len(lines) - 1) / 2 - place
        _middle(canvas, wide / 2, top - 33 * mm + offset * 10 * mm, right - left - 10 * mm, line, 20)
    words = (
        (Text("起止日期", "Dates"), one.dates),
        (Text("保管期限", "Period"), one.period),
        (Text("件数", "Items"), one.items),
        (Text("页数", "Pages"), one.pages),
        (Text("归档号", "File number"), one.case_no),
        (Text("档号", "Archival codes"), one.codes),
    )
    for place, (name, value) in enumerate(words):
        baseline = top - 82 * mm - place * 15 * mm
        canvas.setFont(chinese_type(), 13)
        canvas.drawString(left, baseline, name.in_language(language))
        canvas.setLineWidth(0.5)
        canvas.line(left + 34 * mm, baseline - 2 * mm, right, baseline - 2 * mm)
        canvas.setFont(chinese_type(), _size(value, 13, right - left - 38 * mm))
        canvas.drawString(left + 36 * mm, baseline, value)
    canvas.save()
    return written.getvalue()


def stamp_sheet(stamps: Sequence[Stamp], title: str, language: str) -> bytes:
    """Return stamps to be cut out or printed onto labels, 56 on a sheet, each 45 by 16 mm."""
    written = io.BytesIO()
    canvas = Canvas(written, pagesize=A4, invariant=1)
    canvas.setTitle(title)
    for place, stamp in enumerate(stamps):
        on_sheet = place % (ACROSS * DOWN)
        if place and not on_sheet:
            canvas.showPage()
        left = MARGIN + (on_sheet % ACROSS) * (STAMP[0] + GAP)
        bottom = A4[1] - MARGIN - (on_sheet // ACROSS + 1) * STAMP[1] - (on_sheet // ACROSS) * GAP
        _stamp(canvas, left, bottom, stamp, language)
    canvas.save()
    return written.getvalue()


def stamp_on_paper(stamp: Stamp, language: str) -> bytes:
    """Return an empty A4 page with the stamp in the middle of its upper edge: the first sheet of a paper goes through it."""
    written = io.BytesIO()
    canvas = Canvas(written, pagesize=A4, invariant=1)
    canvas.setTitle(stamp.code)
    _stamp(canvas, (A4[0] - STAMP[0]) / 2, A4[1] - FROM_TOP - STAMP[1], stamp, language)
    canvas.save()
    return written.getvalue()


def _stamp(canvas: Canvas, left: float, bottom: float, stamp: Stamp, language: str) -> None:
    canvas.setLineWidth(0.6)
    canvas.rect(left, bottom, *STAMP)
    wide, high = STAMP[0] / 3, STAMP[1] / 2
    canvas.line(left, bottom + high, left + STAMP[0], bottom + high)
    for column in (1, 2):
        canvas.line(left + column * wide, bottom, left + column * wide, bottom + STAMP[1])
    for place, (name, value) in enumerate(zip(STAMP_CELLS, stamp.cells, strict=True)):
        middle, base = left + (place % 3 + 0.5) * wide, bottom + (1 - place // 3) * high
        _middle(canvas, middle, base + high - 2.4 * mm, wide - mm, name.in_language(language), 5)
        _middle(canvas, middle, base + 1.6 * mm, wide - mm, value, 9.5)


def _middle(canvas: Canvas, middle: float, baseline: float, room: float, text: str, size: float) -> None:
    canvas.setFont(chinese_type(), _size(text, size, room))
    canvas.drawCentredString(middle, baseline, text)


def _size(text: str, size: float, room: float) -> float:
    wide = pdfmetrics.stringWidth(text, chinese_type(), size)
    return size if wide <= room else max(4.0, size * room / wide)


def _wrapped(text: str, size: float, room: float) -> list[str]:
    """Break a title into lines; between Latin words at spaces, between Han characters anywhere."""
    lines, line = [], ""
    for sign in text:
        if line and pdfmetrics.stringWidth(line + sign, chinese_type(), size) > room:
            head, space, tail = line.rpartition(" ")
            if space and sign.isascii() and sign.isalnum() and head:
                lines.append(head)
                line = tail
            else:
                lines.append(line)
                line = ""
        line += sign
    return [*lines, line.strip()] if line.strip() else lines
