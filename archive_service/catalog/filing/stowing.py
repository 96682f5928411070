"""Stowing files away: read, identified by content, sealed and durable in the vault before anything refers to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from archive_service.catalog.classification.checklist import CaseKind
from archive_service.catalog.filing.intake import Draft
from archive_service.catalog.filing.rows import Prepared, StoredFile, component_id, prepare
from archive_service.catalog.filing.special import check_special
from archive_service.catalog.formats import signatures
from archive_service.catalog.model import SourceFile
from archive_service.catalog.names import clean_name
from archive_service.errors import ArchiveError, BadInput
from archive_service.people.model import OPEN_LEVELS
from archive_service.vault import Small, Vault

HANDS = 16
"""Records with large files that are stored at the same time: the processors hash and seal them side by side."""

SMALL = 256 * 1024
"""A file of fewer bytes is held in memory and stored together with others: most of its time is waiting for the disk."""

ROOM = 16 * 1024 * 1024
"""Bytes of small files that are held in memory at a time."""


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
    done: dict[int, Prepared | ArchiveError] = {}
    small: dict[int, list[_Held]] = {}
    large: dict[int, Draft] = {}
    room = ROOM
    for place, one in drafts.items():
        try:
            check_special(kind, one.record_type.code, one.new.files)
            held = _held_all(one.new.files, min(room, max_bytes))
        except ArchiveError as error:
            done[place] = error
            continue
        if held is None:
            large[place] = one
        else:
            small[place] = held
            room -= sum(len(file.data) for file in held)
    try:
        done |= _together(vault, drafts, small)
    except ArchiveError:  # each by itself then, so that each is told its own reason
        large |= {place: drafts[place] for place in small}
    if len(large) < 2:
        return done | {place: _stowed(vault, one, max_bytes) for place, one in large.items()}
    with ThreadPoolExecutor(min(HANDS, len(large))) as hands:
        stored = hands.map(lambda one: _stowed(vault, one, max_bytes), large.values())
        return done | dict(zip(large, stored, strict=True))


@dataclass(frozen=True)
class _Held:
    """A small file, whole."""

    name: str
    data: bytes


def _held_all(files: Sequence[SourceFile], room: int) -> list[_Held] | None:
    """Read the files of a record, or return ``None`` where they are not all small."""
    found: list[_Held] = []
    for file in files:
        name, data = clean_name(file.name), bytearray()
        with _telling(name), _closed(file.chunks()) as chunks:
            for piece in chunks:
                data += piece
                if len(data) >= SMALL or len(data) > room:
                    return None
        if not data:
            raise empty_file(name)
        room -= len(data)
        found.append(_Held(name, bytes(data)))
    return found


@contextmanager
def _closed(chunks: Iterable[bytes]) -> Iterator[Iterable[bytes]]:
    """Let go at once of the file behind some chunks, though not all of them were asked for."""
    try:
        yield chunks
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()


def _together(
    vault: Vault, drafts: Mapping[int, Draft], small: Mapping[int, Sequence[_Held]]
) -> dict[int, Prepared | ArchiveError]:
    order = [(place, position, file) for place, held in small.items() for position, file in enumerate(held)]
    ids = {place: drafts[place].record_id for place in small}
    sealed = vault.put_all(
        [Small(ids[place], component_id(ids[place], position), file.data) for place, position, file in order]
    )
    files: dict[int, list[StoredFile]] = {place: [] for place in small}
    for (place, _, file), one in zip(order, sealed, strict=True):
        files[place].append(StoredFile(file.name, signatures.identify(file.data, file.name), one))
    return {place: prepare(vault, drafts[place], files[place]) for place in small}


def _stowed(vault: Vault, one: Draft, max_bytes: int) -> Prepared | ArchiveError:
    try:
        files = [store_file(vault, one.record_id, place, file, max_bytes) for place, file in enumerate(one.new.files)]
        return prepare(vault, one, files)
    except ArchiveError as error:
        return error


def store_file(vault: Vault, record_id: str, position: int, file: SourceFile, max_bytes: int) -> StoredFile:
    """Seal one file into the vault as the file of a record at a position; nothing refers to it yet."""
    name = clean_name(file.name)
    with _telling(name):
        chunks = iter(file.chunks())
        first = next((chunk for chunk in chunks if chunk), b"")
        if not first:
            raise empty_file(name)
        head, whole = _head(first, chunks)
        media_type = signatures.identify(head, name)
        component = component_id(record_id, position)
        sealed = vault.put(record_id, component, 1, whole, max_bytes=max_bytes, replace=True)
    return StoredFile(name, media_type, sealed)


@contextmanager
def _telling(name: str) -> Iterator[None]:
    """Say of a file that cannot be read which one it is."""
    try:
        yield
    except OSError as error:
        raise unreadable_file(name, error) from error


def unreadable_file(name: str, error: OSError) -> BadInput:
    """Return the refusal of a file that the system does not let us read."""
    reason = error.strerror or type(error).__name__
    return BadInput(f"文件“{name}”无法读取：{reason}。", f"The file {name!r} cannot be read: {reason}.")


def empty_file(name: str) -> BadInput:
    """Return the refusal of a file without content."""
    return BadInput(
        f"文件“{name}”是空的（0 字节），未归档。", f"The file {name!r} is empty (0 bytes) and was not filed."
    )


def _head(first: bytes, rest: Iterator[bytes]) -> tuple[bytes, Iterable[bytes]]:
    """Return enough of a file's beginning to tell its format, and the whole of it again."""
    pieces, size = [first], len(first)
    while size < signatures.HEAD and (piece := next(rest, None)) is not None:
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces), _join(pieces, rest)


def _join(first: Iterable[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    yield from first
    yield from rest
