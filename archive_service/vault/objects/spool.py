"""A place where an upload waits on disk without ever lying there in clear.

A form parser must put down what it reads before anybody knows what it belongs to. A spool takes that in constant
memory: pieces of 1 MiB are sealed with a key that lives in this process only, in a file without a name. When the
process ends, however it ends, nothing readable is left and nothing needs to be swept.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from archive_service.errors import Conflict, Damaged
from archive_service.vault.disk import telling

PIECE = 1024 * 1024
"""Bytes sealed at a time, and held in memory."""

TAG = 16
NONCE = 12


class Spool:
    """Written once from its start, then read from its start as often as wished; the least that a form parser asks for."""

    def __init__(self, folder: Path) -> None:
        """Prepare a spool whose file, if it needs one, lies on the file system of ``folder``."""
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._cipher = AESGCM(AESGCM.generate_key(256))
        self._sealed_pieces = 0
        self._tail = bytearray()
        self._size = 0
        self._at = 0
        self._opened: tuple[int, bytes] | None = None

    def write(self, data: bytes) -> int:
        """Add bytes to the end; a full disk raises a clear error."""
        if self._at != self._size:
            raise Conflict("暂存内容只能顺序写入。", "A spool is written in order only.")
        self._tail += data
        self._size += len(data)
        self._at = self._size
        while len(self._tail) > PIECE:
            self._put(bytes(self._tail[:PIECE]))
            del self._tail[:PIECE]
        return len(data)

    def _put(self, piece: bytes) -> None:
        sealed = memoryview(self._cipher.encrypt(self._nonce(self._sealed_pieces), piece, None))
        place = self._sealed_pieces * len(sealed)
        with telling(self._folder):
            if self._file is None:
                self._file = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115 (ends with the spool)
            while sealed:
                written = os.pwrite(self._file.fileno(), sealed, place)
                sealed, place = sealed[written:], place + written
        self._sealed_pieces += 1

    @staticmethod
    def _nonce(number: int) -> bytes:
        # The key is used for this spool alone, so that counting never repeats a nonce.
        return number.to_bytes(NONCE, "big")

    def _piece(self, number: int) -> bytes:
        if number >= self._sealed_pieces:
            return bytes(self._tail)
        if self._opened is None or self._opened[0] != number:
            assert self._file is not None
            sealed = os.pread(self._file.fileno(), PIECE + TAG, number * (PIECE + TAG))
            try:
                self._opened = (number, self._cipher.decrypt(self._nonce(number), sealed, None))
            except InvalidTag as fault:
                raise Damaged(
                    "暂存的上传内容已损坏，请重新上传。",
                    "The upload was damaged while it waited; please upload it again.",
                ) from fault
        return self._opened[1]

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, at most ``size`` where it is not negative; empty at the end."""
        wanted = self._size - self._at if size < 0 else min(size, self._size - self._at)
        found = bytearray()
        while len(found) < wanted:
            number, offset = divmod(self._at, PIECE)
            part = self._piece(number)[offset : offset + wanted - len(found)]
            found += part
            self._at += len(part)
        return bytes(found)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to an offset from start, present place or end; a form parser goes back to the start only."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = min(max(base + offset, 0), self._size)
        return self._at

    def tell(self) -> int:
        """Return the present offset."""
        return self._at

    def close(self) -> None:
        """Let go of everything; closing again is harmless."""
        self._tail.clear()
        self._opened = None
        self._size = self._at = 0
        if self._file is not None:
            self._file.close()
            self._file = None
            self._sealed_pieces = 0
