"""PPTX: slides and their notes."""

from __future__ import annotations

from index.extract.readers.package import open_package, paragraphs, parse, parts

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


def read(data: bytes) -> str:
    """Return the text of all slides, then of the notes."""
    package = open_package(data)
    lines: list[str] = []
    for name in parts(package, (r"ppt/slides/slide\d+\.xml", r"ppt/notesSlides/notesSlide\d+\.xml")):
        lines += paragraphs(parse(package, name), f"{A}p", f"{A}t", {f"{A}br": "\n"})
    return "\n".join(lines)
