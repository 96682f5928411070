from __future__ import annotations

import multiprocessing
import os
import random
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from archive_service.clock import Clock
from archive_service.errors import ArchiveError, BadInput, Conflict, Damaged, NotFound, Unavailable
from archive_service.vault import KeyDestroyed, Keyring
from tests.archive_service.vault.conftest import INSTALL, ROOT_KEY

OWNER, OTHER = "a" * 32, "b" * 32
KEY, SECOND = "c" * 32, "d" * 32


def raw(keyring: Keyring) -> bytes:
    """Every byte of the keyring's files: the database, its log, its index."""
    return b"".join(path.read_bytes() for path in sorted(keyring.path.parent.glob(keyring.path.name + "*")))


def wrapped(keyring: Keyring) -> dict[str, bytes]:
    with sqlite3.connect(keyring.path) as connection:
        rows = dict(connection.execute("SELECT key_id, wrapped FROM keys").fetchall())
    connection.close()
    return rows


def again(keyring: Keyring, clock: Clock) -> Keyring:
    return Keyring(keyring.path, INSTALL, ROOT_KEY, clock)


def test_a_new_key_is_kept(keyring: Keyring, clock: Clock) -> None:
    key = keyring.new_key(KEY, OWNER)
    assert len(key) == 32
    assert keyring.key(KEY) == again(keyring, clock).key(KEY) == key
    assert keyring.exists(KEY)


def test_no_two_keys_are_alike(keyring: Keyring) -> None:
    assert keyring.new_key(KEY, OWNER) != keyring.new_key(SECOND, OWNER)


def test_a_key_is_never_made_over_another(keyring: Keyring) -> None:
    key = keyring.new_key(KEY, OWNER)
    with pytest.raises(Conflict):
        keyring.new_key(KEY, OWNER)
    assert keyring.key(KEY) == key


def test_the_key_of_what_was_never_committed_can_be_replaced(keyring: Keyring) -> None:
    key = keyring.new_key(KEY, OWNER)
    assert keyring.new_key(KEY, OWNER, replace=True) != key
    assert keyring.key_ids() == [KEY]


def test_a_key_of_another_owner_is_not_replaced(keyring: Keyring) -> None:
    keyring.new_key(KEY, OWNER)
    with pytest.raises(Conflict):
        keyring.new_key(KEY, OTHER, replace=True)


def test_a_key_that_never_was_is_not_found(keyring: Keyring) -> None:
    with pytest.raises(NotFound) as refusal:
        keyring.key(KEY)
    assert not isinstance(refusal.value, KeyDestroyed)
    assert not keyring.exists(KEY)


def test_many_keys_are_made_in_one_step_and_those_there_are_kept(keyring: Keyring, new_id: Callable[[], str]) -> None:
    first = keyring.new_key(KEY, OWNER)
    wanted = {KEY: OWNER, **{new_id(): OTHER for _ in range(1200)}}
    made = keyring.new_keys(wanted)
    assert made[KEY] == first
    assert keyring.keys(wanted) == made
    assert keyring.key_ids(OTHER) == [key_id for key_id in wanted if key_id != KEY]
    assert len(set(made.values())) == 1201


def test_many_keys_are_all_made_or_none(keyring: Keyring) -> None:
    keyring.new_key(KEY, OTHER)
    with pytest.raises(Conflict):
        keyring.new_keys({SECOND: OWNER, KEY: OWNER})
    keyring.destroy([KEY])
    with pytest.raises(KeyDestroyed):
        keyring.new_keys({SECOND: OWNER, KEY: OWNER})
    assert keyring.key_ids() == []


def test_a_destroyed_key_says_that_it_was_destroyed(keyring: Keyring, clock: Clock) -> None:
    keyring.new_key(KEY, OWNER)
    keyring.destroy([KEY])
    with pytest.raises(KeyDestroyed, match="2026-11-23T08:00:00"):
        keyring.key(KEY)
    assert not keyring.exists(KEY)
    assert keyring.destroyed_at(KEY) == clock.now()
    assert keyring.destroyed_at(SECOND) is None


def test_destroying_can_be_repeated_and_remembers_the_first_time(keyring: Keyring) -> None:
    keyring.new_key(KEY, OWNER)
    for _ in range(3):
        keyring.destroy([KEY], OWNER)
    assert keyring.key_ids() == []


@pytest.mark.parametrize("replace", [False, True])
def test_a_destroyed_key_never_comes_back(keyring: Keyring, replace: bool) -> None:
    keyring.new_key(KEY, OWNER)
    keyring.destroy([KEY])
    with pytest.raises(KeyDestroyed):
        keyring.new_key(KEY, OWNER, replace=replace)
    with pytest.raises(KeyDestroyed):
        keyring.keep(KEY, OWNER, bytes(32), replace=replace)


def test_a_destruction_can_be_replayed_before_the_key_returns(keyring: Keyring) -> None:
    keyring.destroy([KEY])
    with pytest.raises(KeyDestroyed):
        keyring.new_key(KEY, OWNER)


