"""Events of a case file: told twice they count once, corrected they keep their history, revoked they stop the clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from archive_service.errors import BadInput, Conflict
from tests.support.disposal_world import PROPOSER, World, make_world


@pytest.fixture
def world(free_url: str, tmp_path: Path) -> Iterator[World]:
    made = make_world(free_url, tmp_path, 2035, 1, 5)
    made.open_case()
    yield made
    made.close()


def test_an_event_reaches_all_records_of_its_case_and_told_again_changes_nothing(world: World):
    held = [world.file("KCQ02", on=date(2024, 3, 1), case_no="AX2024-001") for _ in range(2)]
    for _ in range(2):
        world.cases.record_event(world.person(PROPOSER), "AX2024-001", "CASE_CLOSED", date(2024, 12, 31), "样例")
    assert {world.record(one).due_on for one in held} == {date(2035, 1, 1)}
    case = world.cases.case("AX2024-001")
    assert len(world.cases.events(case.id)) == 1
    assert world.acts("case:event:added") == 1


def test_a_case_reopened_withdraws_what_was_queued_and_closing_again_sets_another_date(world: World):
    """Scenario 2."""
    held = world.file("KCQ02", on=date(2024, 3, 1), case_no="AX2024-001")
    archivist = world.person(PROPOSER)
    world.cases.record_event(archivist, "AX2024-001", "CASE_CLOSED", date(2024, 12, 31), "样例")
    assert world.check.run().queued == 1
    event = world.cases.events(world.cases.case("AX2024-001").id)[0]
    world.cases.revoke_event(archivist, event.id, "撤销结案")
    assert world.record(held).due_on is None
    assert (world.check.run().withdrawn, world.queue_states()) == (1, ["withdrawn"])
    world.cases.record_event(archivist, "AX2024-001", "CASE_CLOSED", date(2034, 6, 30), "样例")
    assert world.record(held).due_on == date(2045, 1, 1)


def test_a_corrected_date_moves_the_clock_and_the_old_one_stays_to_be_seen(world: World):
    held = world.file("KCQ02", on=date(2024, 3, 1), case_no="AX2024-001")
    archivist, case = world.person(PROPOSER), world.cases.case("AX2024-001")
    world.cases.record_event(archivist, "AX2024-001", "CASE_CLOSED", date(2024, 12, 31), "样例")
    event = world.cases.events(case.id)[0]
    with pytest.raises(Conflict):
        world.cases.correct_event(archivist, event.id, date(2024, 12, 31), "误登")
    with pytest.raises(BadInput):
        world.cases.correct_event(archivist, event.id, date(2099, 1, 1), "误登")
    world.cases.correct_event(archivist, event.id, date(2025, 1, 2), "误登")
    assert world.record(held).due_on == date(2036, 1, 1)
    events = [(one.on_date, one.revoked_reason) for one in world.cases.events(case.id)]
    assert events == [(date(2024, 12, 31), "误登"), (date(2025, 1, 2), None)]
    with pytest.raises(Conflict):
        world.cases.correct_event(archivist, event.id, date(2025, 1, 3), "误登")


def test_only_events_that_the_schedule_knows_are_taken(world: World):
    with pytest.raises(BadInput):
        world.cases.record_event(world.person(PROPOSER), "AX2024-001", "CONTRACT_ENDED", date(2024, 12, 31))
