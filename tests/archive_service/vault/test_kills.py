"""The process is killed before each call to the system in turn; whatever is left must be whole, or recover."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive_service.clock import Clock
from archive_service.errors import NotFound
from archive_service.vault import KeyDestroyed, Keyring, LocalStore, Vault
from tests.archive_service.vault.conftest import INSTALL, ROOT_KEY
from tests.archive_service.vault.objects.test_capsule import OPEN

RECORD, PART, SECOND = "ab" + "0" * 29 + "1", "c" * 32, "d" * 32
CALLS = ("open", "write", "fsync", "link", "rename", "unlink", "mkdir", "rmdir")
CONTENT = [b"first " * 1000, b"last"]


class Killer:
    """Counts calls to the system and ends the process, as a power cut would, before the chosen one."""

    def __init__(self, at: int) -> None:
        self.left = at

    def tick(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def arm(self, vault: Vault) -> None:
        for name in CALLS:
            setattr(os, name, self._watched(getattr(os, name)))
        keyring = vault._keyring
        keyring._empty_log = self._watched(keyring._empty_log)  # type: ignore[method-assign]
        writing = keyring._writing

        @contextmanager
        def watched_writing() -> Iterator[object]:
            self.tick()
            with writing() as connection:
                yield connection
                self.tick()
            self.tick()

        keyring._writing = watched_writing  # type: ignore[method-assign,assignment]

    def _watched(self, call: Callable[..., object]) -> Callable[..., object]:
        def watched(*args: object, **more: object) -> object:
            self.tick()
            return call(*args, **more)

        return watched


@pytest.fixture
def fresh(tmp_path: Path, clock: Clock) -> Callable[[], Vault]:
    """Open the vault as a newly started process does."""
    LocalStore.create_at(tmp_path / "store", INSTALL)
    Keyring.create_at(tmp_path / "keyring.db", INSTALL, ROOT_KEY, clock).close()

    def open_vault() -> Vault:
        return Vault(
            INSTALL, LocalStore(tmp_path / "store", INSTALL), Keyring(tmp_path / "keyring.db", INSTALL, ROOT_KEY, clock)
        )

    return open_vault


def killed(fresh: Callable[[], Vault], act: Callable[[Vault], None], at: int) -> bool:
    """Run ``act`` in a process of its own and kill it before its call number ``at``; False if it ended before."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            vault = fresh()
            Killer(at).arm(vault)
            act(vault)
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.waitstatus_to_exitcode(status) == 0
    return False


def whole(vault: Vault, part: str = PART) -> bytes:
    return b"".join(vault.open(RECORD, part, 1))


def swept(vault: Vault) -> None:
    vault._store.sweep_staging(datetime.now(UTC) + timedelta(days=1))
    assert list((vault._store.root / "staging").iterdir()) == []


def put(vault: Vault) -> None:
    vault.put(RECORD, PART, 1, iter(CONTENT))


def test_a_put_killed_anywhere_leaves_nothing_or_the_whole(fresh: Callable[[], Vault]) -> None:
    at = 1
    while killed(fresh, put, at):
        vault = fresh()
        try:
            assert whole(vault) == b"".join(CONTENT)
        except NotFound:
            assert list(vault._store.names()) == []
        vault.put(RECORD, PART, 1, CONTENT, replace=True)
        assert whole(vault) == b"".join(CONTENT)
        assert len(list(vault._store.names())) == len(vault.keys_of(RECORD)) == 1
        swept(vault)
        vault.discard(RECORD, [PART])
        assert vault.remains(RECORD, [PART]) == []
        at += 1
    assert at > 15


def test_a_replacing_put_killed_anywhere_leaves_the_old_or_the_new(fresh: Callable[[], Vault]) -> None:
    fresh().put(RECORD, PART, 1, [b"old"])
    at = 1
    while killed(fresh, lambda vault: vault.put(RECORD, PART, 1, [b"new"], replace=True) and None, at):
        vault = fresh()
        assert whole(vault) in (b"old", b"new")
        vault.put(RECORD, PART, 1, [b"old"], replace=True)
        assert len(list(vault._store.names())) == 1
        swept(vault)
        at += 1
    assert at > 10


def test_a_capsule_killed_anywhere_is_the_old_or_the_new(fresh: Callable[[], Vault]) -> None:
    old, new = (replace(OPEN, record_id=RECORD, level=level) for level in ("INT", "PUB"))
    fresh().write_capsule(old)
    at = 1
    while killed(fresh, lambda vault: vault.write_capsule(new) and None, at):
        vault = fresh()
        assert vault.read_capsule(RECORD) in (old, new)
        vault.write_capsule(old)
        swept(vault)
        at += 1
    assert at > 8


def fill(vault: Vault) -> None:
    vault.put(RECORD, PART, 1, CONTENT, replace=True)
    vault.put(RECORD, SECOND, 1, CONTENT, replace=True)
    vault.write_capsule(replace(OPEN, record_id=RECORD))


def destroy(vault: Vault) -> None:
    vault.destroy_keys(RECORD, [PART, SECOND])
    vault.delete_objects(RECORD, [PART, SECOND])


def test_a_destruction_killed_anywhere_is_wholly_readable_or_can_only_go_on(tmp_path: Path, clock: Clock) -> None:
    readable = unreadable = 0
    at, going = 1, True
    while going:
        root = tmp_path / str(at)
        LocalStore.create_at(root / "store", INSTALL)
        Keyring.create_at(root / "keyring.db", INSTALL, ROOT_KEY, clock).close()

        def fresh(root: Path = root) -> Vault:
            return Vault(
                INSTALL, LocalStore(root / "store", INSTALL), Keyring(root / "keyring.db", INSTALL, ROOT_KEY, clock)
            )

        fill(fresh())
        going = killed(fresh, destroy, at)
        vault = fresh()
        try:
            assert whole(vault) == whole(vault, SECOND) == b"".join(CONTENT)
            readable += 1
        except KeyDestroyed:
            for part in (PART, SECOND):
                with pytest.raises(KeyDestroyed):
                    vault.open(RECORD, part, 1)
            unreadable += 1
        destroy(vault)
        assert vault.remains(RECORD, [PART, SECOND]) == []
        at += 1
    assert readable >= 2
    assert unreadable > 10
