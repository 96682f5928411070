"""One sealed file of the index: the id of its key's generation, a line end, then the sealed bytes."""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from archive_service.vault import Vault


class SealedFile:
    """An index at rest; ``guard`` is asked, once nobody else can write, whether it may still be written."""

    def __init__(self, path: Path, vault: Vault, owner: str, guard: Callable[[], None]) -> None:
        self._path, self._vault, self._owner, self._guard = path, vault, owner, guard

    def version(self) -> object:
        """Return what changes with every saving."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def load(self) -> bytes | None:
        """Open the file and return the packed index; nothing when there is none."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return None
        generation, _, sealed = content.partition(b"\n")
        return self._vault.open_small(self._owner, generation.decode(), sealed)

    def save(self, packed: bytes) -> None:
        """Seal with a new key, put the file in the place of the old, destroy every older key."""
        generation = uuid.uuid4().hex
        sealed = self._vault.seal_small(self._owner, generation, packed)
        replaced(self._path, generation.encode() + b"\n" + sealed)
        self._vault.destroy_keys(self._owner, [key for key in self._vault.keys_of(self._owner) if key != generation])

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from saving; the system lets go when this process dies."""
        with self._path.with_suffix(".lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self._guard()
            yield


def replaced(path: Path, content: bytes) -> None:
    """Put new content in the place of a file in one step, durably, for the owner's eyes alone."""
    aside = path.with_suffix(".new")
    with aside.open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
