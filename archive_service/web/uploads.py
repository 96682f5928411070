"""Uploads that never lie on a disk in clear.

The usual form parser spools large uploads into temporary files. A file of a confidential level would then
lie readable in the temporary directory, and deleting it would not make it unrecoverable. Here every upload
goes into a spool of the vault: sealed for this process alone, in constant memory whatever its size.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import IO, cast

from flask import Request, request
from werkzeug.datastructures import FileStorage

from archive_service.catalog.collecting.manifest import Row
from archive_service.catalog.model import SourceFile
from archive_service.errors import BadInput
from archive_service.vault import Spool
from archive_service.web.here import archive

CHUNK = 1024 * 1024


class ArchiveRequest(Request):
    """A request whose uploads wait in spools."""

    keeps_files = False
    """Set by a view whose uploads are read after its answer is sent; whoever reads them lets go of them."""

    max_form_parts = 20_000

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        del total_content_length, content_type, filename, content_length
        return cast("IO[bytes]", Spool(archive().settings.data_dir))

    def close(self) -> None:
        """Let go of the uploads at the end of the request, unless they are still to be read."""
        if not self.keeps_files:
            super().close()


def keep() -> None:
    """Keep the uploads of this request beyond its end; :meth:`Basket.close` lets go of them."""
    cast("ArchiveRequest", request).keeps_files = True


def chosen(files: list[FileStorage]) -> list[FileStorage]:
    """Leave out the empty slot that a browser sends for a file field nobody filled."""
    return [file for file in files if file.filename]


def source(file: FileStorage) -> SourceFile:
    """Make an upload readable as often as accession asks."""
    return SourceFile(file.filename or "", lambda: chunks(file))


def chunks(file: FileStorage) -> Iterator[bytes]:
    """Read an upload from its start in pieces of 1 MiB."""
    file.stream.seek(0)
    while piece := file.stream.read(CHUNK):
        yield piece


def digest(file: FileStorage) -> str:
    """Return the SHA-256 of an upload."""
    seen = hashlib.sha256()
    for piece in chunks(file):
        seen.update(piece)
    return seen.hexdigest()


class Basket:
    """The uploaded files by the names that a manifest may use: path inside the folder, or the bare name."""

    def __init__(self, files: list[FileStorage]) -> None:
        self._by_name: dict[str, list[FileStorage]] = {}
        for item in files:
            path = (item.filename or "").replace("\\", "/")
            for name in {path, path.partition("/")[2] or path, base(path)}:
                self._by_name.setdefault(name, []).append(item)

    def pick(self, row: Row) -> tuple[tuple[SourceFile, ...], str]:
        """Return a row's files, and as their origin what they hold: the same folder uploaded again files nothing twice."""
        found = [self._one(name.replace("\\", "/")) for name in row.files]
        origin = "upload " + " ".join(digest(item) for item in found)
        return tuple(source(item) for item in found), origin

    def _one(self, name: str) -> FileStorage:
        found = self._by_name.get(name, [])
        if not found:
            raise BadInput(f"所选文件里没有“{name}”。", f"{name!r} is not among the chosen files.")
        if len(found) > 1:
            raise BadInput(
                f"有多个文件名为“{name}”，请在清单中写出所在的文件夹。",
                f"Several files are named {name!r}; give their folder in the manifest.",
            )
        return found[0]

    def close(self) -> None:
        """Let go of every upload."""
        for some in self._by_name.values():
            for item in some:
                item.close()


def base(path: str) -> str:
    """Return the last part of a path of any system."""
    return path.replace("\\", "/").rsplit("/", 1)[-1]
