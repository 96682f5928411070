"""OpenDocument: texts, sheets and slides alike keep what a person reads in one part."""

from __future__ import annotations

from typing import Any

from index.extract.readers.package import open_package, parse
from index.extract.refusal import Refusal

TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
BLOCKS = (f"{TEXT}p", f"{TEXT}h")
MANIFEST = "META-INF/manifest.xml"


def read(data: bytes) -> str:
    """Return paragraphs and headings, and each row of a table as one line."""
    package = open_package(data)
    if MANIFEST in package.namelist() and b"encryption-data" in package.read(MANIFEST):
        raise Refusal(
            "OpenDocument 文件有密码保护，未提取文字。",
            "The OpenDocument file is protected by a password; no text was extracted.",
        )
    lines: list[str] = []
    for name in ("content.xml", "styles.xml"):  # headers and footers stand among the styles
        if name in package.namelist():
            lines += _lines(parse(package, name))
    return "\n".join(line for line in lines if line.strip())


def _lines(tree: Any) -> list[str]:
    lines: list[str] = []
    for block in tree.iter(*BLOCKS, f"{TABLE}table-row"):
        if block.tag == f"{TABLE}table-row":
            cells = ("".join(cell.itertext()) for cell in block)
            lines.append("\t".join(cell for cell in cells if cell.strip()))
        elif next(block.iterancestors(f"{TABLE}table-row"), None) is None:
            lines.append("".join(block.itertext()))
    return lines
