"""The cage: no network, no programs or threads, no file to write or read but the libraries, no other process.

The answer names what holds, so that a kernel that offers none of it is noticed.
"""

from __future__ import annotations

import ctypes
import resource
from pathlib import Path

from index.extract import landlock, seccomp

PR_SET_NO_NEW_PRIVS = 38
PR_SET_DUMPABLE = 4
PACKAGE = Path(__file__).resolve().parent.parent


def close_cage(*, threads: bool = False) -> list[str]:
    """Close the cage around this process and return the names of what holds.

    ``threads`` lets the process start threads of its own, never processes: a Go runtime cannot do without.
    """
    held = ["rlimits"]
    if not threads:  # only here: libraries may start threads of their own while they are loaded
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        held.append("no_new_privs")
    if landlock.close(libc, PACKAGE):
        held.append("landlock")
    if seccomp.close(libc, threads=threads):  # last: it refuses the calls that the others need
        held.append("seccomp")
    return held
