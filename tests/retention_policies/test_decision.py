from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from retention_policies import (
    PERMANENT,
    Action,
    Decision,
    Facts,
    Hold,
    Parent,
    Period,
    State,
    Trigger,
    decide,
)
from tests.retention_policies.cases import RULES, closed, day

HOLD = Hold("DJ-2024-003", "诉讼未结")
FAR = date(9999, 12, 31)


def verdict(code: str, facts: Facts, as_of: str = "2034-06-01") -> Decision:
    return decide(RULES[code], facts, day(as_of))


# ---- the clock ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("as_of", "state"), [("2034-12-31", State.RUNNING), ("2035-01-01", State.DUE)])
def test_ten_years_after_a_case_closed_at_the_end_of_2024_end_with_2034(as_of: str, state: State) -> None:
    decision = verdict("KCQ02", closed("2024-12-31"), as_of)
    assert decision.state is state
    assert decision.due_on == date(2035, 1, 1)
    assert decision.last_day == date(2034, 12, 31)
    assert decision.clock_start == date(2025, 1, 1)


@pytest.mark.parametrize(
    ("as_of", "state"), [("2024-06-02", State.RUNNING), ("2024-12-31", State.RUNNING), ("2025-01-01", State.DUE)]
)
def test_years_are_not_added_to_the_document_date(as_of: str, state: State) -> None:
    # The trap of a public implementation: it would destroy this paper on 2024-06-02.
    decision = verdict("ZGL08", Facts(document_date=date(2014, 6, 1)), as_of)
    assert decision.state is state
    assert decision.due_on == date(2025, 1, 1)


def test_an_open_case_has_not_started_the_clock() -> None:
    decision = verdict("KCQ02", Facts(document_date=date(1990, 1, 1)), "9999-12-31")
    assert decision.state is State.CLOCK_PENDING
    assert decision.due_on is None
    assert decision.period == Period(10)
    assert decision.sentence.zh == "尚未结案，保管 10 年，尚未起算"
    assert decision.sentence.en == "The case is not closed, so nothing is counted yet; then kept 10 years."


@pytest.mark.parametrize(
    "code", [c for c, r in RULES.items() if r.terms and r.terms.period.permanent and not r.alternatives]
)
def test_a_permanent_type_is_never_due_not_even_in_the_year_9999(code: str) -> None:
    facts = Facts(document_date=date(9999, 12, 31), triggers=dict.fromkeys(set(Trigger) - {Trigger.PARENT}, FAR))
    decision = decide(RULES[code], facts, FAR)
    assert decision.state is State.PERMANENT
    assert decision.due_on is None
    assert decision.period == PERMANENT
    assert decision.action in {Action.PERMANENT_KEEP, Action.PERMANENT_TRANSFER}


def test_a_trigger_at_the_end_of_the_calendar_is_kept_as_doubtful() -> None:
    decision = decide(RULES["KCQ02"], closed("9999-12-31"), FAR)
    assert decision.state is State.KEEP_UNSURE
    assert decision.due_on is None
    assert "9999" in decision.sentence.zh


def test_the_year_end_is_that_of_the_documents_year() -> None:
    decision = verdict("ZBG04", Facts(document_date=date(2024, 3, 1)))
    assert decision.trigger_date == date(2024, 12, 31)
    assert decision.due_on == date(2035, 1, 1)
    assert decision.sentence.zh.startswith("年度终了于 2024-12-31")


def test_a_year_end_that_was_recorded_counts_where_it_is_later() -> None:
    facts = Facts(document_date=date(2024, 3, 1), triggers={Trigger.YEAR_END: date(2025, 3, 31)})
    assert verdict("ZBG04", facts).due_on == date(2036, 1, 1)
    facts = Facts(document_date=date(2024, 3, 1), triggers={Trigger.YEAR_END: date(2023, 12, 31)})
    assert verdict("ZBG04", facts).due_on == date(2035, 1, 1)


def test_an_event_before_the_paper_existed_does_not_bring_its_end_forward() -> None:
    facts = replace(closed("2004-12-31"), document_date=date(2024, 3, 1))
    decision = verdict("KCQ02", facts, "2026-01-01")
    assert decision.state is State.RUNNING
    assert decision.due_on == date(2035, 1, 1)
    assert "结案于 2004-12-31，而文件形成于 2024-03-01" in decision.sentence.zh
    assert "Case closed 2004-12-31 but document formed 2024-03-01" in decision.sentence.en


