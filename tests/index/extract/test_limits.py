"""Limits: each is hit, each ends with a reason that a person understands, and nothing is left running."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.extract import Extraction, Limits, extract, runner

Misbehave = Callable[..., Extraction]


def children() -> set[str]:
    """Return the ids of the processes that this one has started and that are still there."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if path.read_text().rsplit(")", 1)[1].split()[1] == str(os.getpid()):
                found.add(path.parent.name)
    return found


@pytest.fixture(autouse=True)
def _nothing_is_left_running() -> Iterator[None]:
    before = children()
    yield
    assert children() <= before


def test_memory(misbehave: Misbehave) -> None:
    found = misbehave("return 'x' * (2 << 30)", Limits(memory_mib=256))
    assert (found.status, found.text) == ("failed", "")
    assert found.reason is not None
    assert "memory" in found.reason.en
    assert "内存" in found.reason.zh


def test_processor_time(misbehave: Misbehave) -> None:
    found = misbehave("while True: pass", Limits(cpu_seconds=1, wall_seconds=30))
    assert found.status == "failed"
    assert found.reason == runner.TOO_BUSY
    assert not found.timed_out


def test_time_by_the_clock(misbehave: Misbehave) -> None:
    began = time.monotonic()
    found = misbehave("time.sleep(600)", Limits(wall_seconds=1))
    assert (found.status, found.reason, found.timed_out) == ("failed", runner.TOO_SLOW, True)
    assert time.monotonic() - began < 30


def test_time_by_the_clock_holds_for_one_that_catches_every_signal(misbehave: Misbehave) -> None:
    body = "import signal\nfor n in range(1, 32):\n    try: signal.signal(n, signal.SIG_IGN)\n    except OSError: pass\ntime.sleep(600)"
    assert misbehave(body, Limits(wall_seconds=1)).reason == runner.TOO_SLOW


def test_output(misbehave: Misbehave) -> None:
    found = misbehave("return 'word ' * 100_000", Limits(output_characters=1000))
    assert found.status == "ok"
    assert len(found.text) == 1000
    assert found.reason is not None
    assert "1000" in found.reason.en
    exact = misbehave("return 'w' * 1000", Limits(output_characters=1000))
    assert (len(exact.text), exact.reason) == (1000, None)


def test_a_flood_on_the_pipe_is_cut_off(misbehave: Misbehave) -> None:
    found = misbehave("while True: os.write(1, b'[' * 65536)", Limits(output_characters=1000, wall_seconds=20))
    assert found.status == "failed"
    assert found.text == ""


def test_input_that_is_too_large_is_not_read_to_its_end() -> None:
    given = 0

    def endless() -> Iterator[bytes]:
        nonlocal given
        while True:
            given += 1
            yield b"x" * 65536

    found = extract(endless(), "text/plain", Limits(input_bytes=1 << 20))
    assert (found.status, found.reason) == ("none", runner.TOO_LARGE)
    assert given == 17


def test_open_files(misbehave: Misbehave) -> None:
    found = misbehave("kept = []\nwhile True: kept.append(open(os.__file__))")
    assert found.reason == runner.BROKEN


@pytest.mark.parametrize(
    "body",
    [
        "os._exit(0)",
        "os._exit(3)",
        "os.abort()",
        "ctypes.string_at(0)",
        "sys.exit()",
        "os.close(1); return 'x'",
        'os.write(1, b\'{"status": "ok"}\'); os._exit(0)',
        'os.write(1, b\'{"status": "ok", "text": "x"\'); os._exit(0)',
        "os.write(1, b'\\xff\\xfe'); os._exit(0)",
        "os.write(1, b'null'); os._exit(0)",
        'os.write(1, b\'{"status": 7, "text": [], "sandbox": 3}\'); os._exit(0)',
        "raise KeyboardInterrupt",
        "def deeper(): deeper()\nsys.setrecursionlimit(10**7)\ndeeper()",
        "return None",
        "return 7",
    ],
)
def test_a_parser_that_dies_or_lies_is_a_damaged_file_and_nothing_else(misbehave: Misbehave, body: str) -> None:
    found = misbehave(body)
    assert (found.status, found.text) == ("failed", "")
    assert found.reason is not None
    assert found.reason.zh
    assert found.reason.en


def test_lone_surrogates_and_control_characters_come_through_as_text(misbehave: Misbehave) -> None:
    found = misbehave("return 'a\\ud800b\\x00c'")
    assert found.status == "ok"
    assert found.text.encode("utf-8")


def test_what_the_vault_raises_while_feeding_is_raised_here(misbehave: Misbehave) -> None:
    def breaking() -> Iterator[bytes]:
        yield b"abc"
        raise OSError("the store is away")

    with pytest.raises(OSError, match="store is away"):
        extract(breaking(), "text/plain")


def test_a_type_without_a_reader_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner.subprocess, "Popen", None)
    found = extract([b""], "font/ttf")
    assert (found.status, found.reason) == ("none", runner.NOT_TEXT)


def test_the_document_and_the_secrets_of_the_service_are_in_no_environment(misbehave: Misbehave) -> None:
    os.environ["ARCHIVE_CANARY"] = "zxqv"
    try:
        found = misbehave("return repr(sorted(os.environ)) + repr(sys.argv) + os.getcwd()")
    finally:
        del os.environ["ARCHIVE_CANARY"]
    assert "ARCHIVE_CANARY" not in found.text
