from __future__ import annotations

import hashlib
import io
import resource
import shutil
import sqlite3
import threading
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive_service.clock import Clock
from archive_service.errors import BadInput, Conflict, Damaged, NotFound, Unavailable
from archive_service.vault import KeyDestroyed, Keyring, LocalStore, Vault
from archive_service.vault.canonical import canonical
from archive_service.vault.objects.sealing import FIRST_CLEAR_BYTES, SEGMENT_BYTES, sealed_size, unseal
from tests.archive_service.vault.conftest import INSTALL
from tests.archive_service.vault.objects.test_capsule import OPEN

RECORD, OTHER = "ab" + "0" * 29 + "1", "ab" + "0" * 29 + "2"
PART, SECOND = "c" * 32, "d" * 32
SECRET = "某企业重大隐患整改资金不足".encode()


def whole(vault: Vault, record_id: str = RECORD, component_id: str = PART, version: int = 1) -> bytes:
    return b"".join(vault.open(record_id, component_id, version))


def path_of(store: LocalStore, record_id: str = RECORD, component_id: str = PART, version: int = 1) -> Path:
    return store.root / "objects" / record_id[:2] / record_id / f"{component_id}.v{version}.sealed"


def test_what_was_put_is_read_back_with_both_hashes(vault: Vault, store: LocalStore) -> None:
    sealed = vault.put(RECORD, PART, 1, [SECRET, b"", SECRET])
    stored = path_of(store).read_bytes()
    assert whole(vault) == SECRET * 2
    assert (sealed.component_id, sealed.version) == (PART, 1)
    assert (sealed.size, sealed.sha256) == (2 * len(SECRET), hashlib.sha256(SECRET * 2).hexdigest())
    assert (sealed.sealed_size, sealed.sealed_sha256) == (len(stored), hashlib.sha256(stored).hexdigest())
    assert vault.size(RECORD, PART, 1) == sealed.size


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    size=st.sampled_from([0, 1, FIRST_CLEAR_BYTES - 1, FIRST_CLEAR_BYTES, FIRST_CLEAR_BYTES + 1, 2 * SEGMENT_BYTES])
    | st.integers(0, 3 * SEGMENT_BYTES)
)
def test_every_size_comes_back(vault: Vault, size: int) -> None:
    sealed = vault.put(RECORD, PART, 1, io.BytesIO(b"\xa5" * size), replace=True)
    assert (sealed.size, sealed.sealed_size) == (size, sealed_size(size))
    assert whole(vault) == b"\xa5" * size


def test_a_range_is_read_back(vault: Vault) -> None:
    content = bytes(range(256)) * 10_000
    vault.put(RECORD, PART, 1, [content])
    assert b"".join(vault.read_range(RECORD, PART, 1, 1_048_000, 3000)) == content[1_048_000:1_051_000]
    assert list(vault.read_range(RECORD, PART, 1, len(content), 5)) == []


def test_every_piece_is_shown_before_it_is_sealed(vault: Vault) -> None:
    shown: list[bytes] = []
    vault.put(RECORD, PART, 1, [b"ab", b"c"], on_clear=shown.append)
    assert shown == [b"ab", b"c"]


@pytest.mark.parametrize(("size", "allowed"), [(99, True), (100, True), (101, False), (5_000_000, False)])
def test_the_ceiling_is_kept_while_streaming(vault: Vault, store: LocalStore, size: int, allowed: bool) -> None:
    pieces = (b"x" * min(70, size - at) for at in range(0, size, 70))
    if allowed:
        assert vault.put(RECORD, PART, 1, pieces, max_bytes=100).size == size
    else:
        with pytest.raises(BadInput, match="100 bytes"):
            vault.put(RECORD, PART, 1, pieces, max_bytes=100)
        assert list(store.names()) == []
        assert list((store.root / "staging").iterdir()) == []


def test_a_taken_place_is_a_conflict_before_a_byte_is_read(vault: Vault) -> None:
    vault.put(RECORD, PART, 1, [b"first"])

    def never() -> Iterator[bytes]:
        raise AssertionError("the stream was read")
        yield b""

    with pytest.raises(Conflict):
        vault.put(RECORD, PART, 1, never())
    assert whole(vault) == b"first"


def test_putting_the_same_content_again_keeps_the_first_copy(vault: Vault, store: LocalStore) -> None:
    first = vault.put(RECORD, PART, 1, [b"content"])
    assert vault.put(RECORD, PART, 1, [b"con", b"tent"], replace=True) == first
    assert len(list(store.names())) == 1


def test_putting_other_content_again_leaves_no_second_copy(vault: Vault, store: LocalStore) -> None:
    first = vault.put(RECORD, PART, 1, [b"content"])
    again = vault.put(RECORD, PART, 1, [b"corrected"], replace=True)
    assert again.sha256 != first.sha256
    assert whole(vault) == b"corrected"
    assert [path for path in store.root.rglob("*") if path.is_file()] == [store.root / "store.json", path_of(store)]


