"""The world of disposal, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.disposal_world import World, make_world


@pytest.fixture
def world(free_url: str, tmp_path: Path) -> Iterator[World]:
    """A small archive on 2 March 2026; every test ends with an audit log that is sound."""
    made = make_world(free_url, tmp_path)
    yield made
    report = made.verify()
    made.close()
    assert report.sound, report.findings
