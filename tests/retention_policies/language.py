"""Rules and facts of every shape that the language has, for the laws."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import strategies as st

from retention_policies import (
    PERMANENT,
    SHIPPED_EVENTS,
    Action,
    CountFrom,
    Counting,
    Event,
    Facts,
    Hold,
    Parent,
    PartialDate,
    Period,
    Rule,
    Span,
    Text,
    Trigger,
)
from retention_policies.conditions import CLASS, LEVEL, Condition
from retention_policies.rule import Alternative, Combine, Start, Step, Terms
from tests.retention_policies.cases import RULES, SAMPLE

WHY = Text("因", "because")
CONTRACT = Event(
    "CONTRACT_ENDED", Text("合同终止", "contract ended"), Text("终止于", "Ended"), Text("未终止", "It has not")
)
DECLARED = {**SHIPPED_EVENTS, CONTRACT.code: CONTRACT}
EVENTS = sorted(DECLARED)

DAYS = st.one_of(st.dates(), st.dates(date(1950, 1, 1), date(2040, 12, 31)))
PERIODS = st.one_of(st.just(PERMANENT), st.builds(Period, st.integers(1, 120)))
TERMS_OF_YEARS = st.builds(Period, st.integers(1, 99))
HOLDS = st.builds(Hold, st.text(min_size=1, max_size=5), st.text(min_size=1, max_size=5))

COUNTINGS = st.sampled_from(
    [Counting(), Counting(), Counting(CountFrom.DAY)] + [Counting(CountFrom.FISCAL_YEAR, month) for month in (2, 6, 12)]
)
SPANS = st.sampled_from([Span(), Span(), Span(), Span(months=6), Span(1, 1, 1), Span(days=45), Span(years=99)])
SOME_EVENTS = st.lists(st.sampled_from(EVENTS), min_size=1, max_size=3, unique=True).map(
    lambda codes: tuple(DECLARED[code] for code in codes)
)


def _plain(start: Start) -> Start:
    # Of one event it makes no difference how it is combined, and a file has no way to say it.
    return start if len(start.events) > 1 else replace(start, combine=Combine.ALL)


START = st.builds(Start, SOME_EVENTS, st.sampled_from(Combine), SPANS, COUNTINGS).map(_plain)
START_FORMED = Start((SHIPPED_EVENTS[Trigger.FORMED],))
WAITING_ACTIONS = st.sampled_from([Action.EXTEND, Action.TRANSFER, Action.REVIEW])
ENDING_ACTIONS = st.sampled_from([Action.DESTROY, Action.EXTEND, Action.TRANSFER, Action.REVIEW])
STEPS = st.lists(st.builds(Step, TERMS_OF_YEARS, WAITING_ACTIONS, st.just(WHY)), max_size=2).map(tuple)
LAST = st.builds(Step, TERMS_OF_YEARS, ENDING_ACTIONS, st.just(WHY))


@st.composite
def terms(draw: st.DrawFn) -> Terms:
    """Terms: permanent, one step, or several."""
    if draw(st.integers(0, 9)) == 0:
        return Terms(PERMANENT, None, Action.PERMANENT_KEEP, WHY)
    then = draw(STEPS)
    if then:
        return Terms(draw(TERMS_OF_YEARS), draw(START), draw(WAITING_ACTIONS), WHY, (*then, draw(LAST)))
    return Terms(draw(TERMS_OF_YEARS), draw(START), draw(ENDING_ACTIONS), WHY)


CONDITIONS = st.sampled_from(
    [
        Condition(LEVEL, one_of=("TS", "PI")),
        Condition(CLASS, one_of=("KCQ",)),
        Condition(SAMPLE.facts["deaths"], at_least=1),
        Condition(SAMPLE.facts["leader_instruction"], equals=True),
    ]
)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """A rule with all that the language has, alternatives included."""
    usual = draw(terms())
    exceptions = []
    for _ in range(draw(st.integers(0, 2))):
        conditions = draw(st.lists(CONDITIONS, min_size=1, max_size=2, unique_by=lambda one: one.fact))
        own = draw(terms())
        if own.start is None and usual.start is not None:
            own = replace(own, start=usual.start)  # what is silent of its start has that of the rule
        exceptions.append(Alternative(tuple(conditions), draw(st.booleans()), own))
    return Rule("GEN01", WHY, usual, None, tuple(exceptions), "INT", (), WHY, ("LAW",), ())


def a_rule(start: Start, years: int, then: tuple[Step, ...] = ()) -> Rule:
    """A rule without exceptions."""
    action = Action.TRANSFER if then else Action.DESTROY
    return Rule("AAA01", WHY, Terms(Period(years), start, action, WHY, then), None, (), "INT", (), WHY, ("LAW",), ())


RULE = st.one_of(st.sampled_from(list(RULES.values())), rules())
ANSWERS = {
    question.code: st.sampled_from([*question.choices, True, False, 0, 1, 10_000_000, -1, "no such answer"])
    for question in SAMPLE.facts.values()
}
FORMED = st.one_of(st.none(), DAYS, st.builds(PartialDate, st.integers(1, 9999), st.none() | st.integers(1, 12)))
PLAIN = st.builds(
    Facts,
    document_date=FORMED,
    triggers=st.dictionaries(st.sampled_from(EVENTS), DAYS, min_size=0, max_size=8),
    values=st.fixed_dictionaries({}, optional=ANSWERS),
    extension_years=st.sampled_from([0, 0, 0, 5, 60]),
    period_override=st.none() | PERIODS,
    holds=st.lists(HOLDS, max_size=1).map(tuple),
    level=st.sampled_from([None, "INT", "TS", "SEAL"]),
    class_code=st.sampled_from([None, "KCQ", "FAZ"]),
    steps_done=st.lists(st.dates(date(1990, 1, 1), date(2060, 1, 1)), max_size=1).map(tuple),
)
PARENTS = st.lists(st.builds(Parent, RULE | st.none(), PLAIN), max_size=2).map(tuple)
SOME_PARENTS = st.lists(st.builds(Parent, RULE | st.none(), PLAIN), min_size=1, max_size=2).map(tuple)
FACTS = st.builds(lambda facts, parents: replace(facts, parents=parents), PLAIN, PARENTS)
