from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from archive_service.errors import BadInput, Conflict, NotFound, Unavailable
from archive_service.vault import make_key_file, read_key_file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "root.key"


def write(path: Path, content: bytes, mode: int = 0o600) -> None:
    path.write_bytes(content)
    path.chmod(mode)


def test_a_key_file_gives_back_its_key(path: Path) -> None:
    key = make_key_file(path)
    assert len(key) == 32
    assert read_key_file(path) == key
    assert base64.b64decode(path.read_text().strip()) == key


def test_a_key_file_is_for_its_owner_alone_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        make_key_file(path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_file_is_never_made_over_another(path: Path) -> None:
    key = make_key_file(path)
    with pytest.raises(Conflict):
        make_key_file(path)
    assert read_key_file(path) == key


def test_no_two_key_files_are_alike(tmp_path: Path) -> None:
    assert make_key_file(tmp_path / "one") != make_key_file(tmp_path / "two")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o666])
def test_a_key_file_that_others_may_use_is_refused(path: Path, mode: int) -> None:
    write(path, base64.b64encode(bytes(32)), mode)
    with pytest.raises(BadInput, match="chmod 600"):
        read_key_file(path)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_file_that_only_its_owner_reads_is_taken(path: Path, mode: int) -> None:
    write(path, base64.b64encode(bytes(range(32))) + b"\r\n", mode)
    assert read_key_file(path) == bytes(range(32))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"password",
        base64.b64encode(bytes(31)),
        base64.b64encode(bytes(33)),
        bytes(32),
        b"\xff" * 44,
        b"A" * 5000,
    ],
)
def test_a_file_that_holds_no_key_is_refused_without_showing_it(path: Path, content: bytes) -> None:
    write(path, content)
    with pytest.raises(BadInput, match="32 bytes") as refusal:
        read_key_file(path)
    assert "password" not in str(refusal.value)


def test_a_missing_key_file_is_told(path: Path) -> None:
    with pytest.raises(NotFound, match=r"root\.key") as refusal:
        read_key_file(path)
    assert "找不到" in refusal.value.text.zh


def test_a_key_file_needs_its_directory(path: Path) -> None:
    with pytest.raises(NotFound):
        make_key_file(path / "deeper" / "root.key")


def test_a_directory_or_a_pipe_is_no_key_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises((BadInput, Unavailable)):
            read_key_file(path)
