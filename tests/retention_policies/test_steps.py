"""Rules of several steps: keep, review or hand over, keep on, destroy; and rules of mere review."""

from __future__ import annotations

from datetime import date

import pytest

from retention_policies import (
    Action,
    Decision,
    Facts,
    FactsError,
    Period,
    Rule,
    ScheduleError,
    State,
    Trigger,
    decide,
    replay,
)
from tests.retention_policies.cases import closed, day
from tests.retention_policies.small import a_rule, rule, schedule, usual


def then(period: str, action: str) -> str:
    return f'[[rule.then]]\nperiod = "{period}"\naction = "{action}"\nreason = {{ zh = "再留", en = "kept on" }}\n'


REVIEWED = rule(usual(action="RV", more=then("5 years", "RD")))
HANDED_OVER = rule(usual(period="5 years", action="RT", more=then("5 years", "RD")))
THREE = rule(usual(action="RE", more=then("5 years", "RT") + then("2 years", "RD")))


def verdict(of: Rule, *done: str, as_of: str = "2026-01-01", on: str = "2014-06-01", more: int = 0) -> Decision:
    facts = Facts(triggers=closed(on).triggers, steps_done=tuple(day(text) for text in done), extension_years=more)
    decision = decide(of, facts, day(as_of))
    assert replay(decision.inputs) == decision
    return decision


def test_a_decision_tells_the_present_step_and_the_next_date() -> None:
    decision = verdict(REVIEWED, as_of="2020-01-01")
    assert (decision.step, len(decision.steps)) == (1, 2)
    assert (decision.state, decision.action, decision.due_on) == (State.RUNNING, Action.REVIEW, date(2025, 1, 1))
    assert decision.next_on == date(2030, 1, 1)
    assert decision.ends_on == date(2030, 1, 1)
    assert "第 1 步，共 2 步：复查，不作销毁；其后再保管 5 年，鉴定，拟销毁，最早 2030-01-01" in decision.sentence.zh
    assert "Step 1 of 2: review, nothing is destroyed; then kept 5 years more" in decision.sentence.en
    assert decision.sentence.en.endswith("not before 2030-01-01.")


def test_after_a_review_the_next_period_goes_on_from_the_old_last_day_however_late_it_was() -> None:
    for done in ("2025-01-02", "2029-12-31"):
        decision = verdict(REVIEWED, done)
        assert (decision.step, decision.clock_start, decision.due_on) == (2, date(2025, 1, 1), date(2030, 1, 1))
        assert decision.action is Action.DESTROY
        assert decision.period == Period(5)
        assert f"第 1 步已于 {done} 完成" in decision.sentence.zh
        assert decision.next_on is None


@pytest.mark.parametrize(
    ("done", "due"),
    [
        ("2019-03-01", "2025-01-01"),
        ("2020-12-31", "2026-01-01"),
        ("2021-01-01", "2027-01-01"),
        ("2024-05-05", "2030-01-01"),
    ],
)
def test_after_a_transfer_the_copy_is_kept_from_the_day_of_the_transfer(done: str, due: str) -> None:
    assert verdict(HANDED_OVER, on="2014-06-01").due_on == date(2020, 1, 1)
    decision = verdict(HANDED_OVER, done)
    assert decision.due_on == max(day(due), date(2025, 1, 1))


def test_a_step_that_is_due_waits_until_it_is_done_and_what_follows_does_not_come_by_itself() -> None:
    decision = verdict(HANDED_OVER, as_of="2090-01-01")
    assert (decision.step, decision.state, decision.action) == (1, State.DUE, Action.TRANSFER)


def test_destruction_is_open_only_at_the_last_step_and_never_under_mere_review() -> None:
    assert not verdict(REVIEWED, as_of="2090-01-01").may_destroy
    assert verdict(REVIEWED, "2026-01-01", as_of="2090-01-01").may_destroy
    assert not verdict(REVIEWED, "2026-01-01", as_of="2029-12-31").may_destroy
    assert not verdict(rule(usual(action="RV")), as_of="2090-01-01").may_destroy
    assert verdict(rule(usual(action="RE")), as_of="2090-01-01").may_destroy


