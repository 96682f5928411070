"""Fixtures for all tests: the corpus, databases, the browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from tests.support import postgres

ROOT = Path(__file__).resolve().parent.parent
IN_CI = bool(os.environ.get("CI"))


QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""As cheap as argon2 can be; what the service's own parameters are, the tests of the sign-in hold fast."""


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """Let no test wait for a dozen passwords that are slow on purpose."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("archive_service.archive.PasswordHasher", lambda: QUICK)
        yield


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The corpus of real public documents that lies beside the clone."""
    folder = ROOT.parent / "shared" / "corpus"
    if not folder.is_dir():
        reason = "the corpus is not beside this clone (../shared/corpus)"
        pytest.fail(reason) if IN_CI else pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server for this run of the tests."""
    with postgres.server() as address:
        yield address


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database: every service test runs on both kinds."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'catalogue.db'}"
    return postgres.new_database(request.getfixturevalue("postgres_server"))
