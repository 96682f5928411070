"""Generations of the index: one that serves, and at times the next one beside it, until it takes the other's place.

Which one serves stands in one small file, replaced in one step. Whoever writes holds the lock of what is written and
looks again whether it still serves; whoever removes for good removes from both.
"""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from archive_service.errors import Conflict
from archive_service.people.model import OPEN_LEVELS, SEARCHED_LEVELS
from archive_service.search.sealed_file import SealedFile, replaced
from archive_service.vault import Vault
from index.engines.base import Engine
from index.engines.whoosh_engine import FolderHome, SealedHome, WhooshEngine, schema
from index.faults import IndexBusy

OPEN = "open"
KEYS = uuid.UUID("9b0d8e5c-52a1-4d5f-8a3e-5f0c5f0e7a21")
SERVING, COMING, NOTED, LOCK = "serving", "coming", "noted", "rebuild.lock"
FIRST = ""
"""The name of the generation that was there before there were others; it lies in the folder itself."""

CLOSED_LEVELS = tuple(level for level in SEARCHED_LEVELS if level not in OPEN_LEVELS)


class Generation:
    """One index of everything: an engine for each compartment, in a place of its own."""

    def __init__(self, folder: Path, vault: Vault, name: str) -> None:
        self.name, self._folder, self._vault = name, folder, vault
        self.place = folder / name if name else folder
        self.place.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.engines: dict[str, Engine] = {
            OPEN: WhooshEngine(_GuardedFolder(self.place / OPEN, schema, self._still_there))
        }
        for level in CLOSED_LEVELS:
            file = SealedFile(self.place / f"{level}.sealed", vault, self._owner(level), self._still_there)
            home = SealedHome(file.load, file.save, file.version, file.lock, schema)
            self.engines[level] = WhooshEngine(home)

    @property
    def key_owners(self) -> set[str]:
        """Under whose names the keys of its sealed files stand in the keyring."""
        return {self._owner(level) for level in CLOSED_LEVELS}

    def _owner(self, level: str) -> str:
        return uuid.uuid5(KEYS, f"{level}/{self.name}" if self.name else level).hex

    def _still_there(self) -> None:
        """Refuse to write where another generation serves by now: what is written there nobody would purge."""
        if self.name != read(self._folder, SERVING) and (not self.name or self.name != read(self._folder, COMING)):
            raise IndexBusy("索引刚刚换代，请重试。", "The index has just been replaced; please try again.")

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep everybody from writing to this generation."""
        with ExitStack() as stack:
            for path in (self.place / OPEN / "writing.lock", *(self.place / f"{one}.lock" for one in CLOSED_LEVELS)):
                file = stack.enter_context(path.open("a"))
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def remove(self) -> None:
        """Destroy the keys, then the files; can be repeated."""
        for level in CLOSED_LEVELS:
            owner = self._owner(level)
            self._vault.destroy_keys(owner, self._vault.keys_of(owner))
            for ending in ("sealed", "new", "lock"):
                (self.place / f"{level}.{ending}").unlink(missing_ok=True)
        shutil.rmtree(self.place / OPEN, ignore_errors=True)
        if self.name:
            shutil.rmtree(self.place, ignore_errors=True)


class _GuardedFolder(FolderHome):
    """A folder that is written to only while its generation is one of those that count."""

    def __init__(self, folder: Path, made: Callable[[], Any], guard: Callable[[], None]) -> None:
        super().__init__(folder, made)
        self._guard = guard

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep others out, then look again."""
        with super().writing():
            self._guard()
            yield


class Generations:
    """Finds the generation that serves, in every process anew, and makes and puts in place the next one."""

    def __init__(self, folder: Path, vault: Vault) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder, self._vault = folder, vault
        self._known: dict[str, Generation] = {}

    def _named(self, name: str) -> Generation:
        made = self._known.get(name)
        if made is None:
            made = self._known[name] = Generation(self._folder, self._vault, name)
        return made

    @property
    def serving(self) -> Generation:
        """The generation that answers now."""
        name = read(self._folder, SERVING)
        for other in [one for one in self._known if one not in (name, read(self._folder, COMING))]:
            self._known.pop(other, None)  # its memory goes with it
        return self._named(name)

    @property
    def all(self) -> list[Generation]:
        """The one that serves and, while there is one, the one that is being made."""
        coming = read(self._folder, COMING)
        return [self.serving, *([self._named(coming)] if coming else [])]

    @property
    def noted(self) -> bool:
        """True when the catalogue has noted what the serving generation holds."""
        return read(self._folder, SERVING) in (FIRST, read(self._folder, NOTED))

    def note(self) -> None:
        """Tell that the catalogue has noted it."""
        _write(self._folder, NOTED, read(self._folder, SERVING))

    @contextmanager
    def making(self) -> Iterator[Generation]:
        """Make the next generation; what an earlier attempt left is cleared away first, and what fails after it.

        Only one process makes one at a time.
        """
        with (self._folder / LOCK).open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Conflict(
                    "索引正在重建，请等它完成。", "The index is being rebuilt already; please wait for it."
                ) from error
            self._abandon()
            name = f"g-{uuid.uuid4().hex[:16]}"
            _write(self._folder, COMING, name)
            try:
                yield self._named(name)
            finally:
                self._abandon()

    def _abandon(self) -> None:
        serving, coming = read(self._folder, SERVING), read(self._folder, COMING)
        left = {coming, *(path.name for path in self._folder.glob("g-*"))} - {serving, ""}
        for name in sorted(left):
            with contextlib.suppress(FileNotFoundError):
                self._named(name).remove()
            self._known.pop(name, None)
        if coming:
            _write(self._folder, COMING, "")

    def put_in_place(self, new: Generation) -> None:
        """Let the new generation serve, in one step, and remove the old one; its writers are kept out meanwhile."""
        old = self.serving
        _write(self._folder, SERVING, new.name)
        _write(self._folder, COMING, "")
        old.remove()
        self._known.pop(old.name, None)


def read(folder: Path, name: str) -> str:
    """Return the name of a generation from its file."""
    try:
        return (folder / name).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return FIRST


def _write(folder: Path, name: str, generation: str) -> None:
    replaced(folder / name, generation.encode("ascii"))
