"""The cage: from here on this process cannot reach the network, start a program, or write to any file.

A seccomp filter, set through ``prctl``; refused calls answer EPERM. The answer names what holds, so that a
kernel that offers none of it is noticed.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
PR_SET_DUMPABLE = 4
SECCOMP_MODE_FILTER = 2

LOAD, JUMP_EQUAL, JUMP_SET, RETURN = 0x20, 0x15, 0x45, 0x06
ALLOW, DENY, KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
ABSENT = 0x00050000 | errno.ENOSYS

AUDIT_X86_64 = 0xC000003E
OPEN, OPENAT, OPENAT2 = 2, 257, 437
WRITING = 0x1 | 0x2 | 0x40 | 0x200
"""O_WRONLY, O_RDWR, O_CREAT, O_TRUNC."""

DENIED = (
    *(
        41,
        42,
        43,
        44,
        46,
        49,
        50,
        53,
        288,
    ),  # socket, connect, accept, sendto, sendmsg, bind, listen, socketpair, accept4
    *(56, 57, 58, 59, 322),  # clone, fork, vfork, execve, execveat
    *(62, 200, 234, 101, 310, 311, 434, 424),  # kill, tkill, tgkill, ptrace, process_vm_*, pidfd_*
    *(
        82,
        264,
        316,
        83,
        258,
        84,
        85,
        86,
        265,
        87,
        263,
        88,
        266,
    ),  # rename*, mkdir*, rmdir, creat, link*, unlink*, symlink*
    *(76, 77, 90, 91, 92, 93, 94, 260, 268, 133, 259),  # truncate, chmod*, chown*, mknod*
    *(155, 161, 165, 166, 272, 308, 321, 425),  # pivot_root, chroot, mount, umount, unshare, setns, bpf, io_uring
)
NOT_THERE = (435, OPENAT2)
"""clone3 and openat2: answered as if the kernel did not know them, so that libraries fall back to calls that are checked."""


def close_cage() -> list[str]:
    """Close the cage around this process and return the names of what holds."""
    held = ["rlimits"]
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        held.append("no_new_privs")
    if platform.machine() == "x86_64" and _filter(libc):
        held.append("seccomp")
    return held


def _filter(libc: ctypes.CDLL) -> bool:
    program = _program()
    buffer = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    given = Program(len(program) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(given), 0, 0) == 0)


def _program() -> bytes:
    lines = [(LOAD, 0, 0, 4), (JUMP_EQUAL, 1, 0, AUDIT_X86_64), (RETURN, 0, 0, KILL), (LOAD, 0, 0, 0)]
    for number, answer in (*((one, DENY) for one in DENIED), *((one, ABSENT) for one in NOT_THERE)):
        lines += [(JUMP_EQUAL, 0, 1, number), (RETURN, 0, 0, answer)]
    for number, argument in ((OPEN, 1), (OPENAT, 2)):
        # struct seccomp_data: the arguments begin at byte 16, eight bytes each, low half first
        lines += [(JUMP_EQUAL, 0, 4, number), (LOAD, 0, 0, 16 + 8 * argument), (JUMP_SET, 0, 1, WRITING)]
        lines += [(RETURN, 0, 0, DENY), (RETURN, 0, 0, ALLOW)]
    lines.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("<HBBI", *line) for line in lines)
