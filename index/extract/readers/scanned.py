"""A text that knows how many pages of its file are pictures, whose words nobody has read yet."""

from __future__ import annotations

from typing import Any


class Scanned(str):
    """The text of a file, and ``scans``, the pages that hold a picture and hardly a letter."""

    scans: int

    @classmethod
    def of(cls, text: str, scans: int) -> Scanned:
        """Return a text with its number of pictured pages."""
        made = cls(text)
        made.scans = scans
        return made


FEW_LETTERS = 16
"""A page of a PDF with fewer letters is looked at as a picture."""


def is_picture(letters: str, page: Any) -> bool:
    """Say whether a page of a PDF is a picture: it shows something and holds hardly a letter."""
    if sum(not sign.isspace() for sign in letters) >= FEW_LETTERS:
        return False
    return next(iter(page.get_objects(max_depth=3)), None) is not None
