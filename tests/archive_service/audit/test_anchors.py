"""Anchors are kept durably, once each, and a note that a power cut tore is no anchor."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from archive_service.audit import anchors


def test_no_file_holds_no_anchor(tmp_path: Path):
    assert anchors.read(tmp_path / "none" / "anchors.txt") == []


def test_notes_are_read_in_the_order_in_which_they_were_kept(tmp_path: Path):
    file = tmp_path / "kept" / "anchors.txt"
    for note in ("one\n", "two\n\nlines\n", "three\n"):
        anchors.append(file, note)
    assert anchors.read(file) == ["one\n", "two\n\nlines\n", "three\n"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_note_that_is_last_is_not_repeated(tmp_path: Path):
    for note in ("one\n", "one\n", "two\n", "one\n"):
        anchors.append(tmp_path / "a", note)
    assert anchors.read(tmp_path / "a") == ["one\n", "two\n", "one\n"]


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_note_that_was_torn_is_no_anchor_and_harms_no_other(tmp_path: Path, cut: int):
    file = tmp_path / "a"
    anchors.append(file, "first\n")
    anchors.append(file, "second\n")
    os.truncate(file, file.stat().st_size - cut)
    assert anchors.read(file) == ["first\n"]
    anchors.append(file, "third\n")
    assert anchors.read(file) == ["first\n", "third\n"]


def test_bytes_that_are_no_text_are_read_as_a_note_that_nobody_signed(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"\xff\xfe\n---\n")
    assert anchors.read(tmp_path / "a") == ["\ufffd\ufffd"]


def test_many_at_once_lose_none(tmp_path: Path):
    notes = [f"note {number}\n" for number in range(24)]
    threads = [threading.Thread(target=anchors.append, args=(tmp_path / "a", note)) for note in notes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(anchors.read(tmp_path / "a")) == sorted(notes)
