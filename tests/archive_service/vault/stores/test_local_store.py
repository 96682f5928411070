from __future__ import annotations

import errno
import json
import os
import resource
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive_service.errors import Conflict, Damaged, NotFound, Unavailable
from archive_service.vault import LocalStore, SyncFailed, names
from tests.archive_service.vault.conftest import INSTALL
from tests.contracts.vault_suite import COMPONENT, NAME, NEIGHBOUR, RECORD, StoreContract, read


def everything_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


EMPTY = ["objects", "staging", "store.json"]


class TestLocalStore(StoreContract):
    @pytest.fixture
    def lose(self, store: LocalStore) -> Callable[[], None]:
        def unmount() -> None:
            store.root.rename(store.root.with_name("elsewhere"))
            store.root.mkdir()

        return unmount


def test_an_empty_mount_point_gets_not_a_single_byte(store: LocalStore) -> None:
    store.root.rename(store.root.with_name("elsewhere"))
    store.root.mkdir()
    with pytest.raises(Unavailable):
        store.create(NAME, [b"abc"])
    assert everything_below(store.root) == []


def test_a_store_of_another_installation_is_refused(store: LocalStore) -> None:
    with pytest.raises(Unavailable):
        LocalStore(store.root, "2" * 32)


@pytest.mark.parametrize("marker", ["", "[]", "{}", '{"install": "' + INSTALL + '", "format": 2}', "x" * 9000])
def test_a_marker_that_says_something_else_is_refused(store: LocalStore, marker: str) -> None:
    (store.root / "store.json").write_text(marker)
    with pytest.raises(Unavailable):
        store.create(NAME, [b"abc"])
    assert everything_below(store.root) == EMPTY


def test_a_missing_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        LocalStore(tmp_path / "nowhere", INSTALL)


