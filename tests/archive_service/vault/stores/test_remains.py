from __future__ import annotations

import ast
import inspect
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from archive_service.errors import Unavailable
from archive_service.vault import Keyring, LocalStore, Vault
from archive_service.vault.stores import remains

RECORD, OTHER, PART = "ab" + "0" * 29 + "1", "ab" + "0" * 29 + "2", "c" * 32


def test_nothing_is_left_of_what_never_was(vault: Vault) -> None:
    vault.put(OTHER, "d" * 32, 1, [b"x"])
    assert vault.remains(RECORD, [PART]) == []


def test_every_file_folder_and_key_is_named(vault: Vault) -> None:
    vault.put(RECORD, PART, 1, [b"x"])
    folder = f"objects/ab/{RECORD}"
    assert vault.remains(RECORD) == [f"file {folder}", f"file {folder}/{PART}.v1.sealed", f"key {PART}"]


@pytest.mark.parametrize(
    "where",
    [
        f"objects/ab/{RECORD}/notes.txt",
        f"objects/ab/{RECORD}/deep/er/x",
        f"objects/cd/{PART}.v1.sealed.bak",
        f"objects/ab/{OTHER}/{PART}.v1.sealed",
        f"staging/ab-{RECORD}-capsule.json.{'e' * 32}.part",
        f"staging/{PART.upper()}",
        f"copy-of-{RECORD}",
        f"0000{RECORD}ffff",
    ],
)
def test_strays_are_found_wherever_they_lie(vault: Vault, store: LocalStore, where: str) -> None:
    path = store.root / where
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    assert f"file {where}" in vault.remains(RECORD, [PART])


def test_a_link_that_carries_the_id_is_found(vault: Vault, store: LocalStore) -> None:
    (store.root / "objects" / "ab").mkdir()
    (store.root / "objects" / "ab" / RECORD).symlink_to("/nowhere")
    assert vault.remains(RECORD) == [f"file objects/ab/{RECORD}"]


def test_a_key_given_to_another_owner_is_found_by_its_id(vault: Vault, keyring: Keyring) -> None:
    keyring.new_key(PART, OTHER)
    assert vault.remains(RECORD) == []
    assert vault.remains(RECORD, [PART]) == [f"key {PART}"]


def test_many_records_are_looked_for_in_one_walk(vault: Vault) -> None:
    vault.put(RECORD, PART, 1, [b"x"])
    found = vault.remains_of({RECORD: [PART], OTHER: ["d" * 32]})
    assert found == {RECORD: vault.remains(RECORD, [PART]), OTHER: []}


def unmounted(vault: Vault, store: LocalStore, keyring: Keyring) -> None:
    store.root.rename(store.root.with_name("elsewhere"))
    store.root.mkdir()


def without_objects(vault: Vault, store: LocalStore, keyring: Keyring) -> None:
    (store.root / "objects").rmdir()


def foreign_store(vault: Vault, store: LocalStore, keyring: Keyring) -> None:
    (store.root / "store.json").write_text('{"install": "x"}')


def no_keyring(vault: Vault, store: LocalStore, keyring: Keyring) -> None:
    keyring.close()
    keyring.path.unlink()


def foreign_keyring(vault: Vault, store: LocalStore, keyring: Keyring) -> None:
    with sqlite3.connect(keyring.path) as connection:
        connection.execute("UPDATE identity SET install = 'x'")
    connection.close()


@pytest.mark.parametrize("trouble", [unmounted, without_objects, foreign_store, no_keyring, foreign_keyring])
def test_who_cannot_look_proves_nothing(
    vault: Vault, store: LocalStore, keyring: Keyring, trouble: Callable[[Vault, LocalStore, Keyring], None]
) -> None:
    trouble(vault, store, keyring)
    with pytest.raises(Unavailable):
        vault.remains(RECORD)


def test_a_folder_that_cannot_be_read_proves_nothing(
    vault: Vault, store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(path)

    monkeypatch.setattr(remains.os, "scandir", refuse)
    with pytest.raises(Unavailable):
        vault.remains(RECORD)


def test_looking_changes_nothing(vault: Vault, store: LocalStore, keyring: Keyring, tmp_path: Path) -> None:
    vault.put(RECORD, PART, 1, [b"x"])
    before = {path: path.read_bytes() for path in store.root.rglob("*") if path.is_file()}
    vault.remains(RECORD)
    assert {path: path.read_bytes() for path in store.root.rglob("*") if path.is_file()} == before
    assert keyring.exists(PART)


def test_the_second_pair_of_eyes_shares_no_code_with_the_deleter() -> None:
    tree = ast.parse(inspect.getsource(remains))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {module for module in imported if module and module.startswith("archive_service")} == {
        "archive_service.errors"
    }
