"""Facts answered after filing: what is open may be settled, what is settled may only be kept longer."""

from __future__ import annotations

import itertools
from datetime import date

import pytest
from sqlalchemy import select

from archive_service.audit.tables import entries
from archive_service.catalog.model import Receipt
from archive_service.catalog.records.answers import answer_facts
from archive_service.catalog.records.facts import Answer
from archive_service.catalog.tables import DESTROYING
from archive_service.disposal.destroying.steps import Steps
from archive_service.errors import BadInput, Conflict, Forbidden, NotFound
from tests.support.disposal_world import COOLING_OFF_DAYS, PROPOSER, World, after

DAY = date(2014, 5, 1)
CASE = "AX2024-001"
NOBODY_HURT: dict[str, Answer] = {"deaths": 0, "serious_injuries": "0", "loss_yuan": "32,000"}


def accident(world: World, **facts: Answer) -> Receipt:
    world.open_case()
    world.cases.record_event(world.person(PROPOSER), CASE, "CASE_CLOSED", date(2014, 12, 31), exception="测试")
    return world.file("KCQ10", DAY, case_no=CASE, facts=facts)


def accident_of_1990(world: World) -> Receipt:
    """An accident without victims whose papers have been kept long enough."""
    world.open_case()
    world.cases.record_event(world.person(PROPOSER), CASE, "CASE_CLOSED", date(1990, 12, 31), exception="测试")
    return world.file("KCQ10", date(1990, 5, 1), case_no=CASE, facts=NOBODY_HURT)


def approved_list(world: World) -> str:
    """A list of all that is due, approved, with its cooling-off over."""
    world.check.run()
    list_no = world.disposal.draw_up(world.person(PROPOSER), world.candidate_ids()).list_no
    world.appraise(list_no)
    world.disposal.submit(world.person(PROPOSER), list_no)
    world.approve(list_no)
    world.wait(days=COOLING_OFF_DAYS)
    return list_no


def decision(world: World, kind: str) -> Receipt:
    """A decision on a sanction, in effect since 2014."""
    world.open_case()
    world.cases.record_event(world.person(PROPOSER), CASE, "DECISION_EFFECTIVE", date(2014, 5, 2))
    return world.file("YYJ01", DAY, case_no=CASE, facts={"sanction_level": kind} if kind else {})


def answer(world: World, receipt: Receipt, login: str = PROPOSER, **given: Answer) -> list[str]:
    return answer_facts(world.ledger, world.schedules, world.person(login), receipt.archival_code, given)


def kept(world: World, receipt: Receipt) -> tuple[str, date | None]:
    row = world.record(receipt)
    return row.period, row.due_on


def test_an_answer_given_later_settles_the_due_date_at_once_and_leaves_the_code(world: World) -> None:
    receipt = accident(world)
    assert "缺少事实" in world.record(receipt).retention_zh
    assert answer(world, receipt, **NOBODY_HURT) == ["deaths", "loss_yuan", "serious_injuries"]
    assert kept(world, receipt) == ("D30", date(2045, 1, 1))
    assert world.record(receipt).code == receipt.archival_code


def test_answers_may_come_one_by_one_and_a_blank_takes_none_back(desk: World) -> None:
    receipt = accident(desk)
    answer(desk, receipt, deaths=0, loss_yuan="")
    answer(desk, receipt, serious_injuries="0", deaths=" ")
    assert kept(desk, receipt)[1] is None
    answer(desk, receipt, loss_yuan="0")
    assert kept(desk, receipt) == ("D30", date(2045, 1, 1))


def test_a_death_told_later_makes_the_record_permanent_and_what_belongs_to_it(desk: World) -> None:
    receipt = accident(desk, **NOBODY_HURT)
    picture = desk.file("SXD01", DAY, level="INT", parent=receipt.archival_code)
    assert answer(desk, receipt, deaths="1") == ["deaths"]
    assert kept(desk, receipt) == kept(desk, picture) == ("Y", None)


