"""Every copy is read again in its turn; what is found is told, made good, and kept as the history of its object."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from archive_service.catalog.keeping import fixity as fixity_module
from archive_service.catalog.tables import copies
from archive_service.clock import to_stamp
from archive_service.config import FixityTable
from archive_service.database.guards import without_guards
from tests.archive_service.catalog.copies_world import CopiesWorld, found, two_more_stores
from tests.archive_service.catalog.keeping.test_copies import damage


@pytest.fixture
def world(tmp_path: Path) -> Iterator[CopiesWorld]:
    settings = two_more_stores(tmp_path, "")
    world = found(settings.model_copy(update={"fixity": FixityTable(days=2, confidence=0.01, damaged_share=1.0)}))
    yield world
    world.archive.close()


def test_the_sweep_reads_everything_within_its_days_the_oldest_first(world: CopiesWorld) -> None:
    records = [world.file(f"第{number}件") for number in range(5)]
    world.archive.chores.keep_copies()
    assert len(world.rows()) == 5 * 2 * 2
    runs = [world.archive.fixity.nightly() for _ in range(2)]
    assert all(10 <= run.copies <= 12 and not run.found for run in runs), "half of them, and the sample"
    assert not world.rows(checked_at=""), "nothing is left unread after the days of the sweep"
    assert {state for one in records for state in world.states(one, "second")} == {"good"}


def test_in_a_growing_archive_what_is_new_never_puts_off_what_is_late(world: CopiesWorld) -> None:
    fixity = replace(world.archive.fixity, settings=FixityTable(days=90, confidence=0.01, damaged_share=1.0))
    late, unread = world.file("早已读过"), world.file("早已写入而从未读过")
    for number in range(5):
        world.file(f"新来的第{number}件")
    world.archive.chores.keep_copies()
    long_ago = to_stamp(world.archive.clock.now() - timedelta(days=89, hours=1))
    with world.archive.ledger.work(None) as work:
        for record, column in ((late, "checked_at"), (unread, "not_before")):
            work.connection.execute(update(copies).where(copies.c.record_id == record).values({column: long_ago}))
        work.commit()
    run = fixity.nightly()
    assert all(row.checked_at > long_ago for record in (late, unread) for row in world.rows(record_id=record))
    assert run.copies < len(world.rows())


@pytest.mark.parametrize("place", ["primary", "second"])
def test_a_night_finds_what_is_faulty_makes_it_good_and_tells_how_much(world: CopiesWorld, place: str) -> None:
    records = [world.file(f"第{number}件") for number in range(4)]
    world.archive.chores.keep_copies()
    damage(world, place, world.object_name(records[0]))
    world.object(place, world.object_name(records[1])).unlink()
    found_in_all = [one for _ in range(2) for one in world.archive.chores.night_watch().found]
    assert sorted(one.fault.value for one in found_in_all) == ["damaged", "missing"]
    assert not world.archive.copies.faulty()
    assert not world.archive.fixity.everything().found
    assert world.acts().count("copy:faulty") == world.acts().count("copy:repaired") == 2
    assert "archive:examined" in world.acts()


def test_all_is_read_again_and_a_stopped_run_goes_on_where_it_was(
    world: CopiesWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fixity_module, "AT_ONCE", 3)
    for number in range(3):
        world.file(f"第{number}件")
    world.archive.chores.keep_copies()
    calls = iter(range(100))
    run = world.archive.fixity.everything(stopped=lambda: next(calls) >= 5)
    assert (run.stopped, run.copies) == (True, 5)
    assert len(world.rows(checked_at="")) == 12 - 5
    whole = world.archive.fixity.everything()
    assert (whole.copies, whole.stopped) == (12, False)


def test_a_store_that_is_away_is_told_and_its_copies_are_called_neither_good_nor_faulty(world: CopiesWorld) -> None:
    world.file()
    world.archive.chores.keep_copies()
    shutil.move(world.folder / "second", world.folder / "elsewhere")
    run = world.archive.fixity.everything()
    assert run.unreachable == {"second"}
    assert not run.found
    assert run.copies == 2
    assert {row.state for row in world.rows(place="second")} == {"written"}
    state = {one.name: one for one in world.archive.fixity.stores()}["second"]
    assert not state.reachable
    assert state.trouble
    assert state.never_read == 2
    assert "second" in next(row.body for row in world.archive.fixity.last_runs())


def test_a_record_destroyed_while_it_is_read_is_no_fault(world: CopiesWorld) -> None:
    record = world.file()
    world.archive.chores.keep_copies()
    vault = world.archive.vault
    with world.archive.ledger.work(None) as work:
        from archive_service.audit import acts
        from archive_service.catalog.tables import records

        with without_guards(work.connection, records):
            work.update(records, record, {"status": "destroying"})
        work.act(acts.DESTRUCTION_BEGUN, "record", record)
        work.commit()
    vault.destroy_keys(record, [*vault.keys_of(record), record])
    vault.delete_objects(record)
    assert not world.archive.fixity.everything().found
