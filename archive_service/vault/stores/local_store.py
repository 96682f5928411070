"""A store in a local directory: ``objects/``, ``staging/`` and the identity marker ``store.json``."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from archive_service.errors import ArchiveError, Conflict, Damaged, NotFound, Unavailable
from archive_service.vault import names
from archive_service.vault.disk import SyncFailed, open_folder, sync, telling, write_all
from archive_service.vault.pieces import sha256_of
from archive_service.vault.stores import remains
from archive_service.vault.stores.ballast import refuse_below
from archive_service.vault.stores.folders import below, entries, list_folder, lock, standing, unlink_unless_locked
from archive_service.vault.stores.store import Judge, Stored
from archive_service.vault.stores.together import named, syncing, written_aside

MARKER = "store.json"
OBJECTS = "objects"
STAGING = "staging"
FORMAT = 1
_TRIES = 8
#: files, and folders of them, that are open at a time when many are written together
OPEN_AT_ONCE = 128
#: how often, while an object is written, the room on the disk is looked at
_LOOK_BYTES = 8 << 20


class LocalStore:
    """A directory on a local file system that keeps sealed objects.

    Every step below the root goes through directory handles that do not follow links, so a link
    planted inside the store leads nowhere. Folders are 0700, files 0600.
    """

    def __init__(self, root: Path, install_id: str, reserve: int = 0, *, look: bool = True) -> None:
        """Open a store. New objects are refused (``DiskFull``) when fewer than ``reserve`` bytes would stay free.

        Capsules are not: they are small, and a destruction must come to its end on a full disk too. Without
        ``look`` a store that is away now is no fault yet: each use looks for itself.
        """
        self._root = root
        self._install_id = install_id
        self._reserve = reserve
        self._failed = False
        if look:
            self.check_identity()

    @classmethod
    def create_at(cls, root: Path, install_id: str) -> LocalStore:
        """Turn an empty (or missing) directory into a store; ``Conflict`` if anything lies in it."""
        with telling(root):
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            if any(root.iterdir()):
                raise Conflict(
                    f"目录不是空的，不能用作存储：{root}",
                    f"The directory is not empty and cannot become a store: {root}",
                )
            (root / OBJECTS).mkdir(mode=0o700)
            (root / STAGING).mkdir(mode=0o700)
            marker = json.dumps({"format": FORMAT, "install": install_id, "kind": "local"}, sort_keys=True)
            fd = os.open(root / MARKER, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                write_all(fd, marker.encode() + b"\n")
                sync(fd)
            finally:
                os.close(fd)
            for path in (root, root.parent):
                with open_folder(path) as folder:
                    sync(folder)
        return cls(root, install_id)

    @property
    def root(self) -> Path:
        """The directory of the store."""
        return self._root

    @property
    def place(self) -> str:
        """The place in one line, for people."""
        return str(self._root)

    @property
    def locks(self) -> None:
        """A directory keeps no locks."""

    @property
    def anchors(self) -> None:
        """A directory keeps no anchors."""

    def remains(self, record_of: Mapping[str, str]) -> Mapping[str, set[str]]:
        """Walk the directory with other code and name every file or folder that carries one of the ids."""
        return remains.files(self._root, self._install_id, record_of)

    def check_identity(self) -> None:
        """Raise ``Unavailable`` for a missing, unmounted or foreign directory."""
        with self._opened():
            pass

    def create(
        self, name: str, chunks: Iterable[bytes], *, replace: bool = False, unless: Judge | None = None
    ) -> Stored:
        """Store ``chunks`` under ``name``; nothing is seen under it before all of it is durable.

        An error of ``chunks`` passes through and leaves nothing. After a failed sync the store takes no
        more writes until the service is started again: what the system then still holds in memory
        cannot be trusted.
        """
        names.parse(name)
        self._refuse_after_failure()
        aside = names.staging_name(name, uuid.uuid4().hex)
        with self._opened() as root, standing(root, STAGING, self._root) as staging:
            try:
                reserve = self._reserve if names.parse(name).component_id else 0
                stored = self._write_aside(staging, aside, chunks, reserve)
                if replace and unless is None:
                    self._publish(root, staging, aside, name, os.rename)
                    return stored
                try:
                    # A link never overwrites, a rename would.
                    self._publish(root, staging, aside, name, os.link)
                except FileExistsError:
                    there = self._look_at(name, stored, replace, unless)
                    if there is not None:
                        return there
                    self._publish(root, staging, aside, name, os.rename)
                return stored
            finally:
                with suppress(OSError):
                    os.unlink(aside, dir_fd=staging)

    def create_all(self, objects: Mapping[str, bytes], judges: Mapping[str, Judge] | None = None) -> dict[str, Stored]:
        """Store small objects together; one whose name is taken is stored by itself, in place of what lies there."""
        order = list(objects)
        found: dict[str, Stored] = {}
        for start in range(0, len(order), OPEN_AT_ONCE):
            found |= self._create_some({name: objects[name] for name in order[start : start + OPEN_AT_ONCE]}, judges)
        return found

    def _create_some(self, objects: Mapping[str, bytes], judges: Mapping[str, Judge] | None) -> dict[str, Stored]:
        self._refuse_after_failure()
        reserve = self._reserve if any(names.parse(name).component_id for name in objects) else 0
        with (
            self._opened() as root,
            standing(root, STAGING, self._root) as staging,
            syncing(self._sync) as sync_all,
        ):
            refuse_below(self._root, staging, reserve)
            with written_aside(staging, objects, self._root, sync_all) as aside:
                taken = list(objects)  # if a folder vanishes meanwhile, each is tried by itself
                with suppress(FileNotFoundError), standing(root, OBJECTS, self._root) as folder:
                    left = {name: name_aside for name, (name_aside, _) in aside.items()}
                    taken = named(staging, folder, left, self._root, sync_all)
                found = {name: stored for name, (_, stored) in aside.items()}
        for name in taken:
            found[name] = self.create(name, [objects[name]], replace=True, unless=(judges or {}).get(name))
        return found

    @contextmanager
    def claim(self, record_id: str) -> Iterator[None]:
        """Hold a lock file in ``staging/``; the system lets go of it when the process dies."""
        with self.claim_all([record_id]) as refused:
            if refused:
                raise refused[record_id]
            yield

    @contextmanager
    def claim_all(self, record_ids: Iterable[str]) -> Iterator[dict[str, ArchiveError]]:
        """Hold the claims of many records, and tell of those that another one holds."""
        held: dict[str, int] = {}
        refused: dict[str, ArchiveError] = {}
        with self._opened() as root, standing(root, STAGING, self._root) as staging:
            try:
                for record_id in record_ids:
                    name = f"claim-{names.check_id(record_id)}-lock"
                    try:
                        held[name] = lock(staging, name, self._root)
                    except Conflict as error:
                        refused[record_id] = error
                yield refused
            finally:
                for name, fd in held.items():
                    with suppress(OSError):
                        os.unlink(name, dir_fd=staging)
                    os.close(fd)

    def open(self, name: str) -> BinaryIO:
        """Open a stored object for reading."""
        parts = names.parse(name)
        with self._opened() as root, telling(self._root):
            try:
                with self._record_folder(root, parts.record_id) as folder:
                    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
                    fd = os.open(_leaf(name), flags, dir_fd=folder)
            except FileNotFoundError:
                raise NotFound("存储中没有该对象。", "The store holds no such object.") from None
            except OSError as fault:
                if fault.errno in (errno.ELOOP, errno.ENOTDIR):
                    raise _foreign(name) from fault
                raise
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise _foreign(name)
        return os.fdopen(fd, "rb")

    def exists(self, name: str) -> bool:
        """Say whether anything lies under this name, even something that is not ours."""
        parts = names.parse(name)
        with self._opened() as root, telling(self._root):
            try:
                with self._record_folder(root, parts.record_id) as folder:
                    os.stat(_leaf(name), dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:
                return False
        return True

    def delete(self, name: str) -> bool:
        """Remove an object, sync its folder, and drop the folders that it leaves empty."""
        parts = names.parse(name)
        self._refuse_after_failure()
        with self._opened() as root, telling(self._root):
            try:
                with self._record_folder(root, parts.record_id) as folder:
                    os.unlink(_leaf(name), dir_fd=folder)
                    self._sync(folder)
                gone = True
            except FileNotFoundError:
                gone = False
            self._prune(root, parts.record_id)
        return gone

    def names(self, prefix: str = "") -> Iterator[str]:
        """Yield names in order; whatever does not look like ours is passed over."""
        wanted = prefix.split("/")
        if ".." in wanted:
            return
        with self._opened() as root, telling(self._root), standing(root, OBJECTS, self._root) as objects:
            for first in entries(objects, (), wanted):
                for record_id in entries(objects, (first,), wanted):
                    for leaf in entries(objects, (first, record_id), wanted):
                        name = f"{first}/{record_id}/{leaf}"
                        if names.is_name(name) and name.startswith(prefix):
                            yield name

    def discard_staging(self, record_id: str) -> int:
        """Remove every leftover of an unfinished write whose name carries the record's id."""
        return self._clear_staging(f"-{names.check_id(record_id)}-", None)

    def sweep_staging(self, older_than: datetime) -> int:
        """Remove leftovers last written before ``older_than``; give an instant well before any write still running."""
        return self._clear_staging("", older_than.timestamp())

    @contextmanager
    def _opened(self) -> Iterator[int]:
        """Hold the root open, sure that it is ours: the marker is read through the same handle."""
        try:
            fd = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as fault:
            raise self._not_ours() from fault
        try:
            self._check_marker(fd)
            yield fd
        finally:
            os.close(fd)

    def _check_marker(self, root: int) -> None:
        try:
            fd = os.open(MARKER, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=root)
            try:
                said = json.loads(os.read(fd, 4096))
            finally:
                os.close(fd)
        except (OSError, ValueError) as fault:
            raise self._not_ours() from fault
        if not isinstance(said, dict) or said.get("install") != self._install_id or said.get("format") != FORMAT:
            raise self._not_ours()

    def _not_ours(self) -> Unavailable:
        return Unavailable(
            f"存储目录不存在、未挂载，或不属于本系统：{self._root}",
            f"The store directory is missing, not mounted, or belongs to another installation: {self._root}",
        )

    def _sync(self, fd: int) -> None:
        try:
            sync(fd)
        except SyncFailed:
            self._failed = True
            raise

    def _refuse_after_failure(self) -> None:
        if self._failed:
            raise SyncFailed(self._root)

    @contextmanager
    def _record_folder(self, root: int, record_id: str, make: bool = False) -> Iterator[int]:
        with (
            standing(root, OBJECTS, self._root) as objects,
            below(objects, record_id[:2], record_id, make=self._sync if make else None) as folder,
        ):
            yield folder

    def _write_aside(self, staging: int, aside: str, chunks: Iterable[bytes], reserve: int) -> Stored:
        digest, size, looked = hashlib.sha256(), 0, -_LOOK_BYTES
        with telling(self._root):
            fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=staging)
        try:
            for chunk in chunks:
                if size - looked >= _LOOK_BYTES:
                    refuse_below(self._root, fd, reserve)
                    looked = size
                digest.update(chunk)
                size += len(chunk)
                with telling(self._root):
                    write_all(fd, chunk)
            self._sync(fd)
        finally:
            os.close(fd)
        return Stored(size, digest.hexdigest())

    def _publish(self, root: int, staging: int, aside: str, name: str, move: Callable[..., None]) -> None:
        """Give the finished file its name and sync the folder; ``FileExistsError`` passes.

        Between opening the record's folder and linking into it, a delete in another process may have
        pruned it as empty: then it is made again.
        """
        record_id = names.parse(name).record_id
        for _ in range(_TRIES):
            with (
                suppress(FileNotFoundError),
                telling(self._root),
                self._record_folder(root, record_id, make=True) as folder,
            ):
                move(aside, _leaf(name), src_dir_fd=staging, dst_dir_fd=folder)
                self._sync(folder)
                return
        raise Unavailable("存储目录正被改动，请重试。", "The folders of the store keep changing; try again.")

    def _look_at(self, name: str, stored: Stored, replace: bool, unless: Judge | None) -> Stored | None:
        """Return what lies under a taken name if it stays, ``None`` if it makes way."""
        with self.open(name) as there:
            if replace and unless is not None and not unless(there):
                return None
            there.seek(0)
            found = Stored(os.fstat(there.fileno()).st_size, sha256_of(there))
        if not replace and found != stored:
            raise Conflict("存储中已有同名而内容不同的对象。", "The store already holds other bytes under this name.")
        return found

    def _prune(self, root: int, record_id: str) -> None:
        with standing(root, OBJECTS, self._root) as objects:
            for parents, last in (((record_id[:2],), record_id), ((), record_id[:2])):
                try:
                    with below(objects, *parents) as folder:
                        os.rmdir(last, dir_fd=folder)
                        self._sync(folder)
                except FileNotFoundError:
                    continue
                except OSError as fault:
                    if fault.errno in (errno.ENOTEMPTY, errno.EEXIST):
                        return
                    raise

    def _clear_staging(self, part: str, before: float | None) -> int:
        count = 0
        with self._opened() as root, telling(self._root), standing(root, STAGING, self._root) as staging:
            for entry in list_folder(staging):
                if part not in entry:
                    continue
                with suppress(FileNotFoundError, BlockingIOError):
                    if before is None or os.stat(entry, dir_fd=staging, follow_symlinks=False).st_mtime < before:
                        unlink_unless_locked(staging, entry)
                        count += 1
            self._sync(staging)
        return count


def _leaf(name: str) -> str:
    return name.rsplit("/", 1)[1]


def _foreign(name: str) -> Damaged:
    return Damaged(f"存储中的 {name} 不是普通文件。", f"What lies in the store as {name} is not a plain file.")
