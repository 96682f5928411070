"""ZIP files and mails of an import, taken apart in the cage: what lies in them becomes further files of the same record.

The container itself stays the record's file, as it came. Its parts wait in a spool, sealed for this process alone, until
the record is filed. One that breaks the limits refuses its row; a part that may not come out is told of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from archive_service.catalog.collecting.manifest import Row
from archive_service.catalog.formats import signatures as formats
from archive_service.catalog.model import SourceFile
from archive_service.errors import BadInput
from archive_service.vault import Spool
from index.extract.parts import CONTAINERS, ContainerLimits, LeftOut, Part, pieces, take_apart
from index.extract.refusal import Refusal

PIECE = 1024 * 1024

FileSource = Callable[[Row], tuple[tuple[SourceFile, ...], str]]
"""Finds the files that a row names, and says where they come from, as part of the row's key; :class:`BadInput` if it cannot."""


@dataclass(frozen=True)
class Unpacking:
    """Takes the containers among the files of a row apart; ``folder`` is where a spool may lie."""

    folder: Path
    limits: ContainerLimits
    left_out: list[tuple[int, str, LeftOut]] = field(default_factory=list)
    """What was not taken out: row, container, part with its reason."""

    def of(self, source: FileSource) -> FileSource:
        """Return a source that gives, behind the files of a row, what lies in those of them that are containers."""

        def unpacked(row: Row) -> tuple[tuple[SourceFile, ...], str]:
            files, origin = source(row)
            return tuple(one for file in files for one in self._with_parts(row, file)), origin

        return unpacked

    def _with_parts(self, row: Row, file: SourceFile) -> list[SourceFile]:
        kind = formats.identify(_head(file), file.name)
        if kind not in CONTAINERS:
            return [file]
        spool, parts = Spool(self.folder), list[SourceFile]()

        def take(part: Part) -> None:
            start = spool.seek(0, 2)
            for piece in pieces(part):
                spool.write(piece)
            if part.size:  # an empty file holds nothing that could be kept
                parts.append(SourceFile(part.path.rsplit("/", 1)[-1], lambda: _slice(spool, start, part.size)))

        try:
            self.left_out.extend(
                (row.number, file.name, one) for one in take_apart(file.chunks(), kind, self.limits, take)
            )
        except Refusal as refusal:
            raise BadInput(f"“{file.name}”：{refusal.zh}", f"{file.name!r}: {refusal.en}") from refusal
        return [file, *parts]


def _head(file: SourceFile) -> bytes:
    head = bytearray()
    for piece in file.chunks():
        head += piece
        if len(head) >= formats.HEAD:
            break
    return bytes(head)


def _slice(spool: Spool, start: int, size: int) -> Iterator[bytes]:
    """Read a part of a spool, in pieces; whoever reads another part in between disturbs nothing."""
    at = start
    while at < start + size:
        spool.seek(at)
        piece = spool.read(min(PIECE, start + size - at))
        at += len(piece)
        yield piece
