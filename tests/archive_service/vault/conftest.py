"""A vault in a temporary directory, with a clock that stands still."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from archive_service.clock import Clock
from archive_service.vault import Keyring, LocalStore, Vault
from archive_service.vault.aws import AwsSettings
from tests.support.s3 import S3Server, kms_server, s3_server

pytest.register_assert_rewrite("tests.contracts.vault_suite")

INSTALL = "1" * 32
ROOT_KEY = bytes(range(32))
CORPUS = Path(__file__).parents[3].parent / "shared" / "corpus"


@pytest.fixture
def clock() -> Clock:
    return Clock(ZoneInfo("Asia/Shanghai"), lambda: datetime(2026, 11, 23, 8, tzinfo=UTC))


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore.create_at(tmp_path / "store", INSTALL)


@pytest.fixture
def keyring(tmp_path: Path, clock: Clock) -> Iterator[Keyring]:
    keyring = Keyring.create_at(tmp_path / "keyring.db", INSTALL, ROOT_KEY, clock)
    yield keyring
    keyring.close()


@pytest.fixture
def vault(store: LocalStore, keyring: Keyring) -> Vault:
    return Vault(INSTALL, store, keyring)


@pytest.fixture
def new_id() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: uuid.UUID(int=0xAB << 120 | next(numbers)).hex


@pytest.fixture
def vectors() -> Path:
    folder = CORPUS / "vectors" / "wycheproof"
    if not folder.is_dir():
        pytest.skip(f"the corpus is not beside the clone: {folder}")
    return folder


@pytest.fixture(scope="session")
def object_server() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture(scope="session")
def key_service() -> Iterator[AwsSettings]:
    with kms_server() as settings:
        yield settings
