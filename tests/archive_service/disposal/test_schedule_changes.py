"""A changed schedule is counted before anybody signs, needs two where anything gets earlier, and applies as DOMAIN 2.3 says."""

from __future__ import annotations

import json
from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from archive_service.disposal import schedule_changes as module
from archive_service.disposal.schedule_changes import FaultySchedule, ScheduleChanges
from archive_service.disposal.tables import candidates
from archive_service.errors import Conflict, Forbidden
from retention_policies import default_schedule_path, replay
from tests.support.disposal_world import APPROVERS, PROPOSER, World

BODY = default_schedule_path().read_text(encoding="utf-8")


def edition(version: str, period: str) -> str:
    """Return the shipped schedule as a new version in which YSH05 has another period."""
    head, rule = BODY.split('code = "YSH05"', 1)
    old = rule.split('period = "', 1)[1].split('"', 1)[0]
    changed = head + 'code = "YSH05"' + rule.replace(f'period = "{old}"', f'period = "{period}"', 1)
    current = changed.split('version = "', 1)[1].split('"', 1)[0]
    return changed.replace(f'version = "{current}"', f'version = "{version}"', 1)


@pytest.fixture
def changes(world: World) -> ScheduleChanges:
    return ScheduleChanges(world.ledger, world.schedules)


def adopted(world: World, changes: ScheduleChanges, body: str) -> str:
    version = changes.propose(world.person(PROPOSER), body, "上级期限表修订")
    changes.carry_on()
    change = changes.one(world.person(PROPOSER), version)
    for login in APPROVERS[: change.approvals_needed]:
        changes.approve(world.person(login), version, change.row.digest)
    changes.adopt(world.person(PROPOSER), version, change.row.digest)
    changes.carry_on()
    return version


def test_what_lengthens_is_shown_first_and_then_applies_by_itself_in_batches(
    world: World, changes: ScheduleChanges, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "BATCH", 2)
    held = [world.file(on=date(2014, 6, 1)) for _ in range(5)]
    other = world.file("GZD01", on=date(2001, 1, 1))
    world.check.run()
    viewer = world.person(PROPOSER)
    version = changes.propose(viewer, edition("2099-1", "30 years"), "上级期限表修订")
    assert changes.carry_on(2)
    assert changes.one(viewer, version).done == 4, "it goes on where it stood"
    changes.carry_on()
    change = changes.one(viewer, version)
    assert change.summary is not None
    ysh = change.summary["YSH"]
    assert (ysh["records"], ysh["longer"], ysh["shorter"], ysh["no_longer_due"]) == (5, 5, 0, 5)
    assert (ysh["old_due"], ysh["new_due"]) == ({"2025": 5}, {"2045": 5})
    assert world.record(held[0]).due_on == date(2025, 1, 1), "nothing has changed yet"
    changes.adopt(viewer, version, change.row.digest)
    assert changes.carry_on(1)
    changes.carry_on()
    assert {world.record(one).due_on for one in held} == {date(2045, 1, 1)}
    assert "2099-1" in world.record(held[0]).retention_en
    assert world.record(other).due_on is None
    assert world.check.run().withdrawn == 5
    assert changes.one(viewer, version).row.state == "done"


def test_what_shortens_needs_two_others_and_leaves_what_is_held_as_it_is(world: World, changes: ScheduleChanges):
    """Scenario 6."""
    adopted(world, changes, edition("2099-1", "30 years"))
    old = world.file(on=date(2014, 6, 1))
    version = changes.propose(world.person(PROPOSER), edition("2099-2", "10 years"), "缩短")
    changes.carry_on()
    change = changes.one(world.person(PROPOSER), version)
    assert (change.row.shorter, change.approvals_needed) == (1, 2)
    digest = change.row.digest
    with pytest.raises(Conflict):
        changes.adopt(world.person(PROPOSER), version, digest)
    with pytest.raises(Forbidden):
        changes.approve(world.person(PROPOSER), version, digest)
    changes.approve(world.person(APPROVERS[0]), version, digest)
    with pytest.raises(Forbidden):
        changes.approve(world.person(APPROVERS[0]), version, digest)
    with pytest.raises(Conflict):
        changes.adopt(world.person(PROPOSER), version, digest)
    with pytest.raises(DBAPIError), world.engine.begin() as connection:
        connection.execute(text("UPDATE schedule_change SET state = 'recomputing' WHERE state = 'counted'"))
    changes.approve(world.person(APPROVERS[1]), version, digest)
    changes.adopt(world.person(PROPOSER), version, digest)
    changes.carry_on()
    fresh = world.file(on=date(2014, 6, 1))
    assert world.record(old).due_on == date(2045, 1, 1)
    assert (world.record(fresh).schedule_version, world.record(fresh).due_on) == ("2099-2", date(2025, 1, 1))
    assert world.check.run().queued == 1


def test_no_schedule_comes_in_by_another_way(world: World):
    with pytest.raises(DBAPIError), world.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO plan_version (id, kind, code, version, digest, body, loaded_at, salt)"
                " SELECT 'f', kind, code, '2099-9', digest, body, loaded_at, salt FROM plan_version WHERE kind = 'schedule'"
            )
        )


def test_all_faults_of_a_file_are_told_at_once_and_nothing_of_it_is_kept(world: World, changes: ScheduleChanges):
    broken = edition("2099-1", "0 years").replace('trigger = "FORMED"', 'trigger = "NEVER"', 1)
    with pytest.raises(FaultySchedule) as told:
        changes.propose(world.person(PROPOSER), broken, "修订")
    assert len(told.value.faults) >= 2, told.value.faults
    assert changes.all(world.person(PROPOSER)) == []


def test_an_old_decision_is_replayed_to_the_same_date_after_the_schedule_has_changed(
    world: World, changes: ScheduleChanges
):
    world.file(on=date(2014, 6, 1))
    world.check.run()
    adopted(world, changes, edition("2099-1", "30 years"))
    with world.ledger.read() as connection:
        entry = connection.execute(select(candidates)).one()
    again = replay(json.loads(entry.inputs))
    assert (again.due_on, again.sentence.en) == (entry.due_on, entry.sentence_en)
