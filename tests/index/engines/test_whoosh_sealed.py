"""Whoosh in memory, sealed at rest."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from index.engines.base import Engine
from index.engines.homes import SealedHome, no_lock
from index.engines.whoosh_engine import WhooshEngine, schema
from index.faults import IndexDamaged
from index.storage import MemoryStorage
from tests.contracts.engine_suite import REGULATION, EngineContract, ask, document, fill


class Safe:
    """Where the packed index is kept, seen by all engines of a test."""

    def __init__(self) -> None:
        self.packed: bytes | None = None
        self.saved = 0
        self.full = False

    def save(self, packed: bytes) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        self.packed, self.saved = packed, self.saved + 1

    def engine(self) -> WhooshEngine:
        return WhooshEngine(SealedHome(lambda: self.packed, self.save, lambda: self.saved, no_lock, schema))


@pytest.fixture
def safe() -> Safe:
    return Safe()


@pytest.fixture
def engine(safe: Safe) -> Engine:
    return safe.engine()


class TestWhooshInMemory(EngineContract):
    @pytest.fixture
    def reopened(self, safe: Safe) -> Callable[[], Engine]:
        return safe.engine


def test_no_file_is_opened_for_writing_anywhere(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Finding 7: the stock memory storage of an earlier fork wrote clear text into the system's temporary folder."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.chdir(temporary)
    opened: list[object] = []
    real = os.open

    def watched(path: object, flags: int, *rest: object, **more: object) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            opened.append(path)
        return real(path, flags, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", watched)
    for number in range(400):
        engine.add(document(f"d{number}", REGULATION * 20))
    engine.commit()
    engine.purge(["64" + "0" * 30])
    assert ask(engine, "巡察")
    assert opened == []
    assert list(temporary.iterdir()) == []


def test_a_save_that_fails_leaves_the_old_index_and_is_made_up_for(engine: Engine, safe: Safe) -> None:
    fill(engine, a=REGULATION)
    safe.full = True
    with pytest.raises(OSError, match="No space"):
        fill(engine, b=REGULATION)
    assert ask(engine, "巡察") == ["a"], "what is not kept is not shown either"
    safe.full = False
    engine.commit()
    assert sorted(ask(safe.engine(), "巡察")) == ["a", "b"]


@pytest.mark.parametrize("packed", [b"\x00", b"\x00" * 8, b"\x00\x00\x00\x00\x00\x00\x00\x02[]", b"x" * 100])
def test_packed_bytes_that_are_none_are_told_as_damage(safe: Safe, packed: bytes) -> None:
    safe.packed, safe.saved = packed, 1
    broken = safe.engine()
    with pytest.raises(IndexDamaged):
        broken.count()
    broken.clear()
    assert broken.count() == 0


def test_a_pack_cut_short_anywhere_is_told_as_damage(engine: Engine, safe: Safe) -> None:
    fill(engine, a=REGULATION)
    whole = safe.packed or b""
    for length in {0, 5, 9, len(whole) // 2, len(whole) - 1} - {0}:
        with pytest.raises(IndexDamaged):
            MemoryStorage.unpack(whole[:length])
    assert MemoryStorage.unpack(whole).pack() == whole
