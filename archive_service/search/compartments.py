"""Compartments: the open levels share one plain index; each confidential level has its own, sealed at rest.

A sealed index is in clear in memory only. At rest it is one file, sealed with a key of its own generation;
each saving takes a new key and destroys the old one, so that no older copy of the file can be opened again.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from archive_service.errors import Damaged, Unavailable
from archive_service.people.model import OPEN_LEVELS, SEARCHED_LEVELS
from archive_service.vault import Vault
from index.analysis import analyse
from index.engines.base import Document, Engine, Found, Scope, Still
from index.engines.whoosh_engine import FolderHome, SealedHome, WhooshEngine, schema
from index.faults import IndexDamaged, IndexFault
from index.query import Query

OPEN = "open"
KEYS = uuid.UUID("9b0d8e5c-52a1-4d5f-8a3e-5f0c5f0e7a21")


class Compartments:
    """All indexes of the archive."""

    def __init__(self, folder: Path, vault: Vault) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._engines: dict[str, Engine] = {OPEN: WhooshEngine(FolderHome(folder / OPEN, schema))}
        for level in SEARCHED_LEVELS:
            if level not in OPEN_LEVELS:
                file = _SealedFile(folder / f"{level}.sealed", vault, uuid.uuid5(KEYS, level).hex)
                home = SealedHome(file.load, file.save, file.version, file.lock, schema)
                self._engines[level] = WhooshEngine(home)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all compartments."""
        return tuple(self._engines)

    def levels(self, name: str) -> frozenset[str]:
        """Return the levels whose records a compartment holds."""
        return frozenset(OPEN_LEVELS) if name == OPEN else frozenset({name})

    def name_of(self, level: str) -> str | None:
        """Return the name of the compartment of a level; none for a level that is never indexed."""
        name = OPEN if level in OPEN_LEVELS else level
        return name if name in self._engines else None

    def add(self, level: str, record_id: str, title: str, text: str, fields: dict[str, str], mark: str) -> None:
        """Take a record into the compartment of its level; it is found after :meth:`commit`."""
        name = self.name_of(level)
        if name is not None:
            self._engines[name].add(Document(record_id, analyse(title), analyse(text), fields, mark))

    def commit(self, still: Still | None = None) -> None:
        """Make everything added durable and searchable, as far as ``still`` says that it is still wanted."""
        with _told():
            for engine in self._engines.values():
                engine.commit(still)

    def search(self, name: str, query: Query, scope: Scope, *, strict: bool) -> Found:
        """Return what one compartment holds of the answer."""
        with _told():
            return self._engines[name].search(query, scope, strict=strict)

    def purge_elsewhere(self, level: str, record_ids: Collection[str]) -> None:
        """Remove records of a level from every compartment that is not theirs, where a change of level left them."""
        with _told():
            for name, engine in self._engines.items():
                strays = [one for one in record_ids if name != self.name_of(level) and engine.contains(one)]
                if strays:
                    engine.purge(strays)

    def remove(self, name: str, record_ids: Collection[str]) -> None:
        """Remove records from one compartment and write anew what held their terms; can be repeated."""
        with _told():
            self._engines[name].purge(record_ids)

    def remains(self, record_id: str) -> list[str]:
        """Return the compartments in which anything of a record is left."""
        with _told():
            return [f"index/{name}" for name, engine in self._engines.items() if engine.contains(record_id)]

    def marks(self, name: str) -> dict[str, str]:
        """Return which state of which record a compartment stands for."""
        with _told():
            return self._engines[name].marks()

    def count(self) -> int:
        """Return how many records are in all compartments together."""
        with _told():
            return sum(engine.count() for engine in self._engines.values())

    def clear(self, name: str | None = None) -> None:
        """Empty one compartment, or all of them."""
        with _told():
            for engine in self._engines.values() if name is None else [self._engines[name]]:
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
    except IndexDamaged as fault:
        raise Damaged(fault.zh, fault.en) from fault
    except IndexFault as fault:
        raise Unavailable(fault.zh, fault.en) from fault
