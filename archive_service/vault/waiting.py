"""Files that wait on the disk until somebody files them: folders below the data directory, each sealed with its own key.

What they are, whose, and how many there may be, those who keep them know; here it is only held that nothing of them lies
in clear, and that what is let go can be opened by nobody. The key never leaves this room.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from archive_service.errors import NotFound
from archive_service.vault.disk import telling
from archive_service.vault.keys.keyring import Keyring
from archive_service.vault.objects.frames import Frames, read_small, write_small

_HEAD = "head"


class WaitingFolder:
    """One folder of waiting files. A file is a head (what it is), a part (its bytes as they come) and perhaps more notes."""

    def __init__(self, path: Path, context: str, key: bytes = b"") -> None:
        """Use what lies at ``path``; without the key only its lock can be asked."""
        self._path, self._context, self._key = path, context, key

    def touch(self) -> None:
        """Note that somebody is at the folder."""
        with suppress(FileNotFoundError):
            os.utime(self._path)

    def files(self) -> list[str]:
        """Return the ids of all files that have a head."""
        return [head.stem for head in sorted(self._path.glob(f"*.{_HEAD}"))]

    def note(self, file_id: str, what: str, data: bytes) -> None:
        """Keep a small value of a file, in one step; ``head`` is the one that makes it a file."""
        write_small(self._of(file_id, what), data, self._key, self._bound(file_id, what))

    def noted(self, file_id: str, what: str) -> bytes | None:
        """Return a small value of a file, ``None`` where there is none; ``Damaged`` if it is not what was noted."""
        try:
            return read_small(self._of(file_id, what), self._key, self._bound(file_id, what))
        except FileNotFoundError:
            return None

    def bytes_of(self, file_id: str) -> Frames:
        """Return the bytes of a file, which grow piece by piece."""
        return Frames(self._of(file_id, "part"), self._key, self._bound(file_id, "part"))

    def remove(self, file_id: str) -> None:
        """Remove a file; the head goes first, without which the rest is nothing."""
        for what in (_HEAD, "done", "part"):
            self._of(file_id, what).unlink(missing_ok=True)

    @contextmanager
    def lock(self, name: str, *, wait: bool = True) -> Iterator[bool]:
        """Hold a lock that all processes know; yields whether it was had. ``FileNotFoundError`` if the folder is gone."""
        fd = os.open(self._path / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(fd)

    def _of(self, file_id: str, what: str) -> Path:
        return self._path / f"{file_id}.{what}"

    def _bound(self, file_id: str, what: str) -> str:
        return f"{self._context}/{file_id}/{what}"


class WaitingRoom:
    """The folders, by owner and name. Whoever calls has checked that both are ids and nothing else."""

    def __init__(self, root: Path, kind: str, keyring: Keyring) -> None:
        """Keep folders below ``root``; ``kind`` sets their keys apart from those of anything else."""
        self._root, self._kind, self._keyring = root, kind, keyring

    def make(self, owner: str, name: str) -> None:
        """Make a folder, its key first; one that is there stays."""
        key_id, path = self._key_id(owner, name), self._path(owner, name)
        self._keyring.new_keys({key_id: key_id})
        with telling(path):
            for one in (self._root, path.parent, path):
                one.mkdir(mode=0o700, exist_ok=True)

    def exists(self, owner: str, name: str) -> bool:
        """Say whether there is such a folder."""
        return self._path(owner, name).is_dir()

    def find(self, owner: str, name: str) -> WaitingFolder:
        """Return a folder; ``NotFound`` if it is not there, or if nobody can open what lies in it."""
        if not self.exists(owner, name):
            raise NotFound("没有这个文件夹。", "There is no such folder.")
        return self._folder(owner, name, self._keyring.key(self._key_id(owner, name)))

    def of(self, owner: str) -> list[str]:
        """Return the names of an owner's folders."""
        return sorted(path.name for path in (self._root / owner).glob("*") if path.is_dir())

    def idle(self, seconds: float) -> Iterator[tuple[str, str, WaitingFolder]]:
        """Yield owner, name and folder (not opened) of what nobody has touched for so long."""
        now = time.time()
        for path in sorted(self._root.glob("*/*")):
            with suppress(FileNotFoundError):
                if now - path.stat().st_mtime > seconds:
                    yield path.parent.name, path.name, self._folder(path.parent.name, path.name)

    def remove(self, owner: str, name: str) -> None:
        """Take the key away, then what it opened; can be repeated."""
        key_id = self._key_id(owner, name)
        self._keyring.forget([key_id], key_id)
        shutil.rmtree(self._path(owner, name), ignore_errors=True)

    def _folder(self, owner: str, name: str, key: bytes = b"") -> WaitingFolder:
        return WaitingFolder(self._path(owner, name), f"{self._kind}/{owner}/{name}", key)

    def _path(self, owner: str, name: str) -> Path:
        return self._root / owner / name

    def _key_id(self, owner: str, name: str) -> str:
        """Return the id of a folder's key, which no record and nothing else has."""
        return hashlib.sha256(f"{self._kind}/{owner}/{name}".encode()).hexdigest()[:32]
