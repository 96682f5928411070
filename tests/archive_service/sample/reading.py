"""Reads the sample's files back with the ordinary libraries, not with the code that wrote them."""

from __future__ import annotations

from email import policy
from email.parser import BytesParser
from pathlib import Path

import docx
import openpyxl
import pptx
import pypdfium2
from PIL import Image


def text_of(path: Path) -> str:
    """All text that a reader program would show, and for pictures and sounds what they say of themselves."""
    return {
        ".docx": _docx,
        ".pdf": _pdf,
        ".xlsx": _xlsx,
        ".pptx": _pptx,
        ".eml": _eml,
        ".jpg": _exif,
        ".png": _exif,
        ".wav": lambda p: p.read_bytes().decode("utf-8", "ignore"),
    }.get(path.suffix, _plain)(path)


def _plain(path: Path) -> str:
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("gb18030")


def _docx(path: Path) -> str:
    doc = docx.Document(str(path))
    cells = [cell.text for table in doc.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in doc.paragraphs] + cells)


def _pdf(path: Path) -> str:
    pdf = pypdfium2.PdfDocument(path)
    try:
        text = "".join(page.get_textpage().get_text_range() for page in pdf)
    finally:
        pdf.close()
    return text.replace("\r\n", "").replace("\n", "")


def _xlsx(path: Path) -> str:
    book = openpyxl.load_workbook(path, read_only=True)
    cells = [
        str(value) for sheet in book for row in sheet.iter_rows(values_only=True) for value in row if value is not None
    ]
    book.close()
    return "\n".join(cells)


def _pptx(path: Path) -> str:
    parts = []
    for slide in pptx.Presentation(str(path)).slides:
        for shape in slide.shapes:
            if shape.has_text_frame:
                parts.append(shape.text_frame.text)
            if shape.has_table:
                parts += [cell.text for row in shape.table.rows for cell in row.cells]
    return "\n".join(parts)


def _eml(path: Path) -> str:
    mail = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    return mail["Subject"] + mail.get_body(("plain",)).get_content()


def _exif(path: Path) -> str:
    with Image.open(path) as image:
        return image.getexif()[0x9C9C].decode("utf-16le") + image.getexif()[0x010E]
