"""The one-shot process fails in ways that no document is to blame for."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.extract import Limits, extract, runner


def started(before: set[str]) -> list[int]:
    """Return the processes that this one has started since."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            if path.read_text().rsplit(")", 1)[1].split()[1] == str(os.getpid()) and path.parent.name not in before:
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def slowly(pieces: int = 400) -> Iterator[bytes]:
    for _ in range(pieces):
        time.sleep(0.005)
        yield b"safety " * 100


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_process_killed_from_outside_is_told_as_a_file_that_could_not_be_read(number: int) -> None:
    before = {path.name for path in Path("/proc").glob("[0-9]*")}

    def kill() -> None:
        for _ in range(200):
            for pid in started(before):
                os.kill(pid, number)
                return
            time.sleep(0.005)

    killer = threading.Thread(target=kill)
    killer.start()
    found = extract(slowly(), "text/plain", Limits(wall_seconds=30))
    killer.join()
    assert (found.status, found.text) == ("failed", "")
    assert found.reason is not None


def test_many_extractions_at_once_do_not_mix(tmp_path: Path) -> None:
    answers: dict[int, str] = {}

    def one(number: int) -> None:
        answers[number] = extract([f"document {number} ".encode() * 50], "text/plain").text

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(set(text.split()) == {"document", str(number)} for number, text in answers.items())
    assert len(answers) == 8


def test_a_program_that_cannot_be_started_is_raised_and_not_blamed_on_the_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner.sys, "executable", "/nowhere/python")
    with pytest.raises(OSError, match="nowhere"):
        extract([b"x"], "text/plain")


def test_a_process_that_never_reads_does_not_hold_up_the_feeder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "START", "import time; time.sleep(600)")
    began = time.monotonic()
    found = extract((b"x" * 65536 for _ in range(10_000)), "text/plain", Limits(wall_seconds=1))
    assert found.timed_out
    assert time.monotonic() - began < 60


def test_a_process_that_answers_without_reading_is_believed_only_as_far_as_it_makes_sense(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "START", "print('hello')")
    assert extract((b"x" * 65536 for _ in range(100)), "text/plain").reason == runner.BROKEN


def test_a_full_temporary_folder_is_no_hindrance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/nowhere")
    assert extract([b"safety"], "text/plain").text == "safety"
