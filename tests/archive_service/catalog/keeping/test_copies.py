"""Copies lie where the settings say, come back after every loss, and spread nothing that the log does not vouch for."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from archive_service.archive import open_archive
from archive_service.catalog.keeping import copies as copies_module
from archive_service.catalog.keeping.copy_rows import as_wanted
from archive_service.catalog.keeping.known_stores import require_all
from archive_service.catalog.tables import components, copies
from archive_service.clock import from_stamp
from archive_service.config import PlacementTable
from archive_service.errors import BadSettings, Conflict, Unavailable
from archive_service.vault import Fault, Finding
from tests.archive_service.catalog.copies_world import CopiesWorld, found, two_more_stores


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[CopiesWorld]:
    world = found(two_more_stores(tmp_path, database_url, by_level={"TS": ("second", "third")}))
    yield world
    world.archive.close()


def both(record_id: str, world: CopiesWorld, place: str) -> bool:
    """Say whether file and capsule of a record lie in a store."""
    return all(world.object(place, row.name).is_file() for row in world.rows(record_id=record_id, place="primary"))


def due_again(world: CopiesWorld) -> None:
    """Let the pauses between two tries be over."""
    with world.archive.ledger.work(None) as work:
        work.connection.execute(update(copies).values(not_before=work.at))
        work.commit()


def damage(world: CopiesWorld, place: str, name: str) -> None:
    path = world.object(place, name)
    path.chmod(0o600)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def notice(world: CopiesWorld, place: str, name: str, fault: Fault) -> list[Finding]:
    return world.archive.copies.note([Finding(place, name, fault)])


def test_a_filed_record_gets_its_copies_by_level_and_the_same_bytes(world: CopiesWorld) -> None:
    plain, secret = world.file(), world.file("工艺", "TS")
    assert world.archive.chores.keep_copies() == 2 + 4
    assert both(plain, world, "second")
    assert not both(plain, world, "third")
    assert both(secret, world, "second")
    assert both(secret, world, "third")
    name = world.object_name(secret)
    assert world.object("third", name).read_bytes() == world.object("primary", name).read_bytes()
    assert world.archive.chores.keep_copies() == 0, "nothing is made twice"


def test_copying_goes_on_where_it_was_cut_off(world: CopiesWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies_module, "AT_ONCE", 1)
    for number in range(3):
        world.file(f"记录{number}")
    turns = iter([False, False, True])
    assert world.archive.copies.settle(stopped=lambda: next(turns)) == 2
    assert len(world.rows(state="wanted")) == 4
    assert world.archive.chores.keep_copies() == 4
    assert not world.rows(state="wanted")


def test_who_dies_over_a_copy_leaves_it_to_the_next_after_its_lease(world: CopiesWorld) -> None:
    world.file()
    claimed = world.archive.copies._claim()
    assert len(claimed) == 2
    assert not world.archive.copies._claim(), "what one has taken, no other takes"
    due_again(world)
    assert world.archive.chores.keep_copies() == 2


def test_a_store_that_is_away_gets_nothing_and_everything_when_it_is_back(world: CopiesWorld) -> None:
    away = world.folder / "elsewhere"
    shutil.move(world.folder / "second", away)
    (world.folder / "second").mkdir()  # the empty mount point of a missing disk
    world.file()
    assert world.archive.chores.keep_copies() == 0
    assert not list((world.folder / "second").iterdir()), "not a byte is written to a wrong directory"
    assert {row.state for row in world.rows(place="second")} == {"wanted"}
    assert not world.archive.fixity.stores()[1].reachable
    (world.folder / "second").rmdir()
    shutil.move(away, world.folder / "second")
    due_again(world)
    assert world.archive.chores.keep_copies() == 2


def test_a_store_taken_out_of_the_settings_is_remembered_with_what_lies_there(world: CopiesWorld) -> None:
    record = world.file()
    world.archive.chores.keep_copies()
    settings = world.archive.settings
    world.archive.close()
    left = {"third": settings.stores["third"]}
    world.archive = open_archive(
        settings.model_copy(update={"stores": left, "placement": PlacementTable(default=("third",))})
    )
    world.archive.chores.plan_copies()
    assert world.states(record, "second") == ["written", "written"]
    assert [one.name for one in world.archive.fixity.stores() if not one.sound] == ["second"]
    assert any(one.place == "second" for one in world.archive.proof.examine(contents=False))
    with pytest.raises(Unavailable), world.archive.ledger.read() as connection:
        require_all(connection, world.archive.vault.stores)
    world.archive.administering.give_store_up(world.person("system"), "second", "硬盘损坏，已交销毁单位粉碎")
    world.archive.chores.plan_copies()
    assert world.states(record, "second") == []
    with world.archive.ledger.work(None) as work:  # as a backup from before brings its rows back
        row = world.rows(record_id=record, place="primary")[0]
        work.connection.execute(copies.insert(), [{**row._asdict(), "place": "second"}])
        work.commit()
    world.archive.chores.plan_copies()
    assert world.states(record, "second") == []
    assert not [one for one in world.archive.proof.examine(contents=False) if one.place == "second"]


def test_the_store_of_another_archive_is_refused(world: CopiesWorld) -> None:
    marker = world.folder / "second" / "store.json"
    marker.chmod(0o600)
    marker.write_text(marker.read_text().replace(world.archive.install_id, "0" * 32))
    record = world.file()
    assert world.archive.chores.keep_copies() == 0
    assert not both(record, world, "second")
    with pytest.raises(Unavailable):
        world.archive.vault.stores["second"].check_identity()


def test_a_place_where_something_lies_does_not_become_a_store(world: CopiesWorld) -> None:
    with pytest.raises(Conflict):
        world.archive.administering.take_store_into_use(world.person("system"), "second")


def test_the_service_does_not_start_on_an_empty_mount_point_of_the_primary_store(world: CopiesWorld) -> None:
    store = world.archive.settings.data_dir / "store"
    shutil.move(store, world.folder / "elsewhere")
    store.mkdir()
    with pytest.raises(Unavailable):
        open_archive(world.archive.settings)
    assert not list(store.iterdir())


@pytest.mark.parametrize("place", ["primary", "second"])
def test_a_damaged_or_missing_file_is_made_again_from_the_other_store(world: CopiesWorld, place: str) -> None:
    first, second = world.file("一"), world.file("二")
    world.archive.chores.keep_copies()
    good = {one: world.object(place, world.object_name(one)).read_bytes() for one in (first, second)}
    damage(world, place, world.object_name(first))
    world.object(place, world.object_name(second)).unlink()
    assert notice(world, place, world.object_name(first), Fault.DAMAGED)
    assert notice(world, place, world.object_name(second), Fault.MISSING)
    assert not notice(world, place, world.object_name(second), Fault.MISSING), "what is known is no news"
    assert world.archive.chores.keep_copies() == 2
    assert {one: world.object(place, world.object_name(one)).read_bytes() for one in (first, second)} == good
    assert world.acts().count("copy:repaired") == 2


def test_what_a_reader_comes_upon_is_made_good_and_he_reads_on(world: CopiesWorld) -> None:
    record = world.file(data=b"words")
    world.archive.chores.keep_copies()
    damage(world, "primary", world.object_name(record))
    with world.archive.ledger.read() as connection:
        (file,) = connection.execute(components.select().where(components.c.record_id == record)).all()
    assert b"".join(world.archive.vault.open(record, file.id, file.version)) == b"words"
    assert world.archive.chores.keep_copies() == 1
    assert "copy:repaired" in world.acts()


def test_a_lost_capsule_is_written_anew_from_the_catalogue(world: CopiesWorld) -> None:
    record = world.file()
    world.archive.chores.keep_copies()
    name = next(row.name for row in world.rows(record_id=record) if "capsule" in row.name)
    world.object("primary", name).unlink()
    assert notice(world, "primary", name, Fault.MISSING)
    world.archive.chores.keep_copies()
    world.archive.chores.settle_outbox()
    assert world.archive.vault.read_capsule(record).record_id == record


def test_nothing_is_repaired_from_a_hash_that_the_log_does_not_vouch_for(world: CopiesWorld) -> None:
    """A hand that changes an object and the catalogue's hash to fit it must not see its work spread."""
    record = world.file()
    world.archive.chores.keep_copies()
    name = world.object_name(record)
    damage(world, "second", name)
    forged = hashlib.sha256(world.object("second", name).read_bytes()).hexdigest()
    with world.archive.ledger.work(None) as work:
        work.connection.execute(update(copies).where(copies.c.name == name).values(sha256=forged))
        work.connection.execute(update(components).where(components.c.record_id == record).values(sealed_sha256=forged))
        work.commit()
    before = world.object("primary", name).read_bytes()
    assert notice(world, "primary", name, Fault.DAMAGED)
    assert world.archive.chores.keep_copies() == 0
    assert world.object("primary", name).read_bytes() == before
    assert "copy:repair:refused" in world.acts()


