"""Several rules for one paper, several versions of its rule, exceptions for levels and classes."""

from __future__ import annotations

from datetime import date

import pytest

from retention_policies import (
    Facts,
    Hold,
    Parent,
    RetentionError,
    ScheduleError,
    State,
    Trigger,
    decide,
    decide_among,
    replay,
)
from tests.retention_policies.cases import RULES, closed
from tests.retention_policies.small import a_rule, rule, schedule, usual

TODAY = date(2026, 1, 1)
TEN = a_rule(usual())


def with_also(*more: str, also: str = '["BBB01"]') -> str:
    return a_rule(usual(more=f"also = {also}")) + "".join(more)


def other(terms: str, code: str = "BBB01") -> str:
    return a_rule(terms, code=code)


# ---- longest wins ---------------------------------------------------------------------------------------------------


def test_of_two_rules_the_one_that_keeps_longer_applies_and_the_reason_is_told() -> None:
    rules = schedule(with_also(other(usual(period="30 years", action="RE")))).rules
    decision = decide(rules["AAA01"], closed("2014-06-01"), TODAY)
    assert (decision.rule_code, decision.due_on) == ("BBB01", date(2045, 1, 1))
    assert decision.sentence.zh.endswith("；另按 AAA01（2025-01-01）核对，取保管最长的 BBB01")
    assert decision.sentence.en.endswith(" Also held against AAA01 (2025-01-01): BBB01 keeps longest.")
    assert [one.rule_code for one in decision.beside] == ["AAA01"]
    assert replay(decision.inputs) == decision


def test_the_longer_rule_is_the_one_that_ends_later_not_the_one_with_more_years() -> None:
    rules = schedule(with_also(other(usual(period="12 years", trigger='"FORMED"')))).rules
    facts = Facts(document_date=date(2000, 1, 1), triggers={Trigger.CASE_CLOSED: date(2014, 6, 1)})
    assert decide(rules["AAA01"], facts, TODAY).rule_code == "AAA01"


@pytest.mark.parametrize(
    ("terms", "state"),
    [
        ('period = "permanent"\naction = "PK"', State.PERMANENT),
        (usual(trigger='"CONTRACT_ENDED"', period="1 year"), State.CLOCK_PENDING),
        (usual(trigger='"FORMED"', period="1 year"), State.KEEP_UNSURE),
    ],
)
def test_what_is_permanent_in_doubt_or_waiting_keeps_longer_than_any_date(terms: str, state: State) -> None:
    rules = schedule(with_also(other(terms))).rules
    decision = decide(rules["AAA01"], closed("1990-01-01"), TODAY)
    assert (decision.rule_code, decision.state, decision.due_on) == ("BBB01", state, None)


def test_a_hold_binds_whatever_rule_applies() -> None:
    rules = schedule(with_also(other(usual(period="30 years")))).rules
    facts = Facts(triggers=closed("1980-01-01").triggers, holds=(Hold("DJ-1", "诉讼"),))
    decision = decide(rules["AAA01"], facts, TODAY)
    assert decision.state is State.HELD
    assert decision.holds == facts.holds
    assert decision.sentence.zh.count("DJ-1") == 1


def test_what_is_asked_for_by_a_further_rule_is_asked_for() -> None:
    when = '[[rule.when]]\nany = [{ fact = "deaths", at_least = 1 }]\nperiod = "permanent"\naction = "PT"\n'
    rules = schedule(with_also(other(usual(more=f'{when}reason = {{ zh = "a", en = "b" }}')))).rules
    assert [question.code for question in rules["AAA01"].questions] == ["deaths"]
    assert decide(rules["AAA01"], closed("1980-01-01"), TODAY).state is State.KEEP_UNSURE
    facts = Facts(triggers=closed("1980-01-01").triggers, values={"deaths": 0})
    assert replay(decide(rules["AAA01"], facts, TODAY).inputs).state is State.DUE


def test_a_photograph_follows_every_rule_of_its_parent() -> None:
    rules = schedule(with_also(other(usual(period="30 years")))).rules
    facts = Facts(document_date=date(2014, 1, 1), parents=(Parent(rules["AAA01"], closed("2014-06-01")),))
    decision = decide(RULES["SXD01"], facts, TODAY)
    assert decision.due_on == date(2045, 1, 1)
    assert replay(decision.inputs) == decision


