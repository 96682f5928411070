"""A disk that is really full: a small file system in memory, where the system lets us mount one; for the vault, and for a whole archive."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from archive_service.archive import chores
from archive_service.audit import acts
from archive_service.clock import Clock
from archive_service.config import VaultTable
from archive_service.errors import ArchiveError, Unavailable
from archive_service.vault import Ballast, DiskFull, Keyring, LocalStore, Vault, names
from archive_service.vault.stores.ballast import free_bytes
from tests.archive_service.catalog.copies_world import CopiesWorld, found, two_more_stores

INSTALL, ROOT_KEY = "1" * 32, bytes(range(32))
RECORD, OTHER, PART = "ab" + "0" * 29 + "1", "ab" + "0" * 29 + "2", "c" * 32
MIB = 1 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", place], capture_output=True)
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def vault_on(disk: Path, reserve: int = 0) -> Vault:
    clock = Clock(ZoneInfo("UTC"), lambda: datetime(2026, 11, 23, tzinfo=UTC))
    if not (disk / "store").exists():
        LocalStore.create_at(disk / "store", INSTALL)
        Keyring.create_at(disk / "keyring.db", INSTALL, ROOT_KEY, clock).close()
    return Vault(
        INSTALL,
        LocalStore(disk / "store", INSTALL, reserve),
        Keyring(disk / "keyring.db", INSTALL, ROOT_KEY, clock),
    )


def fill(disk: Path) -> Path:
    """Fill the disk to its last block, as somebody else's log might."""
    path = disk / "somebody-elses.log"
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    assert free_bytes(disk) == 0
    return path


def test_what_does_not_fit_is_refused_and_leaves_nothing(disk: Path) -> None:
    vault = vault_on(disk)
    vault.put(RECORD, PART, 1, [b"first"])
    before = free_bytes(disk)
    with pytest.raises(DiskFull, match="nothing was stored"):
        vault.put(OTHER, "d" * 32, 1, (bytes(MIB) for _ in range(20)))
    assert list((disk / "store" / "staging").iterdir()) == []
    assert free_bytes(disk) >= before - 256 * 1024
    assert b"".join(vault.open(RECORD, PART, 1)) == b"first"


def test_on_a_full_disk_everything_can_be_read_and_what_is_destroyed_is_gone(disk: Path) -> None:
    vault = vault_on(disk)
    ballast = Ballast(disk / "ballast.bin", MIB)
    assert ballast.ensure()
    vault.put(RECORD, PART, 1, [b"content" * 1000])
    fill(disk)
    assert b"".join(vault.open(RECORD, PART, 1)) == b"content" * 1000
    with pytest.raises(Unavailable):
        vault.put(OTHER, "d" * 32, 1, [bytes(MIB)])
    assert ballast.give_up()
    vault.destroy_keys(RECORD, [PART])
    vault.delete_objects(RECORD)
    assert vault.remains(RECORD, [PART]) == []


def test_the_reserve_stops_uploads_before_the_disk_is_full(disk: Path) -> None:
    vault = vault_on(disk, reserve=3 * MIB)
    stored = 0
    with pytest.raises(DiskFull):
        for number in range(100):
            vault.put(f"{number:032x}", f"{number:032x}", 1, [bytes(256 * 1024)])
            stored += 1
    assert stored > 5
    assert 3 * MIB - 512 * 1024 <= free_bytes(disk) <= 3 * MIB + 512 * 1024
    ballast = Ballast(disk / "ballast.bin", MIB)
    assert ballast.ensure()


def test_a_disk_that_fills_while_keys_are_wrapped_anew_loses_no_key(disk: Path) -> None:
    vault = vault_on(disk)
    keyring = vault._keyring
    keys = keyring.new_keys({f"{number:032x}": RECORD for number in range(2000)})
    filler = fill(disk)
    with pytest.raises(ArchiveError):
        keyring.rotate(bytes(32), batch=500)
    assert keyring.keys(keys) == keys
    filler.unlink()
    keyring.rotate(bytes(32))
    assert keyring.keys(keys) == keys


def test_ballast_is_whole_and_is_not_taken_again_while_the_disk_is_full(disk: Path) -> None:
    ballast = Ballast(disk / "ballast.bin", MIB)
    before = free_bytes(disk)
    assert ballast.ensure()
    assert ballast.ensure()
    assert free_bytes(disk) <= before - MIB
    filler = fill(disk)
    assert ballast.give_up()
    assert not ballast.give_up()
    assert free_bytes(disk) >= MIB
    assert not ballast.ensure()
    assert not ballast.path.exists()
    filler.unlink()
    assert ballast.ensure()


def test_ballast_with_holes_is_no_ballast(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "ballast.bin", MIB)
    with ballast.path.open("wb") as file:
        os.truncate(file.fileno(), MIB)
    assert not ballast.stands()
    assert ballast.ensure()
    assert ballast.stands()


@pytest.fixture
def small_archive(disk: Path) -> Iterator[CopiesWorld]:
    """A whole archive on a file system of 64 MiB, with a ballast of 8."""
    subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
    settings = two_more_stores(disk, "").model_copy(update={"vault": VaultTable(reserve_mib=1, ballast_mib=8)})
    world = found(settings)
    yield world
    world.archive.close()


def test_an_archive_on_a_full_disk_refuses_clearly_and_its_log_and_a_destruction_go_on_with_the_ballast(
    small_archive: CopiesWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, disk = small_archive.archive, small_archive.folder
    monkeypatch.setattr(chores, "TIGHT", 2 * MIB)
    archive.chores.keep_room()
    ballast = disk / "data" / "ballast"
    assert ballast.stat().st_blocks * 512 >= 8 * MIB
    record = small_archive.file(data=b"kept")
    archive.chores.keep_copies()
    filler = fill(disk)
    with pytest.raises(DiskFull) as refusal:
        small_archive.file("装不下的一件", data=bytes(MIB))
    assert "已满" in refusal.value.text.zh
    parts = names.parse(small_archive.object_name(record))
    assert b"".join(archive.vault.open(record, parts.component_id, 1)) == b"kept"
    archive.chores.keep_room()
    assert not ballast.exists()
    before = len(small_archive.acts())
    archive.proof.keep_checkpoint()
    archive.ledger.note(None, acts.COPIES_CHECKED, "archive", "copies", copies=1)
    archive.vault.destroy_keys(record, archive.vault.keys_of(record))
    archive.vault.delete_objects(record)
    assert archive.vault.remains(record) == []
    assert len(small_archive.acts()) > before
    assert archive.proof.verify_audit().sound
    filler.unlink()
    archive.chores.keep_room()
    assert ballast.exists()
    assert small_archive.file("又有了地方")
