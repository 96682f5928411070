"""Files that come in piece by piece, and wait until somebody has looked at them and files them.

A batch is one person's. It lies below the data directory, every piece and every name sealed with a key of its own from
the keyring, so that it outlives the process and any process that shares the directory goes on with it. A connection that
breaks loses nothing that has arrived: the browser asks how far a file is and goes on from there. What nobody touches for
a while goes, its key first; nothing readable is ever left behind.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from archive_service.catalog.formats.signatures import HEAD, identify
from archive_service.catalog.model import SourceFile
from archive_service.errors import BadInput, Conflict, Damaged, NotFound
from archive_service.vault import Keyring, WaitingFolder, WaitingRoom

AT_A_TIME = 64 * 1024
FOLDER = "uploads"
MOST_FILES = 2000
"""Files of one batch; more are filed with a manifest."""

MOST_BATCHES = 5
"""Batches of one person that may wait at a time."""

_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class WaitingFile:
    """A file of a batch: its path in the folder it came from, sizes in bytes; ``sha256`` once all of it has arrived."""

    id: str
    path: str
    size: int
    received: int = 0
    sha256: str = ""
    modified: str = ""

    @property
    def complete(self) -> bool:
        """Whether all of it has arrived."""
        return bool(self.sha256)


class Batch:
    """Files of one person that wait together, as they lie on the disk at this moment."""

    def __init__(self, batch_id: str, person_id: str, folder: WaitingFolder, most_bytes: int) -> None:
        """Open what lies in ``folder``."""
        self.id, self.person_id = batch_id, person_id
        self._folder = folder
        self._most_bytes = most_bytes

    @property
    def files(self) -> list[WaitingFile]:
        """The files that have arrived whole, in the order of their paths."""
        return sorted((one for one in self._all() if one.complete), key=lambda one: one.path)

    @property
    def busy(self) -> bool:
        """Whether the batch is being filed now, by whichever process."""
        with self._lock("filing", wait=False) as held:
            return not held

    @contextmanager
    def filing(self) -> Iterator[None]:
        """Hold the batch while it is filed; the system lets go of it when the process dies. ``Conflict`` if another holds it."""
        with self._lock("filing", wait=False) as held:
            if not held:
                raise _being_filed()
            yield

    def touch(self) -> None:
        """Note that somebody is at the batch."""
        self._folder.touch()

    def begin(self, path: str, size: int, modified: str = "") -> WaitingFile:
        """Announce a file; the same one (path, size, when it was last changed) is gone on with, or is there already."""
        with self._lock("change"):
            self.touch()
            there = list(self._all())
            known = next((one for one in there if one.path == path), None)
            if known and (known.size, known.modified) == (size, modified):
                return known
            self._check(path, size, [one for one in there if one is not known])
            if known:
                self._folder.remove(known.id)
            made = WaitingFile(uuid.uuid4().hex, path, size, modified=modified)
            told = json.dumps({"path": path, "size": size, "modified": modified}, ensure_ascii=False)
            self._folder.note(made.id, "head", told.encode("utf-8", "surrogatepass"))
            return made

    def _check(self, path: str, size: int, there: list[WaitingFile]) -> None:
        if self.busy:
            raise _being_filed()
        if not path.strip() or len(path) > 1000:
            raise BadInput("文件名不可用。", "This file name cannot be used.")
        if size < 1:
            raise BadInput(f"文件“{path}”是空的（0 字节）。", f"The file {path!r} is empty (0 bytes).")
        if len(there) >= MOST_FILES:
            raise BadInput(
                f"一批最多 {MOST_FILES} 个文件；更多请按清单整批归档。",
                f"A batch has at most {MOST_FILES} files; file more of them with a manifest.",
            )
        if sum(one.size for one in there) + size > self._most_bytes:
            most = self._most_bytes // 1024 // 1024
            raise BadInput(
                f"这一批超过 {most} MiB，请分批上传。", f"This batch exceeds {most} MiB; send less at a time."
            )

    def file(self, file_id: str) -> WaitingFile:
        """Return a file of the batch, complete or not."""
        head = self._folder.noted(file_id, "head") if _ID.fullmatch(file_id) else None
        if head is None:
            raise _no_file()
        told = json.loads(head.decode("utf-8", "surrogatepass"))
        done = self._folder.noted(file_id, "done")
        received = self._folder.bytes_of(file_id).received() if done is None else told["size"]
        digest = "" if done is None else done.hex()
        return WaitingFile(file_id, told["path"], told["size"], received, digest, told["modified"])

    def take(self, file_id: str, offset: int, read: Callable[[int], bytes]) -> WaitingFile:
        """Add what ``read`` gives to a file from ``offset`` on; return the file as it is then.

        :class:`Conflict` where the offset is not the one that has been reached. What was read before a connection
        broke stays.
        """
        one = self.file(file_id)
        with self._folder.bytes_of(file_id).writing(offset) as writer:
            at = offset
            while at < one.size and (piece := read(min(AT_A_TIME, one.size - at))):
                writer.write(piece)
                at += len(piece)
            self.touch()
        if at < one.size:
            return WaitingFile(one.id, one.path, one.size, at)
        digest = hashlib.sha256()
        for piece in self._folder.bytes_of(file_id).chunks():
            digest.update(piece)
        self._folder.note(file_id, "done", digest.digest())
        return WaitingFile(one.id, one.path, one.size, at, digest.hexdigest())

    def add(self, path: str, size: int, chunks: Iterator[bytes]) -> WaitingFile:
        """Add a whole file at once."""
        one = self.begin(path, size)
        if one.received:  # what came earlier under this path makes way: it may be another file of the same size
            self._folder.remove(one.id)
            one = self.begin(path, size)
        return self.take(one.id, 0, _reader(chunks))

    def chunks(self, one: WaitingFile) -> Iterator[bytes]:
        """Read a file from its start, piece by piece."""
        self.touch()
        try:
            yield from self._folder.bytes_of(one.id).chunks()
        except FileNotFoundError:
            raise _no_file() from None

    def source(self, one: WaitingFile) -> SourceFile:
        """Make a file readable as often as accession asks."""
        return SourceFile(one.path.rsplit("/", 1)[-1], lambda: self.chunks(one))

    def media_type(self, one: WaitingFile) -> str:
        """Tell the format of a file from its beginning."""
        return identify(next(self.chunks(one), b"")[:HEAD], one.path)

    def leave_out(self, file_ids: set[str]) -> None:
        """Forget some files, because they are filed."""
        for one in file_ids:
            self._folder.remove(one)

    def _all(self) -> Iterator[WaitingFile]:
        for file_id in self._folder.files():
            with suppress(NotFound, Damaged):  # what cannot be read is not here; it can be sent again
                yield self.file(file_id)

    @contextmanager
    def _lock(self, name: str, *, wait: bool = True) -> Iterator[bool]:
        """Hold a lock of the batch; yields whether it was had."""
        with ExitStack() as stack:
            try:
                held = stack.enter_context(self._folder.lock(name, wait=wait))
            except FileNotFoundError:
                raise _gone() from None
            yield held


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
    """The batches that wait; a person knows of his or her own only."""

    def __init__(self, folder: Path, keyring: Keyring, most_bytes: int, idle_seconds: float) -> None:
        """Keep batches below ``folder``; what was idle for so long is let go, also what an earlier process has left."""
        self._room = WaitingRoom(folder / FOLDER, "upload", keyring)
        self._most_bytes, self._idle = most_bytes, idle_seconds

    def open(self, person_id: str, batch_id: str) -> Batch:
        """Return a batch of a person, begun now if there is none of this id."""
        self.sweep()
        _check_ids(person_id, batch_id)
        if not self._room.exists(person_id, batch_id):
            if len(self._room.of(person_id)) >= MOST_BATCHES:
                raise Conflict(
                    f"您已有 {MOST_BATCHES} 批文件待归档，请先归档或放弃其中一批。",
                    f"{MOST_BATCHES} of your batches wait already; file or discard one of them first.",
                )
            self._room.make(person_id, batch_id)
        return self.find(person_id, batch_id)

    def find(self, person_id: str, batch_id: str) -> Batch:
        """Return a batch of a person that is there."""
        self.sweep()
        _check_ids(person_id, batch_id)
        try:
            folder = self._room.find(person_id, batch_id)
        except NotFound:  # also where a keyring from a backup does not know it: nobody can read what lies here
            raise _gone() from None
        return Batch(batch_id, person_id, folder, self._most_bytes)

    def of(self, person_id: str) -> list[Batch]:
        """Return the batches of a person that hold something."""
        found = []
        for name in self._room.of(person_id):
            with suppress(NotFound, Damaged):
                batch = self.find(person_id, name)
                if batch.files:
                    found.append(batch)
        return found

    def discard(self, batch: Batch) -> None:
        """Let go of a batch."""
        with batch.filing():
            self._room.remove(batch.person_id, batch.id)

    def sweep(self) -> int:
        """Let go of what nobody has touched for long; the count."""
        count = 0
        for person_id, name, folder in self._room.idle(self._idle):
            with suppress(NotFound):
                if not Batch(name, person_id, folder, 0).busy:
                    self._room.remove(person_id, name)
                    count += 1
        return count


def _check_ids(person_id: str, batch_id: str) -> None:
    if not (_ID.fullmatch(batch_id) and _ID.fullmatch(person_id)):
        raise _gone()


def _no_file() -> NotFound:
    return NotFound("没有这个上传的文件。", "There is no such uploaded file.")


def _being_filed() -> Conflict:
    return Conflict("这一批正在归档，请等它完成。", "This batch is being filed; please wait until that has ended.")


def _gone() -> NotFound:
    return NotFound(
        "没有这批上传（可能已归档、已放弃或已过期）。请重新选择文件。",
        "There is no such upload (it may have been filed, discarded, or expired). Choose the files again.",
    )
