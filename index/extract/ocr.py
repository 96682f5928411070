"""In the caged process: words out of pictures, and out of pages of a PDF that hold no letters of their own.

Everything runs in one thread: the cage lets nobody start another, and several files are read by several processes.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import IO, Any

import cv2
import numpy as np
import pypdfium2
from PIL import Image, ImageOps
from rapidocr import RapidOCR
from rapidocr.inference_engine.onnxruntime import OrtInferSession  # otherwise loaded at first use, inside the cage

from index.extract.chinese_type import lend_to_pdfium
from index.extract.pages import PDF, PICTURES
from index.extract.readers.scanned import is_picture
from index.extract.refusal import Refusal

__all__ = ["OrtInferSession", "prepare", "stream"]

MOST_PIXELS = 80_000_000
LONGEST_SIDE = 2600
"""Pixels of a page that is looked at: some 220 to the inch of an A4 sheet."""

SURE = 0.6
FULL_LINE = 0.93
"""A line that reaches so far goes on in the next."""

ONE_THREAD = {
    "Global.log_level": "critical",
    "Global.text_score": SURE,
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}


def prepare() -> None:
    """Set what the cage does not let be set any more: modest, and in one thread."""
    cv2.setNumThreads(1)
    os.nice(10)


def stream(source: IO[bytes], answer: IO[bytes], sandbox: Sequence[str]) -> None:
    """Read the question and the file; answer a line with the number of pages, a line for each, and a last one."""

    def say(**said: Any) -> None:
        answer.write(json.dumps(said).encode() + b"\n")
        answer.flush()

    asked = json.loads(source.readline(1000))
    try:
        pages, left_out = _pages(asked["kind"], source.read(), int(asked["pages"]))
        say(pages=len(pages), sandbox=list(sandbox))
        engine = RapidOCR(params=ONE_THREAD) if pages else None
        for page in pages:
            say(text=_words(engine, page()))
    except Refusal as refusal:
        say(zh=refusal.zh, en=refusal.en, end=True, pages=None)
        return
    except MemoryError:
        say(zh="识别文字所需内存超过限度。", en="Recognising the words needed more memory than allowed.", end=True)
        return
    except Exception:  # whatever a hostile picture makes a library raise, the answer is the same plain sentence
        say(
            zh="图像损坏或无法识别文字。",
            en="The picture is damaged, or its words cannot be recognised.",
            end=True,
        )
        return
    if left_out:
        zh, en = f"页数过多，另有 {left_out} 页未识别。", f"Too many pages; {left_out} more were not recognised."
        say(end=True, zh=zh, en=en)
    else:
        say(end=True)


Drawn = Callable[[], Image.Image]


def _pages(kind: str, data: bytes, most: int) -> tuple[list[Drawn], int]:
    """Return how to draw each page that has to be looked at, and how many are beyond what is allowed."""
    every = list(_of_pdf(data) if kind == PDF else _of_picture(data, PICTURES[kind]))
    return every[:most], max(0, len(every) - most)


def _of_pdf(data: bytes) -> Iterator[Drawn]:
    lend_to_pdfium()
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Refusal(
                "PDF 有密码保护，未识别文字。", "The PDF is protected by a password; no words were recognised."
            ) from error
        raise
    for number in range(len(document)):
        if is_picture(document[number].get_textpage().get_text_bounded(), document[number]):
            yield partial(_sheet, document, number)


def _sheet(document: Any, number: int) -> Image.Image:
    page = document[number]
    width, height = page.get_size()
    scale = min(4.0, LONGEST_SIDE / max(width, height, 1))
    picture: Image.Image = page.render(scale=scale, may_draw_forms=False).to_pil()
    return picture


def _of_picture(data: bytes, form: str) -> Iterator[Drawn]:
    Image.MAX_IMAGE_PIXELS = None  # our own limit stands below, before anything is unpacked
    picture = Image.open(io.BytesIO(data), formats=[form])
    for number in range(getattr(picture, "n_frames", 1) if form == "TIFF" else 1):
        yield partial(_frame, picture, number)


def _frame(picture: Image.Image, number: int) -> Image.Image:
    if getattr(picture, "n_frames", 1) > 1:
        picture.seek(number)
    if picture.width * picture.height > MOST_PIXELS:
        raise Refusal("图像过大，未识别文字。", "The picture is too large; no words were recognised.")
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    ground = Image.new("RGB", upright.size, "white")
    ground.paste(upright, mask=upright)
    return ground


def _words(engine: Any, picture: Image.Image) -> str:
    found = engine(np.asarray(picture.convert("RGB"))[:, :, ::-1])
    if found.txts is None or found.boxes is None:
        return ""
    return joined([(text, *_edges(box)) for text, box in zip(found.txts, found.boxes, strict=True)])


def _edges(box: Any) -> tuple[float, float, float, float]:
    across, down = [float(point[0]) for point in box], [float(point[1]) for point in box]
    return min(across), min(down), max(across), max(down)


Line = tuple[str, float, float, float, float]


def joined(lines: Sequence[Line]) -> str:
    """Put recognised lines (text, left, top, right, bottom) together: what stands in one row, and what a full line breaks.

    A word that the edge of a page cuts in two would never be found.
    """
    if not lines:
        return ""
    right_edge = max(line[3] for line in lines)
    left_edge = min(line[1] for line in lines)
    pieces = [lines[0][0]]
    for before, line in pairwise(lines):
        middle = (line[2] + line[4]) / 2
        if before[2] < middle < before[4] and line[1] >= before[3] - 1:
            pieces.append(" ")
        elif (
            (before[3] - left_edge) >= FULL_LINE * (right_edge - left_edge)
            and _han(before[0][-1:])
            and _han(line[0][:1])
        ):
            pieces.append("")
        else:
            pieces.append("\n")
        pieces.append(line[0])
    return "".join(pieces)


def _han(sign: str) -> bool:
    return "\u3400" <= sign <= "\u9fff"
