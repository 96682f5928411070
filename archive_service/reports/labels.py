"""What is glued onto boxes: the spine and the label, each with a QR code of the box's number (DOMAIN.md 8)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import segno
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from archive_service.reports.pdf import chinese_type

SPINE_HEIGHT = 310 * mm
LABEL = (90 * mm, 50 * mm)
MARGIN, GAP = 12 * mm, 6 * mm
SMALLEST = 5.5


@dataclass(frozen=True)
class BoxLabel:
    """What stands on a box: its number, the width of its spine in millimetres, and named fields from top to bottom."""

    box_no: str
    millimetres: int
    fields: Sequence[tuple[str, str]]


def spines(boxes: Sequence[BoxLabel], title: str) -> bytes:
    """Return the spines of boxes to cut out, several on a sheet; a spine is 310 mm high and cut by 15 mm for A4."""
    written = io.BytesIO()
    canvas = _canvas(written, title)
    height = min(SPINE_HEIGHT, A4[1] - 2 * MARGIN)
    left = MARGIN
    for place, box in enumerate(boxes):
        width = box.millimetres * mm
        if left + width > A4[0] - MARGIN:
            canvas.showPage()
            left = MARGIN
        _spine(canvas, left, MARGIN, width, height, box)
        left += width + (GAP if place + 1 < len(boxes) else 0)
    canvas.save()
    return written.getvalue()


def labels(boxes: Sequence[BoxLabel], title: str) -> bytes:
    """Return labels of 90 by 50 mm, ten on a sheet."""
    written = io.BytesIO()
    canvas = _canvas(written, title)
    across, down = 2, 5
    for place, box in enumerate(boxes):
        on_sheet = place % (across * down)
        if place and not on_sheet:
            canvas.showPage()
        left = MARGIN + (on_sheet % across) * (LABEL[0] + GAP)
        bottom = A4[1] - MARGIN - (on_sheet // across + 1) * LABEL[1] - (on_sheet // across) * GAP / 2
        _label(canvas, left, bottom, box)
    canvas.save()
    return written.getvalue()


def _canvas(written: io.BytesIO, title: str) -> Canvas:
    canvas = Canvas(written, pagesize=A4, invariant=1)
    canvas.setTitle(title)
    return canvas


def _spine(canvas: Canvas, left: float, bottom: float, width: float, height: float, box: BoxLabel) -> None:
    canvas.setLineWidth(0.5)
    canvas.rect(left, bottom, width, height)
    code = min(width - 4 * mm, 30 * mm)
    _qr(canvas, left + (width - code) / 2, bottom + 3 * mm, code, box.box_no)
    cell = (height - code - 8 * mm) / max(1, len(box.fields))
    for place, (name, value) in enumerate(box.fields):
        top = bottom + height - place * cell
        canvas.line(left, top, left + width, top)
        _centred(canvas, left, top - 5 * mm, width, name, 7)
        for line, part in enumerate(_upright(value)):
            _centred(canvas, left, top - (12 + line * 5.5) * mm, width, part, 12)


def _upright(value: str) -> list[str]:
    """Break a value into the lines of a narrow spine: at its dashes, or every four characters."""
    parts = [one.strip() for one in value.replace("–", "-").split("-")] if len(value) > 6 else [value]
    return [part[at : at + 8] for part in parts for at in range(0, max(1, len(part)), 8)]


def _label(canvas: Canvas, left: float, bottom: float, box: BoxLabel) -> None:
    width, height = LABEL
    canvas.setLineWidth(0.5)
    canvas.rect(left, bottom, width, height)
    code = 26 * mm
    _qr(canvas, left + width - code - 3 * mm, bottom + (height - code) / 2, code, box.box_no)
    font = chinese_type()
    canvas.setFont(font, 13)
    canvas.drawString(left + 4 * mm, bottom + height - 8 * mm, box.box_no)
    room = width - code - 9 * mm
    for place, (name, value) in enumerate(box.fields):
        said = f"{name} {value}"
        canvas.setFont(font, _fitting(said, 9, room))
        canvas.drawString(left + 4 * mm, bottom + height - (15 + place * 5.4) * mm, said)


def _centred(canvas: Canvas, left: float, baseline: float, width: float, text: str, size: float) -> None:
    canvas.setFont(chinese_type(), _fitting(text, size, width - 2 * mm))
    canvas.drawCentredString(left + width / 2, baseline, text)


def _fitting(text: str, size: float, width: float) -> float:
    wide = pdfmetrics.stringWidth(text, chinese_type(), size)
    return size if wide <= width else max(SMALLEST, size * width / wide)


def _qr(canvas: Canvas, left: float, bottom: float, side: float, text: str) -> None:
    rows = [list(row) for row in segno.make(text, error="m", micro=False).matrix]
    step = side / len(rows)
    canvas.setFillGray(0)
    for down, row in enumerate(rows):
        for across, dark in enumerate(row):
            if dark:
                canvas.rect(left + across * step, bottom + side - (down + 1) * step, step, step, stroke=0, fill=1)
