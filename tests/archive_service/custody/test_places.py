"""Where papers lie: boxes with numbers of their own, every move kept, and nothing told of what one may not see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archive_service.errors import BadInput, Conflict, Forbidden, NotFound
from tests.archive_service.custody.conftest import ROOM, Store
from tests.support.disposal_world import APPROVERS


def test_boxes_are_numbered_within_fonds_year_and_period_and_a_full_shelf_takes_no_more(store: Store):
    assert store.box() == "Q001-2014-D10-001"
    with pytest.raises(Conflict, match="is full"):
        store.box()
    assert store.box("A-02") == "Q001-2014-D10-002"
    assert store.box("A-02", period="Y") == "Q001-2014-Y-001"


def test_papers_lie_in_the_order_in_which_they_were_put_in_and_every_move_is_kept(store: Store):
    one, two = store.world.file(), store.world.file()
    first, second = store.box(), store.box("A-02")
    codes = [one.archival_code, two.archival_code]
    assert store.places.put(store.keeper, first, [*codes, codes[0]], "归档装盒") == 2
    assert store.places.put(store.keeper, first, codes, "再放一次") == 0
    assert [(each.position, each.line.code) for each in store.places.contents(store.keeper, first)] == [
        (1, codes[0]),
        (2, codes[1]),
    ]
    store.world.wait(minutes=1)
    store.places.put(store.keeper, second, [codes[0]], "调整")
    store.world.wait(minutes=1)
    store.places.take_out(store.keeper, codes[0], "修裱")
    with pytest.raises(Conflict):
        store.places.take_out(store.keeper, codes[0], "修裱")
    history = [(each.came_from, each.went_to) for each in store.places.history(store.keeper, one.record_id)]
    assert history == [(second, "-"), (first, second), ("-", first)]
    assert store.places.place_of(store.keeper, one.record_id) is None
    place = store.places.place_of(store.keeper, two.record_id)
    assert place is not None
    assert (place.box_no, place.shelf, place.room) == (first, "A-01", "K1")


def test_a_box_is_carried_only_to_a_shelf_with_room(store: Store):
    first, second = store.box(), store.box("A-02")
    with pytest.raises(Conflict):
        store.places.move_box(store.keeper, second, store.shelf("A-01"), "腾架")
    store.places.move_box(store.keeper, first, store.shelf("A-02"), "腾架")
    assert store.places.box(store.keeper, first).shelf == "A-02"


def test_papers_of_another_year_or_that_one_may_not_see_go_into_no_box(store: Store):
    hidden = store.world.file("GZD01", level="TS")
    box = store.box()
    narrow = replace(store.keeper, clearance=frozenset({"PUB", "INT"}))
    with pytest.raises(NotFound):
        store.places.put(narrow, box, [hidden.archival_code], "归档装盒")
    store.places.put(store.keeper, box, [hidden.archival_code], "归档装盒")
    assert store.places.contents(narrow, box) == []
    assert store.places.place_of(narrow, hidden.record_id) is None
    seen = store.world.file()
    store.places.put(store.keeper, box, [seen.archival_code], "归档装盒")
    for keeper, position in ((store.keeper, 2), (narrow, 1)):
        [*_, last] = store.places.contents(keeper, box)
        place = store.places.place_of(keeper, seen.record_id)
        assert place is not None
        assert last.position == place.position == position, "a gap would tell of what lies before it"
    with pytest.raises(BadInput, match="year is not"):
        store.places.put(store.keeper, store.box("A-02", year="2015"), [hidden.archival_code], "归档装盒")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"coldest": "30"}, "lower limit"),
        ({"warmest": "abc"}, "limit of temperature"),
        ({"code": "一号"}, "code of the room"),
    ],
)
def test_a_room_that_makes_no_sense_is_refused(store: Store, wrong: dict[str, str], words: str):
    with pytest.raises(BadInput, match=words):
        store.places.open_room(store.keeper, {**ROOM, "code": "K2", **wrong})


def test_only_archivists_keep_the_store(store: Store):
    with pytest.raises(Forbidden):
        store.places.rooms(store.world.person(APPROVERS[0]))
