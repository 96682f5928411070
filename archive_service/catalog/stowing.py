"""Stowing files away: read, identified by content, sealed and durable in the vault before anything refers to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from archive_service.catalog import formats
from archive_service.catalog.checklist import CaseKind
from archive_service.catalog.intake import Draft
from archive_service.catalog.model import SourceFile
from archive_service.catalog.names import clean_name
from archive_service.catalog.rows import Prepared, StoredFile, component_id, prepare
from archive_service.catalog.special import check_special
from archive_service.errors import ArchiveError, BadInput
from archive_service.people.model import OPEN_LEVELS
from archive_service.vault import Vault

HANDS = 16
"""Records whose files are stored at the same time: most of it is waiting for the disk, and disks take syncs together."""


def key_ids(one: Draft) -> list[str]:
    """Return the ids of the keys that a record needs: one for each file, and one for a description that is sealed."""
    files = [component_id(one.record_id, position) for position in range(len(one.new.files))]
    return files if one.level in OPEN_LEVELS else [*files, one.record_id]


def stow(
    vault: Vault, drafts: Mapping[int, Draft], max_bytes: int, kind: CaseKind
) -> dict[int, Prepared | ArchiveError]:
    """Store the files of some records; what is wrong with one of them does not keep the others out."""
    with suppress(ArchiveError):  # what is wrong with one of them is met again, and told, when it is stored
        vault.prepare({one.record_id: key_ids(one) for one in drafts.values()})
    if len(drafts) == 1:
        return {place: _stowed(vault, one, max_bytes, kind) for place, one in drafts.items()}
    with ThreadPoolExecutor(HANDS) as hands:
        return dict(
            zip(drafts, hands.map(lambda one: _stowed(vault, one, max_bytes, kind), drafts.values()), strict=True)
        )


def _stowed(vault: Vault, one: Draft, max_bytes: int, kind: CaseKind) -> Prepared | ArchiveError:
    try:
        check_special(kind, one.record_type.code, one.new.files)
        files = [store_file(vault, one.record_id, place, file, max_bytes) for place, file in enumerate(one.new.files)]
        return prepare(vault, one, files)
    except ArchiveError as error:
        return error


def store_file(vault: Vault, record_id: str, position: int, file: SourceFile, max_bytes: int) -> StoredFile:
    """Seal one file into the vault as the file of a record at a position; nothing refers to it yet."""
    name = clean_name(file.name)
    try:
        chunks = iter(file.chunks())
        first = next((chunk for chunk in chunks if chunk), b"")
        if not first:
            raise BadInput(
                f"文件“{name}”是空的（0 字节），未归档。", f"The file {name!r} is empty (0 bytes) and was not filed."
            )
        head, whole = _head(first, chunks)
        media_type = formats.identify(head, name)
        component = component_id(record_id, position)
        sealed = vault.put(record_id, component, 1, whole, max_bytes=max_bytes, replace=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BadInput(f"文件“{name}”无法读取：{reason}。", f"The file {name!r} cannot be read: {reason}.") from error
    return StoredFile(name, media_type, sealed)


def _head(first: bytes, rest: Iterator[bytes]) -> tuple[bytes, Iterable[bytes]]:
    """Return enough of a file's beginning to tell its format, and the whole of it again."""
    pieces, size = [first], len(first)
    while size < formats.HEAD and (piece := next(rest, None)) is not None:
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces), _join(pieces, rest)


def _join(first: Iterable[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    yield from first
    yield from rest
