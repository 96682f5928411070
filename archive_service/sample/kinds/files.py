"""Which module writes which kind of file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from archive_service.sample.kinds import docx, pdf, plain, pptx, xlsx
from archive_service.sample.model import Paper

WRITERS: dict[str, Callable[[Path, Paper], None]] = {
    "docx": docx.write,
    "pdf": pdf.write,
    "xlsx": xlsx.write,
    "pptx": pptx.write,
    "txt": plain.write_text,
    "gb18030": partial(plain.write_text, encoding="gb18030"),
    "md": plain.write_markdown,
    "html": plain.write_html,
}


def suffix(kind: str) -> str:
    """The ending of a file name for a kind; GB18030 text is text."""
    return ".txt" if kind == "gb18030" else f".{kind}"