def test_a_damaged_leftover_is_replaced(vault: Vault, store: LocalStore) -> None:
    vault.put(RECORD, PART, 1, [b"content"])
    path_of(store).write_bytes(b"half of it")
    vault.put(RECORD, PART, 1, [b"content"], replace=True)
    assert whole(vault) == b"content"


def test_versions_lie_side_by_side_under_one_key(vault: Vault, keyring: Keyring) -> None:
    vault.put(RECORD, PART, 1, [b"one"])
    vault.put(RECORD, PART, 2, [b"two"])
    assert (whole(vault, version=1), whole(vault, version=2)) == (b"one", b"two")
    assert vault.keys_of(RECORD) == [PART]


def test_keys_prepared_together_are_the_ones_used(vault: Vault, keyring: Keyring) -> None:
    vault.prepare({RECORD: [PART, RECORD], OTHER: [SECOND]})
    keys = keyring.keys([PART, RECORD, SECOND])
    vault.put(RECORD, PART, 1, [b"one"])
    vault.seal_small(RECORD, RECORD, b"title")
    vault.prepare({RECORD: [PART, RECORD]})
    assert keyring.keys([PART, RECORD, SECOND]) == keys
    assert vault.keys_of(OTHER) == [SECOND]


# ------------------------------------------------------------------------------------------------- what must not open


def test_an_object_copied_to_another_place_does_not_open(vault: Vault, store: LocalStore, keyring: Keyring) -> None:
    vault.put(RECORD, PART, 1, [b"one"])
    vault.put(RECORD, PART, 2, [b"two"])
    vault.put(RECORD, SECOND, 1, [b"three"])
    shutil.copy(path_of(store), path_of(store, version=2))
    shutil.copy(path_of(store), path_of(store, component_id=SECOND))
    path_of(store, OTHER).parent.mkdir(parents=True)
    shutil.copy(path_of(store), path_of(store, OTHER))
    for record_id, component_id, version in ((RECORD, PART, 2), (RECORD, SECOND, 1), (OTHER, PART, 1)):
        with pytest.raises(Damaged):
            vault.open(record_id, component_id, version)


def test_an_object_of_another_installation_does_not_open(vault: Vault, store: LocalStore, keyring: Keyring) -> None:
    vault.put(RECORD, PART, 1, [b"one"])
    with pytest.raises(Damaged):
        Vault("2" * 32, store, keyring).open(RECORD, PART, 1)


def test_damage_further_on_is_told_while_reading(vault: Vault, store: LocalStore) -> None:
    vault.put(RECORD, PART, 1, [b"x" * 3_000_000])
    changed = bytearray(path_of(store).read_bytes())
    changed[2_500_000] ^= 1
    path_of(store).write_bytes(changed)
    stream = vault.open(RECORD, PART, 1)
    with pytest.raises(Damaged):
        list(stream)


def test_what_is_not_there_is_not_found_at_once(vault: Vault, store: LocalStore) -> None:
    with pytest.raises(NotFound):
        vault.open(RECORD, PART, 1)
    vault.put(RECORD, PART, 1, [b"one"])
    for act in (
        vault.open,
        vault.size,
        lambda *name: vault.check(*name, "0" * 64),
        lambda *name: vault.read_range(*name, 0, 1),
    ):
        with pytest.raises(NotFound):
            act(RECORD, PART, 2)


def test_the_stored_bytes_are_what_the_design_says(vault: Vault, store: LocalStore, keyring: Keyring) -> None:
    vault.put(RECORD, PART, 3, [SECRET])
    context = canonical({"install": INSTALL, "record": RECORD, "component": PART, "version": 3})
    assert context == f'{{"component":"{PART}","install":"{INSTALL}","record":"{RECORD}","version":3}}'.encode()
    assert b"".join(unseal([path_of(store, version=3).read_bytes()], keyring.key(PART), context)) == SECRET


def test_fixity_compares_the_sealed_bytes(vault: Vault, store: LocalStore) -> None:
    sealed = vault.put(RECORD, PART, 1, [b"x" * 2_000_000])
    vault.check(RECORD, PART, 1, sealed.sealed_sha256)
    changed = bytearray(path_of(store).read_bytes())
    changed[-1] ^= 1
    path_of(store).write_bytes(changed)
    with pytest.raises(Damaged):
        vault.check(RECORD, PART, 1, sealed.sealed_sha256)


# -------------------------------------------------------------------------------------------- descriptions, capsules