@pytest.mark.parametrize(
    ("code", "trigger", "zh"),
    [
        ("KCQ02", Trigger.CASE_CLOSED, "结案于"),
        ("KCQ01", Trigger.RECT_ACCEPTED, "整改验收于"),
        ("GZD02", Trigger.SUPERSEDED, "被替代于"),
        ("YYJ04", Trigger.CREDIT_CLEARED, "信用记录消除于"),
        ("JBJ02", Trigger.REPORT_RESOLVED, "举报办结于"),
    ],
)
def test_each_event_starts_the_clocks_that_wait_for_it_and_no_others(code: str, trigger: Trigger, zh: str) -> None:
    decision = verdict(code, Facts(triggers={trigger: date(2020, 5, 5)}))
    assert decision.sentence.zh.startswith(f"{zh} 2020-05-05")
    events = {
        Trigger.CASE_CLOSED,
        Trigger.RECT_ACCEPTED,
        Trigger.SUPERSEDED,
        Trigger.CREDIT_CLEARED,
        Trigger.REPORT_RESOLVED,
    }
    others = dict.fromkeys(events - {trigger}, date(2020, 5, 5))
    assert verdict(code, Facts(triggers=others)).state is State.CLOCK_PENDING


# ---- when unsure, keep ----------------------------------------------------------------------------------------------


def test_a_type_without_rule_is_kept() -> None:
    decision = decide(None, closed("1990-01-01"), FAR)
    assert decision.state is State.KEEP_UNSURE
    assert decision.rule_code is None
    assert decision.sentence.zh == "继续保管：该类型在保管期限表中没有条目"


def test_a_paper_without_date_is_kept_where_its_date_counts() -> None:
    decision = decide(RULES["ZGL08"], Facts(), FAR)
    assert decision.state is State.KEEP_UNSURE
    assert decision.due_on is None
    assert decision.sentence.en == "Kept: there is no document date to count from."


# ---- facts ----------------------------------------------------------------------------------------------------------

NO_HARM = {"deaths": 0, "serious_injuries": 0, "loss_yuan": 0}


@pytest.mark.parametrize(
    "values",
    [{"deaths": 1}, {"serious_injuries": 1}, {"loss_yuan": 10_000_000}, {**NO_HARM, "deaths": 3}],
)
def test_an_accident_with_harm_is_permanent_even_while_other_facts_are_missing(values: dict[str, int]) -> None:
    decision = decide(RULES["KCQ10"], replace(closed("1990-01-01"), values=values), FAR)
    assert decision.state is State.PERMANENT
    assert decision.action is Action.PERMANENT_TRANSFER
    assert "造成死亡、重伤" in decision.sentence.zh


@pytest.mark.parametrize("values", [NO_HARM, {**NO_HARM, "loss_yuan": 9_999_999}])
def test_an_accident_without_harm_is_kept_thirty_years(values: dict[str, int]) -> None:
    decision = verdict("KCQ10", replace(closed("2004-05-01"), values=values), "2035-01-01")
    assert decision.state is State.DUE
    assert decision.period == Period(30)
    assert decision.action is Action.EXTEND


@pytest.mark.parametrize("missing", NO_HARM)
def test_an_accident_with_an_unknown_fact_is_kept_and_the_fact_named(missing: str) -> None:
    values = {name: value for name, value in NO_HARM.items() if name != missing}
    decision = decide(RULES["KCQ10"], replace(closed("1990-01-01"), values=values), FAR)
    assert decision.state is State.KEEP_UNSURE
    assert decision.due_on is None
    title = next(q.title for q in RULES["KCQ10"].questions if q.code == missing)
    assert title.zh in decision.sentence.zh
    assert title.en in decision.sentence.en


@pytest.mark.parametrize("value", [True, "0", -1, ""])
def test_an_answer_of_the_wrong_kind_counts_as_missing(value: bool | int | str) -> None:
    facts = replace(closed("1990-01-01"), values={**NO_HARM, "deaths": value})
    assert decide(RULES["KCQ10"], facts, FAR).state is State.KEEP_UNSURE


def test_permanence_by_a_death_cannot_be_lowered() -> None:
    facts = replace(closed("1990-01-01"), values={"deaths": 1}, period_override=Period(10))
    assert decide(RULES["KCQ10"], facts, FAR).state is State.PERMANENT


@pytest.mark.parametrize("code", ["YYJ01", "YYJ02"])
@pytest.mark.parametrize(
    ("sanction", "period"),
    [("talk", "D30"), ("warning", "D30"), ("demerit", "Y"), ("dismissal", "Y"), ("heavier", "Y")],
)
def test_sanctions_split_at_the_warning(code: str, sanction: str, period: str) -> None:
    facts = Facts(triggers={Trigger.DECISION_EFFECTIVE: date(2020, 1, 1)}, values={"sanction_level": sanction})
    decision = verdict(code, facts)
    assert decision.period is not None
    assert decision.period.code == period


