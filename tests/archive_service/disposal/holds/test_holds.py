"""Holds: at any moment until the key is destroyed."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.exc import DBAPIError

from archive_service.disposal.destroying.steps import Steps
from archive_service.disposal.holds.holds import NewHold
from archive_service.disposal.holds.reviews import remind_of_reviews
from archive_service.disposal.listing.lists import Appraisal
from archive_service.disposal.model import Opinion
from archive_service.errors import BadInput, Conflict, Forbidden, NotFound
from tests.support.disposal_world import APPROVERS, COOLING_OFF_DAYS, PROPOSER, SECRET, World, after

CASE = "AX2014-001"


def in_case(world: World) -> str:
    world.open_case(CASE)
    return world.file(case_no=CASE).archival_code


def test_a_hold_placed_after_approval_sends_the_list_back_and_voids_the_approvals(world: World):
    list_no = world.approved(2)
    hold_no = world.hold(world.filed[0].archival_code)
    world.wait(days=COOLING_OFF_DAYS)
    with pytest.raises(Conflict) as refused:
        world.order(list_no)
    assert hold_no in refused.value.text.zh
    view = world.disposal.view(world.person(PROPOSER), list_no)
    assert (view.row.state, view.row.round, view.approvals) == ("submitted", 2, ())
    assert hold_no in view.row.reason_zh
    assert hold_no in view.row.reason_en
    assert [world.record(receipt).status for receipt in world.filed] == ["archived", "archived"]


def test_a_list_that_came_back_needs_two_new_approvals_after_the_release(world: World):
    list_no = world.approved()
    hold_no = world.hold(world.filed[0].archival_code)
    world.wait(days=COOLING_OFF_DAYS)
    with pytest.raises(Conflict):
        world.order(list_no)
    with pytest.raises(Conflict):
        world.approve(list_no)
    world.holds.release(world.person(APPROVERS[1]), hold_no, "案件已结")
    world.approve(list_no)
    with pytest.raises(Conflict):
        world.order(list_no)  # a new cooling-off has begun
    world.wait(days=COOLING_OFF_DAYS)
    world.order(list_no)
    assert world.destruction.carry_out(list_no).closed


@pytest.mark.parametrize("step", ["ordered", "_purge_index"])
def test_a_hold_before_the_claim_stops_the_item_and_the_record_comes_back(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str
):
    list_no = world.ordered(2)
    stopped, gone = world.filed
    if step == "ordered":
        world.hold(stopped.archival_code)
    else:
        placed: list[str] = []

        def place() -> None:
            if not placed:
                placed.append(world.hold(stopped.archival_code))

        monkeypatch.setattr(Steps, step, after(step, place))
    done = world.destruction.carry_out(list_no)
    assert (done.closed, done.stopped, done.destroyed) == (True, (stopped.archival_code,), (gone.archival_code,))
    assert world.record(stopped).status == "archived"
    assert world.content(stopped) == SECRET
    assert world.queue_states() == ["closed", "withdrawn"]
    body = world.certificates.body(world.person(PROPOSER), list_no)
    assert [item["code"] for item in body["items"]] == [gone.archival_code]
    assert [item["code"] for item in body["kept"]] == [stopped.archival_code]


def test_a_stopped_record_is_indexed_again(world: World):
    from sqlalchemy import select

    from archive_service.catalog.tables import outbox

    list_no = world.ordered()
    with world.ledger.work(None) as work:
        work.connection.execute(outbox.delete())
        work.commit()
    world.hold(world.filed[0].archival_code)
    world.destruction.carry_out(list_no)
    with world.ledger.read() as connection:
        asked = connection.execute(select(outbox.c.topic)).scalars().all()
    assert sorted(asked) == ["capsule", "index"]


def test_a_list_of_which_everything_was_stopped_closes_without_a_certificate(world: World):
    list_no = world.ordered()
    world.hold(world.filed[0].archival_code)
    assert world.destruction.carry_out(list_no).closed
    with pytest.raises(NotFound):
        world.certificates.body(world.person(PROPOSER), list_no)


@pytest.mark.parametrize("step", ["_claim", "_destroy_keys", "_delete_objects"])
def test_a_hold_after_the_claim_comes_too_late_and_is_told_so(world: World, monkeypatch: pytest.MonkeyPatch, step: str):
    list_no = world.ordered()
    told: list[str] = []

    def place() -> None:
        if not told:
            with pytest.raises(Conflict) as late:
                world.hold(world.filed[0].archival_code)
            told.append(late.value.text.en)

    monkeypatch.setattr(Steps, step, after(step, place))
    assert world.destruction.carry_out(list_no).destroyed == (world.filed[0].archival_code,)
    assert "Too late" in told[0]


def test_a_destroyed_record_cannot_be_held_but_the_others_of_the_same_order_are(world: World):
    world.destruction.carry_out(world.ordered())
    gone, kept = world.filed[0], world.file()
    with pytest.raises(Conflict):
        world.hold(gone.archival_code)
    new = NewHold("依据", "原因", date(2027, 1, 1), codes=(gone.archival_code, kept.archival_code))
    assert world.holds.place(world.person(PROPOSER), new).too_late == (gone.archival_code,)
    assert world.check.run().queued == 0


def test_a_hold_on_a_case_file_holds_its_later_records_too(world: World):
    in_case(world)
    world.hold(case_nos=[CASE])
    world.file(case_no=CASE)
    outside = world.file()
    report = world.check.run()
    assert (report.queued, report.held) == (1, 2)
    (entry,) = world.disposal.queue(world.person(PROPOSER))
    assert entry.record["code"] == outside.archival_code


def test_a_hold_on_a_case_file_stops_a_destruction_under_way(world: World):
    code = in_case(world)
    list_no = world.ordered(0)
    world.hold(case_nos=[CASE])
    assert world.destruction.carry_out(list_no).stopped == (code,)


def test_a_hold_on_a_case_file_names_what_it_came_too_late_for(world: World, monkeypatch: pytest.MonkeyPatch):
    code = in_case(world)
    list_no = world.ordered(0)
    late: list[tuple[str, ...]] = []

    def place() -> None:
        new = NewHold("依据", "原因", date(2027, 1, 1), case_nos=(CASE,))
        late.append(world.holds.place(world.person(PROPOSER), new).too_late)

    monkeypatch.setattr(Steps, "_claim", after("_claim", place))
    assert world.destruction.carry_out(list_no).destroyed == (code,)
    assert late == [(code,)]


def test_what_is_held_stays_off_a_new_list_and_is_named(world: World):
    world.file()
    world.file()
    world.check.run()
    world.hold(world.filed[0].archival_code)
    drawn = world.disposal.draw_up(world.person(PROPOSER), world.candidate_ids())
    assert drawn.items == 1
    assert [one.code for one in drawn.left_out] == [world.filed[0].archival_code]


def test_what_is_held_cannot_be_submitted_or_approved_for_destruction(world: World):
    list_no = world.drawn_up()
    world.appraise(list_no)
    hold_no = world.hold(world.filed[0].archival_code)
    with pytest.raises(Conflict):
        world.disposal.submit(world.person(PROPOSER), list_no)
    world.holds.release(world.person(APPROVERS[0]), hold_no, "已结")
    world.disposal.submit(world.person(PROPOSER), list_no)
    world.hold(world.filed[0].archival_code)
    with pytest.raises(Conflict):
        world.approve(list_no)


def test_many_holds_on_one_record_are_released_one_by_one(world: World):
    code = world.file().archival_code
    numbers = [world.hold(code), world.hold(code)]
    assert numbers == ["DJ2026-001", "DJ2026-002"]
    world.holds.release(world.person(APPROVERS[0]), numbers[0], "已结")
    assert world.check.run().queued == 0
    world.holds.release(world.person(APPROVERS[0]), numbers[1], "已结")
    assert world.check.run().queued == 1


def test_nobody_releases_the_hold_that_they_placed(world: World):
    code = world.file().archival_code
    hold_no = world.hold(code, by=APPROVERS[0])
    with pytest.raises(Forbidden):
        world.holds.release(world.person(APPROVERS[0]), hold_no, "已结")
    with pytest.raises(Forbidden):
        world.holds.release(world.person(PROPOSER), hold_no, "已结")
    world.holds.release(world.person(APPROVERS[1]), hold_no, "已结")
    with pytest.raises(Conflict):
        world.holds.release(world.person(APPROVERS[1]), hold_no, "已结")


def test_the_database_refuses_a_release_by_the_one_who_placed_it(world: World):
    from archive_service.disposal.tables import holds

    world.hold(world.file().archival_code)
    with pytest.raises(DBAPIError), world.engine.begin() as connection:
        connection.execute(holds.update().values(released_at="x", released_by=holds.c.placed_by))


def test_the_hold_that_an_appraisal_asked_for_is_placed_with_the_second_approval(world: World):
    list_no = world.submitted(1, Appraisal(1, Opinion.HOLD, "责任追究未结"))
    world.approve(list_no)
    (hold,) = world.holds.all(world.person(PROPOSER))
    assert (hold.mandate, hold.codes) == (list_no, (world.filed[0].archival_code,))
    assert world.check.run().held == 1
    world.holds.release(world.person(APPROVERS[0]), hold.hold_no, "已结")
    assert world.check.run().queued == 1
    assert world.holds.all(world.person(PROPOSER), standing_only=True) == []


@pytest.mark.parametrize(
    "change", [{"mandate": " "}, {"reason": ""}, {"review_on": date(2026, 3, 2)}, {"codes": ()}, {"reason": "长" * 501}]
)
def test_a_hold_needs_mandate_reason_review_date_and_scope(world: World, change: dict[str, object]):
    whole = {"mandate": "依据", "reason": "原因", "review_on": date(2026, 3, 3), "codes": (world.file().archival_code,)}
    with pytest.raises(BadInput):
        world.holds.place(world.person(PROPOSER), NewHold(**{**whole, **change}))  # type: ignore[arg-type]


def test_holds_are_placed_by_code_however_it_is_typed(world: World):
    code = world.file().archival_code
    world.hold(code.replace("·", "・").lower())
    assert world.check.run().held == 1


def test_readers_and_administrators_place_no_holds(world: World):
    code = world.file().archival_code
    for login in ("wang.yue", "sun.xi", "zhou.an", "zhao.shen"):
        with pytest.raises(Forbidden):
            world.hold(code, by=login)


def test_the_day_of_review_is_told_once_to_those_who_may_release(world: World):
    hold_no = world.hold(in_case(world))
    assert remind_of_reviews(world.ledger) == 0
    world.wait(days=90)
    assert (remind_of_reviews(world.ledger), remind_of_reviews(world.ledger)) == (1, 0)
    for login in (*APPROVERS, PROPOSER):
        assert [one.number for one in world.told("hold_review", login)] == [hold_no]
