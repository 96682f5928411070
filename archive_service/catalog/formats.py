"""What a file is, told from its first bytes and never from its name alone."""

from __future__ import annotations

from pathlib import PurePath

# pylibmagic brings libmagic with the installation; it must be imported before python-magic looks for one.
import pylibmagic  # noqa: F401

# isort: split
import magic

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
    ("application/octet-stream", ".docx"): "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ("application/octet-stream", ".xlsx"): "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ("application/octet-stream", ".pptx"): "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
"""Where the content leaves it open (plain text, a bare ZIP container), the ending decides among what it allows."""


def identify(head: bytes, name: str) -> str:
    """Return the media type of a file that begins with ``head``."""
    found = magic.from_buffer(head[:HEAD], mime=True)
    return REFINED.get((found, PurePath(name).suffix.lower()), found)
