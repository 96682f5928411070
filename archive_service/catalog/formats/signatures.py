"""What a file is, told from its first bytes and never from its name alone."""

from __future__ import annotations

import codecs
import re
from pathlib import PurePath

# pylibmagic brings libmagic with the installation; it must be imported before python-magic looks for one.
import pylibmagic  # noqa: F401

# isort: split
import magic

CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")

HEAD = 64 * 1024
"""Bytes looked at; libmagic's own signatures lie within."""

REFINED: dict[tuple[str, str], str] = {
    ("text/plain", ".md"): "text/markdown",
    ("text/plain", ".csv"): "text/csv",
    ("text/plain", ".eml"): "message/rfc822",
    ("text/plain", ".html"): "text/html",
    ("text/html", ".eml"): "message/rfc822",
    ("application/zip", ".docx"): "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ("application/zip", ".xlsx"): "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ("application/zip", ".pptx"): "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ("application/zip", ".ofd"): "application/ofd",
    ("application/octet-stream", ".docx"): "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ("application/octet-stream", ".xlsx"): "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ("application/octet-stream", ".pptx"): "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
"""Where the content leaves it open (plain text, a bare ZIP container), the ending decides among what it allows."""


def identify(head: bytes, name: str) -> str:
    """Return the media type of a file that begins with ``head``."""
    found = "text/plain" if _is_chinese_prose(head[:HEAD]) else magic.from_buffer(head[:HEAD], mime=True)
    return REFINED.get((found, PurePath(name).suffix.lower()), found)


def _is_chinese_prose(head: bytes) -> bool:
    """Say whether this is plain text beyond doubt: UTF-8 that begins with a Chinese character.

    No format that is written in text begins so, and asking libmagic costs milliseconds for each text. A first
    line with commas, semicolons or tabs may be that of a table and is left to libmagic.
    """
    try:
        # The last character may be cut in two; what else is wrong in the middle is no UTF-8.
        text = codecs.getincrementaldecoder("utf-8")().decode(head.removeprefix(codecs.BOM_UTF8))
    except UnicodeDecodeError:
        return False
    beginning = text[:200].lstrip()
    first_line = beginning.split("\n", 1)[0]
    begins_chinese = "\u3400" <= beginning[:1] <= "\u9fff"
    return begins_chinese and not set(first_line) & set(",;\t") and not CONTROL.search(text)
