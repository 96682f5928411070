"""PDF by PDFium."""

from __future__ import annotations

import pypdfium2

from index.extract.readers.scanned import Scanned, is_picture
from index.extract.refusal import Refusal

MOST_PAGES = 5000


def read(data: bytes) -> Scanned:
    """Return the text of all pages; a document that asks for a password is refused."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Refusal(
                "PDF 有密码保护，未提取文字。", "The PDF is protected by a password; no text was extracted."
            ) from error
        raise
    pages, scans = [], 0
    for number in range(min(len(document), MOST_PAGES)):
        page = document[number]
        letters = page.get_textpage().get_text_bounded().replace("\r\n", "\n").replace("\ufffe", "")
        pages.append(letters)
        scans += is_picture(letters, page)
    return Scanned.of("\n\n".join(pages), scans)
