"""Reading bytes in the sizes that are wanted, whatever sizes they come in."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import BinaryIO, cast

PIECE_BYTES = 1 << 20


class Source:
    """A stream of clear or sealed bytes, given as an iterable of pieces or as an open binary file."""

    def __init__(self, given: Iterable[bytes] | BinaryIO) -> None:
        self._reader: BinaryIO | None = None
        self._pieces: Iterator[bytes] = iter(())
        self._left = memoryview(b"")
        if hasattr(given, "read"):
            self._reader = cast("BinaryIO", given)
        else:
            self._pieces = iter(given)

    def fill(self, view: memoryview) -> int:
        """Fill ``view`` as far as the stream reaches; fewer bytes than it has room for mean the end."""
        if self._reader is not None:
            return read_into(self._reader, view)
        done = 0
        while done < len(view):
            if not self._left:
                piece = next(self._pieces, None)
                if piece is None:
                    break
                self._left = memoryview(piece)
            count = min(len(self._left), len(view) - done)
            view[done : done + count] = self._left[:count]
            self._left = self._left[count:]
            done += count
        return done


def read_into(reader: BinaryIO, view: memoryview) -> int:
    """Read until ``view`` is full or the file ends; a single ``read`` may give fewer bytes than there are."""
    done = 0
    into = getattr(reader, "readinto", None)
    while done < len(view):
        if into is not None:
            count = into(view[done:]) or 0
        else:
            piece = reader.read(len(view) - done)
            count = len(piece)
            view[done : done + count] = piece
        if not count:
            break
        done += count
    return done


def in_pieces(given: Iterable[bytes] | BinaryIO) -> Iterator[bytes]:
    """Yield the bytes of an open file in pieces of 1 MiB, or the pieces of an iterable as they come."""
    if hasattr(given, "read"):
        reader = cast("BinaryIO", given)
        while piece := reader.read(PIECE_BYTES):
            yield piece
    else:
        yield from given


def sha256_of(reader: BinaryIO) -> str:
    """Return the SHA-256 (hex) of an open file from where it stands to its end."""
    digest = hashlib.sha256()
    for piece in in_pieces(reader):
        digest.update(piece)
    return digest.hexdigest()


def from_the_medium(reader: BinaryIO) -> None:
    """Have the system forget what it holds of an open file in memory: a check should read the disk, not the cache.

    A wish: what has no file behind it (a bucket) is read as it is.
    """
    with suppress(OSError, AttributeError):
        os.posix_fadvise(reader.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
