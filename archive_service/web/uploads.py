"""Uploads that never lie on a disk in clear.

The usual form parser spools large uploads into temporary files. A file of a confidential level would then
lie readable in the temporary directory, and deleting it would not make it unrecoverable. Here every upload
goes into a spool of the vault: sealed for this process alone, in constant memory whatever its size.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import IO, cast

from flask import Request
from werkzeug.datastructures import FileStorage

from archive_service.catalog.model import SourceFile
from archive_service.vault import Spool
from archive_service.web.here import archive

CHUNK = 1024 * 1024


class ArchiveRequest(Request):
    """A request whose uploads wait in spools."""

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
