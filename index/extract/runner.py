"""Starts the one-shot process, feeds it the document through a pipe, and takes its answer within limits.

The document's bytes never touch the disk: they go from the vault through this pipe into the other process.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from index.extract.kinds import KINDS
from index.faults import Sentence

ROOT = Path(__file__).resolve().parent.parent.parent
ENDING_SECONDS = 2
MOST_SCANS = 1_000_000
START = "import sys; sys.path.insert(0, sys.argv[1]); from index.extract.worker import main; main(sys.argv[2:])"


@dataclass(frozen=True)
class Limits:
    """What one parse may use. Beyond any of these it ends, with a reason and without text."""

    memory_mib: int = 1024
    cpu_seconds: int = 30
    wall_seconds: int = 60
    input_bytes: int = 200 * 1024 * 1024
    output_characters: int = 5_000_000


@dataclass(frozen=True)
class Extraction:
    """What came out: ``status`` is ``ok``, ``none`` (nothing to extract) or ``failed``; ``sandbox`` names what held."""

    status: str
    text: str = ""
    reason: Sentence | None = None
    sandbox: tuple[str, ...] = ()
    timed_out: bool = False
    scans: int = 0
    """Pages that show something and hold hardly a letter: pictures, whose words may be recognised."""


NOT_TEXT = Sentence("此格式不含可提取的文字。", "This format holds no text that can be extracted.")
TOO_LARGE = Sentence("文件过大，未提取文字。", "The file is too large; no text was extracted.")
TOO_SLOW = Sentence("提取超时，已中止。", "Extraction took too long and was stopped.")
TOO_BUSY = Sentence(
    "解析耗用的处理器时间超过限度，已中止。", "Parsing used more processor time than allowed and was stopped."
)
BROKEN = Sentence("文件损坏或无法解析，未提取文字。", "The file is damaged or cannot be parsed; no text was extracted.")


def extract(chunks: Iterable[bytes], media_type: str, limits: Limits | None = None) -> Extraction:
    """Return the text of a document. What is wrong with the document is said in the answer and never raised."""
    if media_type not in KINDS:
        return Extraction("none", reason=NOT_TEXT)
    return run(chunks, media_type, limits or Limits())


def _started(kind: str, limits: Limits) -> subprocess.Popen[bytes]:
    given = [str(limits.memory_mib), str(limits.cpu_seconds), str(limits.output_characters)]
    return subprocess.Popen(  # a fixed program; what varies are numbers and a media type from our own list
        [sys.executable, "-I", "-B", "-c", START, str(ROOT), kind, *given],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"},
        cwd="/",
        close_fds=True,
        start_new_session=True,
    )


@contextlib.contextmanager
def streaming(chunks: Iterable[bytes], kind: str, limits: Limits) -> Iterator[IO[bytes]]:
    """Run one process and give what it answers to be read as it comes; it ends with the block, or when its time is up.

    A document longer than the limit, or a process that was stopped, gives an answer that ends too early.
    """
    process = _started(kind, limits)
    feeder = _Feeder(process, chunks, limits.input_bytes)
    feeder.start()
    timer = threading.Timer(limits.wall_seconds, process.kill)
    timer.start()
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        timer.cancel()
        process.kill()
        process.wait()
        feeder.join()
        timer.join()
        process.stdout.close()
    if feeder.fault is not None:
        raise feeder.fault


def run(chunks: Iterable[bytes], kind: str, limits: Limits) -> Extraction:
    """Run one process for a kind of document and return its answer."""
    process = _started(kind, limits)
    feeder = _Feeder(process, chunks, limits.input_bytes)
    feeder.start()
    answer: bytes | None = None
    try:
        answer = _read(process, limits)
    finally:
        process.kill()
        process.wait()
        feeder.join()
        if process.stdout is not None:
            process.stdout.close()
    if feeder.fault is not None:
        raise feeder.fault
    if feeder.too_large:
        return Extraction("none", reason=TOO_LARGE)
    if answer is None:
        return Extraction("failed", reason=TOO_SLOW, timed_out=True)
    if process.returncode == -signal.SIGXCPU:
        return Extraction("failed", reason=TOO_BUSY)
    return _understood(answer, limits.output_characters)


def _read(process: subprocess.Popen[bytes], limits: Limits) -> bytes | None:
    """Read the answer to its end, but never more than a bounded number of bytes; nothing when the time was up."""
    up = threading.Event()

    def stop() -> None:
        up.set()
        process.kill()

    timer = threading.Timer(limits.wall_seconds, stop)
    timer.start()
    assert process.stdout is not None
    try:
        answer = process.stdout.read(limits.output_characters * 12 + 10_000)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(ENDING_SECONDS)  # how it ended says why there is no answer
    finally:
        timer.cancel()
        timer.join()
    return None if up.is_set() else answer


class _Feeder(threading.Thread):
    """Hands the document over while the answer is awaited; a process that ends early is no fault."""

    def __init__(self, process: subprocess.Popen[bytes], chunks: Iterable[bytes], most: int) -> None:
        super().__init__(daemon=True)
        self._process, self._chunks, self._most = process, chunks, most
        self.too_large = False
        self.fault: Exception | None = None

    def run(self) -> None:
        """Write until the end, the ceiling, or the reader's end."""
        pipe = self._process.stdin
        assert pipe is not None
        given = 0
        try:
            for chunk in self._chunks:
                given += len(chunk)
                if given > self._most:
                    self.too_large = True
                    self._process.kill()
                    break
                pipe.write(chunk)
        except BrokenPipeError:
            pass
        except Exception as error:  # a fault of the vault: raised again where the caller waits
            self.fault = error
            self._process.kill()
        finally:
            with contextlib.suppress(OSError):
                pipe.close()


def _understood(answer: bytes, most: int) -> Extraction:
    """Read the answer of a process that a hostile document may speak through: nothing in it is taken on trust."""
    try:
        said = json.loads(answer)
        status, text, sandbox = said["status"], said["text"], said["sandbox"]
        words = [said["zh"], said["en"]] if said.get("zh") else []
        scans = said.get("scans", 0)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Extraction("failed", reason=BROKEN)
    if status not in ("ok", "none", "failed") or not isinstance(text, str) or not isinstance(sandbox, list):
        return Extraction("failed", reason=BROKEN)
    if type(scans) is not int or not 0 <= scans < MOST_SCANS:
        return Extraction("failed", reason=BROKEN)
    if not all(isinstance(word, str) for word in (*words, *sandbox)):
        return Extraction("failed", reason=BROKEN)
    clean = text.encode("utf-8", "replace").decode()[:most]
    return Extraction(status, clean, Sentence(*words) if words else None, tuple(sandbox), scans=scans)
