"""A small archive with a storeroom, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive_service.catalog.records.browse import Catalogue
from archive_service.custody.care import Care
from archive_service.custody.places import Places
from tests.support.disposal_world import PROPOSER, World, make_world

ROOM = {
    "code": "k1",
    "name": "一号库",
    "coldest": "14",
    "warmest": "24",
    "driest": "45",
    "dampest": "60",
    "reading_days": "1",
    "round_days": "30",
}


class Store:
    """The services of custody over one archive, and a room with two shelves."""

    def __init__(self, world: World) -> None:
        self.world = world
        catalogue = Catalogue(world.ledger, world.vault, world.schedules)
        self.places, self.care = Places(world.ledger, catalogue), Care(world.ledger, catalogue)
        self.keeper = world.person(PROPOSER)
        self.places.open_room(self.keeper, ROOM)
        self.places.add_shelf(self.keeper, "K1", "A-01", "1")
        self.places.add_shelf(self.keeper, "K1", "A-02", "5")

    def shelf(self, code: str) -> str:
        return next(one.id for one in self.places.shelves(self.keeper) if one.code == code)

    def box(self, shelf: str = "A-01", **said: str) -> str:
        form = {"fonds": "Q001", "year": "2014", "period": "D10", "millimetres": "30", "shelf": self.shelf(shelf)}
        return self.places.make_box(self.keeper, {**form, **said})


@pytest.fixture
def store(free_url: str, tmp_path: Path) -> Iterator[Store]:
    """A storeroom on 2 March 2026; every test ends with an audit log that is sound."""
    world = make_world(free_url, tmp_path / "archive")
    yield Store(world)
    report = world.verify()
    world.close()
    assert report.sound, report.findings