@pytest.mark.parametrize("values", [{}, {"sanction_level": "unheard_of"}, {"sanction_level": 3}])
def test_an_unknown_sanction_is_kept(values: dict[str, int | str]) -> None:
    facts = Facts(triggers={Trigger.DECISION_EFFECTIVE: date(1950, 1, 1)}, values=values)
    assert decide(RULES["YYJ01"], facts, FAR).state is State.KEEP_UNSURE


@pytest.mark.parametrize(
    ("code", "values", "period", "action"),
    [
        ("YYJ09", {"award_level": "county"}, "Y", Action.PERMANENT_TRANSFER),
        ("YYJ09", {"award_level": "below_county"}, "D30", Action.EXTEND),
        ("JBJ01", {"leader_instruction": True}, "Y", Action.PERMANENT_TRANSFER),
        ("JBJ01", {"leader_instruction": False}, "D30", Action.EXTEND),
        ("DAG03", {"log_kind": "destruction"}, "Y", Action.PERMANENT_KEEP),
        ("DAG03", {"log_kind": "use"}, "D30", Action.EXTEND),
        ("DAG04", {"last_test_before_transfer": True}, "Y", Action.PERMANENT_KEEP),
        ("DAG04", {"last_test_before_transfer": False}, "D10", Action.DESTROY),
    ],
)
def test_exceptions_hold_on_their_own_side(
    code: str, values: dict[str, bool | str], period: str, action: Action
) -> None:
    decision = verdict(code, Facts(document_date=date(2020, 1, 1), values=values))
    assert decision.period is not None
    assert decision.period.code == period
    assert decision.action is action


# ---- extension and reclassification ---------------------------------------------------------------------------------


def test_an_extension_counts_from_the_old_last_day() -> None:
    before = verdict("KCQ02", closed("2024-12-31"))
    after = verdict("KCQ02", replace(closed("2024-12-31"), extension_years=20))
    assert before.due_on == date(2035, 1, 1)
    assert after.due_on == date(2055, 1, 1)
    assert after.last_day == date(2054, 12, 31)
    assert after.period == Period(30)
    assert after.clock_start == before.clock_start
    assert "保管 10 年、延长 20 年" in after.sentence.zh


def test_a_reclassification_counts_from_the_original_trigger() -> None:
    decision = verdict("KCQ02", replace(closed("2014-12-31"), period_override=Period(30)))
    assert decision.due_on == date(2045, 1, 1)
    assert decision.period == Period(30)
    assert "改定保管 30 年" in decision.sentence.zh


def test_a_reclassification_to_permanent_ends_all_counting_even_without_facts() -> None:
    for code, facts in (("KCQ02", closed("1990-01-01")), ("KCQ02", Facts()), ("KCQ10", Facts()), ("ZGL08", Facts())):
        decision = decide(RULES[code], replace(facts, period_override=PERMANENT), FAR)
        assert decision.state is State.PERMANENT
        assert decision.action is Action.PERMANENT_TRANSFER
        assert decision.due_on is None


def test_a_shorter_period_is_not_followed() -> None:
    decision = verdict("KCQ01", Facts(triggers={Trigger.RECT_ACCEPTED: date(2014, 1, 1)}, period_override=Period(10)))
    assert decision.period == Period(30)
    assert "改定" not in decision.sentence.zh


# ---- holds ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_of", ["2030-01-01", "2035-01-01", "9999-12-31"])
def test_a_held_paper_is_never_due_and_its_date_stays(as_of: str) -> None:
    decision = verdict("KCQ02", replace(closed("2024-12-31"), holds=(HOLD,)), as_of)
    assert decision.state is State.HELD
    assert decision.due_on == date(2035, 1, 1)
    assert decision.sentence.zh.endswith("2035-01-01 起可鉴定；因 DJ-2024-003（诉讼未结）冻结，不得销毁")


@pytest.mark.parametrize(
    ("code", "facts", "state"),
    [
        ("GZD01", Facts(), State.PERMANENT),
        ("KCQ02", Facts(), State.CLOCK_PENDING),
        ("ZGL08", Facts(), State.KEEP_UNSURE),
    ],
)
def test_a_hold_is_told_also_where_it_changes_nothing(code: str, facts: Facts, state: State) -> None:
    decision = verdict(code, replace(facts, holds=(HOLD,)))
    assert decision.state is state
    assert "DJ-2024-003" in decision.sentence.zh
    assert decision.holds == (HOLD,)


# ---- inheriting -----------------------------------------------------------------------------------------------------


def photo(*parents: Parent, **more: Any) -> Decision:
    return decide(
        RULES["SXD01"], replace(Facts(document_date=date(2020, 6, 1), parents=parents), **more), day("2034-06-01")
    )


