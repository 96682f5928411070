"""Doctor repairs what cannot lose anything, and leaves to people what might."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from archive_service.errors import Forbidden
from archive_service.jobs.repairing import repair
from tests.archive_service.catalog.copies_world import CopiesWorld, found, two_more_stores
from tests.archive_service.catalog.keeping.test_copies import damage


@pytest.fixture
def world(tmp_path: Path) -> Iterator[CopiesWorld]:
    world = found(two_more_stores(tmp_path, ""))
    yield world
    world.archive.close()


def left(world: CopiesWorld) -> list[str]:
    found = repair(world.archive, world.person("system")).left
    return [f"{one.place}: {one.text.en}" for one in found if one.place != "extraction"]


def test_copies_capsules_and_index_are_made_good_and_the_rest_is_told_and_not_touched(world: CopiesWorld) -> None:
    records = [world.file(f"第{number}件") for number in range(3)]
    world.archive.chores.settle_outbox()
    world.archive.chores.keep_copies()
    damage(world, "primary", world.object_name(records[0]))
    world.object("second", world.object_name(records[1])).unlink()
    world.object("primary", f"{records[2][:2]}/{records[2]}/capsule.json").unlink()
    world.archive.indexer.purge(records[0])
    with world.archive.engine.begin() as connection:  # as an earlier version wrote them, and did not mark them
        connection.execute(text("UPDATE stored_copy SET format = 0 WHERE name LIKE '%capsule.json'"))
    told = [one.text.en for one in world.archive.proof.examine()]
    assert any("3 capsules were written by an earlier version" in one and "doctor --repair" in one for one in told)
    assert any("does not have the hash that was recorded. With a further store, doctor --repair" in one for one in told)
    with pytest.raises(Forbidden):
        repair(world.archive, world.person("auditor"))
    assert left(world) == []
    assert world.archive.copies.earlier_capsules() == 0
    assert "archive:repaired" in world.acts()
    # What nobody expects stays, and a row that was changed by hand stays as it is: both are for people.
    stray = world.object("second", f"{records[0][:2]}/{records[0]}/{'a' * 32}.v1.sealed")
    stray.write_bytes(b"whose is this?")
    with world.archive.engine.begin() as connection:
        connection.execute(text("UPDATE fonds SET name_en = 'another'"))
    world.archive.keyring.new_keys({"b" * 32: "c" * 32})  # as an accession that was cut off leaves it
    told = left(world)
    assert len(told) == 3
    assert any(one.startswith(f"keyring/{'c' * 32}") and "no record in the catalogue owns" in one for one in told)
    assert any("not expected" in one for one in told)
    assert any(one.startswith("fonds/") for one in told)
    assert stray.exists()


def test_copies_of_a_catalogue_that_was_just_made_again_are_told_of_once(world: CopiesWorld) -> None:
    for number in range(2):
        world.file(f"第{number}件")
    world.archive.chores.keep_copies()
    with (
        world.archive.engine.begin() as connection
    ):  # a rebuild brings records back, and copies follow with the service
        connection.execute(text("DELETE FROM stored_copy"))
    told = [one for one in world.archive.proof.examine(contents=False) if one.place != "extraction"]
    assert [(one.place, one.text.en[:21]) for one in told] == [("copies", "the copies of 2 recor")]
    world.archive.chores.plan_copies()
    world.archive.chores.settle_outbox()
    world.archive.chores.keep_copies()
    assert not [one for one in world.archive.proof.examine(contents=False) if one.place != "extraction"]
