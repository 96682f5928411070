"""Landlock: of all files on this machine only Python's own libraries can be read, and nothing can be changed.

Without it a hostile document that takes over its parser cannot send anything away (seccomp sees to that), but could
copy what the service may read, such as keys, into the text that is indexed.
"""

from __future__ import annotations

import ctypes
import os
import stat
import sysconfig
from collections.abc import Iterable
from pathlib import Path

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""The same numbers on every processor."""

ASK_VERSION, PATH_BENEATH = 1, 1
READ_FILE, READ_DIR = 1 << 2, 1 << 3
RIGHTS = ((1, 13), (2, 14), (3, 15), (5, 16))
"""How many rights over files each version of the interface knows."""

O_PATH = 0o10000000
LIBRARIES = (
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"),
    *("/usr/share/zoneinfo", "/usr/share/locale", "/dev/null", "/dev/urandom"),
)


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def version(libc: ctypes.CDLL) -> int:
    """Return the version of the kernel's interface, 0 or less where there is none."""
    return int(libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ASK_VERSION))


def close(libc: ctypes.CDLL, package: Path) -> bool:
    """Restrict this process for good; say whether the kernel could. ``package`` is the folder of our own code."""
    known = version(libc)
    if known < 1:
        return False
    rights = (1 << max(count for since, count in RIGHTS if known >= since)) - 1
    rules = _Ruleset(rights, 0b11 if known >= 4 else 0, 0b11 if known >= 6 else 0)
    size = 24 if known >= 6 else 16 if known >= 4 else 8
    ruleset = libc.syscall(CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), 0)
    if ruleset < 0:
        return False
    try:
        for path in (*map(Path, readable()), package):
            _allow(libc, ruleset, path)
        return bool(libc.syscall(RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def readable() -> Iterable[str]:
    """Return the places from which libraries are loaded."""
    python = (sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    return dict.fromkeys([*(path for path in python if path), *LIBRARIES])


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path) -> None:
    try:
        handle = os.open(path, O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        folder = stat.S_ISDIR(os.fstat(handle).st_mode)
        rule = _Beneath(READ_FILE | READ_DIR if folder else READ_FILE, handle)
        libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(handle)
