"""The world of search, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from index.extract import Extraction
from tests.archive_service.search.search_world import SearchWorld, make_search_world


@pytest.fixture
def archive(free_url: str, tmp_path: Path) -> Iterator[SearchWorld]:
    """A small archive with an empty index."""
    made = make_search_world(free_url, tmp_path)
    yield made
    made.close()


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take texts without a process of their own, where the extraction is not what a test is about."""
    monkeypatch.setattr("archive_service.search.texts.extract", taken_at_once)


def taken_at_once(chunks: Iterator[bytes], *_: object) -> Extraction:
    return Extraction("ok", b"".join(chunks).decode(), None, ("seccomp",))
