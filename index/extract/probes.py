"""Trying to break out of the cage from inside. Each probe says whether it was stopped.

They run in the same one-shot process as a parser, after the cage is closed, so that what is promised is what was tried
on this very kernel. None does harm where it succeeds.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import platform
import resource
import socket
import threading
from collections.abc import Callable
from pathlib import Path

Probe = Callable[[], object]

REFUSED = (errno.EPERM, errno.EACCES)
NO_PROGRAM = "/nowhere/no-such-program"
SELF = Path(__file__)

# Numbers of system calls for which Python has no function: x86_64, aarch64.
RAW = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "io_uring_setup": (425, 425),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "keyctl": (250, 219),
    "userfaultfd": (323, 282),
    "memfd_create": (319, 279),
    "unshare": (272, 97),
    "mount": (165, 40),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "pidfd_open": (434, 434),
    "add_key": (248, 217),
}


def _leave_priority_of_parent() -> None:
    """Set the parent's priority to what it is: as much a call upon another process as any, and where it works none suffers."""
    parent, now = os.getppid(), 0
    with contextlib.suppress(OSError):  # asking may be refused; whether setting is, is what counts
        now = os.getpriority(os.PRIO_PROCESS, parent)
    os.setpriority(os.PRIO_PROCESS, parent, now)


def read(data: bytes) -> str:
    """Run all probes; ``data`` holds, a line each, files outside that must not be readable. Return what was stopped."""
    outside = [Path(line) for line in data.decode().splitlines() if line]
    answers = {name: _stopped(probe) for name, probe in {**_probes(), **_readings(outside)}.items()}
    return json.dumps(answers)


def _stopped(probe: Probe) -> bool:
    try:
        probe()
    except OSError as error:
        return error.errno in REFUSED
    except (RuntimeError, ValueError):  # no new thread; no limit raised
        return True
    return False


def _probes() -> dict[str, Probe]:
    return {
        "network: tcp": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close(),
        "network: udp over ipv6": lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).close(),
        "network: unix socket": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).close(),
        "network: pair of sockets": socket.socketpair,
        "network: raw netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close(),
        "network: another numbering of calls": _by_x32,
        "program: exec": lambda: os.execv(NO_PROGRAM, [NO_PROGRAM]),  # noqa: S606 - this is the probe
        "program: exec of an open file": lambda: os.execve(os.open(SELF, os.O_RDONLY), ["x"], {}),  # noqa: S606
        "program: fork": _fork,
        "program: thread": lambda: threading.Thread(target=int).start(),
        "write: new file": lambda: _made_and_gone(lambda path: path.open("xb").close()),
        "write: file of our own": lambda: SELF.open("ab").close(),
        "write: unnamed file": lambda: os.close(os.open("/tmp", os.O_TMPFILE | os.O_RDWR)),  # noqa: S108
        "write: folder": lambda: _made_and_gone(Path.mkdir),
        "write: delete": SELF.with_name("probe-that-is-not-there").unlink,
        "write: rename": lambda: SELF.with_name("probe-not-there").rename(SELF.with_name("probe-neither")),
        "write: link": lambda: _made_and_gone(lambda path: path.symlink_to(SELF)),
        "write: mode": lambda: SELF.chmod(SELF.stat().st_mode & 0o777),
        "write: truncate": lambda: os.truncate(SELF, SELF.stat().st_size),
        "write: times": lambda: os.utime(SELF),
        "write: pipe with a name": lambda: _made_and_gone(os.mkfifo),
        "write: memory file": lambda: _raw("memfd_create", b"probe", 0),
        "process: signal the parent": lambda: os.kill(os.getppid(), 0),
        "process: ptrace": lambda: _raw("ptrace", 2, os.getppid(), 0, 0),
        "process: read memory": lambda: _raw("process_vm_readv", os.getppid(), 0, 0, 0, 0, 0),
        "process: handle of the parent": lambda: _raw("pidfd_open", os.getppid(), 0),
        "process: priority of the parent": _leave_priority_of_parent,
        "process: shared memory": lambda: _raw("shmget", 0, 4096, 0o600),
        "process: message queue": lambda: _raw("msgget", 0, 0o600),
        "kernel: raise a limit": lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, resource.getrlimit(resource.RLIMIT_FSIZE)
        ),
        "kernel: namespaces": lambda: _raw("unshare", 0x10000000),
        "kernel: mount": lambda: _raw("mount", b"none", b"/nowhere", b"tmpfs", 0, None),
        "kernel: io_uring": lambda: _raw("io_uring_setup", 1, None),
        "kernel: bpf": lambda: _raw("bpf", 0, None, 0),
        "kernel: perf": lambda: _raw("perf_event_open", None, 0, -1, -1, 0),
        "kernel: keys": lambda: _raw("keyctl", 0, -3, 0),
        "kernel: add a key": lambda: _raw("add_key", b"user", b"probe", b"x", 1, -3),
        "kernel: page faults": lambda: _raw("userfaultfd", 1),
    }


def _readings(outside: list[Path]) -> dict[str, Probe]:
    fixed: dict[str, Probe] = {
        "read: /etc/passwd": lambda: Path("/etc/passwd").open("rb").close(),
        "read: list of the root folder": lambda: next(Path("/").iterdir()),
        "read: list of the home folders": lambda: next(Path("/home").iterdir()),
        "read: environment of the parent": lambda: Path(f"/proc/{os.getppid()}/environ").open("rb").close(),
    }
    return {**fixed, **{f"read: {path}": lambda path=path: path.open("rb").close() for path in outside}}  # type: ignore[misc]


def _raw(name: str, *arguments: object) -> None:
    numbers = RAW[name]
    libc = ctypes.CDLL(None, use_errno=True)
    ctypes.set_errno(0)
    if libc.syscall(numbers[platform.machine() == "aarch64"], *arguments) < 0:
        raise OSError(ctypes.get_errno(), name)


def _made_and_gone(make: Callable[[Path], object]) -> None:
    """Make something in the common folder for what passes; where no cage hinders it, take it away again."""
    path = Path(f"/tmp/archive-service-probe-{os.getpid()}")  # noqa: S108
    make(path)
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink()


def _by_x32() -> None:
    """Ask for a socket under the number that the x32 way of calling gives it."""
    if platform.machine() != "x86_64":
        raise PermissionError(errno.EPERM, "there is no such numbering here")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(0x40000000 + 41, socket.AF_INET, socket.SOCK_STREAM, 0) < 0:
        number = ctypes.get_errno()
        # A kernel without x32 answers that it knows no such call: refused as well.
        raise OSError(errno.EPERM if number == errno.ENOSYS else number, "x32")


def _fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    with contextlib.suppress(OSError):
        os.waitpid(child, 0)
