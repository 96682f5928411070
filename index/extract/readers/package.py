"""Opening office packages (ZIP with XML inside) without falling for what hostile ones try."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from typing import Any

from lxml import etree

from index.extract.refusal import Refusal

MOST_BYTES = 300 * 1024 * 1024
MOST_RATIO = 200
MOST_MEMBERS = 10_000
COMPOUND = b"\xd0\xcf\x11\xe0"


def open_package(data: bytes) -> zipfile.ZipFile:
    """Open a package; one that is encrypted, or that unpacks to far more than it is, is refused."""
    if data.startswith(COMPOUND):
        raise Refusal(
            "Office 文件有密码保护，未提取文字。", "The Office file is protected by a password; no text was extracted."
        )
    package = zipfile.ZipFile(io.BytesIO(data))
    members = package.infolist()
    total = sum(member.file_size for member in members)
    swollen = any(m.file_size > 1024 * 1024 and m.file_size > MOST_RATIO * max(1, m.compress_size) for m in members)
    if total > MOST_BYTES or len(members) > MOST_MEMBERS or swollen:
        raise Refusal(
            "压缩包展开后过大，疑似恶意文件，未提取文字。",
            "The package unpacks to far too much, as hostile files do; no text was extracted.",
        )
    if any(member.flag_bits & 1 for member in members):
        raise Refusal("压缩包已加密，未提取文字。", "The package is encrypted; no text was extracted.")
    return package


def parse(package: zipfile.ZipFile, name: str) -> Any:
    """Parse one XML part; entities and outside references are not followed."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    return etree.fromstring(package.read(name), parser)


def parts(package: zipfile.ZipFile, patterns: Iterable[str]) -> list[str]:
    """Return the names of parts that match, in reading order: 2 before 10."""
    found: list[str] = []
    for pattern in patterns:
        matching = [name for name in package.namelist() if re.fullmatch(pattern, name)]
        found += sorted(matching, key=lambda name: [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", name)])
    return found


def paragraphs(tree: Any, paragraph: str, text: str, others: dict[str, str]) -> Iterable[str]:
    """Give the text of each paragraph; ``others`` says what tabs and breaks stand for."""
    for element in tree.iter(paragraph):
        pieces = [others.get(part.tag) or (part.text or "") for part in element.iter(text, *others)]
        if any(piece.strip() for piece in pieces):
            yield "".join(pieces)
