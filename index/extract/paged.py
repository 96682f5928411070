"""In the caged process: the letters of a PDF, page by page."""

from __future__ import annotations

import json
from typing import IO

import pypdfium2

from index.extract.refusal import Refusal

MOST_PAGES = 3000
MOST_LETTERS = 4_000_000


def answer(stream: IO[bytes]) -> str:
    """Return the text of each page as a JSON list."""
    try:
        document = pypdfium2.PdfDocument(stream.read())
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Refusal(
                "PDF 有密码保护，未提取文字。", "The PDF is protected by a password; no text was extracted."
            ) from error
        raise
    pages: list[str] = []
    room = MOST_LETTERS
    for number in range(min(len(document), MOST_PAGES)):
        letters = document[number].get_textpage().get_text_bounded()[:room]
        room -= len(letters)
        pages.append(letters.encode("utf-8", "replace").decode())
    return json.dumps(pages, ensure_ascii=False)
