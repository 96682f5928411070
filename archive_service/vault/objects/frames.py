"""A file that grows piece by piece over many requests, each piece sealed as it comes; nothing of it lies in clear.

Every piece is sealed by itself and bound to its place in the file, so that whoever goes on, this process or another,
finds by the lengths alone how far it is. A piece that a crash has cut off is no piece: the file ends before it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from archive_service.errors import Conflict, Damaged
from archive_service.vault.disk import telling, write_all
from archive_service.vault.objects.sealing import HEADER_BYTES, TAG_BYTES, seal_bytes, unseal_bytes

PIECE = 512 * 1024
"""Clear bytes of the largest piece."""

_LENGTH = 4
_EMPTY = HEADER_BYTES + TAG_BYTES


@dataclass
class Frames:
    """Sealed pieces in one file, one behind the other; ``context`` says whose they are."""

    path: Path
    key: bytes
    context: str

    def received(self) -> int:
        """Return how many clear bytes have arrived."""
        return sum(length - _EMPTY for _, length in self._pieces())

    def chunks(self) -> Iterator[bytes]:
        """Yield what has arrived, piece by piece; ``Damaged`` where one does not authenticate."""
        at = 0
        with telling(self.path), self.path.open("rb") as file:
            for place, length in self._pieces():
                file.seek(place + _LENGTH)
                piece = unseal_bytes(file.read(length), self.key, self.bound(at))
                at += len(piece)
                yield piece

    @contextmanager
    def writing(self, offset: int) -> Iterator[Writer]:
        """Be the only one who adds to the file; ``Conflict`` if another does, or if it does not end at ``offset``."""
        with telling(self.path):
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Conflict(
                    "这个文件正在另一请求中上传。", "This file is being received by another request."
                ) from None
            pieces = list(self._pieces())
            if offset != sum(length - _EMPTY for _, length in pieces):
                raise Conflict("上传的位置不符，请从已到达处继续。", "The upload must go on from what has arrived.")
            end = pieces[-1][0] + _LENGTH + pieces[-1][1] if pieces else 0
            os.ftruncate(fd, end)  # what a crash has left behind the last whole piece
            writer = Writer(self, fd, end, offset)
            try:
                yield writer
            finally:
                writer.flush()  # also when the connection broke: what has arrived stays
        finally:
            os.close(fd)

    def _pieces(self) -> Iterator[tuple[int, int]]:
        """Yield place and sealed length of every whole piece."""
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        try:
            size, place = os.fstat(fd).st_size, 0
            while place + _LENGTH <= size:
                length = int.from_bytes(os.pread(fd, _LENGTH, place), "big")
                if not _EMPTY < length <= _EMPTY + PIECE or place + _LENGTH + length > size:
                    return
                yield place, length
                place += _LENGTH + length
        finally:
            os.close(fd)

    def bound(self, at: int) -> bytes:
        """Return what a piece is bound to: whose it is, and where it begins."""
        return f"{self.context}/{at}".encode()


class Writer:
    """Adds to a file of pieces; what was written is found by others once a piece is full or flushed."""

    def __init__(self, frames: Frames, fd: int, end: int, at: int) -> None:
        self._frames, self._fd, self._end = frames, fd, end
        self._at = at
        self._waiting = bytearray()

    def write(self, data: bytes) -> None:
        """Add bytes."""
        self._waiting += data
        while len(self._waiting) >= PIECE:
            self._put(bytes(self._waiting[:PIECE]))
            del self._waiting[:PIECE]

    def flush(self) -> None:
        """Put down what waits to fill a piece."""
        if self._waiting:
            self._put(bytes(self._waiting))
            self._waiting.clear()

    def _put(self, piece: bytes) -> None:
        frames = self._frames
        sealed = seal_bytes(piece, frames.key, frames.bound(self._at))
        with telling(frames.path):
            os.lseek(self._fd, self._end, os.SEEK_SET)
            write_all(self._fd, len(sealed).to_bytes(_LENGTH, "big") + sealed)
        self._end += _LENGTH + len(sealed)
        self._at += len(piece)


def read_small(path: Path, key: bytes, context: str) -> bytes:
    """Open a small sealed file; ``FileNotFoundError`` passes, anything not ours is ``Damaged``."""
    with telling(path):
        sealed = path.read_bytes()
    if len(sealed) < _EMPTY:
        raise Damaged(
            "上传的记录已损坏，请重新上传。", "What was noted of an upload is damaged; please upload it again."
        )
    return unseal_bytes(sealed, key, context.encode())


def write_small(path: Path, data: bytes, key: bytes, context: str) -> None:
    """Seal a small value into a file, in one step: it is there whole or not at all."""
    aside = path.with_suffix(path.suffix + ".new")
    with telling(path):
        aside.write_bytes(seal_bytes(data, key, context.encode()))
        aside.replace(path)
