"""Files of a folder that is being imported: found by the name in a manifest, never outside of the folder."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from archive_service.errors import BadInput

CHUNK = 1024 * 1024


def inside(folder: Path, name: str) -> Path:
    """Return the file of this name inside a folder; links may not lead out of it.

    ``folder`` is resolved already. A name written on another system is tried as it would be here: backslashes
    between folders, letters composed or decomposed.
    """
    for spelling in _spellings(name):
        try:
            path = (folder / spelling).resolve()
            there = path.is_file()
        except (OSError, ValueError, RuntimeError) as error:  # too long, NUL inside, links in a circle
            raise BadInput(f"文件名“{name}”不可用。", f"The file name {name!r} cannot be used.") from error
        if not path.is_relative_to(folder):
            raise BadInput(f"文件“{name}”不在此文件夹内。", f"The file {name!r} does not lie in this folder.")
        if there:
            return path
    raise BadInput(f"没有文件“{name}”。", f"There is no file {name!r}.")


def _spellings(name: str) -> list[str]:
    forms = [name, name.replace("\\", "/")]
    return list(dict.fromkeys([*forms, *(unicodedata.normalize(form, forms[1]) for form in ("NFC", "NFD"))]))


def read_chunks(path: Path) -> Iterator[bytes]:
    """Read a file in pieces of 1 MiB, asking the system not to keep it in its cache for our sake.

    The last part of the path may not be a link: one that was put there after the name was looked up is not followed.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
        while chunk := file.read(CHUNK):
            yield chunk
