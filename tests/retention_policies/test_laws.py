"""Laws that hold for every rule and all facts."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from retention_policies import PERMANENT, Decision, Facts, Hold, Parent, Period, Rule, State, Trigger, decide, replay
from retention_policies.content import rule_table
from retention_policies.reading import read_rule
from retention_policies.tables import Reading
from tests.retention_policies.cases import RULES, SAMPLE

DAYS = st.one_of(st.dates(), st.dates(date(1990, 1, 1), date(2040, 12, 31)))
EVENTS = [trigger for trigger in Trigger if trigger is not Trigger.PARENT]
HOLDS = st.builds(Hold, st.text(min_size=1, max_size=5), st.text(min_size=1, max_size=5))
PERIODS = st.one_of(st.just(PERMANENT), st.builds(Period, st.integers(1, 120)))
ANSWERS = {
    question.code: st.sampled_from([*question.choices, True, False, 0, 1, 10_000_000, -1, "no such answer"])
    for question in SAMPLE.facts.values()
}
PLAIN = st.builds(
    Facts,
    document_date=st.none() | DAYS,
    triggers=st.dictionaries(st.sampled_from(EVENTS), DAYS),
    values=st.fixed_dictionaries({}, optional=ANSWERS),
    extension_years=st.integers(0, 60),
    period_override=st.none() | PERIODS,
    holds=st.lists(HOLDS, max_size=2).map(tuple),
)
RULE = st.sampled_from(list(RULES.values()))
ASKING = [rule for rule in RULES.values() if rule.questions]
PARENTS = st.lists(st.builds(Parent, RULE | st.none(), PLAIN), max_size=3).map(tuple)
FACTS = st.builds(lambda facts, parents: replace(facts, parents=parents), PLAIN, PARENTS)


def not_earlier(later: Decision, earlier: Decision) -> bool:
    """Whether a due date moved later or away; no date counts as never."""
    return later.due_on is None or (earlier.due_on is not None and later.due_on >= earlier.due_on)


@given(RULE, FACTS, DAYS, DAYS)
def test_a_verdict_only_ever_moves_towards_due(rule: Rule, facts: Facts, one: date, other: date) -> None:
    before, after = decide(rule, facts, min(one, other)), decide(rule, facts, max(one, other))
    assert before.state == after.state or (before.state, after.state) == (State.RUNNING, State.DUE)


@given(RULE, FACTS, DAYS, DAYS, st.lists(HOLDS, max_size=2).map(tuple))
def test_neither_today_nor_holds_move_the_due_date(
    rule: Rule, facts: Facts, one: date, other: date, holds: tuple[Hold, ...]
) -> None:
    assert decide(rule, facts, one).due_on == decide(rule, replace(facts, holds=holds), other).due_on


@given(RULE, FACTS, DAYS, HOLDS)
def test_adding_a_hold_never_makes_a_paper_due(rule: Rule, facts: Facts, as_of: date, hold: Hold) -> None:
    assert decide(rule, replace(facts, holds=(*facts.holds, hold)), as_of).state is not State.DUE


@given(RULE, FACTS, DAYS, PERIODS)
def test_a_reclassification_never_brings_the_date_forward(
    rule: Rule, facts: Facts, as_of: date, period: Period
) -> None:
    plain = replace(facts, period_override=None)
    assert not_earlier(decide(rule, replace(plain, period_override=period), as_of), decide(rule, plain, as_of))


@given(RULE, FACTS, DAYS, PERIODS, PERIODS)
def test_a_longer_period_is_never_due_earlier(rule: Rule, facts: Facts, as_of: date, one: Period, two: Period) -> None:
    longer, shorter = (one, two) if one.at_least(two) else (two, one)
    long, short = (decide(rule, replace(facts, period_override=period), as_of) for period in (longer, shorter))
    assert not_earlier(long, short)


@given(RULE, FACTS, DAYS, st.integers(1, 40))
def test_an_extension_never_brings_the_date_forward(rule: Rule, facts: Facts, as_of: date, years: int) -> None:
    more = replace(facts, extension_years=facts.extension_years + years)
    assert not_earlier(decide(rule, more, as_of), decide(rule, facts, as_of))


@given(RULE, FACTS, DAYS)
def test_a_paper_is_due_from_its_due_day_on_and_not_a_day_earlier(rule: Rule, facts: Facts, as_of: date) -> None:
    decision = decide(rule, replace(facts, holds=(), parents=()), as_of)
    assume(decision.due_on is not None)
    assert decision.due_on is not None
    again = replace(facts, holds=(), parents=())
    assert decide(rule, again, decision.due_on).state is State.DUE
    assert decide(rule, again, decision.due_on - timedelta(days=1)).state is State.RUNNING


@given(RULE, FACTS, DAYS)
def test_a_due_paper_has_every_date_and_a_term(rule: Rule, facts: Facts, as_of: date) -> None:
    decision = decide(rule, facts, as_of)
    if decision.state is State.DUE:
        assert decision.period is not None
        assert decision.period.years is not None
        assert decision.due_on is not None
        assert decision.last_day is not None
        assert decision.trigger_date is not None
        assert decision.due_on == decision.last_day + timedelta(days=1)
        assert decision.due_on.year == decision.trigger_date.year + decision.period.years + 1
        assert decision.action is not None
    if decision.state in {State.PERMANENT, State.CLOCK_PENDING, State.KEEP_UNSURE}:
        assert decision.due_on is None


@given(st.sampled_from(ASKING), FACTS, DAYS, st.data())
def test_taking_a_needed_answer_away_never_makes_a_paper_due(
    rule: Rule, facts: Facts, as_of: date, data: st.DataObject
) -> None:
    gone = data.draw(st.sampled_from([question.code for question in rule.questions]))
    values = {code: value for code, value in facts.values.items() if code != gone}
    assert decide(rule, replace(facts, values=values), as_of).state is not State.DUE


@given(RULE, FACTS, DAYS)
def test_a_paper_without_any_date_is_never_due(rule: Rule, facts: Facts, as_of: date) -> None:
    assert decide(rule, replace(facts, document_date=None, triggers={}, parents=()), as_of).state is not State.DUE


@given(FACTS, DAYS)
def test_a_paper_of_unknown_type_is_never_due(facts: Facts, as_of: date) -> None:
    assert decide(None, facts, as_of).state in {State.KEEP_UNSURE, State.PERMANENT}


@given(PARENTS.filter(bool), st.builds(Parent, RULE | st.none(), PLAIN), DAYS)
def test_one_more_parent_never_brings_the_date_forward(parents: tuple[Parent, ...], more: Parent, as_of: date) -> None:
    photo = RULES["SXD01"]
    assert not_earlier(
        decide(photo, Facts(parents=(*parents, more)), as_of), decide(photo, Facts(parents=parents), as_of)
    )


@given(RULE | st.none(), FACTS, DAYS)
def test_a_decision_replays_from_its_inputs_written_as_json(rule: Rule | None, facts: Facts, as_of: date) -> None:
    decision = decide(rule, facts, as_of)
    stored = json.loads(json.dumps(decision.inputs, ensure_ascii=False))
    assert replay(stored) == decision


@given(RULE, FACTS, DAYS)
def test_sentences_are_there_in_both_languages(rule: Rule, facts: Facts, as_of: date) -> None:
    sentence = decide(rule, facts, as_of).sentence
    assert sentence.zh
    assert sentence.en
    assert sentence.en.endswith(".")


@given(RULE)
def test_a_rule_written_down_reads_as_the_same_rule(rule: Rule) -> None:
    faults: list[str] = []
    assert read_rule(Reading(rule_table(rule), "rule", faults), SAMPLE.facts) == rule
    assert faults == []