def test_without_a_good_copy_nothing_is_touched_and_it_is_said_once(world: CopiesWorld) -> None:
    record = world.file()
    world.archive.chores.keep_copies()
    name = world.object_name(record)
    for place in ("primary", "second"):
        damage(world, place, name)
        notice(world, place, name, Fault.DAMAGED)
    for _ in range(2):
        assert world.archive.chores.keep_copies() == 0
        due_again(world)
    assert world.acts().count("copy:repair:refused") == 2, "once for each copy"
    assert {row.place for row in world.archive.copies.faulty()} == {"primary", "second"}


def test_a_new_rule_of_placement_is_carried_out_for_what_was_filed_before(world: CopiesWorld) -> None:
    record = world.file()
    world.archive.chores.keep_copies()
    settings = world.archive.settings
    placement = settings.placement.model_copy(update={"default": ("third",)})
    world.archive.close()
    world.archive = open_archive(settings.model_copy(update={"placement": placement}))
    assert world.archive.chores.plan_copies() == 2
    world.archive.chores.keep_copies()
    assert both(record, world, "third")
    assert {row.place for row in world.rows()} == {"primary", "third"}
    unexpected = [one.place for one in world.archive.proof.examine() if "not expected" in one.text.en]
    assert len(unexpected) == 2
    assert all(place.startswith("second:") for place in unexpected), "told, not removed"


