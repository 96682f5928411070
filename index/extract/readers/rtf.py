"""Rich text."""

from __future__ import annotations

from striprtf.striprtf import rtf_to_text


def read(data: bytes) -> str:
    """Return the text without its dress; Chinese stands in it as escapes of its code page."""
    text: str = rtf_to_text(data.decode("latin-1"), encoding="gb18030", errors="replace")
    return text
