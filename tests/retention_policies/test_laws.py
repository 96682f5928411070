"""Laws that hold for every rule and all facts."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retention_policies import (
    PERMANENT,
    Action,
    Decision,
    Facts,
    Hold,
    Parent,
    PartialDate,
    Period,
    Rule,
    Span,
    State,
    Trigger,
    decide,
    decide_among,
    replay,
)
from retention_policies.content import rule_table
from retention_policies.counting import add
from retention_policies.reading import read_rule
from retention_policies.rule import Combine, Start, Step, Terms
from retention_policies.tables import Reading
from tests.retention_policies.cases import RULES, SAMPLE
from tests.retention_policies.language import (
    DECLARED,
    EVENTS,
    FACTS,
    HOLDS,
    PLAIN,
    RULE,
    SOME_PARENTS,
    START,
    START_FORMED,
    STEPS,
    a_rule,
)

LAW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

DAYS = st.one_of(st.dates(), st.dates(date(1990, 1, 1), date(2040, 12, 31)))
YEARS = st.integers(1, 99)
PERIODS = st.one_of(st.just(PERMANENT), st.builds(Period, st.integers(1, 120)))
ASKING = [rule for rule in RULES.values() if rule.questions]
TODAY = date(2026, 1, 1)


def not_earlier(later: Decision, earlier: Decision) -> bool:
    """Whether a due date moved later or away; no date counts as never."""
    return later.due_on is None or (earlier.due_on is not None and later.due_on >= earlier.due_on)


def ends_not_earlier(later: Decision, earlier: Decision) -> bool:
    """Whether the end of the last step moved later or away."""
    return later.ends_on is None or (earlier.ends_on is not None and later.ends_on >= earlier.ends_on)


@LAW
@given(RULE, FACTS, DAYS, DAYS)
def test_a_verdict_only_ever_moves_towards_due(rule: Rule, facts: Facts, one: date, other: date) -> None:
    before, after = decide(rule, facts, min(one, other)), decide(rule, facts, max(one, other))
    assert before.state == after.state or (before.state, after.state) == (State.RUNNING, State.DUE)


@LAW
@given(RULE, FACTS, DAYS, DAYS, st.lists(HOLDS, max_size=2).map(tuple))
def test_neither_today_nor_holds_move_the_due_date(
    rule: Rule, facts: Facts, one: date, other: date, holds: tuple[Hold, ...]
) -> None:
    assert decide(rule, facts, one).due_on == decide(rule, replace(facts, holds=holds), other).due_on


@LAW
@given(RULE, FACTS, DAYS, HOLDS)
def test_adding_a_hold_never_makes_a_paper_due(rule: Rule, facts: Facts, as_of: date, hold: Hold) -> None:
    assert decide(rule, replace(facts, holds=(*facts.holds, hold)), as_of).state is not State.DUE


@LAW
@given(RULE, FACTS, DAYS, PERIODS)
def test_a_reclassification_never_brings_the_date_forward(
    rule: Rule, facts: Facts, as_of: date, period: Period
) -> None:
    plain = replace(facts, period_override=None)
    assert not_earlier(decide(rule, replace(plain, period_override=period), as_of), decide(rule, plain, as_of))


@LAW
@given(RULE, FACTS, DAYS, PERIODS, PERIODS)
def test_a_longer_period_is_never_due_earlier(rule: Rule, facts: Facts, as_of: date, one: Period, two: Period) -> None:
    longer, shorter = (one, two) if one.at_least(two) else (two, one)
    long, short = (decide(rule, replace(facts, period_override=period), as_of) for period in (longer, shorter))
    assert not_earlier(long, short)


@LAW
@given(RULE, FACTS, DAYS, st.integers(1, 40))
def test_an_extension_never_brings_the_date_forward(rule: Rule, facts: Facts, as_of: date, years: int) -> None:
    more = replace(facts, extension_years=facts.extension_years + years)
    assert not_earlier(decide(rule, more, as_of), decide(rule, facts, as_of))


@LAW
@given(RULE, PLAIN)
def test_a_paper_is_due_from_its_due_day_on_and_not_a_day_earlier(rule: Rule, facts: Facts) -> None:
    free = replace(facts, holds=())
    due = decide(rule, free, TODAY).due_on
    if due is not None:
        assert decide(rule, free, due).state is State.DUE
        assert decide(rule, free, due - timedelta(days=1)).state is State.RUNNING


@LAW
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
        assert decision.due_on > decision.trigger_date
        assert decision.action is not None
    if decision.state in {State.PERMANENT, State.CLOCK_PENDING, State.KEEP_UNSURE}:
        assert decision.due_on is None


@LAW
@given(st.sampled_from(ASKING), FACTS, DAYS, st.data())
def test_taking_a_needed_answer_away_never_makes_a_paper_due(
    rule: Rule, facts: Facts, as_of: date, data: st.DataObject
) -> None:
    gone = data.draw(st.sampled_from([question.code for question in rule.questions]))
    values = {code: value for code, value in facts.values.items() if code != gone}
    assert decide(rule, replace(facts, values=values), as_of).state is not State.DUE


@LAW
@given(RULE, FACTS, DAYS)
def test_a_paper_without_any_date_is_never_due(rule: Rule, facts: Facts, as_of: date) -> None:
    assert decide(rule, replace(facts, document_date=None, triggers={}, parents=()), as_of).state is not State.DUE


@LAW
@given(FACTS, DAYS)
def test_a_paper_of_unknown_type_is_never_due(facts: Facts, as_of: date) -> None:
    assert decide(None, facts, as_of).state in {State.KEEP_UNSURE, State.PERMANENT}


@LAW
@given(SOME_PARENTS, st.builds(Parent, RULE | st.none(), PLAIN), DAYS)
def test_one_more_parent_never_brings_the_date_forward(parents: tuple[Parent, ...], more: Parent, as_of: date) -> None:
    photo = RULES["SXD01"]
    assert not_earlier(
        decide(photo, Facts(parents=(*parents, more)), as_of), decide(photo, Facts(parents=parents), as_of)
    )


@LAW
@given(RULE | st.none(), FACTS, DAYS)
def test_a_decision_replays_from_its_inputs_written_as_json(rule: Rule | None, facts: Facts, as_of: date) -> None:
    decision = decide(rule, facts, as_of)
    stored = json.loads(json.dumps(decision.inputs, ensure_ascii=False))
    assert replay(stored) == decision


@LAW
@given(RULE, FACTS, DAYS)
def test_sentences_are_there_in_both_languages(rule: Rule, facts: Facts, as_of: date) -> None:
    sentence = decide(rule, facts, as_of).sentence
    assert sentence.zh
    assert sentence.en
    assert sentence.en.endswith(".")


@LAW
@given(RULE)
def test_a_rule_written_down_reads_as_the_same_rule(rule: Rule) -> None:
    faults: list[str] = []
    assert read_rule(Reading(rule_table(rule), "rule", faults), SAMPLE.facts, DECLARED) == rule
    assert faults == []


# ---- the language of rules ------------------------------------------------------------------------------------------


@LAW
@given(START, YEARS, YEARS, STEPS, PLAIN)
def test_a_rule_with_a_longer_period_is_never_due_earlier(
    start: Start, one: int, two: int, then: tuple[Step, ...], facts: Facts
) -> None:
    short, long = (decide(a_rule(start, years, then), facts, TODAY) for years in sorted((one, two)))
    assert not_earlier(long, short)
    assert ends_not_earlier(long, short)


@LAW
@given(START, YEARS, PLAIN)
def test_no_way_of_counting_ends_before_the_whole_years_have_passed(start: Start, years: int, facts: Facts) -> None:
    decision = decide(a_rule(start, years), replace(facts, extension_years=0, period_override=None), TODAY)
    if decision.last_day is not None:
        assert decision.trigger_date is not None
        whole = add(decision.trigger_date, Span(years=years))
        assert whole is not None
        assert whole <= decision.last_day <= whole + timedelta(days=366)


@LAW
@given(START, YEARS, PLAIN)
def test_all_is_never_earlier_than_each_and_any_never_later(start: Start, years: int, facts: Facts) -> None:
    alone = [decide(a_rule(replace(start, events=(event,)), years), facts, TODAY) for event in start.events]
    combined = decide(a_rule(replace(start, combine=Combine.ALL), years), facts, TODAY)
    first = decide(a_rule(replace(start, combine=Combine.ANY), years), facts, TODAY)
    assert all(not_earlier(combined, one) for one in alone)
    assert all(not_earlier(one, first) for one in alone)
    assert not_earlier(combined, first)


@LAW
@given(RULE, PLAIN, st.sampled_from(EVENTS), DAYS)
def test_an_event_that_comes_later_than_what_counts_never_brings_the_date_forward(
    rule: Rule, facts: Facts, event: str, day: date
) -> None:
    before = decide(rule, facts, TODAY)
    if before.trigger_date is not None and day >= before.trigger_date:
        after = decide(rule, replace(facts, triggers={**facts.events, event: day}), TODAY)
        assert not_earlier(after, before)


@LAW
@given(RULE, PLAIN, st.data())
def test_taking_an_event_away_never_makes_a_paper_due_earlier(rule: Rule, facts: Facts, data: st.DataObject) -> None:
    if facts.events:
        gone = data.draw(st.sampled_from(sorted(facts.events)))
        fewer = {code: day for code, day in facts.events.items() if code != gone}
        if not (facts.document_date and gone in {Trigger.FORMED, Trigger.YEAR_END}):
            assert not_earlier(decide(rule, replace(facts, triggers=fewer), TODAY), decide(rule, facts, TODAY))


@LAW
@given(START, YEARS, PLAIN, st.builds(Span, st.integers(0, 5), st.integers(0, 30), st.integers(0, 800)))
def test_an_offset_never_brings_the_date_forward(start: Start, years: int, facts: Facts, offset: Span) -> None:
    plain = a_rule(replace(start, offset=Span()), years)
    assert not_earlier(decide(a_rule(replace(start, offset=offset), years), facts, TODAY), decide(plain, facts, TODAY))


@LAW
@given(START, YEARS, PLAIN, st.integers(1900, 2100), st.none() | st.integers(1, 12), st.integers(0, 365))
def test_not_knowing_the_day_never_brings_the_date_forward(
    start: Start, years: int, facts: Facts, year: int, month: int | None, some: int
) -> None:
    unknown = PartialDate(year, month)
    meant = min(unknown.earliest + timedelta(days=some), unknown.latest)
    rule = a_rule(start, years)
    less, more = (decide(rule, replace(facts, document_date=given), TODAY) for given in (unknown, meant))
    assert not_earlier(less, more)


@LAW
@given(START, YEARS, STEPS, PLAIN, st.lists(st.dates(date(1990, 1, 1), date(2090, 1, 1)), max_size=4).map(sorted))
def test_doing_a_step_never_brings_the_next_date_forward(
    start: Start, years: int, then: tuple[Step, ...], facts: Facts, days: list[date]
) -> None:
    rule = a_rule(start, years, then)
    before = decide(rule, replace(facts, steps_done=()), TODAY)
    for count in range(1, len(days) + 1):
        after = decide(rule, replace(facts, steps_done=tuple(days[:count])), TODAY)
        assert not_earlier(after, before)
        assert replay(json.loads(json.dumps(after.inputs))) == after
        before = after


@LAW
@given(RULE, PLAIN, DAYS)
def test_only_the_last_step_of_a_rule_that_does_not_merely_review_may_destroy(
    rule: Rule, facts: Facts, as_of: date
) -> None:
    decision = decide(rule, facts, as_of)
    if decision.may_destroy:
        assert decision.state is State.DUE
        assert decision.ends_on is not None
        assert decision.ends_on <= as_of
        assert decision.action is not Action.REVIEW
        assert not facts.holds


@LAW
@given(st.lists(RULE, min_size=1, max_size=4), FACTS, DAYS)
def test_several_rules_never_end_before_any_of_them_alone(rules: list[Rule], facts: Facts, as_of: date) -> None:
    named = [(str(number), rule) for number, rule in enumerate(rules)]
    together = decide_among(named, facts, as_of)
    for rule in rules:
        alone = decide(rule, facts, as_of)
        assert ends_not_earlier(together, alone)
        assert not (together.may_destroy and alone.state is State.HELD)
    assert replay(json.loads(json.dumps(together.inputs, ensure_ascii=False))) == together
    assert len(together.beside) == len(rules) - 1


@LAW
@given(st.lists(RULE, min_size=1, max_size=3), RULE, FACTS)
def test_one_more_version_never_brings_the_end_forward(rules: list[Rule], more: Rule, facts: Facts) -> None:
    named = [(str(number), rule) for number, rule in enumerate(rules)]
    assert ends_not_earlier(decide_among([*named, ("more", more)], facts, TODAY), decide_among(named, facts, TODAY))


@LAW
@given(START, YEARS, PLAIN)
def test_terms_beside_one_another_keep_a_paper_as_long_as_each_says(start: Start, years: int, facts: Facts) -> None:
    one = a_rule(start, years)
    two = replace(one, code="ZZZ01", terms=Terms(Period(years), START_FORMED, Action.DESTROY, one.reason))
    both = decide(replace(one, also_codes=(two.code,), also=(two,)), facts, TODAY)
    assert ends_not_earlier(both, decide(one, facts, TODAY))
    assert ends_not_earlier(both, decide(two, facts, TODAY))
