"""DOCX: body, tables, text boxes, headers, footers, notes and comments, straight from the parts."""

from __future__ import annotations

from index.extract.readers.package import open_package, paragraphs, parse, parts

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
PARTS = (
    r"word/document\d*\.xml",
    r"word/header\d*\.xml",
    r"word/footer\d*\.xml",
    r"word/footnotes\.xml",
    r"word/endnotes\.xml",
    r"word/comments\.xml",
)


def read(data: bytes) -> str:
    """Return all text in reading order."""
    package = open_package(data)
    lines: list[str] = []
    for name in parts(package, PARTS):
        lines += paragraphs(parse(package, name), f"{W}p", f"{W}t", {f"{W}tab": "\t", f"{W}br": "\n"})
    return "\n".join(lines)