def test_three_steps_follow_one_another() -> None:
    first, second, third = verdict(THREE), verdict(THREE, "2025-06-01"), verdict(THREE, "2025-06-01", "2031-02-02")
    assert [one.due_on for one in (first, second, third)] == [date(2025, 1, 1), date(2030, 1, 1), date(2034, 1, 1)]
    assert [step.action for step in first.steps] == [Action.EXTEND, Action.TRANSFER, Action.DESTROY]
    assert "第 1 步已于 2025-06-01 完成；第 2 步已于 2031-02-02 完成" in third.sentence.zh


@pytest.mark.parametrize("done", [(), ("2025-06-01",), ("2025-06-01", "2031-02-02")])
def test_an_extension_lengthens_the_present_step(done: tuple[str, ...]) -> None:
    plain, longer = verdict(THREE, *done), verdict(THREE, *done, more=4)
    assert plain.due_on is not None
    assert longer.due_on == plain.due_on.replace(year=plain.due_on.year + 4)


def test_more_steps_done_than_the_rule_has_is_a_doubt() -> None:
    assert verdict(REVIEWED, "2025-01-01", "2031-01-01", as_of="2090-01-01").state is State.KEEP_UNSURE
    assert verdict(rule(usual()), "2025-01-01", as_of="2090-01-01").state is State.KEEP_UNSURE


def test_steps_are_done_one_after_the_other() -> None:
    with pytest.raises(FactsError):
        Facts(steps_done=(date(2025, 1, 2), date(2025, 1, 1)))
    with pytest.raises(FactsError):
        Facts(steps_done=("2025-01-01",))  # type: ignore[arg-type]


def test_a_reclassification_still_counts_from_the_event_after_a_review() -> None:
    facts = Facts(
        triggers={Trigger.CASE_CLOSED: date(2014, 6, 1)}, steps_done=(date(2025, 2, 2),), period_override=Period(30)
    )
    assert decide(REVIEWED, facts, date(2026, 1, 1)).due_on == date(2050, 1, 1)


def test_a_later_step_beyond_the_calendar_leaves_the_first_as_it_is_and_is_kept_once_it_is_there() -> None:
    assert verdict(REVIEWED, on="9987-01-01").due_on == date(9998, 1, 1)
    assert verdict(REVIEWED, on="9987-01-01").ends_on is None
    assert verdict(REVIEWED, "9998-02-02", on="9987-01-01").state is State.KEEP_UNSURE


@pytest.mark.parametrize(
    ("terms", "key"),
    [
        (usual(action="RD", more=then("5 years", "RD")), "then"),
        (usual(action="RV", more=then("5 years", "RD") + then("5 years", "RV")), "then"),
        (usual(action="RV", more=then("permanent", "RD")), "[[then]] #1: period"),
        (usual(action="RV", more=then("5 years", "PK")), "[[then]] #1: action"),
        (usual(action="RV", more=then("5", "RD")), "[[then]] #1: period"),
        (usual(period="permanent", action="PK", more=then("5 years", "RD")), "then"),
        (usual(action="RV", more="then = 5\n"), "then"),
        (usual(action="RV", more=then("5 years", "RD") + 'trigger = "FORMED"\n'), "[[then]] #1: trigger"),
    ],
)
def test_faulty_steps_are_refused_at_their_key(terms: str, key: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        rule(terms)
    assert all(f"[[rule]] AAA01: {key}: " in fault for fault in caught.value.faults), caught.value.faults


def test_steps_are_part_of_what_the_schedule_says() -> None:
    one = schedule(a_rule(usual(action="RV", more=then("5 years", "RD"))))
    other = schedule(a_rule(usual(action="RV", more=then("6 years", "RD"))))
    assert one.digest != other.digest
