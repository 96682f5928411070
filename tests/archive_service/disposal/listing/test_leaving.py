"""What may no longer go leaves its list by itself; slow lists are called; holds over classes and searches catch what comes later."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from archive_service.disposal.holds.holds import NewHold
from archive_service.disposal.holds.searches import HoldSearches
from archive_service.disposal.listing.leaving import leave_lists, remind
from archive_service.errors import BadInput, Conflict
from tests.support.disposal_world import APPROVERS, COOLING_OFF_DAYS, PROPOSER, World


def placed(world: World, **scope: object) -> str:
    new = NewHold("纪检函〔2026〕3号", "责任追究未结", date(2026, 9, 1), **scope)  # type: ignore[arg-type]
    return world.holds.place(world.person(PROPOSER), new).hold_no


def test_an_item_that_gets_a_hold_leaves_its_approved_list_and_the_rest_is_approved_anew(world: World):
    list_no = world.approved(2)
    before = world.list_row(list_no).digest
    hold_no = world.hold(world.filed[0].archival_code)
    left = leave_lists(world.ledger, world.check)
    assert [(number, one.code) for number, one in left] == [(list_no, world.filed[0].archival_code)]
    row = world.list_row(list_no)
    assert (row.state, row.round, world.steps()) == ("submitted", 2, ["struck", "waiting"])
    assert hold_no in row.reason_en
    assert row.digest != before
    assert hold_no in world.disposal.view(world.person(PROPOSER), list_no).items[0].row.finding_en
    assert leave_lists(world.ledger, world.check) == []
    world.approve(list_no)
    world.wait(days=COOLING_OFF_DAYS)
    world.order(list_no)
    assert world.destruction.carry_out(list_no).destroyed == (world.filed[1].archival_code,)
    world.holds.release(world.person(APPROVERS[0]), hold_no, "案件已结")
    assert world.check.run().queued == 1, "what left comes back once nothing holds it"


def test_a_list_that_everything_left_is_given_up(world: World):
    list_no = world.submitted()
    world.hold(world.filed[0].archival_code)
    leave_lists(world.ledger, world.check)
    assert (world.list_row(list_no).state, world.queue_states()) == ("withdrawn", ["withdrawn"])


def test_a_slow_list_is_called_and_then_escalated_and_nothing_else_happens_to_it(world: World):
    list_no = world.submitted()
    world.wait(days=29)
    assert remind(world.ledger, 30) == []
    world.wait(days=2)
    assert remind(world.ledger, 30) == [list_no]
    assert remind(world.ledger, 30) == []
    world.wait(days=30)
    assert remind(world.ledger, 30) == [list_no]
    assert (world.acts("disposal:list:reminded"), world.acts("disposal:list:escalated")) == (1, 1)
    assert [one.number for one in world.told("list_overdue", APPROVERS[0])] == [list_no, list_no]
    assert world.told("list_overdue", PROPOSER) == []  # whose turn it is not
    assert [one.number for one in world.told("list_escalated", PROPOSER)] == [list_no]
    assert world.told("list_escalated", APPROVERS[0]) == []  # told already that it waits for them
    assert (world.list_row(list_no).state, world.steps()) == ("submitted", ["waiting"])


def test_a_hold_over_a_class_stops_everything_in_it_now_and_later(world: World):
    world.ordered()
    hold_no = placed(world, classes=("YSH",))
    assert world.destruction.carry_on() == [world.disposal.all(world.person(PROPOSER))[0].list_no]
    assert world.steps() == ["stopped"]
    world.file()
    report = world.check.run()
    assert (report.queued, report.held) == (0, 2)
    view = world.holds.one(world.person(PROPOSER), hold_no)
    assert (view.hold.classes, len(view.covered)) == (("YSH",), 2)
    world.holds.release(world.person(APPROVERS[0]), hold_no, "案件已结")
    assert world.check.run().queued == 2


def test_a_hand_in_the_database_meets_a_hold_over_a_class_too(world: World):
    world.ordered()
    placed(world, classes=("YSH",))
    with pytest.raises(DBAPIError), world.engine.connect() as connection:
        connection.execute(text("UPDATE disposal_item SET step = 'index_purged'"))
        connection.execute(text("UPDATE disposal_item SET step = 'key_going'"))


def test_a_search_catches_what_matches_later_and_keeps_what_it_caught(world: World):
    first, found = world.file(), set[str]()

    def find(words: str) -> Collection[str]:
        assert words == "青石桥"
        return found

    searches = HoldSearches(world.ledger, find)
    hold_no = placed(world, words="青石桥")
    found.add(first.record_id)
    assert (searches.catch(), searches.catch()) == (1, 0)
    second = world.file()
    found.add(second.record_id)
    found.discard(first.record_id)
    assert searches.catch() == 1
    assert world.check.run().held == 2
    world.holds.release(world.person(APPROVERS[0]), hold_no, "案件已结")
    assert searches.catch() == 0
    assert world.check.run().queued == 2


def test_a_hold_needs_a_scope_and_comes_too_late_for_what_is_gone(world: World):
    with pytest.raises(BadInput):
        placed(world)
    world.ordered()
    world.destruction.carry_on()
    with pytest.raises(Conflict):
        placed(world, codes=(world.filed[0].archival_code,))
