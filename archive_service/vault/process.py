"""Keeping keys out of what a process leaves behind when it dies."""

from __future__ import annotations

import ctypes
import resource

_PR_SET_DUMPABLE = 4


def forbid_core_dumps() -> bool:
    """Let this process, and those it starts, never write its memory to a core file; call once, at the start.

    Neither may another process of the same user read the memory or attach to it (``PR_SET_DUMPABLE``).
    Returns whether the system took both; the first alone holds on every Unix.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        done: int = ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    except (OSError, AttributeError):
        return False
    return done == 0
