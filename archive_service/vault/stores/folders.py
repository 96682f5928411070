"""Folders held open by handle, never followed through a link: what is opened below one cannot lie elsewhere."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from archive_service.errors import Conflict, Damaged
from archive_service.vault.disk import telling

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_TRIES = 8


@contextmanager
def standing(root: int, part: str, where: Path) -> Iterator[int]:
    """Hold one of the folders open that every store has; without it "not there" would mean nothing."""
    try:
        fd = os.open(part, _FOLDER, dir_fd=root)
    except OSError as fault:
        raise Damaged(f"存储目录缺少 {part} 目录：{where}", f"The store has lost its folder {part}: {where}") from fault
    try:
        yield fd
    finally:
        os.close(fd)


@contextmanager
def below(folder: int, *parts: str, make: Callable[[int], None] | None = None) -> Iterator[int]:
    """Hold a folder below another open. With ``make`` (which syncs a folder) it and its parents are made, durably."""
    fd = os.dup(folder)
    try:
        for part in parts:
            if make is not None:
                with suppress(FileExistsError):
                    os.mkdir(part, 0o700, dir_fd=fd)
                # Synced even if it stood already: whoever made it may not have come to that.
                make(fd)
            deeper = os.open(part, _FOLDER, dir_fd=fd)
            os.close(fd)
            fd = deeper
        yield fd
    finally:
        os.close(fd)


def list_folder(folder: int) -> list[str]:
    """Return the sorted entries of a folder."""
    with os.scandir(folder) as found:
        return sorted(entry.name for entry in found)


def entries(top: int, parents: tuple[str, ...], wanted: list[str]) -> list[str]:
    """Return the sorted entries of a folder, or only the one that a longer prefix (``wanted``) leaves possible.

    A folder that is not there, or is a link, has none.
    """
    depth = len(parents)
    try:
        with below(top, *parents) as folder:
            if depth < len(wanted) - 1:
                os.stat(wanted[depth], dir_fd=folder, follow_symlinks=False)
                return [wanted[depth]]
            start = wanted[depth] if depth < len(wanted) else ""
            return [entry for entry in list_folder(folder) if entry.startswith(start)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as fault:
        if fault.errno == errno.ELOOP:
            return []
        raise


def lock(folder: int, name: str, where: Path) -> int:
    """Make and lock a file, or ``Conflict``; looks again whether the locked file still carries the name."""
    with telling(where):
        for _ in range(_TRIES):
            fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.stat(name, dir_fd=folder).st_ino == os.fstat(fd).st_ino:
                    return fd
            except BlockingIOError:
                os.close(fd)
                break
            except FileNotFoundError:
                pass
            os.close(fd)
    raise being_filed()


def being_filed() -> Conflict:
    """Return what is said of a record that another one is filing."""
    return Conflict("该件正在归档中，请稍候。", "This record is being filed at this moment; wait for that to end.")


def unlink_unless_locked(folder: int, entry: str) -> None:
    """Remove a leftover; ``BlockingIOError`` if a living process holds it as its claim."""
    fd = os.open(entry, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(entry, dir_fd=folder)
    finally:
        os.close(fd)
