"""A spool: what waits in it comes back whole, takes little memory, and lies nowhere in clear."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive_service.errors import Damaged, Unavailable
from archive_service.vault.objects.spool import PIECE, Spool

PHRASE = "举报人甲某的陈述 canary".encode()


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 17])
def test_what_was_written_is_read_back_as_often_as_asked(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    spool = Spool(tmp_path)
    spool.write(data)
    for _ in range(2):
        spool.seek(0)
        assert spool.read() == data
    assert spool.read(10) == b""


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    writes=st.lists(st.integers(0, PIECE + 5), max_size=5),
    reads=st.lists(st.integers(1, 2 * PIECE), min_size=1, max_size=6),
)
def test_pieces_of_any_size_join_to_the_same_bytes(tmp_path: Path, writes: list[int], reads: list[int]) -> None:
    spool = Spool(tmp_path)
    written = b""
    for number, size in enumerate(writes):
        part = bytes([number + 1]) * size
        spool.write(part)
        written += part
    spool.seek(0)
    found = b"".join(spool.read(size) for size in reads)
    assert found == written[: sum(reads)]
    assert spool.tell() == len(found)
    spool.close()


def test_nothing_readable_and_no_name_stands_on_the_disk(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for _ in range(100):
        spool.write(PHRASE * 2000)
    assert list(tmp_path.iterdir()) == []
    assert spool._file is not None
    raw = os.pread(spool._file.fileno(), 10 * PIECE, 0)
    assert len(raw) > 4 * PIECE
    assert PHRASE not in raw
    spool.close()


def test_a_small_upload_touches_no_disk_at_all(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "not there")
    spool.write(PHRASE)
    spool.seek(0)
    assert spool.read() == PHRASE


def test_a_changed_piece_is_refused_and_never_filed(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.write(b"x" * (2 * PIECE + 1))
    assert spool._file is not None
    os.pwrite(spool._file.fileno(), b"\0", 7)
    spool.seek(0)
    with pytest.raises(Damaged):
        spool.read()


def test_a_full_disk_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(Unavailable) as told:
        Spool(tmp_path).write(b"x" * (PIECE + 1))
    assert "已满" in told.value.text.zh


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.write(b"x" * (PIECE + 1))
    spool.close()
    spool.close()
    assert spool.read() == b""
