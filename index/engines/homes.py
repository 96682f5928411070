"""Where a Whoosh index lives: in a folder for open compartments, in memory and sealed at rest for confidential ones."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from whoosh import fields
from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, EmptyIndexError, FileIndex

from index.faults import IndexDamaged
from index.storage import MemoryStorage

LOCK = "writing.lock"
SEGMENT = re.compile(r"(MAIN_[0-9a-z]+)\.[A-Za-z0-9_.]+")


class Home(Protocol):
    """Where an index lives. Only :meth:`writing` keeps others away; the engine sees to its own threads."""

    def open(self) -> FileIndex:
        """Return the index as it is now, also when another process has changed it."""

    def writing(self) -> AbstractContextManager[object]:
        """Keep other processes from writing, as a context."""

    def written(self) -> None:
        """Make durable what was committed, and wipe out what belongs to no segment."""

    def forget(self) -> None:
        """Drop what is known of the index: the next opening reads it anew."""

    def reset(self) -> None:
        """Throw everything away and begin with an empty index; nothing is read. Call it while writing."""


class FolderHome:
    """An index in a folder of its own, which nobody else may write to: Whoosh unpickles its schema from there."""

    def __init__(self, folder: Path, schema: Callable[[], fields.Schema]) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        self._folder, self._schema = folder, schema
        self._storage = FileStorage(str(folder))
        self._index: FileIndex | None = None
        self._synced: set[str] = set()
        self._held = 0

    def open(self) -> FileIndex:
        """Open the index, or make it; a newer generation of another process is seen."""
        if self._index is None:
            try:
                self._index = self._opened()
            except EmptyIndexError:
                with self.writing():
                    # Looked at again: creating deletes what another process may have written since.
                    try:
                        self._index = self._opened()
                    except EmptyIndexError:
                        self._index = self._storage.create_index(self._schema())
        elif not self._index.up_to_date():
            self._index = self._index.refresh()
        return self._index

    def _opened(self) -> FileIndex:
        index = self._storage.open_index()
        if set(index.schema.names()) != set(self._schema().names()):
            raise IndexDamaged(
                "索引属于另一版本，需要重建。", "The index is of another version; it has to be built again."
            )
        return index

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep other processes out; the system lets go when this process dies. May be entered again while held."""
        if self._held:
            yield
            return
        with (self._folder / LOCK).open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self._held += 1
            try:
                yield
            finally:
                self._held -= 1

    def written(self) -> None:
        """Sync what is new, then the folder; what no segment claims (a crash's leavings too) is deleted."""
        self.forget()
        toc = TOC.read(self._storage, "MAIN")
        segments = {segment.segment_id() for segment in toc.segments}
        for path in list(self._folder.iterdir()):
            segment = SEGMENT.fullmatch(path.name)
            if path.name in (LOCK, "MAIN_WRITELOCK"):
                continue
            if path.name == f"_MAIN_{toc.generation}.toc" or (segment and segment[1] in segments):
                if path.name not in self._synced:
                    _sync(path)
                    self._synced.add(path.name)
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            self._synced.discard(path.name)
        _sync(self._folder)

    def forget(self) -> None:
        """Read anew the next time."""
        self._index = None

    def reset(self) -> None:
        """Delete every file and make an empty index."""
        self.forget()
        self._synced.clear()
        for path in list(self._folder.iterdir()):
            if path.name not in (LOCK, "MAIN_WRITELOCK"):
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        self._storage.create_index(self._schema())
        self.written()


class SealedHome:
    """An index in memory. ``load`` gives the packed bytes (or nothing), ``save`` seals and keeps them.

    ``version`` changes when another process has saved; ``lock`` keeps it from saving meanwhile.
    """

    def __init__(
        self,
        load: Callable[[], bytes | None],
        save: Callable[[bytes], None],
        version: Callable[[], object],
        lock: Callable[[], AbstractContextManager[object]],
        schema: Callable[[], fields.Schema],
    ) -> None:
        self._load, self._save, self._version, self._lock, self._schema = load, save, version, lock, schema
        self._seen: object = None
        self._storage = MemoryStorage()
        self._index: FileIndex | None = None

    def open(self) -> FileIndex:
        """Return the index, loaded again when another process has saved since."""
        now = self._version()
        if self._index is None or now != self._seen:
            packed = self._load()
            self._storage = MemoryStorage.unpack(packed) if packed else MemoryStorage()
            self._index = self._opened() if packed else self._storage.create_index(self._schema())
            self._seen = now
        elif not self._index.up_to_date():
            self._index = self._index.refresh()
        return self._index

    def _opened(self) -> FileIndex:
        index = self._storage.open_index()
        if set(index.schema.names()) != set(self._schema().names()):
            raise IndexDamaged(
                "索引属于另一版本，需要重建。", "The index is of another version; it has to be built again."
            )
        return index

    def writing(self) -> AbstractContextManager[object]:
        """Keep other processes from saving."""
        return self._lock()

    def written(self) -> None:
        """Seal and keep what is in memory."""
        self._save(self._storage.pack())
        self._seen = self._version()
        self._index = None if self._index is None else self._index.refresh()

    def forget(self) -> None:
        """Drop the memory: what was not saved is not kept."""
        self._index = None

    def reset(self) -> None:
        """Begin with an empty index, and save it."""
        self._storage = MemoryStorage()
        self._index = self._storage.create_index(self._schema())
        self.written()


def no_lock() -> AbstractContextManager[object]:
    """Return a lock for an index that no other process knows."""
    return contextlib.nullcontext()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
