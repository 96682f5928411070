"""Files that come in piece by piece, and wait until somebody has looked at them and files them.

A batch is one person's: its files lie one behind the other in a spool, sealed for this process alone. A connection that
breaks loses nothing that has arrived: the browser asks how far a file is and goes on from there. What nobody touches
for a while goes, and so does everything when the process ends; nothing readable is ever left behind.
"""

from __future__ import annotations

import hashlib
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archive_service.catalog.formats import HEAD, identify
from archive_service.catalog.model import SourceFile
from archive_service.errors import BadInput, Conflict, NotFound
from archive_service.vault import Spool

PIECE = 1024 * 1024
MOST_FILES = 2000
"""Files of one batch; more are filed with a manifest."""

MOST_BATCHES = 5
"""Batches of one person that may wait at a time."""


@dataclass
class WaitingFile:
    """A file of a batch: its path in the folder it came from, and where in the spool it lies; sizes in bytes."""

    id: str
    path: str
    size: int
    start: int
    received: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    @property
    def complete(self) -> bool:
        """Whether all of it has arrived."""
        return self.received == self.size


class Batch:
    """Files of one person that wait together; the calls of several requests at once take turns."""

    def __init__(self, batch_id: str, person_id: str, folder: Path, most_bytes: int) -> None:
        """Begin without files; the spool lies on the file system of ``folder``."""
        self.id, self.person_id = batch_id, person_id
        self.touched = time.monotonic()
        self.busy = False
        self._most_bytes = most_bytes
        self._spool = Spool(folder)
        self._end = 0
        self._files: dict[str, WaitingFile] = {}
        self._lock = threading.RLock()

    @property
    def files(self) -> list[WaitingFile]:
        """The files that have arrived whole, in the order of their paths."""
        with self._lock:
            return sorted((one for one in self._files.values() if one.complete), key=lambda one: one.path)

    def begin(self, path: str, size: int) -> WaitingFile:
        """Announce a file; one of the same path and size is gone on with, or is there already."""
        with self._lock:
            self.touched = time.monotonic()
            known = next((one for one in self._files.values() if one.path == path), None)
            if known and known.size == size and (known.complete or known.start + known.received == self._end):
                return known
            if known:
                del self._files[known.id]
            self._check(path, size)
            made = WaitingFile(uuid.uuid4().hex, path, size, self._end)
            self._files[made.id] = made
            return made

    def _check(self, path: str, size: int) -> None:
        if self.busy:
            raise Conflict(
                "这一批正在归档，请等它完成。", "This batch is being filed; please wait until that has ended."
            )
        if not path.strip() or len(path) > 1000:
            raise BadInput("文件名不可用。", "This file name cannot be used.")
        if size < 1:
            raise BadInput(f"文件“{path}”是空的（0 字节）。", f"The file {path!r} is empty (0 bytes).")
        if len(self._files) >= MOST_FILES:
            raise BadInput(
                f"一批最多 {MOST_FILES} 个文件；更多请按清单整批归档。",
                f"A batch has at most {MOST_FILES} files; file more of them with a manifest.",
            )
        if self._end + size > self._most_bytes:
            most = self._most_bytes // 1024 // 1024
            raise BadInput(
                f"这一批超过 {most} MiB，请分批上传。", f"This batch exceeds {most} MiB; send less at a time."
            )

    def file(self, file_id: str) -> WaitingFile:
        """Return a file of the batch, complete or not."""
        found = self._files.get(file_id)
        if found is None:
            raise NotFound("没有这个上传的文件。", "There is no such uploaded file.")
        return found

    def take(self, file_id: str, offset: int, read: Callable[[int], bytes]) -> int:
        """Add what ``read`` gives to a file from ``offset`` on; return how much of it has arrived.

        :class:`Conflict` where the offset is not the one that has been reached. What was read before a connection
        broke stays.
        """
        with self._lock:
            one = self.file(file_id)
            if offset != one.received or one.start + one.received != self._end:
                raise Conflict("上传的位置不符，请从已到达处继续。", "The upload must go on from what has arrived.")
            while one.received < one.size and (piece := read(min(64 * 1024, one.size - one.received))):
                self._spool.seek(self._end)
                self._spool.write(piece)
                one.digest.update(piece)
                one.received += len(piece)
                self._end += len(piece)
                self.touched = time.monotonic()
            return one.received

    def add(self, path: str, size: int, chunks: Iterator[bytes]) -> WaitingFile:
        """Add a whole file at once."""
        one = self.begin(path, size)
        if not one.received:
            self.take(one.id, 0, _reader(chunks))
        return one

    def chunks(self, one: WaitingFile) -> Iterator[bytes]:
        """Read a file from its start, in pieces of 1 MiB."""
        at = one.start
        while at < one.start + one.received:
            with self._lock:
                self._spool.seek(at)
                piece = self._spool.read(min(PIECE, one.start + one.received - at))
            self.touched = time.monotonic()
            at += len(piece)
            yield piece

    def source(self, one: WaitingFile) -> SourceFile:
        """Make a file readable as often as accession asks."""
        return SourceFile(one.path.rsplit("/", 1)[-1], lambda: self.chunks(one))

    def media_type(self, one: WaitingFile) -> str:
        """Tell the format of a file from its beginning."""
        return identify(next(self.chunks(one), b"")[:HEAD], one.path)

    def leave_out(self, file_ids: set[str]) -> None:
        """Forget some files, because they are filed."""
        with self._lock:
            for one in file_ids:
                self._files.pop(one, None)

    def close(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._files.clear()
            self._spool.close()


def _reader(chunks: Iterator[bytes]) -> Callable[[int], bytes]:
    """Return a reading function over pieces of any length."""
    left = bytearray()

    def read(most: int) -> bytes:
        while not left and (piece := next(chunks, None)) is not None:
            left.extend(piece)
        found = bytes(left[:most])
        del left[:most]
        return found

    return read


class UploadDesk:
    """The batches that wait in this process; a person knows of his or her own only."""

    def __init__(self, folder: Path, most_bytes: int, idle_seconds: float) -> None:
        """Keep spools on the file system of ``folder``; what was idle for so long is let go."""
        self._folder, self._most_bytes, self._idle = folder, most_bytes, idle_seconds
        self._batches: dict[str, Batch] = {}
        self._lock = threading.Lock()

    def open(self, person_id: str, batch_id: str) -> Batch:
        """Return a batch of a person, begun now if there is none of this id."""
        with self._lock:
            self._sweep()
            found = self._batches.get(batch_id)
            if found is None:
                if len([one for one in self._batches.values() if one.person_id == person_id]) >= MOST_BATCHES:
                    raise Conflict(
                        f"您已有 {MOST_BATCHES} 批文件待归档，请先归档或放弃其中一批。",
                        f"{MOST_BATCHES} of your batches wait already; file or discard one of them first.",
                    )
                found = self._batches[batch_id] = Batch(batch_id, person_id, self._folder, self._most_bytes)
        return self._own(found, person_id)

    def find(self, person_id: str, batch_id: str) -> Batch:
        """Return a batch of a person that is there."""
        with self._lock:
            self._sweep()
            return self._own(self._batches.get(batch_id), person_id)

    def of(self, person_id: str) -> list[Batch]:
        """Return the batches of a person that hold something."""
        with self._lock:
            self._sweep()
            return [one for one in self._batches.values() if one.person_id == person_id and one.files]

    def discard(self, batch: Batch) -> None:
        """Let go of a batch."""
        if batch.busy:
            raise Conflict(
                "这一批正在归档，请等它完成。", "This batch is being filed; please wait until that has ended."
            )
        with self._lock:
            self._batches.pop(batch.id, None)
        batch.close()

    def _own(self, batch: Batch | None, person_id: str) -> Batch:
        if batch is None or batch.person_id != person_id:
            raise NotFound(
                "没有这批上传（可能已过期，或服务重启过）。请重新选择文件。",
                "There is no such upload (it may have expired, or the service was restarted). Choose the files again.",
            )
        return batch

    def _sweep(self) -> None:
        now = time.monotonic()
        for one in [one for one in self._batches.values() if not one.busy and now - one.touched > self._idle]:
            del self._batches[one.id]
            one.close()
