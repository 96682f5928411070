"""A clear stream on its way into the vault, seen by those who must see it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from archive_service.errors import BadInput
from archive_service.vault.pieces import in_pieces


class Watched:
    """A clear stream on its way to be sealed: counted, hashed, shown, and stopped at its ceiling."""

    def __init__(
        self, chunks: Iterable[bytes] | BinaryIO, on_clear: Callable[[bytes], object] | None, max_bytes: int | None
    ) -> None:
        self._chunks, self._on_clear, self._max_bytes = chunks, on_clear, max_bytes
        self._digest = hashlib.sha256()
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in in_pieces(self._chunks):
            self.size += len(chunk)
            if self._max_bytes is not None and self.size > self._max_bytes:
                raise BadInput(
                    f"文件超过允许的大小（{self._max_bytes} 字节）。",
                    f"The file is longer than allowed ({self._max_bytes} bytes).",
                )
            self._digest.update(chunk)
            if self._on_clear is not None:
                self._on_clear(chunk)
            yield chunk

    @property
    def sha256(self) -> str:
        """The hash of what has passed."""
        return self._digest.hexdigest()
