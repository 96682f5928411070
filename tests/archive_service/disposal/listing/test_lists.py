"""Lists: drawing up, opinions, returning, withdrawing, and what the second approval carries out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from archive_service.disposal.listing.lists import Appraisal
from archive_service.disposal.model import Opinion
from archive_service.errors import BadInput, Conflict, Forbidden, NotFound
from tests.support.disposal_world import (
    APPRAISER,
    APPROVERS,
    COOLING_OFF_DAYS,
    ORDERER,
    PROPOSER,
    THIRD_APPROVER,
    World,
)


def test_an_extension_moves_the_due_date_and_never_the_code(world: World):
    receipt = world.file()
    list_no = world.submitted(0, Appraisal(1, Opinion.EXTEND, "仍有查考价值", 20))
    world.approve(list_no)
    record = world.record(receipt)
    assert (record.extension_years, record.period, record.due_on) == (20, "D30", date(2045, 1, 1))
    assert record.code == receipt.archival_code
    assert "-D10-" in record.code
    assert world.list_row(list_no).state == "closed"
    assert world.check.run().queued == 0


def test_a_second_extension_counts_from_the_last_day_of_the_first(world: World):
    receipt = world.file()
    world.approve(world.submitted(0, Appraisal(1, Opinion.EXTEND, "仍有查考价值", 3)))
    assert world.record(receipt).due_on == date(2028, 1, 1)
    world.set_date(2028, 1, 1)
    world.check.run()
    list_no = world.disposal.draw_up(world.person(PROPOSER), world.candidate_ids()).list_no
    world.appraise(list_no, Appraisal(1, Opinion.EXTEND, "仍有查考价值", 2))
    world.disposal.submit(world.person(PROPOSER), list_no)
    world.approve(list_no)
    assert world.record(receipt).due_on == date(2030, 1, 1)


def test_an_opinion_of_for_ever_makes_a_record_permanent_and_it_is_never_queued_again(world: World):
    receipt = world.file()
    world.approve(world.submitted(0, Appraisal(1, Opinion.PERMANENT, "有长远价值")))
    record = world.record(receipt)
    assert (record.period_override, record.period, record.due_on, record.code) == (
        "Y",
        "Y",
        None,
        receipt.archival_code,
    )
    world.set_date(9990, 1, 1)
    assert world.check.run().queued == 0


def test_what_is_to_be_transferred_stays_until_it_is(world: World):
    receipt = world.file()
    world.approve(world.submitted(0, Appraisal(1, Opinion.TRANSFER, "移交档案馆")))
    assert world.steps() == ["awaiting_transfer"]
    assert world.record(receipt).status == "archived"
    assert world.check.run().queued == 0


def test_a_mixed_list_keeps_what_is_kept_and_destroys_only_the_rest(world: World):
    list_no = world.approved(
        5,
        Appraisal(1, Opinion.EXTEND, "续存", 5),
        Appraisal(2, Opinion.PERMANENT, "转永久"),
        Appraisal(3, Opinion.TRANSFER, "移交"),
        Appraisal(4, Opinion.HOLD, "案件未结"),
    )
    assert world.steps() == ["decided", "decided", "awaiting_transfer", "decided", "waiting"]
    world.wait(days=COOLING_OFF_DAYS)
    world.order(list_no)
    done = world.destruction.carry_out(list_no)
    assert done.closed
    assert [world.record(receipt).status for receipt in world.filed] == ["archived"] * 4 + ["destroyed"]
    body = world.certificates.body(world.person(PROPOSER), list_no)
    assert [item["result"]["code"] for item in body["kept"]] == ["decided", "decided", "awaiting_transfer", "decided"]


def test_opinions_may_be_changed_until_the_list_is_submitted(world: World):
    list_no = world.drawn_up()
    appraiser = world.person(APPRAISER)
    world.disposal.appraise(appraiser, list_no, [Appraisal(1, Opinion.EXTEND, "续存", 5)])
    world.disposal.appraise(appraiser, list_no, [Appraisal(1, Opinion.DESTROY, "无价值")])
    world.disposal.submit(world.person(PROPOSER), list_no)
    with pytest.raises(Conflict):
        world.disposal.appraise(appraiser, list_no, [Appraisal(1, Opinion.EXTEND, "续存", 5)])


@pytest.mark.parametrize(
    "wrong",
    [
        Appraisal(1, Opinion.DESTROY, "  "),
        Appraisal(1, Opinion.DESTROY, "长" * 501),
        Appraisal(1, Opinion.EXTEND, "续存", 0),
        Appraisal(1, Opinion.EXTEND, "续存", 100),
        Appraisal(1, Opinion.DESTROY, "无价值", 1),
    ],
)
def test_an_opinion_needs_a_reason_and_an_extension_its_years(world: World, wrong: Appraisal):
    list_no = world.drawn_up()
    with pytest.raises(BadInput):
        world.disposal.appraise(world.person(APPRAISER), list_no, [wrong])


def test_every_item_needs_an_opinion_before_the_list_is_submitted(world: World):
    list_no = world.drawn_up(2)
    world.disposal.appraise(world.person(APPRAISER), list_no, [Appraisal(2, Opinion.DESTROY, "无价值")])
    with pytest.raises(Conflict) as missing:
        world.disposal.submit(world.person(PROPOSER), list_no)
    assert "1" in missing.value.text.en


def test_an_item_that_is_not_on_the_list_cannot_be_appraised(world: World):
    list_no = world.drawn_up()
    with pytest.raises(NotFound):
        world.disposal.appraise(world.person(APPRAISER), list_no, [Appraisal(2, Opinion.DESTROY, "无价值")])


def test_a_list_returned_with_a_reason_starts_a_new_round_without_approvals(world: World):
    list_no = world.submitted()
    world.approve(list_no, APPROVERS[0])
    world.disposal.send_back(world.person(APPROVERS[1]), list_no, "第一项理由不足")
    view = world.disposal.view(world.person(PROPOSER), list_no)
    assert (view.row.state, view.row.round, view.row.digest, view.approvals) == ("drawn_up", 2, None, ())
    assert view.row.reason_zh == "第一项理由不足"
    world.disposal.submit(world.person(PROPOSER), list_no)
    world.approve(list_no, APPROVERS[0])
    assert world.list_row(list_no).state == "submitted"


def test_a_list_can_be_returned_during_its_cooling_off(world: World):
    list_no = world.approved()
    world.disposal.send_back(world.person(APPROVERS[0]), list_no, "再议")
    world.wait(days=COOLING_OFF_DAYS)
    with pytest.raises(Conflict):
        world.order(list_no)


def test_a_withdrawn_list_gives_its_entries_back_to_the_queue(world: World):
    list_no = world.approved(2)
    world.disposal.withdraw(world.person(ORDERER), list_no, "编制有误")
    assert world.queue_states() == ["queued", "queued"]
    with pytest.raises(Conflict):
        world.order(list_no)
    assert world.disposal.draw_up(world.person(PROPOSER), world.candidate_ids()).items == 2


def test_an_ordered_list_can_neither_be_returned_nor_withdrawn(world: World):
    list_no = world.ordered()
    with pytest.raises(Conflict):
        world.disposal.withdraw(world.person(PROPOSER), list_no, "编制有误")
    with pytest.raises(Conflict):
        world.disposal.send_back(world.person(APPROVERS[0]), list_no, "再议")


def test_an_item_taken_off_goes_back_into_the_queue_and_is_not_destroyed(world: World):
    list_no = world.drawn_up(2)
    world.disposal.strike(world.person(PROPOSER), list_no, 1, "移出")
    world.appraise(list_no)
    world.disposal.submit(world.person(PROPOSER), list_no)
    world.approve(list_no)
    world.wait(days=COOLING_OFF_DAYS)
    world.order(list_no)
    world.destruction.carry_out(list_no)
    assert world.steps() == ["struck", "destroyed"]
    assert world.queue_states() == ["closed", "queued"]


def test_an_entry_goes_onto_one_list_only(world: World):
    world.file()
    world.check.run()
    ids = world.candidate_ids()
    world.disposal.draw_up(world.person(PROPOSER), ids)
    with pytest.raises(Conflict):
        world.disposal.draw_up(world.person(ORDERER), ids)


def test_a_list_holds_one_fonds_only(world: World):
    world.file()
    world.file(fonds_no="J001")
    world.check.run()
    with pytest.raises(BadInput):
        world.disposal.draw_up(world.person(PROPOSER), world.candidate_ids())
    assert world.queue_states() == ["queued", "queued"]


def test_a_reopened_case_keeps_its_records_off_a_new_list_and_sends_an_approved_one_back(world: World):
    world.open_case()
    for _ in range(2):
        world.file("KCQ02", case_no="AX2024-001")
    world.cases.record_event(world.person(PROPOSER), "AX2024-001", "CASE_CLOSED", date(2014, 12, 31), exception="测试")
    world.check.run()
    first, second = world.candidate_ids()
    list_no = world.disposal.draw_up(world.person(PROPOSER), [first]).list_no
    world.appraise(list_no)
    world.disposal.submit(world.person(PROPOSER), list_no)
    world.approve(list_no)
    (event,) = world.cases.events(world.cases.case("AX2024-001").id)
    world.cases.revoke_event(world.person(PROPOSER), event.id, "误录")
    with pytest.raises(Conflict):
        world.disposal.draw_up(world.person(PROPOSER), [second])
    world.wait(days=COOLING_OFF_DAYS)
    with pytest.raises(Conflict):
        world.order(list_no)
    assert world.list_row(list_no).state == "submitted"


def test_a_case_reopened_after_the_order_stops_the_destruction(world: World):
    world.open_case()
    receipt = world.file("KCQ02", case_no="AX2024-001")
    world.cases.record_event(world.person(PROPOSER), "AX2024-001", "CASE_CLOSED", date(2014, 12, 31), exception="测试")
    list_no = world.ordered(0)
    (event,) = world.cases.events(world.cases.case("AX2024-001").id)
    world.cases.revoke_event(world.person(PROPOSER), event.id, "误录")
    assert world.destruction.carry_out(list_no).stopped == (receipt.archival_code,)
    assert (world.record(receipt).status, world.record(receipt).due_on) == ("archived", None)


def test_a_viewer_without_clearance_sees_number_and_class_but_no_words(world: World):
    world.open_case()
    world.file("KCQ02", case_no="AX2024-001")
    world.file(on=date(2014, 1, 1))
    world.cases.record_event(world.person(PROPOSER), "AX2024-001", "CASE_CLOSED", date(2014, 12, 31), exception="测试")
    list_no = world.drawn_up(0)
    seen = world.disposal.view(world.person(APPRAISER), list_no).items
    assert all(item.visible for item in seen)
    assert any(item.record["sealed_description"] for item in seen)
    audited = world.disposal.view(world.person("zhao.shen"), list_no).items
    assert not any(item.visible for item in audited)
    for item in audited:
        assert item.record["code"]
        assert not any(item.record[word] for word in ("title", "author", "document_no", "note", "sealed_description"))


def test_lists_and_queue_are_shown_to_those_who_dispose_only(world: World):
    list_no = world.drawn_up()
    world.file()
    for look in (
        world.disposal.all,
        world.disposal.queue,
        lambda who: world.disposal.view(who, list_no),
        world.holds.all,
    ):
        look(world.person("zhao.shen"))
        with pytest.raises(Forbidden):
            look(world.person("wang.yue"))
    (row,) = world.disposal.all(world.person(PROPOSER))
    assert (row.list_no, row.state, row.fonds_no, row.items, row.appraised, row.approvals) == (
        list_no,
        "drawn_up",
        "Q001",
        1,
        0,
        0,
    )


def test_a_list_that_does_not_exist_is_said_so(world: World):
    with pytest.raises(NotFound):
        world.disposal.view(world.person(PROPOSER), "CZ2026-999")
    with pytest.raises(NotFound):
        world.disposal.submit(world.person(PROPOSER), "CZ2026-999")


def test_a_list_needs_as_many_approvals_as_were_asked_for_when_it_was_submitted(world: World):
    usual = world.disposal
    world.disposal = replace(usual, approvals_needed=3)
    list_no = world.submitted()
    world.disposal = usual  # the setting goes back to two; what was submitted under three stays under three
    world.approve(list_no)
    assert world.list_row(list_no).state == "submitted"
    digest = world.list_row(list_no).digest
    for sql in (
        "UPDATE disposal_list SET state = 'approved', cooling_until = '2026-01-01T'",
        "UPDATE disposal_list SET state = 'closed'",
        "UPDATE disposal_list SET approvals_needed = 2",
        "UPDATE disposal_list SET approvals_needed = NULL",
    ):
        with pytest.raises(DBAPIError), world.engine.begin() as connection:
            connection.execute(text(sql))
    with pytest.raises(Forbidden):
        world.disposal.approve(world.person(APPROVERS[0]), list_no, digest)
    world.approve(list_no, THIRD_APPROVER)
    assert (world.list_row(list_no).state, world.list_row(list_no).approvals_needed) == ("approved", 3)
    world.wait(days=COOLING_OFF_DAYS)
    world.supervise(list_no, APPROVERS[0], APPRAISER)
    world.destruction.order(world.person(ORDERER), list_no, list_no)
    assert world.destruction.carry_on() == [list_no]
    world.disposal = replace(usual, approvals_needed=1)  # never fewer than two, whatever is asked for
    assert world.list_row(world.submitted()).approvals_needed == 2
