"""In the caged process: a copy of a document from which words and areas are gone for good.

The copy is made anew from pixels, or from letters for plain text: nothing of the file itself is carried over, so that
no hidden text, no metadata, no thumbnail, no earlier state and no attachment can come along.
"""

from __future__ import annotations

import base64
import io
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import IO, Any, NamedTuple

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image, ImageDraw, ImageOps

from index.extract.chinese_type import lend_to_pdfium
from index.extract.pages import MOST_PIXELS, PDF, PICTURES
from index.extract.readers.plain import read as read_plain
from index.extract.refusal import Refusal

LONGER_SIDE = 2200
"""Pixels of a page of a copy: some 190 to the inch of an A4 sheet."""
MOST_PAGES = 60
INK = "black"
BAR = "█████"
"""What stands for a removed word in a text: always as long, so that its length tells nothing."""
MARGIN = 3
"""Pixels that are covered around a letter: its edges are soft."""


class Area(NamedTuple):
    """A rectangle on a page, in hundredths of the page's width and height from its upper left corner."""

    page: int
    left: float
    top: float
    right: float
    bottom: float


def answer(stream: IO[bytes]) -> str:
    """Return as JSON: the copy (base64), its media type, its pages, and how many words were removed."""
    asked = json.loads(stream.readline())
    data = stream.read()
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    words, areas = pattern_of(asked["words"]), [Area(*one) for one in asked["areas"]]
    if asked["kind"] == PDF:
        copy, kind, pages, count = _pdf(data, words, areas)
    elif asked["kind"] in PICTURES:
        copy, kind, pages, count = _picture(data, PICTURES[asked["kind"]], areas)
    else:
        text, count = words.subn(BAR, plain_letters(read_plain(data))) if words else (read_plain(data), 0)
        copy, kind, pages = text.encode(), "text/plain", 1
    return json.dumps({"copy": base64.b64encode(copy).decode(), "kind": kind, "pages": pages, "words": count})


def plain_letters(text: str) -> str:
    """Return a text letter by letter in its plain form, as long as before: full width and other forms are one."""
    return "".join(plain if len(plain := unicodedata.normalize("NFKC", one)) == 1 else one for one in text)


def pattern_of(words: Sequence[str]) -> re.Pattern[str] | None:
    """Return what finds any of some words in :func:`plain_letters`, whatever spaces or breaks stand within them."""
    told = ["".join(plain_letters(word).split()) for word in words]
    ways = [r"\s*".join(re.escape(letter) for letter in word) for word in sorted(told, key=len, reverse=True) if word]
    return re.compile("|".join(ways), re.IGNORECASE) if ways else None


def _pdf(data: bytes, words: re.Pattern[str] | None, areas: Sequence[Area]) -> tuple[bytes, str, int, int]:
    lend_to_pdfium()
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Refusal("PDF 有密码保护，不能制作遮盖件。", "The PDF is protected by a password.") from error
        raise
    if len(document) > MOST_PAGES:
        raise _too_long(len(document))
    document.init_forms()  # what was filled into a form is shown too, or it would seem to be gone
    drawn, count = [], 0
    for number in range(len(document)):
        page = document[number]
        width, height = page.get_size()
        bitmap = page.render(scale=LONGER_SIDE / max(width, height, 1))
        sheet = bitmap.to_pil().convert("RGB")
        place = bitmap.get_posconv(page)
        pen = ImageDraw.Draw(sheet)
        boxes, found = _letters(page, words)
        count += found
        for left, bottom, right, top in boxes:
            corners = (place.to_bitmap(left, top), place.to_bitmap(right, bottom))
            across, down = sorted(x for x, _ in corners), sorted(y for _, y in corners)
            pen.rectangle((across[0] - MARGIN, down[0] - MARGIN, across[1] + MARGIN, down[1] + MARGIN), fill=INK)
        _cover(sheet, number + 1, areas)
        drawn.append(_jpeg(sheet))
    return _document(drawn), PDF, len(drawn), count


