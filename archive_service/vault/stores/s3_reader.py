"""Reading an object of an S3 store like a file: any place, in windows, so that a range costs no more than it must."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import Any

from archive_service.errors import Unavailable
from archive_service.vault.aws import PerProcess, telling_aws

#: the least that one request asks for, and the most that is held in memory
SMALL_WINDOW = 1 << 16
LARGE_WINDOW = 4 << 20
#: so many reads one behind the other are taken for someone who reads the whole
_STEADY = 3
_TRIES = 4


class S3Reader(io.RawIOBase):
    """A seekable reader over range requests, bound to the version that lay there when it was opened.

    Reads exactly what is asked for, until it sees a steady reader: then it asks for up to 4 MiB at a time. A
    connection that breaks in the middle is tried again from there.
    """

    def __init__(self, client: PerProcess, where: dict[str, str], size: int, etag: str, told: str) -> None:
        self._client, self._where, self._size, self._etag, self._told = client, where, size, etag, told
        self._at = 0
        self._window, self._window_at = b"", 0
        self._steady = 0

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def seekable(self) -> bool:
        """It can begin anywhere."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move; nothing is asked of the server."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def tell(self) -> int:
        """Return where it stands."""
        return self._at

    def readinto(self, into: Any) -> int:
        """Fill the buffer as far as one window reaches; 0 at the end."""
        view = memoryview(into).cast("B")
        wanted = min(len(view), self._size - self._at)
        if wanted <= 0:
            return 0
        offset = self._at - self._window_at
        if not 0 <= offset < len(self._window):
            self._fetch(wanted)
            offset = 0
        piece = self._window[offset : offset + wanted]
        view[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def _fetch(self, wanted: int) -> None:
        follows = self._at == self._window_at + len(self._window)
        self._steady = self._steady + 1 if follows else 0
        ahead = LARGE_WINDOW if self._steady >= _STEADY else min(max(wanted, SMALL_WINDOW), LARGE_WINDOW)
        stop = min(self._at + ahead, self._size)
        self._window, self._window_at = _retried(lambda: self._get(self._at, stop)), self._at

    def _get(self, start: int, stop: int) -> bytes:
        with telling_aws(self._told):
            answer = self._client().get_object(**self._where, Range=f"bytes={start}-{stop - 1}")
            if answer.get("ETag", "") != self._etag:
                raise Unavailable(
                    "对象在读取时被替换，请重试。", "The object was replaced while it was read; try again."
                )
            with answer["Body"] as body:
                data: bytes = body.read(stop - start)
        if len(data) != stop - start:
            raise Unavailable(f"服务只返回了部分内容：{self._told}", f"The server gave only a part: {self._told}")
        return data


def _retried(act: Callable[[], bytes]) -> bytes:
    """Try again what broke in the middle of an answer; the client library itself tries only until an answer begins."""
    for _ in range(_TRIES - 1):
        try:
            return act()
        except Unavailable:
            continue
    return act()
