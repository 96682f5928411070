"""Which reader takes which media type; readers are loaded in the sandboxed process only."""

from __future__ import annotations

OOXML = "application/vnd.openxmlformats-officedocument."

ODF = "application/vnd.oasis.opendocument."

KINDS: dict[str, str] = {
    "text/plain": "plain",
    "text/markdown": "plain",
    "text/csv": "plain",
    "text/html": "html",
    "application/xhtml+xml": "html",
    "application/pdf": "pdf",
    OOXML + "wordprocessingml.document": "docx",
    OOXML + "spreadsheetml.sheet": "xlsx",
    OOXML + "presentationml.presentation": "pptx",
    "message/rfc822": "eml",
    ODF + "text": "odf",
    ODF + "spreadsheet": "odf",
    ODF + "presentation": "odf",
    "text/rtf": "rtf",
    "application/rtf": "rtf",
    "application/ofd": "ofd",
    "application/zip": "archive",
    "application/epub+zip": "archive",
    **dict.fromkeys(
        [
            *("application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"),
            *("application/vnd.ms-outlook", "application/CDFV2", "application/x-ole-storage", "application/encrypted"),
        ],
        "compound",
    ),
    **dict.fromkeys(["image/jpeg", "image/png", "image/tiff", "image/webp", "image/gif", "image/bmp"], "photo"),
    **dict.fromkeys(
        [
            *("audio/mpeg", "audio/x-wav", "audio/flac", "audio/ogg", "audio/x-m4a", "audio/mp4"),
            *("video/mp4", "video/quicktime"),
        ],
        "sound",
    ),
}

PROBES = "probes"
"""No media type: asks the one-shot process to try to break out of its cage."""

PRONOM = "pronom"
"""No media type: asks the one-shot process what format each of several files has."""

PAGES = "pages"
"""No media type: draws one page of a document as a picture, with marks burnt in."""

PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/bmp", "image/webp", "image/tiff"})
"""Pictures that can be drawn; none of them can hold a script."""

TEXT_PAGES = "text/plain"

UNPACK = "unpack"
"""No media type: takes a container apart and gives its parts out one by one."""

PDF = "application/pdf"

OCR = "ocr"
"""No media type: recognises the words in pictures and in scanned pages."""

REDACT = "redact"
"""No media type: makes a copy from which words and areas are gone."""

PAGED = "paged"
"""No media type: the letters of a PDF page by page."""

TOOLS = {
    OCR: "index.extract.ocr",
    PAGED: "index.extract.paged",
    PAGES: "index.extract.pages",
    PROBES: "index.extract.probes",
    PRONOM: "index.extract.pronom",
    REDACT: "index.extract.redact",
    UNPACK: "index.extract.unpack",
}
"""What the one-shot process does beside reading texts."""