def test_destroying_a_key_of_another_owner_is_refused_and_destroys_nothing(keyring: Keyring) -> None:
    keyring.new_key(KEY, OWNER)
    keyring.new_key(SECOND, OTHER)
    with pytest.raises(Conflict):
        keyring.destroy([KEY, SECOND], OWNER)
    assert keyring.key_ids() == [KEY, SECOND]
    assert keyring.destroyed_at(KEY) is None


def test_a_forgotten_key_may_be_made_again(keyring: Keyring) -> None:
    key = keyring.new_key(KEY, OWNER)
    with pytest.raises(Conflict):
        keyring.forget([KEY], OTHER)
    keyring.forget([KEY, SECOND], OWNER)
    assert not keyring.exists(KEY)
    assert keyring.new_key(KEY, OWNER) != key


def test_nothing_of_a_destroyed_key_is_left_in_any_file(keyring: Keyring, new_id: Callable[[], str]) -> None:
    ids = [new_id() for _ in range(3000)]
    random.Random(1).shuffle(ids)
    keys = keyring.new_keys(dict.fromkeys(ids, OWNER))
    rows = wrapped(keyring)
    assert all(rows[key_id] in raw(keyring) for key_id in ids)

    doomed = random.Random(2).sample(ids, 1700)
    for start in range(0, len(doomed), 100):
        keyring.destroy(doomed[start : start + 100])
    left = raw(keyring)
    for key_id in doomed:
        assert rows[key_id][:20] not in left
        assert rows[key_id][-20:] not in left
        assert keys[key_id] not in left
    assert all(rows[key_id] in left for key_id in set(ids) - set(doomed))


def test_no_key_stands_in_clear_in_any_file(keyring: Keyring) -> None:
    key = keyring.new_key(KEY, OWNER)
    assert key not in raw(keyring)
    assert ROOT_KEY not in raw(keyring)


def test_a_reader_that_holds_the_log_is_told_and_the_step_can_be_repeated(
    keyring: Keyring,
) -> None:
    keyring.new_key(KEY, OWNER)
    keyring._patience = 0.1
    row = wrapped(keyring)[KEY]
    keyring._connection().execute("PRAGMA busy_timeout=50")
    reader = sqlite3.connect(keyring.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM keys").fetchone()
    with pytest.raises(Unavailable, match="repeat"):
        keyring.destroy([KEY])
    reader.close()
    keyring.destroy([KEY])
    assert row not in raw(keyring)


def test_the_files_are_for_their_owner_alone(keyring: Keyring) -> None:
    keyring.new_key(KEY, OWNER)
    for path in keyring.path.parent.glob("keyring.db*"):
        assert path.stat().st_mode & 0o777 == 0o600, path


def test_a_keyring_that_others_may_read_is_closed_again(keyring: Keyring, clock: Clock) -> None:
    keyring.path.chmod(0o644)
    again(keyring, clock)
    assert keyring.path.stat().st_mode & 0o777 == 0o600


def test_a_missing_keyring_is_told_and_never_made_on_the_way(tmp_path: Path, clock: Clock) -> None:
    with pytest.raises(Unavailable, match="missing"):
        Keyring(tmp_path / "keyring.db", INSTALL, ROOT_KEY, clock)
    assert list(tmp_path.iterdir()) == []


def test_a_keyring_is_never_made_over_another(keyring: Keyring, clock: Clock) -> None:
    key = keyring.new_key(KEY, OWNER)
    with pytest.raises(Conflict):
        Keyring.create_at(keyring.path, INSTALL, ROOT_KEY, clock)
    assert again(keyring, clock).key(KEY) == key


def test_what_a_crash_left_of_a_keyring_in_the_making_is_no_hindrance(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "keyring.db.new").write_bytes(b"half")
    Keyring.create_at(tmp_path / "keyring.db", INSTALL, ROOT_KEY, clock)
    assert not (tmp_path / "keyring.db.new").exists()


def test_another_root_key_is_noticed_at_once(keyring: Keyring, clock: Clock) -> None:
    with pytest.raises(BadInput, match="root key"):
        Keyring(keyring.path, INSTALL, bytes(32), clock)
    with pytest.raises(ValueError, match="32 bytes"):
        Keyring(keyring.path, INSTALL, b"short", clock)


def test_a_keyring_of_another_installation_is_refused(keyring: Keyring, clock: Clock) -> None:
    with pytest.raises(Unavailable, match="another installation"):
        Keyring(keyring.path, "2" * 32, ROOT_KEY, clock)


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100])
def test_a_file_that_is_no_keyring_is_refused(tmp_path: Path, clock: Clock, content: bytes) -> None:
    (tmp_path / "keyring.db").write_bytes(content)
    with pytest.raises(Damaged):
        Keyring(tmp_path / "keyring.db", INSTALL, ROOT_KEY, clock)