def test_an_answer_that_would_shorten_is_refused_and_nothing_changes(world: World) -> None:
    receipt = decision(world, "demerit")
    before = world.record(receipt)
    with pytest.raises(Conflict) as refused:
        answer(world, receipt, sanction_level="warning")
    assert "鉴定" in refused.value.text.zh
    assert world.record(receipt) == before
    assert answer(world, receipt, sanction_level="记大过") == ["sanction_level"]


def test_the_same_answer_again_is_no_act(desk: World) -> None:
    receipt = decision(desk, "warning")
    acts = desk.acts("record:due:set")
    assert answer(desk, receipt, sanction_level="警告") == []
    assert desk.acts("record:due:set") == acts


def test_while_something_is_open_what_was_answered_is_not_changed(desk: World) -> None:
    receipt = accident(desk, deaths=0)
    answer(desk, receipt, deaths=0, loss_yuan=1, serious_injuries="")
    with pytest.raises(Conflict, match="answer those first"):
        answer(desk, receipt, loss_yuan=2)
    answer(desk, receipt, serious_injuries=3)
    assert kept(desk, receipt) == ("Y", None)


def test_whatever_is_answered_in_whatever_order_no_settled_date_comes_earlier(desk: World) -> None:
    receipt = accident(desk)
    never = date.max
    reached = date.min
    tries = itertools.product((0, 1), (0, 1), (0, 20_000_000))
    for deaths, injuries, loss in sorted(tries, key=lambda one: (one[0] ^ one[1], one[2])):
        try:
            answer(desk, receipt, deaths=deaths, serious_injuries=injuries, loss_yuan=loss)
        except Conflict:
            continue
        finally:
            period, due = kept(desk, receipt)
            now = never if period == "Y" else due or date.min
            assert now >= reached
            reached = now
    assert reached == never


def test_the_log_says_which_questions_and_not_how_they_were_answered(desk: World) -> None:
    receipt = decision(desk, "")
    answer(desk, receipt, sanction_level="dismissal")
    with desk.ledger.read() as connection:
        found = select(entries.c.body).where(entries.c.object_id == receipt.record_id).order_by(entries.c.seq)
        bodies = connection.execute(found).scalars().all()
    assert any('"questions":["sanction_level"]' in body for body in bodies)
    assert not any("dismissal" in body or "开除" in body for body in bodies)


def test_what_is_not_asked_or_cannot_be_meant_is_refused(desk: World) -> None:
    receipt, report = decision(desk, ""), desk.file("YSH05", DAY)
    with pytest.raises(BadInput, match="no facts"):
        answer(desk, report, deaths=1)
    with pytest.raises(BadInput, match="does not ask"):
        answer(desk, receipt, deaths=1)
    with pytest.raises(BadInput, match="Use one of"):
        answer(desk, receipt, sanction_level="严重")


def test_only_who_may_file_at_its_level_answers_and_what_is_not_seen_is_not_there(desk: World) -> None:
    receipt = decision(desk, "")
    with pytest.raises(Forbidden):
        answer(desk, receipt, "zheng.jian", sanction_level="warning")
    with pytest.raises(NotFound):
        answer(desk, receipt, "wang.yue", sanction_level="warning")


def test_a_record_on_its_way_out_is_not_answered_for(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    receipt, refused = accident_of_1990(desk), list[str]()

    def try_it() -> None:
        with pytest.raises(NotFound):
            answer(desk, receipt, deaths=1)
        refused.append(desk.record(receipt).status)

    list_no = approved_list(desk)
    monkeypatch.setattr(Steps, "_claim", after("_claim", try_it))
    desk.order(list_no)
    desk.destruction.carry_out(list_no)
    assert refused == [DESTROYING]


def test_a_death_told_after_the_approval_stops_the_destruction(desk: World) -> None:
    receipt = accident_of_1990(desk)
    list_no = approved_list(desk)
    answer(desk, receipt, deaths=1)
    with pytest.raises(Conflict):
        desk.order(list_no)
    assert desk.record(receipt).status == "archived"
    assert desk.content(receipt)