def test_a_photograph_without_parent_is_kept_thirty_years_from_when_it_was_made() -> None:
    decision = photo()
    assert decision.trigger is Trigger.FORMED
    assert decision.due_on == date(2051, 1, 1)
    assert decision.action is Action.EXTEND


def test_a_photograph_without_parent_and_date_is_kept() -> None:
    assert decide(RULES["SXD01"], Facts(), FAR).state is State.KEEP_UNSURE


def test_a_type_that_inherits_and_says_nothing_else_keeps_a_paper_without_parent() -> None:
    bare = replace(RULES["SXD01"], otherwise=None)
    assert decide(bare, Facts(document_date=date(1990, 1, 1)), FAR).state is State.KEEP_UNSURE


def test_a_photograph_follows_its_parent() -> None:
    decision = photo(Parent(RULES["KCQ02"], closed("2024-12-31")))
    assert decision.due_on == date(2035, 1, 1)
    assert decision.action is Action.DESTROY
    assert decision.sentence.zh == "随主件：结案于 2024-12-31，保管 10 年，自 2025-01-01 起算，2035-01-01 起可鉴定"
    assert decision.sentence.en.startswith("As its parent: case closed 2024-12-31")


def test_of_several_parents_the_longest_period_and_the_latest_trigger_count() -> None:
    early_long = Parent(RULES["FAZ03"], closed("2021-01-01"))
    late_short = Parent(RULES["KCQ02"], closed("2023-01-01"))
    decision = photo(early_long, late_short)
    assert decision.period == Period(30)
    assert decision.trigger_date == date(2023, 1, 1)
    assert decision.due_on == date(2054, 1, 1)
    assert decision.action is Action.EXTEND
    assert photo(late_short, early_long).due_on == decision.due_on


def test_a_parent_that_waits_makes_the_photograph_wait() -> None:
    decision = photo(Parent(RULES["KCQ02"], closed("1990-01-01")), Parent(RULES["KCQ02"], Facts()))
    assert decision.state is State.CLOCK_PENDING


def test_a_permanent_parent_makes_the_photograph_permanent_whatever_the_others_are() -> None:
    decision = photo(Parent(RULES["KCQ02"], Facts()), Parent(None, Facts()), Parent(RULES["PGF02"], Facts()))
    assert decision.state is State.PERMANENT


def test_a_doubt_about_a_parent_keeps_the_photograph() -> None:
    decision = photo(Parent(RULES["KCQ02"], closed("1990-01-01")), Parent(None, Facts()))
    assert decision.state is State.KEEP_UNSURE
    assert "主件存疑" in decision.sentence.zh


def test_a_hold_on_the_parent_binds_the_photograph() -> None:
    held = Parent(RULES["KCQ02"], replace(closed("1990-01-01"), holds=(HOLD,)))
    assert photo(held).state is State.HELD
    assert photo(held, holds=(HOLD,)).holds == (HOLD,)


def test_an_extension_and_a_reclassification_of_the_parent_reach_the_photograph() -> None:
    longer = replace(closed("2024-12-31"), extension_years=5)
    assert photo(Parent(RULES["KCQ02"], longer)).due_on == date(2040, 1, 1)
    assert photo(Parent(RULES["KCQ02"], longer), extension_years=2).due_on == date(2042, 1, 1)
    forever = replace(closed("2024-12-31"), period_override=PERMANENT)
    assert photo(Parent(RULES["KCQ02"], forever)).state is State.PERMANENT


def test_a_photograph_made_after_its_parents_case_closed_counts_from_itself() -> None:
    assert photo(Parent(RULES["KCQ02"], closed("2004-12-31"))).due_on == date(2031, 1, 1)


def test_a_photograph_of_a_photograph_follows_the_chain() -> None:
    inner = Parent(RULES["SXD01"], Facts(parents=(Parent(RULES["KCQ02"], closed("2024-12-31")),)))
    assert photo(inner).due_on == date(2035, 1, 1)


# ---- sentences ------------------------------------------------------------------------------------------------------


def test_the_sentence_reads_as_agreed_and_does_not_change_when_the_day_comes() -> None:
    running, due = (verdict("KCQ02", closed("2024-12-31"), as_of) for as_of in ("2030-01-01", "2040-01-01"))
    assert running.sentence.zh == "结案于 2024-12-31，保管 10 年，自 2025-01-01 起算，2035-01-01 起可鉴定"
    assert running.sentence.en == (
        "Case closed 2024-12-31, kept 10 years counted from 2025-01-01, due for appraisal from 2035-01-01."
    )
    assert due.sentence == running.sentence


def test_a_permanent_paper_says_why() -> None:
    decision = verdict("PGF02", Facts())
    assert decision.sentence.zh == "永久保管，永不到期：巡察的主要成果"
    assert decision.sentence.en == "Kept permanently, never due: it is the main result of the inspection."
