"""The seccomp filter: only what reading, computing and answering need is allowed; every other call answers EPERM.

A list of what is allowed, not of what is forbidden: a call that a later kernel brings, or another way of numbering
calls (x32), is refused without anybody having thought of it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Mapping
from dataclasses import dataclass

PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
LOAD, JUMP_EQUAL, JUMP_SET, RETURN = 0x20, 0x15, 0x45, 0x06
ALLOW, DENY, KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
ABSENT = 0x00050000 | errno.ENOSYS
WRITING = 0x1 | 0x2 | 0x40 | 0x200
"""O_WRONLY, O_RDWR, O_CREAT, O_TRUNC: the same on both processors."""

TERMINAL_QUESTIONS = (0x5401, 0x5413, 0x541B, 0x5451)
"""TCGETS, TIOCGWINSZ, FIONREAD, FIOCLEX: what Python asks of a file that it opens."""


@dataclass(frozen=True)
class Calls:
    """The numbers of system calls on one processor; ``opening`` with the place of the argument that holds the flags."""

    audit: int
    allowed: tuple[int, ...]
    opening: Mapping[int, int]
    ioctl: int
    tgkill: int
    prlimit: int
    clone: int


CLONE_THREAD = 0x10000
"""The flag with which a thread is asked for, and without which a process."""

ABSENT_CALLS = (435, 437)
"""clone3 and openat2, the same everywhere: answered as if the kernel did not know them, so that libraries fall back."""

X86_64 = Calls(
    audit=0xC000003E,
    allowed=(
        *(0, 1, 3, 4, 5, 6, 7, 8),  # read write close stat fstat lstat poll lseek
        *(9, 10, 11, 12, 25, 27, 28),  # mmap mprotect munmap brk mremap mincore madvise
        *(13, 14, 15, 131, 219),  # rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack restart_syscall
        *(17, 19, 20, 295),  # pread64 readv writev preadv
        *(
            21,
            79,
            89,
            217,
            262,
            267,
            269,
            332,
            439,
        ),  # access getcwd readlink getdents64 newfstatat readlinkat faccessat statx
        *(
            23,
            24,
            35,
            204,
            230,
            270,
            271,
        ),  # select sched_yield nanosleep sched_getaffinity clock_nanosleep pselect6 ppoll
        *(32, 33, 72, 292),  # dup dup2 fcntl dup3
        *(39, 63, 96, 97, 98, 99, 100, 102, 104, 107, 108, 110, 186, 201, 228, 229),  # who am I, what is the time
        *(202, 218, 273, 318, 324, 334),  # futex set_tid_address set_robust_list getrandom membarrier rseq
        *(60, 231),  # exit exit_group
    ),
    opening={2: 1, 257: 2},
    ioctl=16,
    tgkill=234,
    prlimit=302,
    clone=56,
)
AARCH64 = Calls(
    audit=0xC00000B7,
    allowed=(
        *(57, 61, 62, 63, 64, 65, 66, 67, 69),  # close getdents64 lseek read write readv writev pread64 preadv
        *(214, 215, 216, 222, 226, 232, 233),  # brk munmap mremap mmap mprotect mincore madvise
        *(128, 132, 134, 135, 139),  # restart_syscall sigaltstack rt_sigaction rt_sigprocmask rt_sigreturn
        *(17, 48, 78, 79, 80, 291, 439),  # getcwd faccessat readlinkat newfstatat fstat statx faccessat2
        *(72, 73, 101, 115, 123, 124),  # pselect6 ppoll nanosleep clock_nanosleep sched_getaffinity sched_yield
        *(23, 24, 25),  # dup dup3 fcntl
        *(113, 114, 153, 160, 163, 165, 169, 172, 173, 174, 175, 176, 177, 178, 179),  # who am I, what is the time
        *(96, 98, 99, 278, 283, 293),  # set_tid_address futex set_robust_list getrandom membarrier rseq
        *(93, 94),  # exit exit_group
    ),
    opening={56: 2},
    ioctl=29,
    tgkill=131,
    prlimit=261,
    clone=220,
)
PROCESSORS = {"x86_64": X86_64, "aarch64": AARCH64}

Line = tuple[int, int, int, int]


def close(libc: ctypes.CDLL, *, threads: bool) -> bool:
    """Set the filter for this process and all it starts; say whether kernel and processor could."""
    calls = PROCESSORS.get(platform.machine())
    if calls is None or struct.calcsize("P") != 8:
        return False
    program = assemble(calls, os.getpid(), threads=threads)
    buffer = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    given = Program(len(program) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(given), 0, 0) == 0)


def assemble(calls: Calls, pid: int, *, threads: bool = False) -> bytes:
    """Return the filter as the kernel takes it; ``pid`` is the only process that may be sent a signal.

    With ``threads`` the process may start threads, but still no process.
    """
    lines: list[Line] = [(LOAD, 0, 0, 4), (JUMP_EQUAL, 1, 0, calls.audit), (RETURN, 0, 0, KILL), (LOAD, 0, 0, 0)]
    for number, answer in (*((one, ALLOW) for one in calls.allowed), *((one, ABSENT) for one in ABSENT_CALLS)):
        lines += [(JUMP_EQUAL, 0, 1, number), (RETURN, 0, 0, answer)]
    for number, place in calls.opening.items():
        lines += _when(
            number, [_argument(place), (JUMP_SET, 0, 1, WRITING), (RETURN, 0, 0, DENY), (RETURN, 0, 0, ALLOW)]
        )
    asked = [line for one in TERMINAL_QUESTIONS for line in ((JUMP_EQUAL, 0, 1, one), (RETURN, 0, 0, ALLOW))]
    lines += _when(calls.ioctl, [_argument(1), *asked, (RETURN, 0, 0, DENY)])
    lines += _when(calls.tgkill, [_argument(0), (JUMP_EQUAL, 0, 1, pid), (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, DENY)])
    # Limits may be read, never set: the pointer to new limits must be null in both its halves.
    read_only: list[Line] = [_argument(2), (JUMP_EQUAL, 1, 0, 0), (RETURN, 0, 0, DENY), _argument(2, upper=True)]
    lines += _when(calls.prlimit, [*read_only, (JUMP_EQUAL, 0, 1, 0), (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, DENY)])
    if threads:
        thread = [_argument(0), (JUMP_SET, 0, 1, CLONE_THREAD), (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, DENY)]
        lines += _when(calls.clone, thread)
    lines.append((RETURN, 0, 0, DENY))
    return b"".join(struct.pack("<HBBI", *line) for line in lines)


def _when(number: int, block: list[Line]) -> list[Line]:
    """Run a block, every way through which ends in an answer, for one call; jump over it for the others."""
    return [(JUMP_EQUAL, 0, len(block), number), *block]


def _argument(place: int, *, upper: bool = False) -> Line:
    # struct seccomp_data: the arguments begin at byte 16, eight bytes each, low half first
    return LOAD, 0, 0, 16 + 8 * place + (4 if upper else 0)
