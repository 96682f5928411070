"""Fixtures for all tests: the corpus, databases, the browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from archive_service.database.engine import open_engine
from archive_service.database.migrate import migrate
from tests.support import disposal_world, postgres, templates

ROOT = Path(__file__).resolve().parent.parent
IN_CI = bool(os.environ.get("CI"))


QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""As cheap as argon2 can be; what the service's own parameters are, the tests of the sign-in hold fast."""


def pytest_configure(config: pytest.Config) -> None:
    """Keep the tests' folders in memory where there is room: a commit need not wait for a disk that others use too."""
    folder = postgres.fast_folder()
    if folder and not config.getoption("basetemp"):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", folder)


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """Let no test wait for a dozen passwords that are slow on purpose."""
    with pytest.MonkeyPatch.context() as patch:
        for room in ("founding", "opening"):
            patch.setattr(f"archive_service.archive.{room}.PasswordHasher", lambda: QUICK)
        yield


@pytest.fixture(scope="session", autouse=True)
def _made_once() -> Iterator[None]:
    """Let no test wait for the schema to be migrated, or for the shipped plan and schedule to be read, once more."""
    with templates.in_use():
        yield
    disposal_world.forget_founded()


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


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """A PostgreSQL database that holds this version's schema, to be copied."""
    url = postgres.new_database(postgres_server)
    engine = open_engine(url)
    migrate(engine)
    engine.dispose()
    return url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def free_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a database may be made, and none is yet: every service test runs on both kinds."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'catalogue.db'}"
        return
    url = postgres.fresh_address(request.getfixturevalue("postgres_server"))
    yield url
    postgres.drop_database(url)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, free_url: str) -> str:
    """A database with nothing in it, at most the schema."""
    if not free_url.startswith("sqlite"):
        postgres.put_database(free_url, request.getfixturevalue("postgres_template"))
    return free_url