@pytest.mark.parametrize(
    "tables",
    [
        with_also(),
        with_also(other(usual()), also='["AAA01"]'),
        with_also(other(usual(more='also = ["CCC01"]')), other(usual(), "CCC01")),
        with_also(other(usual()), also='["BBB01", "BBB01"]'),
        with_also(other(usual()), also='"BBB01"'),
    ],
)
def test_a_faulty_further_rule_is_refused_at_its_key(tables: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        schedule(tables)
    assert len(caught.value.faults) == 1
    assert ": [[rule]] AAA01: also: " in caught.value.faults[0]


# ---- versions -------------------------------------------------------------------------------------------------------


def test_a_later_version_that_lengthens_applies_and_one_that_shortens_does_not() -> None:
    ten, thirty = (schedule(a_rule(usual(period=f"{years} years"))).rules["AAA01"] for years in (10, 30))
    for versions in ([("1", ten), ("2", thirty)], [("1", thirty), ("2", ten)]):
        decision = decide_among(versions, closed("2014-06-01"), TODAY)
        assert decision.due_on == date(2045, 1, 1)
        assert decision.name == next(name for name, one in versions if one is thirty)
        assert f"取保管最长的 {decision.name}" in decision.sentence.zh
        assert replay(decision.inputs) == decision


def test_while_nothing_is_counted_yet_the_longer_period_is_shown() -> None:
    ten, thirty = (schedule(a_rule(usual(period=f"{years} years"))).rules["AAA01"] for years in (10, 30))
    decision = decide_among([("1", thirty), ("2", ten)], Facts(), TODAY)
    assert decision.state is State.CLOCK_PENDING
    assert decision.period == thirty.terms.period if thirty.terms else False


def test_a_type_that_a_later_version_no_longer_has_is_kept() -> None:
    ten = schedule(TEN).rules["AAA01"]
    decision = decide_among([("1", ten), ("2", None)], closed("1990-01-01"), TODAY)
    assert decision.state is State.KEEP_UNSURE
    assert replay(decision.inputs) == decision


def test_one_version_alone_decides_as_its_rule_does_and_none_is_refused() -> None:
    ten = schedule(TEN).rules["AAA01"]
    alone, plain = decide_among([("1", ten)], closed("2014-06-01"), TODAY), decide(ten, closed("2014-06-01"), TODAY)
    assert (alone.due_on, alone.sentence, alone.state) == (plain.due_on, plain.sentence, plain.state)
    with pytest.raises(RetentionError):
        decide_among([], Facts(), TODAY)


# ---- levels and classes ---------------------------------------------------------------------------------------------

EXCEPTION = 'period = "30 years"\naction = "RE"\nreason = { zh = "a", en = "b" }\n'


@pytest.mark.parametrize(
    ("condition", "facts", "due"),
    [
        ('level = ["TS", "PI"]', {"level": "TS"}, 2045),
        ('level = ["TS", "PI"]', {"level": "INT"}, 2025),
        ('level = ["TS", "PI"]', {}, None),
        ('class = ["KCQ"]', {"class_code": "KCQ"}, 2045),
        ('class = ["KCQ"]', {"class_code": "FAZ"}, 2025),
        ('class = ["KCQ"]', {}, None),
    ],
)
def test_an_exception_can_stand_for_levels_or_classes(condition: str, facts: dict[str, str], due: int | None) -> None:
    one = rule(usual(more=f"[[rule.when]]\nany = [{{ {condition} }}]\n{EXCEPTION}"))
    decision = decide(one, Facts(triggers=closed("2014-06-01").triggers, **facts), TODAY)  # type: ignore[arg-type]
    assert decision.due_on == (date(due, 1, 1) if due else None)
    assert (decision.state is State.KEEP_UNSURE) == (due is None)
    assert one.questions == ()
    assert replay(decision.inputs) == decision


@pytest.mark.parametrize(
    "condition", ['level = ["SECRET"]', "level = []", 'class = ["kcq"]', 'level = ["TS"], is = true']
)
def test_a_faulty_level_or_class_is_refused(condition: str) -> None:
    with pytest.raises(ScheduleError):
        rule(usual(more=f"[[rule.when]]\nany = [{{ {condition} }}]\n{EXCEPTION}"))


def test_of_several_exceptions_with_starts_of_their_own_the_one_that_ends_last_applies() -> None:
    early = f'[[rule.when]]\nany = [{{ level = ["TS"] }}]\ntrigger = "FORMED"\n{EXCEPTION.replace("30", "12")}'
    late = f'[[rule.when]]\nany = [{{ class = ["KCQ"] }}]\n{EXCEPTION.replace("30", "11")}'
    one = rule(usual(more=early + late))
    facts = Facts(date(1990, 1, 1), {Trigger.CASE_CLOSED: date(2014, 6, 1)}, level="TS", class_code="KCQ")
    assert decide(one, facts, TODAY).due_on == date(2026, 1, 1)
