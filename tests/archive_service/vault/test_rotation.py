"""Changing the root key: everything is wrapped anew, at every instant everything can be read, nothing old stays."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from archive_service.clock import Clock
from archive_service.errors import ArchiveError, BadInput, Conflict, Damaged, Unavailable
from archive_service.vault import KeyDestroyed, Keyring, LocalStore, Vault
from archive_service.vault.canonical import canonical
from archive_service.vault.keys.custodians import KeyFileCustodian
from tests.archive_service.vault.conftest import INSTALL, ROOT_KEY
from tests.archive_service.vault.keys.test_keyring import edit, raw, wrapped

OWNER = "a" * 32
NEW_KEY, THIRD_KEY = bytes([7]) * 32, bytes([9]) * 32
IDS = [f"{number:032x}" for number in range(1, 301)]


@pytest.fixture
def keys(keyring: Keyring) -> dict[str, bytes]:
    return keyring.new_keys(dict.fromkeys(IDS, OWNER))


def opened(keyring: Keyring, root_key: bytes, clock: Clock) -> Keyring:
    return Keyring(keyring.path, INSTALL, root_key, clock)


class Stop(Exception):
    """Stands for whatever interrupts a rotation."""


def interrupt(keyring: Keyring, to: bytes = NEW_KEY, after: int = 100) -> None:
    def stop(done: int) -> None:
        if done >= after:
            raise Stop

    with pytest.raises(Stop):
        keyring.rotate(to, batch=50, on_batch=stop)


def test_after_a_rotation_only_the_new_key_opens_and_all_keys_are_the_same(
    keyring: Keyring, keys: dict[str, bytes], clock: Clock
) -> None:
    done = keyring.rotate(NEW_KEY)
    assert (done.root, done.rewrapped, done.resumed, done.damaged) == (2, 300, False, ())
    assert keyring.keys(keys) == opened(keyring, NEW_KEY, clock).keys(keys) == keys
    with pytest.raises(BadInput, match="root key"):
        opened(keyring, ROOT_KEY, clock)


def test_no_row_wrapped_by_the_old_root_key_stays_in_any_file(keyring: Keyring, keys: dict[str, bytes]) -> None:
    before = wrapped(keyring)
    keyring.rotate(NEW_KEY, batch=70)
    left = raw(keyring)
    assert not any(row[:20] in left or row[-20:] in left for row in before.values())
    assert not any(key in left for key in keys.values())


def test_a_rotation_leaves_content_untouched_and_readable(store: LocalStore, keyring: Keyring) -> None:
    vault = Vault(INSTALL, store, keyring)
    record, part = "ab" + "0" * 30, "c" * 32
    sealed = vault.put(record, part, 1, [b"content"])
    stood = store.open(f"ab/{record}/{part}.v1.sealed").read()
    keyring.rotate(NEW_KEY)
    assert b"".join(vault.open(record, part, 1)) == b"content"
    assert store.open(f"ab/{record}/{part}.v1.sealed").read() == stood
    vault.check(record, part, 1, sealed.sealed_sha256)


@pytest.mark.parametrize("after", [50, 100, 250, 300])
@pytest.mark.parametrize("key", [ROOT_KEY, NEW_KEY], ids=["old", "new"])
def test_an_interrupted_rotation_is_finished_by_whoever_holds_the_old_or_the_new_key(
    keyring: Keyring, keys: dict[str, bytes], clock: Clock, after: int, key: bytes
) -> None:
    interrupt(keyring, after=after)
    keyring.close()
    later = opened(keyring, key, clock)
    assert later.rotating()
    done = later.rotate(NEW_KEY)
    assert (done.resumed, done.rewrapped, later.rotating()) == (True, 300 - after, False)
    assert opened(keyring, NEW_KEY, clock).keys(keys) == keys


def test_in_the_middle_the_new_key_opens_everything(keyring: Keyring, keys: dict[str, bytes], clock: Clock) -> None:
    interrupt(keyring)
    middle = opened(keyring, NEW_KEY, clock)
    assert middle.keys(keys) == keys
    assert len(middle.new_key("f" * 32, OWNER)) == 32


def test_who_holds_only_the_old_key_never_comes_to_the_new_one(
    keyring: Keyring, keys: dict[str, bytes], clock: Clock
) -> None:
    interrupt(keyring)
    old = opened(keyring, ROOT_KEY, clock)
    assert old.key(IDS[-1]) == keys[IDS[-1]]
    for act in (lambda: old.key(IDS[0]), lambda: old.new_key("f" * 32, OWNER)):
        with pytest.raises(Unavailable, match="start the service again"):
            act()


def test_a_process_that_held_the_old_key_is_told_to_start_again(
    keyring: Keyring, keys: dict[str, bytes], clock: Clock
) -> None:
    running = opened(keyring, ROOT_KEY, clock)
    keyring.rotate(NEW_KEY)
    with pytest.raises(Unavailable, match="start the service again"):
        running.key(IDS[0])
    running.destroy([IDS[1]])  # destroying needs no root key and is never delayed
    with pytest.raises(KeyDestroyed):
        keyring.key(IDS[1])


def test_a_rotation_to_the_same_custodian_is_not_noticed_by_other_processes(
    keyring: Keyring, keys: dict[str, bytes], clock: Clock
) -> None:
    running = opened(keyring, ROOT_KEY, clock)
    keyring.rotate(ROOT_KEY)
    assert running.keys(keys) == keys
    assert running.new_key("f" * 32, OWNER) == keyring.key("f" * 32)


def test_an_unfinished_rotation_is_not_left_for_another_key(keyring: Keyring, keys: dict[str, bytes]) -> None:
    interrupt(keyring)
    with pytest.raises(Conflict, match="unfinished"):
        keyring.rotate(THIRD_KEY)
    keyring.rotate(NEW_KEY)
    assert keyring.rotate(THIRD_KEY).root == 3


def test_a_key_destroyed_in_the_middle_stays_destroyed(keyring: Keyring, keys: dict[str, bytes]) -> None:
    interrupt(keyring)
    before = wrapped(keyring)
    keyring.destroy([IDS[0], IDS[-1]])
    keyring.rotate(NEW_KEY)
    for key_id in (IDS[0], IDS[-1]):
        with pytest.raises(KeyDestroyed):
            keyring.key(key_id)
        assert before[key_id] not in raw(keyring)


def test_a_damaged_row_stops_nothing_and_keeps_the_old_root_key(
    keyring: Keyring, keys: dict[str, bytes], clock: Clock
) -> None:
    good = wrapped(keyring)[IDS[5]]
    edit(keyring, "UPDATE keys SET wrapped = ? WHERE key_id = ?", bytes(60), IDS[5])
    done = keyring.rotate(NEW_KEY, batch=50)
    assert (done.rewrapped, done.damaged) == (299, (IDS[5],))
    assert keyring.rotating()
    with pytest.raises(Damaged):
        keyring.key(IDS[5])
    # Brought back from a backup, it can be read, and the rotation comes to its end.
    edit(keyring, "UPDATE keys SET wrapped = ? WHERE key_id = ?", good, IDS[5])
    later = opened(keyring, NEW_KEY, clock)
    assert later.key(IDS[5]) == keys[IDS[5]]
    assert later.rotate(NEW_KEY).damaged == ()
    assert not later.rotating()


def test_readers_and_writers_go_on_while_keys_are_wrapped_anew(
    keyring: Keyring, keys: dict[str, bytes], clock: Clock
) -> None:
    other, faults = opened(keyring, ROOT_KEY, clock), list[BaseException]()
    stop = threading.Event()

    def work() -> None:
        number = 1000
        try:
            while not stop.is_set():
                number += 1
                key_id = f"{number:032x}"
                assert other.new_key(key_id, OWNER) == other.key(key_id)
                assert other.keys(IDS[:20]) == {one: keys[one] for one in IDS[:20]}
        except BaseException as fault:
            faults.append(fault)

    thread = threading.Thread(target=work)
    thread.start()
    for _ in range(4):
        keyring.rotate(ROOT_KEY, batch=10)
    stop.set()
    thread.join()
    assert faults == []
    assert keyring.keys(keys) == keys
    assert set(keyring.key_ids()) == set(keyring.keys(keyring.key_ids()))


def test_a_rotation_killed_anywhere_can_be_finished(keyring: Keyring, keys: dict[str, bytes], clock: Clock) -> None:
    """Killed before and after every transaction in turn, as a power cut would."""
    at = 1
    while True:
        old, new = (ROOT_KEY, NEW_KEY) if at % 2 else (NEW_KEY, ROOT_KEY)
        keyring.close()
        child = os.fork()
        if child == 0:
            _rotate_until_killed(keyring.path, old, new, clock, at)
        _, status = os.waitpid(child, 0)
        later = _with_either(keyring.path, old, new, clock)
        if later.rotating():
            later = Keyring(keyring.path, INSTALL, new, clock)
            assert later.keys(keys) == keys
            later.rotate(new)
        elif not _opens(keyring.path, new, clock):
            later.rotate(new)
        assert Keyring(keyring.path, INSTALL, new, clock).keys(keys) == keys
        if not os.WIFSIGNALED(status):
            assert os.waitstatus_to_exitcode(status) == 0
            break
        at += 1
    assert at > 8


def _opens(path: Path, key: bytes, clock: Clock) -> bool:
    try:
        Keyring(path, INSTALL, key, clock)
    except BadInput:
        return False
    return True


def _with_either(path: Path, old: bytes, new: bytes, clock: Clock) -> Keyring:
    return Keyring(path, INSTALL, new if _opens(path, new, clock) else old, clock)


def _rotate_until_killed(path: Path, old: bytes, new: bytes, clock: Clock, at: int) -> None:
    code = 1
    try:
        keyring = Keyring(path, INSTALL, old, clock)
        left = [at]

        def traced(_: str) -> None:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        keyring._connection().set_trace_callback(
            lambda text: traced(text) if text[:6] in ("BEGIN ", "COMMIT") else None
        )
        keyring.rotate(new, batch=100)
        code = 0
    finally:
        os._exit(code)


def test_a_root_row_carried_into_another_keyring_does_not_open(keyring: Keyring, tmp_path: Path, clock: Clock) -> None:
    other = Keyring.create_at(tmp_path / "other.db", "2" * 32, ROOT_KEY, clock)
    with sqlite3.connect(keyring.path) as connection:
        row = connection.execute("SELECT wrapped, canary FROM roots").fetchone()
    connection.close()
    edit(other, "UPDATE roots SET wrapped = ?, canary = ?", *row)
    with pytest.raises(BadInput):
        Keyring(other.path, "2" * 32, ROOT_KEY, clock)


def test_an_old_root_row_put_back_in_the_place_of_the_new_one_does_not_open(keyring: Keyring, clock: Clock) -> None:
    with sqlite3.connect(keyring.path) as connection:
        row = connection.execute("SELECT wrapped, canary FROM roots").fetchone()
    connection.close()
    keyring.rotate(ROOT_KEY)
    edit(keyring, "UPDATE roots SET wrapped = ?, canary = ?", *row)
    with pytest.raises(BadInput):
        opened(keyring, ROOT_KEY, clock)


def make_format_1(path: Path, root_key: bytes, key_id: str, key: bytes) -> None:
    """A keyring as the first format had it, written by hand."""

    def seal(clear: bytes, context: dict[str, str]) -> bytes:
        nonce = os.urandom(12)
        return nonce + AESGCM(root_key).encrypt(nonce, clear, canonical(context))

    connection = sqlite3.connect(path)
    connection.executescript(
        "PRAGMA journal_mode=WAL;"
        "CREATE TABLE identity (install TEXT NOT NULL, format INTEGER NOT NULL, probe BLOB NOT NULL);"
        "CREATE TABLE keys (n INTEGER PRIMARY KEY, key_id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,"
        " wrapped BLOB NOT NULL, created_at TEXT NOT NULL);"
        "CREATE INDEX keys_owner ON keys (owner);"
        "CREATE TABLE destroyed (key_id TEXT PRIMARY KEY, at TEXT NOT NULL) WITHOUT ROWID;"
    )
    probe = seal(b"", {"install": INSTALL, "use": "keyring"})
    wrapped_key = seal(key, {"install": INSTALL, "key_id": key_id, "owner": OWNER})
    connection.execute("INSERT INTO identity VALUES (?, 1, ?)", (INSTALL, probe))
    connection.execute("INSERT INTO keys VALUES (1, ?, ?, ?, 'then')", (key_id, OWNER, wrapped_key))
    connection.execute("INSERT INTO destroyed VALUES (?, '2026-11-01T00:00:00.000000Z')", ("d" * 32,))
    connection.commit()
    connection.close()


def test_a_keyring_of_the_first_format_is_carried_over(tmp_path: Path, clock: Clock) -> None:
    path, key = tmp_path / "k.db", bytes(range(32))
    make_format_1(path, ROOT_KEY, IDS[0], key)
    with pytest.raises(BadInput, match="root key"):
        Keyring(path, INSTALL, NEW_KEY, clock)
    for _ in range(2):
        keyring = Keyring(path, INSTALL, ROOT_KEY, clock)
        assert keyring.key(IDS[0]) == key
        with pytest.raises(KeyDestroyed):
            keyring.key("d" * 32)
    keyring.rotate(NEW_KEY)
    assert Keyring(path, INSTALL, NEW_KEY, clock).key(IDS[0]) == key
    with pytest.raises(ArchiveError):
        Keyring(path, INSTALL, ROOT_KEY, clock)


def test_progress_is_told_and_batches_have_their_size(keyring: Keyring, keys: dict[str, bytes]) -> None:
    told: list[int] = []
    keyring.rotate(NEW_KEY, batch=120, on_batch=told.append)
    assert told == [120, 240, 300]


def test_an_empty_keyring_rotates(keyring: Keyring, clock: Clock) -> None:
    assert keyring.rotate(KeyFileCustodian(NEW_KEY)).rewrapped == 0
    assert opened(keyring, NEW_KEY, clock).key_ids() == []


def test_the_number_of_a_root_key_is_never_used_again(keyring: Keyring) -> None:
    assert [keyring.rotate(ROOT_KEY).root for _ in range(4)] == [2, 3, 4, 5]