def test_a_description_opens_only_where_it_belongs(vault: Vault) -> None:
    sealed = vault.seal_small(RECORD, RECORD, SECRET)
    vault.seal_small(OTHER, OTHER, b"other")
    assert SECRET not in sealed
    assert vault.open_small(RECORD, RECORD, sealed) == SECRET
    with pytest.raises(Damaged):
        vault.open_small(OTHER, RECORD, sealed)
    with pytest.raises(Damaged):
        vault.open_small(OTHER, OTHER, sealed)
    with pytest.raises(Damaged):
        vault.open_small(RECORD, RECORD, sealed[:-1])


def test_a_description_can_be_sealed_again_under_its_key(vault: Vault) -> None:
    first, second = (vault.seal_small(RECORD, RECORD, text) for text in (b"title", b"better title"))
    assert vault.open_small(RECORD, RECORD, first) == b"title"
    assert vault.open_small(RECORD, RECORD, second) == b"better title"
    assert vault.keys_of(RECORD) == [RECORD]


def test_a_capsule_is_replaced_in_one_step(vault: Vault, store: LocalStore) -> None:
    capsule = replace(OPEN, record_id=RECORD)
    vault.write_capsule(capsule)
    vault.write_capsule(replace(capsule, level="PUB"))
    assert vault.read_capsule(RECORD).level == "PUB"
    assert len([path for path in store.root.rglob("*.json") if path.name == "capsule.json"]) == 1
    assert list((store.root / "staging").iterdir()) == []


def test_a_capsule_in_the_wrong_folder_is_damage(vault: Vault, store: LocalStore) -> None:
    for record_id in (RECORD, OTHER):
        vault.write_capsule(replace(OPEN, record_id=record_id))
    folder = store.root / "objects" / "ab"
    shutil.copy(folder / RECORD / "capsule.json", folder / OTHER / "capsule.json")
    with pytest.raises(Damaged):
        vault.read_capsule(OTHER)


def test_a_deleted_capsule_is_not_found(vault: Vault) -> None:
    vault.write_capsule(replace(OPEN, record_id=RECORD))
    for _ in range(2):
        vault.delete_capsule(RECORD)
    with pytest.raises(NotFound):
        vault.read_capsule(RECORD)


# ------------------------------------------------------------------------------------------------------- destruction


@pytest.fixture
def filled(vault: Vault, store: LocalStore) -> Vault:
    vault.put(RECORD, PART, 1, [SECRET])
    vault.put(RECORD, PART, 2, [SECRET])
    vault.put(RECORD, SECOND, 1, [SECRET])
    sealed = vault.seal_small(RECORD, RECORD, SECRET)
    vault.write_capsule(replace(OPEN, record_id=RECORD, description=None, sealed_description=sealed))
    (store.root / "staging" / f"ab-{RECORD}-{PART}.v3.sealed.{'e' * 32}.part").write_bytes(b"leftover")
    vault.put(OTHER, "e" * 32, 1, [b"neighbour"])
    return vault


def test_destruction_step_by_step_leaves_nothing_and_can_be_repeated(filled: Vault, keyring: Keyring) -> None:
    keys = filled.keys_of(RECORD)
    assert set(keys) == {PART, SECOND, RECORD}
    for _ in range(2):
        filled.destroy_keys(RECORD, keys)
    assert keyring.key_ids() == ["e" * 32]
    with pytest.raises(KeyDestroyed):
        filled.open(RECORD, PART, 1)
    assert filled.remains(RECORD, keys) != []
    for _ in range(2):
        filled.delete_objects(RECORD)
    assert filled.remains(RECORD, keys) == []
    assert whole(filled, OTHER, "e" * 32) == b"neighbour"


def test_deleting_by_list_takes_the_capsule_with_the_last_object(filled: Vault, store: LocalStore) -> None:
    filled.destroy_keys(RECORD, filled.keys_of(RECORD))
    filled.delete_objects(RECORD, [PART])
    assert [name.rsplit("/", 1)[1] for name in store.names(f"ab/{RECORD}/")] == ["capsule.json", f"{SECOND}.v1.sealed"]
    filled.delete_objects(RECORD, [SECOND])
    assert filled.remains(RECORD, [PART, SECOND]) == []


def test_nothing_is_deleted_while_a_key_that_opens_it_is_alive(filled: Vault, store: LocalStore) -> None:
    before = list(store.names())
    for chosen in (None, [PART], [PART, SECOND]):
        with pytest.raises(Conflict):
            filled.delete_objects(RECORD, chosen)
    filled.destroy_keys(RECORD, [PART, SECOND])
    with pytest.raises(Conflict):
        filled.delete_objects(RECORD)
    assert list(store.names()) == before


def test_keys_of_another_record_are_not_destroyed(filled: Vault, keyring: Keyring) -> None:
    with pytest.raises(Conflict):
        filled.destroy_keys(RECORD, [PART, "e" * 32])
    assert len(keyring.key_ids()) == 4


