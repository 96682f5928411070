"""Checkpoints kept outside the database, so that winding the database back does not go unseen."""

from __future__ import annotations

import os
from pathlib import Path

SEPARATOR = "\n---\n"


def read(path: Path) -> list[str]:
    """Return the notes of an anchor file, oldest first; a file that is not there holds none."""
    if not path.exists():
        return []
    return [note for note in path.read_text(encoding="utf-8").split(SEPARATOR) if note.strip()]


def append(path: Path, note: str) -> None:
    """Add a note to the end of the file, durably; the note that is last already is not repeated."""
    if read(path)[-1:] == [note]:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, (note + SEPARATOR).encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
