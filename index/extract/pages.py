"""One page of a document as a picture, with marks burnt into it: made in the caged process, from bytes in memory only.

The first line of what is handed over is JSON: the media type, the number of the page, the lines to burn in, the file of
the type to write with. The document follows.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import IO, Any

import pypdfium2
from PIL import Image, ImageDraw, ImageFont, ImageOps

from index.extract.chinese_type import lend_to_pdfium
from index.extract.refusal import Refusal

WIDTH, HEIGHT = 1240, 1754
"""A4 at 150 dots to the inch: what a page is drawn at, and the most that a picture is shown at."""

MOST_PIXELS = 120_000_000
MARGIN, SIZE, LEADING = 90, 24, 38
MARK_SIZE, MARK_ANGLE, MARK_INK = 30, 30, (120, 20, 20, 70)
PICTURES = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/gif": "GIF",
    "image/bmp": "BMP",
    "image/webp": "WEBP",
    "image/tiff": "TIFF",
}
PDF, TEXT = "application/pdf", "text/plain"
NOT_THERE = Refusal("没有这一页。", "There is no such page.")


def answer(stream: IO[bytes]) -> str:
    """Return the page as JSON: how many pages there are, and the picture (PNG, base64)."""
    asked = json.loads(stream.readline())
    data = stream.read()
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    drawn, pages = _drawn(asked["kind"], data, asked["page"], asked["font"])
    marked = _marked(drawn, asked["lines"], asked["font"], strip=asked.get("strip", True))
    written = io.BytesIO()
    marked.save(written, "PNG")
    return json.dumps({"pages": pages, "png": base64.b64encode(written.getvalue()).decode()})


def _drawn(kind: str, data: bytes, number: int, font: str) -> tuple[Image.Image, int]:
    if kind == PDF:
        return _pdf(data, number)
    if kind in PICTURES:
        return _picture(data, PICTURES[kind], number)
    return _text(data.decode("utf-8", "replace"), number, font)


def _pdf(data: bytes, number: int) -> tuple[Image.Image, int]:
    lend_to_pdfium()
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Refusal("PDF 有密码保护，不能显示。", "The PDF is protected by a password.") from error
        raise
    if not 1 <= number <= len(document):
        raise NOT_THERE
    page = document[number - 1]
    width, height = page.get_size()
    scale = min(WIDTH / max(width, 1), 2 * HEIGHT / max(height, 1))
    bitmap = page.render(scale=scale, may_draw_forms=False)
    return bitmap.to_pil().convert("RGB"), len(document)


def _picture(data: bytes, form: str, number: int) -> tuple[Image.Image, int]:
    picture = Image.open(io.BytesIO(data), formats=[form])
    if picture.width * picture.height > MOST_PIXELS:
        raise Refusal("图像过大，不能显示。", "The picture is too large to be shown.")
    pages = getattr(picture, "n_frames", 1) if form == "TIFF" else 1
    if not 1 <= number <= pages:
        raise NOT_THERE
    picture.seek(number - 1)
    picture.draft("RGB", (WIDTH, HEIGHT))
    upright: Any = ImageOps.exif_transpose(picture).convert("RGBA")
    upright.thumbnail((WIDTH, HEIGHT))
    ground = Image.new("RGB", upright.size, "white")
    ground.paste(upright, mask=upright)
    return ground, pages


def _text(text: str, number: int, font: str) -> tuple[Image.Image, int]:
    face = ImageFont.truetype(font, SIZE)
    lines = list(_wrapped(text, face))
    each = (HEIGHT - 2 * MARGIN) // LEADING
    pages = max(1, -(-len(lines) // each))
    if not 1 <= number <= pages:
        raise NOT_THERE
    sheet = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(sheet)
    for place, line in enumerate(islice(lines, (number - 1) * each, number * each)):
        pen.text((MARGIN, MARGIN + place * LEADING), line, font=face, fill="black")
    return sheet, pages


def _wrapped(text: str, face: ImageFont.FreeTypeFont) -> Iterator[str]:
    room = WIDTH - 2 * MARGIN
    widths: dict[str, float] = {}
    for line in text.splitlines():
        used, begun = 0.0, 0
        shown = "".join(sign if sign.isprintable() else " " for sign in line.expandtabs(4))
        for place, sign in enumerate(shown):
            wide = widths.get(sign)
            if wide is None:
                wide = widths[sign] = face.getlength(sign)
            if used + wide > room:
                yield shown[begun:place]
                used, begun = 0.0, place
            used += wide
        yield shown[begun:]


def _marked(picture: Image.Image, lines: Sequence[str], font: str, *, strip: bool) -> Image.Image:
    """Burn the lines in: aslant all over the page, and plainly in a strip below it unless the page is to keep its size."""
    size = max(14, MARK_SIZE * picture.width // WIDTH)
    face = ImageFont.truetype(font, size)
    words = "   ".join(lines)
    wide = int(face.getlength(words)) + 2 * size
    tile = Image.new("RGBA", (wide, size * 5), (0, 0, 0, 0))
    ImageDraw.Draw(tile).text((size, 2 * size), words, font=face, fill=MARK_INK)
    slanted = tile.rotate(MARK_ANGLE, expand=True, resample=Image.Resampling.BICUBIC)
    base = picture.convert("RGBA")
    for number, top in enumerate(range(-slanted.height // 2, base.height, max(60, slanted.height * 2 // 3))):
        for left in range(-(number % 2) * slanted.width // 2, base.width, slanted.width):
            base.alpha_composite(slanted.crop(_within(slanted, left, top)), (max(left, 0), max(top, 0)))
    if not strip:
        return base.convert("RGB")
    small = ImageFont.truetype(font, max(12, size * 2 // 3))
    whole = Image.new("RGB", (base.width, base.height + 2 * size), "white")
    whole.paste(base.convert("RGB"))
    ImageDraw.Draw(whole).text((size // 2, base.height + size // 3), words, font=small, fill=(90, 20, 20))
    return whole


def _within(tile: Image.Image, left: int, top: int) -> tuple[int, int, int, int]:
    return max(0, -left), max(0, -top), tile.width, tile.height