def test_what_was_destroyed_cannot_be_put_or_sealed_again(filled: Vault) -> None:
    filled.destroy_keys(RECORD, filled.keys_of(RECORD))
    with pytest.raises(KeyDestroyed):
        filled.put(RECORD, PART, 1, [b"again"], replace=True)
    with pytest.raises(KeyDestroyed):
        filled.seal_small(RECORD, RECORD, b"again")


def test_no_word_of_the_content_lies_in_any_file_before_or_after(filled: Vault, tmp_path: Path) -> None:
    def found() -> list[Path]:
        return [path for path in tmp_path.rglob("*") if path.is_file() and SECRET in path.read_bytes()]

    assert found() == []
    filled.destroy_keys(RECORD, filled.keys_of(RECORD))
    filled.delete_objects(RECORD)
    assert found() == []


def test_discarding_what_was_never_committed_frees_its_ids(filled: Vault, keyring: Keyring) -> None:
    filled.discard(RECORD, [PART, SECOND])
    assert filled.remains(RECORD, [PART, SECOND]) == []
    filled.discard(RECORD, [PART, SECOND])
    assert filled.put(RECORD, PART, 1, [b"again"]).size == 5


def test_discarding_one_component_leaves_the_others(filled: Vault) -> None:
    filled.discard(RECORD, [SECOND])
    assert whole(filled) == SECRET
    assert filled.read_capsule(RECORD).record_id == RECORD
    assert set(filled.keys_of(RECORD)) == {PART, RECORD}


# ------------------------------------------------------------------------------------------------------ circumstances


def test_two_who_put_the_same_at_once_both_get_an_object_that_opens(vault: Vault) -> None:
    results: list[object] = []

    def work(text: bytes) -> None:
        try:
            results.append(vault.put(RECORD, PART, 1, [text] * 1000, replace=True))
        except BaseException as fault:
            results.append(fault)

    threads = [threading.Thread(target=work, args=(b"same",)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(results)) == 1
    sealed = vault.put(RECORD, PART, 1, [b"same"] * 1000, replace=True)
    assert results[0] == sealed
    vault.check(RECORD, PART, 1, sealed.sealed_sha256)
    assert whole(vault) == b"same" * 1000


def test_a_full_disk_leaves_what_was_there(vault: Vault, store: LocalStore) -> None:
    vault.put(RECORD, PART, 1, [b"first"])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    vault.prepare({RECORD: [SECOND]})
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        for component in (PART, SECOND):
            with pytest.raises(Unavailable):
                vault.put(RECORD, component, 1, [b"x" * 200_000], replace=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert whole(vault) == b"first"
    assert list(store.names()) == [f"ab/{RECORD}/{PART}.v1.sealed"]
    assert list((store.root / "staging").iterdir()) == []


def test_an_unmounted_store_gets_no_byte(vault: Vault, store: LocalStore) -> None:
    store.root.rename(store.root.with_name("elsewhere"))
    store.root.mkdir()
    with pytest.raises(Unavailable):
        vault.put(RECORD, PART, 1, [b"x"])
    assert list(store.root.iterdir()) == []


def test_memory_stays_constant_for_300_megabytes(vault: Vault) -> None:
    piece = bytes(1_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    try:
        sealed = vault.put(RECORD, PART, 1, (piece for _ in range(300)))
        assert sum(map(len, vault.open(RECORD, PART, 1))) == sealed.size == 300_000_000
        assert sum(map(len, vault.read_range(RECORD, PART, 1, 250_000_000, 1_000_000))) == 1_000_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * 1024 * 1024
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_a_reader_that_stops_early_closes_the_file(vault: Vault, store: LocalStore) -> None:
    vault.put(RECORD, PART, 1, [b"x" * 3_000_000])
    stream = vault.open(RECORD, PART, 1)
    next(stream)
    del stream
    links = [link for link in Path("/proc/self/fd").iterdir() if link.exists() and link.readlink() == path_of(store)]
    assert links == []


def test_a_restored_keyring_forgets_again_what_the_log_says_was_destroyed(
    filled: Vault, keyring: Keyring, store: LocalStore, tmp_path: Path, clock: Clock
) -> None:
    backup = sqlite3.connect(tmp_path / "backup.db")
    with sqlite3.connect(keyring.path) as live:
        live.backup(backup)
    live.close()
    backup.close()
    keys = filled.keys_of(RECORD)
    filled.destroy_keys(RECORD, keys)
    keyring.close()
    shutil.copy(tmp_path / "backup.db", keyring.path)
    restored = Vault(INSTALL, store, keyring)
    assert whole(restored) == SECRET
    restored.destroy_keys(RECORD, keys)
    with pytest.raises(KeyDestroyed):
        restored.open(RECORD, PART, 1)