def test_a_directory_with_something_in_it_never_becomes_a_store(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").touch()
    with pytest.raises(Conflict):
        LocalStore.create_at(tmp_path, INSTALL)


def test_the_marker_tells_whose_store_it_is(store: LocalStore) -> None:
    assert json.loads((store.root / "store.json").read_text()) == {"format": 1, "install": INSTALL, "kind": "local"}


def test_a_store_without_its_folders_proves_nothing(store: LocalStore) -> None:
    (store.root / "objects").rmdir()
    for act in (store.exists, store.delete, lambda _: list(store.names())):
        with pytest.raises(Damaged):
            act(NAME)


def test_objects_lie_where_the_layout_says(store: LocalStore) -> None:
    store.create(NAME, [b"abc"])
    assert (store.root / "objects" / "ab" / RECORD / f"{COMPONENT}.v1.sealed").read_bytes() == b"abc"


def test_folders_and_files_belong_to_their_owner_alone(store: LocalStore) -> None:
    store.create(NAME, [b"abc"])
    for path in (store.root, *store.root.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_deleting_the_last_object_leaves_no_empty_folders(store: LocalStore) -> None:
    store.create(NAME, [b"abc"])
    store.create(names.capsule_name(NEIGHBOUR), [b"{}"])
    store.delete(NAME)
    assert everything_below(store.root / "objects") == ["ab", f"ab/{NEIGHBOUR}", f"ab/{NEIGHBOUR}/capsule.json"]
    store.delete(names.capsule_name(NEIGHBOUR))
    assert everything_below(store.root) == EMPTY


def test_a_crash_between_removing_and_pruning_is_finished_by_the_next_delete(store: LocalStore) -> None:
    (store.root / "objects" / "ab" / RECORD).mkdir(parents=True)
    assert store.delete(NAME) is False
    assert everything_below(store.root) == EMPTY


@pytest.mark.parametrize("where", ["ab", f"ab/{RECORD}", f"ab/{RECORD}/{COMPONENT}.v1.sealed"])
def test_a_planted_link_leads_nowhere(store: LocalStore, tmp_path: Path, where: str) -> None:
    outside = tmp_path / "store-evil"
    outside.mkdir()
    deep = outside / "ab" / RECORD
    deep.mkdir(parents=True)
    (deep / f"{COMPONENT}.v1.sealed").write_bytes(b"outside")
    link = store.root / "objects" / where
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside / where)
    before = everything_below(outside)

    with pytest.raises((Damaged, NotFound)):
        store.open(NAME)
    with pytest.raises((Damaged, Conflict)):
        store.create(NAME, [b"abc"])
    if where.endswith("sealed"):
        store.delete(NAME)
        assert not link.is_symlink()
    else:
        with pytest.raises(Damaged):
            store.delete(NAME)
        assert list(store.names()) == []
    assert everything_below(outside) == before
    assert (deep / f"{COMPONENT}.v1.sealed").read_bytes() == b"outside"


def test_what_is_no_plain_file_is_not_opened(store: LocalStore) -> None:
    folder = store.root / "objects" / "ab" / RECORD
    folder.mkdir(parents=True)
    os.mkfifo(folder / f"{COMPONENT}.v1.sealed")
    with pytest.raises(Damaged):
        store.open(NAME)


def test_strangers_in_the_folders_are_not_listed(store: LocalStore) -> None:
    store.create(NAME, [b"abc"])
    (store.root / "objects" / "ab" / RECORD / "notes.txt").touch()
    (store.root / "objects" / "readme").touch()
    assert list(store.names()) == [NAME]


@pytest.fixture
def small_files_only() -> Iterator[None]:
    """The system refuses to make a file longer than 4 KiB: what a full disk does, without filling one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("small_files_only")
def test_a_full_disk_is_told_and_leaves_nothing(store: LocalStore) -> None:
    with pytest.raises(Unavailable, match="full") as refusal:
        store.create(NAME, [b"x" * 3000, b"x" * 3000])
    assert "已满" in refusal.value.text.zh
    assert everything_below(store.root) == EMPTY
    assert store.create(NAME, [b"x" * 4096]).size == 4096


@pytest.mark.parametrize(("code", "word"), [(errno.ENOSPC, "full"), (errno.EROFS, "written"), (errno.EIO, "error")])
@pytest.mark.parametrize("call", ["write", "link", "mkdir"])
def test_every_refusal_of_the_disk_is_a_sentence_and_leaves_nothing(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch, code: int, word: str, call: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        with pytest.raises(Unavailable, match=word):
            store.create(NAME, [b"abc"])
    assert not store.exists(NAME)
    assert everything_below(store.root / "staging") == []
    store.create(NAME, [b"abc"])
    assert read(store, NAME) == b"abc"


def test_a_failed_sync_is_fatal_and_never_tried_again(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def fail(fd: int) -> None:
        calls.append(fd)
        raise OSError(errno.EIO, "lost")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(SyncFailed):
            store.create(NAME, [b"abc"])
    assert len(calls) == 1
    with pytest.raises(SyncFailed):
        store.create(NAME, [b"abc"])
    with pytest.raises(SyncFailed):
        store.delete(NAME)
    assert LocalStore(store.root, INSTALL).create(NAME, [b"abc"]).size == 3


def test_file_and_folders_are_synced_before_create_returns(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    fsync, link = os.fsync, os.link

    def noting_sync(fd: int) -> None:
        order.append(Path(f"/proc/self/fd/{fd}").readlink().name)
        fsync(fd)

    def noting_link(*args: object, **more: object) -> None:
        order.append("link")
        link(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "fsync", noting_sync)
    monkeypatch.setattr(os, "link", noting_link)
    store.create(NAME, [b"abc"])
    assert order[0].endswith(".part")
    assert order[1:] == ["objects", "ab", "link", RECORD]


def test_many_that_are_stored_together_are_synced_like_one(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    owners = [f"{first}{n:030d}" for n, first in enumerate(("ab", "ab", "cd", "ef", "01", "23"))]
    objects = {names.object_name(owner, COMPONENT, 1): owner.encode() for owner in owners}
    order: list[str] = []
    fsync, link = os.fsync, os.link

    def noting_sync(fd: int) -> None:
        order.append(Path(f"/proc/self/fd/{fd}").readlink().name)
        fsync(fd)

    def noting_link(*args: object, **more: object) -> None:
        order.append("link")
        link(*args, **more)  # type: ignore[arg-type]

    def fail(_fd: int) -> None:
        raise OSError(errno.EIO, "lost")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", noting_sync)
        patch.setattr(os, "link", noting_link)
        store.create_all(objects)
    files, folders = order[: order.index("link")], order[len(order) - order[::-1].index("link") :]
    assert len(files) == 6
    assert all(name.endswith(".part") for name in files)
    assert sorted(folders) == sorted([*owners, *{owner[:2] for owner in owners}, "objects"])
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(SyncFailed):
            store.create_all({names.object_name("fe" + "0" * 30, COMPONENT, 1): b"x"})
    with pytest.raises(SyncFailed):
        store.create_all(objects)
    assert sorted(store.names()) == sorted(objects)
    assert list((store.root / "staging").iterdir()) == []


def test_a_sweep_takes_only_what_is_old(store: LocalStore) -> None:
    now = datetime.now(UTC)
    for name, age in (("old", 3), ("new", 0)):
        path = store.root / "staging" / names.staging_name(NAME, "0" * 31 + str(age))
        path.write_text(name)
        at = (now - timedelta(days=age)).timestamp()
        os.utime(path, (at, at))
    assert store.sweep_staging(now - timedelta(days=1)) == 1
    assert [path.read_text() for path in (store.root / "staging").iterdir()] == ["new"]


def test_leftovers_of_one_record_are_discarded_alone(store: LocalStore) -> None:
    for record in (RECORD, NEIGHBOUR):
        (store.root / "staging" / names.staging_name(names.capsule_name(record), "0" * 32)).touch()
    assert store.discard_staging(RECORD) == 1
    assert [path.name for path in (store.root / "staging").iterdir()] == [
        names.staging_name(names.capsule_name(NEIGHBOUR), "0" * 32)
    ]


def test_creating_and_deleting_at_once_in_one_folder_both_succeed(store: LocalStore) -> None:
    faults: list[BaseException] = []

    def work(component: str) -> None:
        name = names.object_name(RECORD, component, 1)
        try:
            for _ in range(30):
                store.create(name, [component.encode()])
                assert read(store, name) == component.encode()
                store.delete(name)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(letter * 32,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert everything_below(store.root) == EMPTY


def test_of_many_who_create_one_name_a_single_one_wins(store: LocalStore) -> None:
    results: list[object] = []

    def work(number: int) -> None:
        try:
            store.create(NAME, [str(number).encode()])
            results.append(number)
        except Conflict:
            results.append(None)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [result for result in results if result is not None]
    assert read(store, NAME) == str(winner).encode()
