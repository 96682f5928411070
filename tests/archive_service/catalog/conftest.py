"""A small archive for the catalogue's tests, on both databases or on SQLite alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.disposal_world import World, make_world


@pytest.fixture
def world(free_url: str, tmp_path: Path) -> Iterator[World]:
    """An archive on 2 March 2026, on both databases; every test ends with an audit log that is sound."""
    yield from _sound(make_world(free_url, tmp_path / "archive"))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    """The same on SQLite alone, for what the database has no part in."""
    folder = tmp_path / "archive"
    folder.mkdir()
    yield from _sound(make_world(f"sqlite:///{folder / 'catalogue.db'}", folder))


def _sound(made: World) -> Iterator[World]:
    yield made
    report = made.verify()
    made.close()
    assert report.sound, report.findings