def test_a_destroyed_record_goes_from_every_store_and_no_late_copy_brings_it_back(world: CopiesWorld) -> None:
    record, late = world.file("甲", "TS"), world.file("乙", "TS")
    world.archive.copies.settle(stopped=_after(1))
    vault = world.archive.vault
    rows = world.rows(record_id=record)
    for one in (record, late):
        vault.destroy_keys(one, [*vault.keys_of(one), one])
        vault.delete_objects(one)
    for row in world.rows():
        assert vault.replicate(as_wanted(row)) == []
    assert rows
    assert not any(world.object(place, row.name).exists() for row in rows for place in vault.stores)
    assert vault.remains(record) == []


def _after(turns: int) -> object:
    left = iter(range(turns))
    return lambda: next(left, None) is None


def test_a_try_that_fails_is_counted_with_its_reason_and_waits_longer(world: CopiesWorld) -> None:
    shutil.rmtree(world.folder / "second")
    world.file()
    waits = []
    for turn in range(1, 4):
        world.archive.chores.keep_copies()
        (row, *_) = world.rows(place="second")
        assert (row.attempts, bool(row.trouble)) == (turn, True)
        waits.append(from_stamp(row.not_before) - world.archive.clock.now())
        due_again(world)
    assert waits[0] < waits[1] < waits[2] <= copies_module.LONGEST_PAUSE


def test_two_names_for_one_place_are_refused_at_the_start(world: CopiesWorld) -> None:
    settings = world.archive.settings
    stores = {**settings.stores, "third": settings.stores["second"].model_copy(update={"path": "./second/../second"})}
    with pytest.raises(BadSettings, match="same place as second"):
        open_archive(settings.model_copy(update={"stores": stores}))


def test_another_disk_does_not_quietly_take_the_place_of_a_store_with_copies(world: CopiesWorld) -> None:
    world.file()
    world.archive.chores.keep_copies()
    settings = world.archive.settings
    elsewhere = {**settings.stores, "second": settings.stores["second"].model_copy(update={"path": "elsewhere"})}
    moved = replace(world.archive, settings=settings.model_copy(update={"stores": elsewhere}))
    with pytest.raises(Conflict, match="where it lay before"):
        moved.administering.take_store_into_use(world.person("system"), "second")
    assert not (world.folder / "elsewhere").exists()
