"""A process to be killed: a copy of this one, so that none of them waits for the interpreter and the libraries to start."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import NoReturn


def run(program: str, *given: str, output: Path | None = None, seconds: float = 120) -> int:
    """Run Python source as ``python -c program *given`` would; return its exit code, or minus the signal that ended it."""
    return wait(start(program, *given, output=output), seconds)


def start(program: str, *given: str, output: Path | None = None) -> int:
    """Start what :func:`run` runs, and return its process id; ``output`` takes what it prints."""
    child = os.fork()
    if child == 0:
        _be_the_victim(program, given, output)
    return child


def wait(child: int, seconds: float = 120) -> int:
    """Wait for the end of a process that :func:`start` began; one that does not end in time is an error."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise AssertionError(f"the process did not end within {seconds} seconds")


def _be_the_victim(program: str, given: tuple[str, ...], output: Path | None) -> NoReturn:
    code = 1
    try:
        sys.argv = ["-c", *given]
        if output is not None:
            sys.stdout = output.open("w", encoding="utf-8")
        exec(compile(program, "victim", "exec"), {"__name__": "__main__"})
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        # Nothing that was copied along may be put in order here: it belongs to the other process.
        os._exit(code)
