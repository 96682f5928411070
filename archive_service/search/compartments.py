"""Compartments: the open levels share one plain index; each confidential level has its own, sealed at rest.

A sealed index is in clear in memory only. At rest it is one file, sealed with a key of its own generation;
each saving takes a new key and destroys the old one, so that no older copy of the file can be opened again.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archive_service.errors import Unavailable
from archive_service.people.model import OPEN_LEVELS, SEARCHED_LEVELS
from archive_service.vault import Vault
from index.analysis import analyse
from index.engines.base import Document, Engine
from index.engines.whoosh_engine import FolderHome, SealedHome, WhooshEngine
from index.faults import IndexFault
from index.query import Query

OPEN = "open"
KEYS = uuid.UUID("9b0d8e5c-52a1-4d5f-8a3e-5f0c5f0e7a21")


class Compartments:
    """All indexes of the archive."""

    def __init__(self, folder: Path, vault: Vault) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._engines: dict[str, Engine] = {OPEN: WhooshEngine(FolderHome(folder / OPEN))}
        for level in SEARCHED_LEVELS:
            if level not in OPEN_LEVELS:
                file = _SealedFile(folder / f"{level}.sealed", vault, uuid.uuid5(KEYS, level).hex)
                home = SealedHome(file.load, file.save, file.version, file.lock)
                self._engines[level] = WhooshEngine(home)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all compartments."""
        return tuple(self._engines)

    def levels(self, name: str) -> frozenset[str]:
        """Return the levels whose records a compartment holds."""
        return frozenset(OPEN_LEVELS) if name == OPEN else frozenset({name})

    def _of(self, level: str) -> Engine | None:
        return self._engines.get(OPEN if level in OPEN_LEVELS else level)

    def add(self, level: str, record_id: str, title: str, text: str, fields: dict[str, str]) -> None:
        """Take a record into the compartment of its level; it is found after :meth:`commit`."""
        engine = self._of(level)
        if engine is not None:
            engine.add(Document(record_id, analyse(title), analyse(text), fields))

    def commit(self) -> None:
        """Make everything added searchable."""
        with _told():
            for engine in self._engines.values():
                engine.commit()

    def search(self, name: str, query: Query, limit: int) -> list[str]:
        """Return the ids of the best records of one compartment, the best first."""
        with _told():
            return self._engines[name].search(query, limit)

    def purge(self, record_id: str) -> None:
        """Remove a record from every compartment and merge; can be repeated."""
        with _told():
            for engine in self._engines.values():
                engine.purge([record_id])

    def remains(self, record_id: str) -> list[str]:
        """Return the compartments in which anything of a record is left."""
        with _told():
            return [f"index/{name}" for name, engine in self._engines.items() if engine.contains(record_id)]

    def contains(self, level: str, record_id: str) -> bool:
        """Say whether a record is in the compartment of its level."""
        engine = self._of(level)
        return engine is not None and engine.contains(record_id)

    def clear(self) -> None:
        """Empty every compartment."""
        with _told():
            for engine in self._engines.values():
                engine.clear()


class _SealedFile:
    """One sealed file: the id of its key's generation, a line end, then the sealed bytes."""

    def __init__(self, path: Path, vault: Vault, owner: str) -> None:
        self._path, self._vault, self._owner = path, vault, owner

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
        aside = self._path.with_suffix(".new")
        with aside.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(generation.encode() + b"\n" + sealed)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self._vault.destroy_keys(self._owner, [key for key in self._vault.keys_of(self._owner) if key != generation])

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from saving; the system lets go when this process dies."""
        with self._path.with_suffix(".lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


@contextmanager
def _told() -> Iterator[None]:
    """Turn what the index says into the service's own family of errors."""
    try:
        yield
    except IndexFault as fault:
        raise Unavailable(fault.zh, fault.en) from fault
