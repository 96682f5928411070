"""Many small objects written to a disk together: the waits for it are shared, and the promise stays that of one alone.

Each sync by itself makes the file system write its journal and the disk empty its cache. Here the system is told of all
files first, and they are waited for side by side: disks take such waits together. What has a name is durable under it,
as with one object.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from archive_service.vault import names
from archive_service.vault.disk import telling, write_all
from archive_service.vault.stores.folders import below
from archive_service.vault.stores.store import Stored

SyncAll = Callable[[Collection[int]], None]

SIDE_BY_SIDE = 16
"""Waits for the disk at a time."""

FEW = 4
"""Waits for which no threads are started."""


@contextmanager
def syncing(sync: Callable[[int], None]) -> Iterator[SyncAll]:
    """Hold what makes many files and folders durable side by side, each by ``sync``; its first error passes."""
    with ThreadPoolExecutor(SIDE_BY_SIDE) as hands:

        def some_of(fds: Sequence[int]) -> None:
            for fd in fds:
                sync(fd)

        def all_of(fds: Collection[int]) -> None:
            order = list(fds)
            shares = [order[start::SIDE_BY_SIDE] for start in range(min(SIDE_BY_SIDE, len(order)))]
            for _ in map(some_of, shares) if len(order) <= FEW else hands.map(some_of, shares):
                pass

        yield all_of


@contextmanager
def written_aside(
    staging: int, objects: Mapping[str, bytes], where: Path, sync_all: SyncAll
) -> Iterator[dict[str, tuple[str, Stored]]]:
    """Hold objects durable under names of their own in ``staging``: name -> (name aside, what it is)."""
    aside = {name: names.staging_name(name, uuid.uuid4().hex) for name in objects}
    opened: list[int] = []
    try:
        with telling(where):
            for name, data in objects.items():
                opened.append(
                    os.open(aside[name], os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=staging)
                )
                write_all(opened[-1], data)
            for fd in opened if hasattr(os, "posix_fadvise") else ():
                # Begin to write, wait for nothing: so the waits that follow find most of it done.
                os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        sync_all(opened)
        yield {
            name: (aside[name], Stored(len(data), hashlib.sha256(data).hexdigest())) for name, data in objects.items()
        }
    finally:
        for fd in opened:
            os.close(fd)
        for left in aside.values():
            with suppress(OSError):
                os.unlink(left, dir_fd=staging)


def named(staging: int, objects: int, aside: Mapping[str, str], where: Path, sync_all: SyncAll) -> list[str]:
    """Give what lies aside (name -> name aside) its names, durably; return those that were taken and are left alone.

    ``FileNotFoundError`` if a folder was pruned as empty meanwhile.
    """
    taken: list[str] = []
    with telling(where), _folders(objects, sorted(aside)) as (folder_of, every):
        for name, left in aside.items():
            try:
                # A link never overwrites, a rename would.
                os.link(left, name.rsplit("/", 1)[1], src_dir_fd=staging, dst_dir_fd=folder_of[name])
            except FileExistsError:
                taken.append(name)
        # Those above them too, even if they stood already: whoever made them may not have come to that.
        sync_all({*every, objects})
    return taken


@contextmanager
def _folders(objects: int, wanted: Sequence[str]) -> Iterator[tuple[dict[str, int], list[int]]]:
    """Hold the folders of some names open, made where they are not there; and all of them with those above."""
    parents: dict[str, int] = {}
    held: dict[str, int] = {}
    try:
        for name in wanted:
            record_id = names.parse(name).record_id
            if record_id not in held:
                first = record_id[:2]
                if first not in parents:
                    parents[first] = _opened(objects, first)
                held[record_id] = _opened(parents[first], record_id)
        yield {name: held[names.parse(name).record_id] for name in wanted}, [*parents.values(), *held.values()]
    finally:
        for fd in (*parents.values(), *held.values()):
            os.close(fd)


def _opened(folder: int, part: str) -> int:
    with suppress(FileExistsError):
        os.mkdir(part, 0o700, dir_fd=folder)
    with below(folder, part) as fd:
        return os.dup(fd)
