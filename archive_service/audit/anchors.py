"""Checkpoints kept outside the database, so that winding the database back does not go unseen."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

SEPARATOR = "\n---\n"
END = SEPARATOR.encode()


def read(path: Path) -> list[str]:
    """Return the notes of an anchor file, oldest first; a file that is not there holds none.

    A last note without its separator was being written when the power went: it was never an anchor. Bytes that are
    no text are read as such that no signature fits.
    """
    try:
        written = path.read_bytes()
    except FileNotFoundError:
        return []
    return [piece.decode("utf-8", "replace") for piece in written.split(END)[:-1]]


def append(path: Path, note: str) -> None:
    """Add a note to the end of the file, durably; the note that is last already is not repeated."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # two processes may keep a checkpoint at once
        written = path.read_bytes()
        whole = written.rfind(END) + len(END) if END in written else 0
        if read(path)[-1:] == [note] and whole == len(written):
            return
        os.ftruncate(descriptor, whole)
        _write(descriptor, note.encode() + END)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    _sync_folder(path.parent)


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
