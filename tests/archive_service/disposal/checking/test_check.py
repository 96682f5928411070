"""The daily check."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from archive_service.disposal.checking import leases
from archive_service.disposal.checking.check import LEASE, NEVER_TOO_MANY, RetentionCheck
from archive_service.disposal.tables import candidates
from archive_service.errors import Conflict, Forbidden, Unavailable
from retention_policies import replay
from tests.support.disposal_world import APPRAISER, APPROVERS, PROPOSER, World

ROOT = Path(__file__).resolve().parents[4]
CASE = "AX2024-001"


def close_case(world: World, on: date) -> None:
    world.cases.record_event(world.person(PROPOSER), CASE, "CASE_CLOSED", on, exception="测试")


def limited(world: World, **limits: int) -> RetentionCheck:
    return replace(world.check, limits=world.check.limits.model_copy(update=limits))


def test_nothing_is_queued_the_day_before_and_one_on_the_day_and_none_again(world: World):
    world.open_case(CASE)
    receipt = world.file("KCQ02", on=date(2024, 5, 5), case_no=CASE)
    close_case(world, date(2024, 12, 31))
    world.set_date(2034, 12, 31)
    assert world.check.run().queued == 0
    world.set_date(2035, 1, 1)
    assert world.check.run().queued == 1
    assert world.check.run().queued == 0
    assert world.record(receipt).due_on == date(2035, 1, 1)


def test_ten_years_from_the_document_date_is_too_early(world: World):
    world.set_date(2024, 6, 2)
    world.file(on=date(2014, 6, 1))
    assert world.check.run().queued == 0
    world.set_date(2024, 12, 31)
    assert world.check.run().queued == 0
    world.set_date(2025, 1, 1)
    assert world.check.run().queued == 1


def test_an_entry_keeps_rule_version_inputs_and_sentences(world: World):
    world.file()
    world.check.run()
    (entry,) = world.disposal.queue(world.person(APPRAISER))
    assert entry.row.rule_code == "YSH05"
    assert entry.row.schedule_version == world.schedules.current.version
    assert "2025-01-01" in entry.row.sentence_zh
    assert "2025-01-01" in entry.row.sentence_en
    import json

    assert replay(json.loads(entry.row.inputs)).due_on == entry.row.due_on


def test_permanent_records_are_never_queued(world: World):
    world.file("GZD01", on=date(2001, 1, 1))
    world.set_date(9999, 12, 31)
    assert world.check.run().queued == 0


def test_an_open_case_queues_nothing(world: World):
    world.open_case(CASE)
    world.file("KCQ02", on=date(2001, 1, 1), case_no=CASE)
    assert world.check.run().queued == 0


def test_a_reopened_case_withdraws_its_entry_and_closing_again_queues_a_new_one(world: World):
    world.open_case(CASE)
    receipt = world.file("KCQ02", on=date(2010, 1, 1), case_no=CASE)
    close_case(world, date(2011, 1, 1))
    assert world.check.run().queued == 1
    case = world.cases.case(CASE)
    (event,) = world.cases.events(case.id)
    world.cases.revoke_event(world.person(PROPOSER), event.id, "误录")
    assert world.check.run().withdrawn == 1
    assert world.record(receipt).due_on is None
    assert world.acts("candidate:withdrawn") == 1
    close_case(world, date(2013, 1, 1))
    assert world.check.run().queued == 1
    assert world.record(receipt).due_on == date(2024, 1, 1)
    assert world.queue_states() == ["queued", "withdrawn"]


def test_what_is_held_is_not_queued_and_comes_when_the_hold_is_released(world: World):
    receipt = world.file()
    hold_no = world.hold(receipt.archival_code)
    report = world.check.run()
    assert (report.queued, report.held) == (0, 1)
    world.holds.release(world.person(APPROVERS[0]), hold_no, "案件已结")
    assert world.check.run().queued == 1


def test_a_hold_withdraws_an_entry_and_its_release_takes_the_same_entry_up_again(world: World):
    receipt = world.file()
    world.check.run()
    hold_no = world.hold(receipt.archival_code)
    assert world.check.run().withdrawn == 1
    world.holds.release(world.person(APPROVERS[0]), hold_no, "案件已结")
    assert world.check.run().queued == 1
    assert world.queue_states() == ["queued"]


def test_a_run_of_twenty_is_never_too_many(world: World):
    for _ in range(NEVER_TOO_MANY):
        world.file()
    report = limited(world, largest_run=1, largest_share_percent=1).run()
    assert (report.stopped, report.queued) == (False, NEVER_TOO_MANY)


@pytest.mark.parametrize(
    "limits", [{"largest_run": NEVER_TOO_MANY, "largest_share_percent": 100}, {"largest_share_percent": 99}]
)
def test_a_run_that_would_queue_unusually_many_stops_until_two_approvers_confirm(world: World, limits: dict[str, int]):
    for _ in range(NEVER_TOO_MANY + 1):
        world.file()
    check = limited(world, **limits)
    report = check.run()
    assert (report.stopped, report.queued, report.would_queue) == (True, 0, NEVER_TOO_MANY + 1)
    assert world.queue_states() == []
    assert world.acts("retention:stopped") == 1
    with pytest.raises(Forbidden):
        check.run(confirmed_by=world.person(PROPOSER))
    report = check.run(confirmed_by=world.person(APPROVERS[0]))
    assert (report.queued, report.confirmations) == (0, 1)
    with pytest.raises(Conflict, match="confirmed this check already"):
        check.run(confirmed_by=world.person(APPROVERS[0]))
    assert check.run(confirmed_by=world.person(APPROVERS[1])).queued == NEVER_TOO_MANY + 1
    run = check.last_run()
    assert (run.state, run.confirmed_by) == ("done", world.person(APPROVERS[1]).id)


def test_exactly_the_largest_run_and_share_are_not_too_many(world: World):
    for _ in range(NEVER_TOO_MANY + 1):
        world.file()
    assert limited(world, largest_run=NEVER_TOO_MANY + 1, largest_share_percent=100).run().queued == NEVER_TOO_MANY + 1


def test_only_archivists_ask_for_a_check_by_hand(world: World):
    with pytest.raises(Forbidden):
        world.check.run(by=world.person("wang.yue"))
    assert not world.check.run(by=world.person(PROPOSER)).busy


def test_a_check_waits_for_no_other_and_a_dead_ones_turn_ends(world: World):
    world.file()
    assert leases.take(world.ledger, LEASE) is not None
    assert world.check.run().busy
    world.wait(seconds=leases.LEASE_SECONDS)
    assert world.check.run().queued == 1


def test_a_check_that_lost_its_turn_can_no_longer_write(world: World):
    world.file()
    old = leases.take(world.ledger, LEASE)
    assert old is not None
    world.wait(seconds=leases.LEASE_SECONDS)
    new = leases.take(world.ledger, LEASE)
    assert new is not None
    assert new.fence == old.fence + 1
    with pytest.raises(Unavailable):
        world.check._queue(old, [receipt.record_id for receipt in world.filed], world.ledger.clock.today(), None)
    assert world.queue_states() == []


ONE_CHECK = """
import sys
from datetime import datetime
from pathlib import Path
from tests.support.disposal_world import open_world
world = open_world(sys.argv[1], Path(sys.argv[2]), datetime.fromisoformat(sys.argv[3]))
print("ready", flush=True)
sys.stdin.readline()
report = world.check.run()
print(report.queued, report.busy)
"""


def test_two_processes_at_once_queue_nothing_twice(world: World):
    for _ in range(30):
        world.file()
    world.file("GZD01", on=date(2001, 1, 1))
    command = [sys.executable, "-c", ONE_CHECK, world.url, str(world.folder), world.hands.now.isoformat()]
    both = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    for one in both:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in both:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    said = [one.communicate(timeout=60)[0].split() for one in both]
    assert [one.returncode for one in both] == [0, 0]
    if world.check.run().stopped:
        for login in APPROVERS:
            world.check.run(confirmed_by=world.person(login))
    with world.ledger.read() as connection:
        queued = list(connection.execute(select(candidates.c.record_id)).scalars())
    assert len(queued) == len(set(queued)) == 30, said


def test_the_forecast_counts_by_month_and_class(world: World):
    world.file()
    world.file(on=date(2017, 3, 3))
    world.file(on=date(2017, 4, 3))
    world.file(on=date(2025, 4, 3))
    world.file("GZD01", on=date(2001, 1, 1))
    viewer = world.person(APPRAISER)
    assert world.disposal.forecast(viewer, 5) == [("2025-01", "YSH", 1), ("2028-01", "YSH", 2)]
    assert world.disposal.forecast(viewer, 0) == [("2025-01", "YSH", 1)]
    with pytest.raises(Forbidden):
        world.disposal.forecast(world.person("wang.yue"), 5)


def test_due_tomorrow_is_not_due_today_whatever_the_hour(world: World):
    world.file(on=date(2016, 3, 1))
    world.set_date(2026, 12, 31)
    world.wait(hours=14, minutes=59)
    assert world.check.run().queued == 0
    world.hands.now += timedelta(minutes=1)
    assert world.check.run().queued == 1
