"""The few things one does with a disk, and what its refusals mean."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archive_service.errors import ArchiveError, Damaged, Unavailable

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)
_FOREIGN = (errno.ELOOP, errno.ENOTDIR, errno.EISDIR)


class SyncFailed(ArchiveError):
    """The system could not make bytes durable. Fatal: after it a second sync may succeed although bytes are lost.

    The service stops writing; it recovers from what is durable when it is started again.
    """

    def __init__(self, where: Path | None = None) -> None:
        place = f"：{where}" if where else ""
        place_en = f": {where}" if where else ""
        super().__init__(
            f"磁盘未能确认写入，停止写入直至重启服务{place}",
            f"The disk did not confirm a write; nothing more is written until the service is started again{place_en}",
        )


class DiskFull(Unavailable):
    """There is no room, or none but what is kept back for the log and for recovery. Nothing was stored."""

    def __init__(self, where: Path) -> None:
        super().__init__(f"存储空间已满，未写入任何内容：{where}", f"The disk is full, nothing was stored: {where}")


def sync(fd: int) -> None:
    """Wait until a file or folder is durable; ``SyncFailed`` otherwise, and never a second try."""
    try:
        os.fsync(fd)
    except OSError as fault:
        raise SyncFailed from fault


def write_all(fd: int, data: bytes) -> None:
    """Write every byte; the system may take fewer than it was given."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


@contextmanager
def open_folder(path: Path) -> Iterator[int]:
    """Hold a folder open, for syncing it or working below it."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)


@contextmanager
def telling(where: Path) -> Iterator[None]:
    """Turn an error of the system into a sentence for people; "is not there" and "is there" are left to the caller."""
    try:
        yield
    except (FileNotFoundError, FileExistsError, BlockingIOError):
        raise
    except OSError as fault:
        raise _sentence(fault, where) from fault


def _sentence(fault: OSError, where: Path) -> ArchiveError:
    if fault.errno in _FULL:
        return DiskFull(where)
    if fault.errno in _READ_ONLY:
        return Unavailable(
            f"存储目录不可写，未写入任何内容：{where}", f"The directory cannot be written, nothing was stored: {where}"
        )
    if fault.errno in _FOREIGN:
        return Damaged(
            f"存储目录中有不应存在的链接或文件：{where}", f"A link or file stands where none may be: {where}"
        )
    reason = fault.strerror or type(fault).__name__
    return Unavailable(f"存储设备报错（{reason}）：{where}", f"The storage device reports an error ({reason}): {where}")
