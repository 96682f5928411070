"""Here migrating itself is tested: every database begins empty and takes each step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import postgres, templates


@pytest.fixture(autouse=True)
def _for_real() -> Iterator[None]:
    with templates.for_real():
        yield


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of either kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'catalogue.db'}"
        return
    url = postgres.new_database(request.getfixturevalue("postgres_server"))
    yield url
    postgres.drop_database(url)
