from __future__ import annotations

import hashlib
import io

import pytest

from archive_service.vault.pieces import Source, in_pieces, sha256_of


class Dribbling(io.RawIOBase):
    """Gives three bytes at a time, as a socket may."""

    def __init__(self, data: bytes) -> None:
        self._inner = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, view: memoryview) -> int:  # type: ignore[override]
        return self._inner.readinto(view[:3])


class OnlyRead:
    """The least that passes for a file."""

    def __init__(self, data: bytes) -> None:
        self._inner = io.BytesIO(data)

    def read(self, count: int = -1) -> bytes:
        return self._inner.read(min(count, 4))


@pytest.mark.parametrize(
    "given", [io.BytesIO(b"0123456789"), Dribbling(b"0123456789"), OnlyRead(b"0123456789"), [b"012", b"", b"3456789"]]
)
def test_a_view_is_filled_whatever_sizes_the_bytes_come_in(given: object) -> None:
    source, view = Source(given), memoryview(bytearray(6))  # type: ignore[arg-type]
    assert (source.fill(view), bytes(view)) == (6, b"012345")
    assert (source.fill(view), bytes(view[:4])) == (4, b"6789")
    assert source.fill(view) == 0


def test_a_file_comes_in_pieces_and_pieces_come_as_they_are() -> None:
    assert [len(piece) for piece in in_pieces(io.BytesIO(bytes(2_500_000)))] == [1_048_576, 1_048_576, 402_848]
    assert list(in_pieces([b"a", b"bc"])) == [b"a", b"bc"]


def test_a_hash_is_taken_from_where_the_file_stands() -> None:
    reader = io.BytesIO(b"abcdef")
    reader.seek(2)
    assert sha256_of(reader) == hashlib.sha256(b"cdef").hexdigest()