def edit(keyring: Keyring, statement: str, *values: object) -> None:
    connection = sqlite3.connect(keyring.path)
    with connection:
        connection.execute(statement, values)
    connection.close()


def test_a_row_put_in_the_place_of_another_does_not_open(keyring: Keyring) -> None:
    keyring.new_keys({KEY: OWNER, SECOND: OWNER})
    edit(keyring, "UPDATE keys SET wrapped = ? WHERE key_id = ?", wrapped(keyring)[SECOND], KEY)
    with pytest.raises(Damaged):
        keyring.key(KEY)
    assert keyring.exists(SECOND)


def test_a_row_given_to_another_owner_does_not_open(keyring: Keyring) -> None:
    keyring.new_key(KEY, OWNER)
    edit(keyring, "UPDATE keys SET owner = ?", OTHER)
    with pytest.raises(Damaged):
        keyring.key(KEY)


@pytest.mark.parametrize("rest", [b"", b"short", bytes(60)])
def test_a_damaged_row_does_not_open(keyring: Keyring, rest: bytes) -> None:
    keyring.new_key(KEY, OWNER)
    edit(keyring, "UPDATE keys SET wrapped = ?", rest)
    with pytest.raises(Damaged):
        keyring.key(KEY)


@pytest.mark.parametrize("bad", ["", "x" * 32, "C" * 32, "c" * 31, "c" * 33, "../x"])
def test_an_id_that_is_not_ours_is_refused(keyring: Keyring, bad: str) -> None:
    for act in (
        keyring.key,
        keyring.exists,
        lambda bad: keyring.new_key(bad, OWNER),
        lambda bad: keyring.destroy([bad]),
    ):
        with pytest.raises(BadInput):
            act(bad)


@pytest.mark.parametrize("bad", ["", "Index", "a" * 65, "ä"])
def test_an_owner_that_cannot_be_is_refused(keyring: Keyring, bad: str) -> None:
    with pytest.raises(BadInput):
        keyring.new_key(KEY, bad)


def test_a_key_that_is_handed_in_must_have_its_size(keyring: Keyring) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        keyring.keep(KEY, OWNER, b"short")


def test_a_full_disk_is_told(keyring: Keyring, new_id: Callable[[], str]) -> None:
    pages = keyring._connection().execute("PRAGMA page_count").fetchone()[0]
    keyring._connection().execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(Unavailable, match="full"):
        keyring.new_keys({new_id(): OWNER for _ in range(500)})
    assert keyring.key_ids() == []


def test_a_busy_keyring_is_told(keyring: Keyring) -> None:
    keyring._connection().execute("PRAGMA busy_timeout=20")
    other = sqlite3.connect(keyring.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="busy"):
        keyring.new_key(KEY, OWNER)
    other.close()
    keyring.new_key(KEY, OWNER)


def test_every_promise_of_the_file_is_switched_on(keyring: Keyring) -> None:
    connection = keyring._connection()
    said = [
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "secure_delete")
    ]
    assert said == ["wal", 2, 1]


def test_many_threads_make_and_read_keys_at_once(keyring: Keyring) -> None:
    faults: list[BaseException] = []

    def work(start: int) -> None:
        try:
            for number in range(start, start + 25):
                key_id = f"{number:032x}"
                assert keyring.new_key(key_id, OWNER) == keyring.key(key_id)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(100 * number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(keyring.key_ids()) == 150


def _make_in_child(keyring: Keyring, start: int) -> None:
    try:
        for number in range(start, start + 20):
            keyring.new_key(f"{number:032x}", OWNER)
            if number % 2:
                keyring.destroy([f"{number:032x}"])
    except ArchiveError:
        os._exit(1)
    os._exit(0)


def test_several_processes_use_one_keyring_even_after_a_fork(keyring: Keyring, clock: Clock) -> None:
    keyring.new_key(KEY, OWNER)
    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=_make_in_child, args=(keyring, 100 * number)) for number in range(4)]
    for child in children:
        child.start()
    for number in range(900, 920):
        keyring.new_key(f"{number:032x}", OWNER)
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * 4
    assert len(again(keyring, clock).key_ids()) == 1 + 4 * 10 + 20


def test_a_closed_keyring_opens_itself_again(keyring: Keyring) -> None:
    key = keyring.new_key(KEY, OWNER)
    keyring.close()
    assert [path.name for path in keyring.path.parent.glob("keyring.db*")] == ["keyring.db"]
    assert keyring.key(KEY) == key


def test_no_message_shows_a_key(keyring: Keyring) -> None:
    key = keyring.new_key(KEY, OWNER)
    messages = []
    for act in (
        lambda: keyring.new_key(KEY, OWNER),
        lambda: keyring.key(SECOND),
        lambda: keyring.destroy([KEY], OTHER),
    ):
        with pytest.raises(ArchiveError) as refusal:
            act()
        messages.append(f"{refusal.value!r} {refusal.value.text}")
    assert not any(key.hex() in message or repr(key) in message for message in messages)
    assert key.hex() not in repr(vars(keyring))
