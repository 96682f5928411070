"""The world of search, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.archive_service.search.search_world import SearchWorld, make_search_world


@pytest.fixture
def archive(database_url: str, tmp_path: Path) -> Iterator[SearchWorld]:
    """A small archive with an empty index."""
    made = make_search_world(database_url, tmp_path)
    yield made
    made.close()
