"""A full disk must not be a trap: room kept back for the log and for bringing destructions to their end.

Two means. A **reserve**: the store takes no new object when less than that would stay free
(:class:`~archive_service.vault.stores.local_store.LocalStore`). A **ballast** file, for when something else has
filled the disk to the last byte: given up, it leaves room at once, without looking for what may be deleted.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from archive_service.vault.disk import DiskFull, open_folder, sync, telling

MIB = 1 << 20


@dataclass(frozen=True)
class Ballast:
    """A file that holds room; ``size`` in bytes. It lies on the disk that the database and the log lie on."""

    path: Path
    size: int = 128 * MIB

    def ensure(self) -> bool:
        """Have the room held, durably; ``False`` if the disk is too full for it now. Can be repeated.

        Not asked for while the disk is nearly full: that would take the room just given up. Twice the size
        must be free.
        """
        if self.stands():
            return True
        if free_bytes(self.path.parent) < 2 * self.size:
            return False
        try:
            with telling(self.path):
                fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
                try:
                    # Blocks are given now: a file with holes would hold nothing.
                    os.posix_fallocate(fd, 0, self.size)
                    sync(fd)
                finally:
                    os.close(fd)
                with open_folder(self.path.parent) as folder:
                    sync(folder)
        except DiskFull:
            self.give_up()
            return False
        return True

    def give_up(self) -> bool:
        """Let the room go, for the log and the recovery; ``False`` if there was none. Fill again when there is space."""
        try:
            with telling(self.path):
                self.path.unlink()
        except FileNotFoundError:
            return False
        return True

    def stands(self) -> bool:
        """Say whether the whole room is held, in blocks and not in name."""
        try:
            found = self.path.stat(follow_symlinks=False)
        except FileNotFoundError:
            return False
        return found.st_size >= self.size and found.st_blocks * 512 >= self.size


def free_bytes(folder: Path) -> int:
    """Return what an ordinary process can still write below a folder, in bytes."""
    with telling(folder):
        found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def refuse_below(folder: Path, fd: int, reserve: int) -> None:
    """Raise ``DiskFull`` when less than ``reserve`` bytes are free on the disk of an open file or folder."""
    if reserve:
        found = os.fstatvfs(fd)
        if found.f_bavail * found.f_frsize < reserve:
            raise DiskFull(folder)