def _letters(page: Any, words: re.Pattern[str] | None) -> tuple[list[tuple[float, float, float, float]], int]:
    """Return the boxes of all letters that belong to a word that is to go, and how many such words there are."""
    if words is None:
        return [], 0
    letters = page.get_textpage()
    codes = [pdfium.FPDFText_GetUnicode(letters.raw, place) for place in range(letters.count_chars())]
    text = plain_letters("".join(chr(code) if 0 < code < 0x110000 else " " for code in codes))
    found = list(words.finditer(text))
    places = [place for one in found for place in range(one.start(), one.end()) if not text[place].isspace()]
    return [letters.get_charbox(place, loose=True) for place in places], len(found)


def _picture(data: bytes, form: str, areas: Sequence[Area]) -> tuple[bytes, str, int, int]:
    picture = Image.open(io.BytesIO(data), formats=[form])
    if picture.width * picture.height > MOST_PIXELS:
        raise Refusal("图像过大，不能制作遮盖件。", "The picture is too large for a redacted copy.")
    pages = getattr(picture, "n_frames", 1) if form == "TIFF" else 1
    if pages > MOST_PAGES:
        raise _too_long(pages)
    sheets = list(_sheets(picture, pages, areas))
    if len(sheets) > 1:
        return _document([_jpeg(one) for one in sheets]), PDF, len(sheets), 0
    if form in ("JPEG", "WEBP", "TIFF"):
        return _jpeg(sheets[0]), "image/jpeg", 1, 0
    written = io.BytesIO()
    sheets[0].save(written, "PNG")
    return written.getvalue(), "image/png", 1, 0


def _sheets(picture: Image.Image, pages: int, areas: Sequence[Area]) -> Iterator[Image.Image]:
    for number in range(pages):
        picture.seek(number)
        upright = ImageOps.exif_transpose(picture).convert("RGBA")
        if max(upright.size) > 2 * LONGER_SIDE:
            upright.thumbnail((2 * LONGER_SIDE, 2 * LONGER_SIDE))
        sheet = Image.new("RGB", upright.size, "white")  # a new one: what the file says of itself stays behind
        sheet.paste(upright, mask=upright)
        _cover(sheet, number + 1, areas)
        yield sheet


def _cover(sheet: Image.Image, number: int, areas: Sequence[Area]) -> None:
    pen = ImageDraw.Draw(sheet)
    across, down = sheet.width / 100, sheet.height / 100
    for one in areas:
        if one.page == number:
            pen.rectangle((one.left * across, one.top * down, one.right * across, one.bottom * down), fill=INK)


def _jpeg(sheet: Image.Image) -> bytes:
    written = io.BytesIO()
    sheet.save(written, "JPEG", quality=85)
    return written.getvalue()


def _document(pages: Sequence[bytes]) -> bytes:
    """Write a PDF that holds one picture for each page, and nothing else at all."""
    parts: list[bytes] = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    kids = []
    for jpeg in pages:
        wide, high = Image.open(io.BytesIO(jpeg)).size
        first = len(parts) + 1
        kids.append(f"{first} 0 R")
        box = f"{wide * 0.36:.2f} {high * 0.36:.2f}"
        drawing = f"q {wide * 0.36:.2f} 0 0 {high * 0.36:.2f} 0 0 cm /P Do Q".encode()
        parts += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {box}] /Contents {first + 1} 0 R "
            f"/Resources << /XObject << /P {first + 2} 0 R >> >> >>".encode(),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
            b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB /BitsPerComponent 8 "
            b"/Filter /DCTDecode /Length %d >>\nstream\n%s\nendstream" % (wide, high, len(jpeg), jpeg),
        ]
    parts[1] = f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(kids)}] >>".encode()
    written, starts = bytearray(b"%PDF-1.4\n"), []
    for number, part in enumerate(parts, 1):
        starts.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = len(written)
    written += b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
    written += b"".join(b"%010d 00000 n \n" % start for start in starts)
    written += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(parts) + 1, table)
    return bytes(written)


def _too_long(pages: int) -> Refusal:
    return Refusal(
        f"共 {pages} 页；遮盖件最多 {MOST_PAGES} 页。",
        f"It has {pages} pages; a redacted copy has {MOST_PAGES} at most.",
    )
