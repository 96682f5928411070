"""A PDF that names a Chinese type and does not bring it is drawn with letters, not with blanks."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

from PIL import Image
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from index.extract.chinese_type import chinese_font
from index.extract.kinds import PAGES, PDF, REDACT
from index.extract.runner import Limits, run

WORDS = "整改情况经现场复查属实"


def paper() -> bytes:
    """Return a page with one line in 宋体, which lies nowhere in the file."""
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    written = io.BytesIO()
    canvas = Canvas(written)
    canvas.setFont("STSong-Light", 30)
    canvas.drawString(60, 700, WORDS)
    canvas.save()
    return written.getvalue()


def ink(picture: Image.Image) -> int:
    """Count the dark points in the strip in which the line stands."""
    grey = picture.convert("L")
    strip = grey.crop((0, int(grey.height * 0.12), grey.width, int(grey.height * 0.18)))
    return sum(strip.histogram()[:100])


def told(head: dict[str, object], kind: str) -> dict[str, Any]:
    found = run([json.dumps(head).encode() + b"\n", paper()], kind, Limits(output_characters=50_000_000))
    assert found.status == "ok", found.reason
    answer: dict[str, Any] = json.loads(found.text)
    return answer


def test_a_page_and_a_redacted_copy_show_words_whose_type_the_file_does_not_bring() -> None:
    asked = {"kind": PDF, "page": 1, "lines": [""], "font": str(chinese_font()), "strip": False}
    page = Image.open(io.BytesIO(base64.b64decode(told(asked, PAGES)["png"])))
    assert ink(page) > 5000
    whole = told({"kind": PDF, "words": ["不在其中"], "areas": []}, REDACT)["copy"]
    without = told({"kind": PDF, "words": [WORDS], "areas": []}, REDACT)
    assert without["words"] == 1
    assert b"STSong" not in base64.b64decode(whole), "a copy is made of points"
    assert len(whole) != len(without["copy"])
