"""ZIP packages: OFD and EPUB under a plain name, or a bundle of files, each read as what its ending says."""

from __future__ import annotations

import importlib
import zipfile
from pathlib import PurePath

from index.extract.readers import html, ofd
from index.extract.readers.package import open_package, parts
from index.extract.refusal import Refusal

MOST_MEMBERS, MOST_BYTES = 500, 50 * 1024 * 1024
BY_ENDING = {
    ".txt": "plain",
    ".md": "plain",
    ".csv": "plain",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
    ".eml": "eml",
    ".docx": "docx",
    ".xlsx": "xlsx",
    ".pptx": "pptx",
    ".odt": "odf",
    ".ods": "odf",
    ".odp": "odf",
    ".rtf": "rtf",
    ".doc": "compound",
    ".xls": "compound",
    ".ppt": "compound",
    ".msg": "compound",
    ".ofd": "ofd",
}
"""Bundles within bundles are named and not opened: that is how hostile ones grow without end."""


def read(data: bytes) -> str:
    """Return the names of the members and the text of those that can be read."""
    package = open_package(data)
    names = package.namelist()
    if ofd.ROOT in names:
        return ofd.read(data)
    if "META-INF/container.xml" in names:
        return "\n\n".join(html.read(package.read(name)) for name in parts(package, (r".*\.x?html?",)))
    lines: list[str] = []
    for member in package.infolist()[:MOST_MEMBERS]:
        name = _name(member)
        if not member.is_dir():
            lines += [name, _text(package, member, name)]
    return "\n".join(line for line in lines if line.strip())


def _name(member: zipfile.ZipInfo) -> str:
    """Return a member's name; old Chinese programs wrote GB18030 and did not say so."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return member.filename


def _text(package: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> str:
    reader = BY_ENDING.get(PurePath(name).suffix.lower())
    if reader is None or member.file_size > MOST_BYTES:
        return ""
    try:
        text: str = importlib.import_module(f"index.extract.readers.{reader}").read(package.read(member))
    except Refusal as refusal:
        return refusal.zh
    except Exception:  # a member that cannot be read leaves its name, and the other members
        return ""
    return text
