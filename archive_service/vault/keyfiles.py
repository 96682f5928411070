"""Key files: 32 random bytes as one line of base64, readable by their owner alone."""

from __future__ import annotations

import base64
import binascii
import os
import stat
from collections.abc import Callable
from pathlib import Path

from archive_service.errors import BadInput, Conflict, NotFound
from archive_service.vault.disk import open_folder, sync, telling, write_all

KEY_BYTES = 32
#: more than any key file has; a wrong file is not read to its end
_READ_BYTES = 4096


def make_key_file(path: Path, entropy: Callable[[int], bytes] = os.urandom) -> bytes:
    """Make a new key file (mode 0600), durably, and return the key; ``Conflict`` if the file stands already."""
    key = entropy(KEY_BYTES)
    with telling(path):
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            raise Conflict(
                f"密钥文件已存在，不会覆盖：{path}", f"The key file stands already and is not overwritten: {path}"
            ) from None
        except FileNotFoundError:
            raise NotFound(
                f"密钥文件所在目录不存在：{path.parent}", f"There is no such directory for the key file: {path.parent}"
            ) from None
        try:
            write_all(fd, base64.b64encode(key) + b"\n")
            sync(fd)
        finally:
            os.close(fd)
        with open_folder(path.parent) as folder:
            sync(folder)
    return key


def read_key_file(path: Path) -> bytes:
    """Return the 32 bytes of a key file.

    Raises ``NotFound`` if it is missing and ``BadInput`` if others than its owner may read or change
    it, if it belongs to another user, or if it does not hold 32 bytes. No message shows its content.
    """
    with telling(path):
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            raise NotFound(f"找不到密钥文件：{path}", f"The key file is missing: {path}") from None
        try:
            _check_owner(os.fstat(fd), path)
            text = os.read(fd, _READ_BYTES)
        finally:
            os.close(fd)
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise BadInput(
            f"密钥文件内容不是 {KEY_BYTES} 字节的 base64：{path}",
            f"The key file does not hold {KEY_BYTES} bytes in base64: {path}",
        )
    return key


def check_private(path: Path) -> None:
    """Raise ``NotFound`` or ``BadInput`` unless a file with secrets is there and for its owner alone."""
    with telling(path):
        try:
            found = path.stat()
        except FileNotFoundError:
            raise NotFound(f"找不到凭据文件：{path}", f"The credentials file is missing: {path}") from None
    _check_owner(found, path)


def _check_owner(found: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise BadInput(f"密钥文件不是普通文件：{path}", f"The key file is not a plain file: {path}")
    if found.st_mode & 0o077:
        raise BadInput(
            f"密钥文件可被其他用户访问，请执行 chmod 600：{path}",
            f"Others than its owner may use the key file; chmod 600 it: {path}",
        )
    if found.st_uid not in (os.geteuid(), 0):
        raise BadInput(f"密钥文件属于其他用户：{path}", f"The key file belongs to another user: {path}")
