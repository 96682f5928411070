from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings

from retention_policies import (
    Change,
    Effect,
    Facts,
    Holding,
    Period,
    Rule,
    Schedule,
    State,
    Trigger,
    compare,
    decide,
    decide_under,
    sum_up,
)
from tests.retention_policies.cases import SAMPLE, closed
from tests.retention_policies.language import PLAIN, RULE
from tests.retention_policies.small import a_rule, schedule, usual

TODAY = date(2026, 1, 1)


def edition(version: str, **periods: str) -> Schedule:
    """A schedule whose types differ in nothing but their periods; ``permanent`` has another action."""
    rules = [
        a_rule(usual(period=period, action="PK" if period == "permanent" else "RD"), code=code)
        for code, period in periods.items()
    ]
    return replace(schedule(*rules), version=version)


def one(old: Schedule, new: Schedule, facts: Facts, code: str = "AAA01") -> Change:
    [change] = compare(old, new, [Holding("r1", code, code[:3], facts)], TODAY)
    return change


TEN, THIRTY = edition("1", AAA01="10 years"), edition("2", AAA01="30 years")


def test_a_version_that_lengthens_applies_and_what_was_due_no_longer_is() -> None:
    change = one(TEN, THIRTY, closed("2014-06-01"))
    assert (change.old.state, change.new.state, change.applies.state) == (State.DUE, State.RUNNING, State.RUNNING)
    assert change.effect is Effect.LONGER
    assert change.changed
    assert change.no_longer_due
    assert not change.newly_due


def test_a_version_that_shortens_does_not_apply_and_is_told() -> None:
    change = one(THIRTY, TEN, closed("2014-06-01"))
    assert change.effect is Effect.SHORTER
    assert change.newly_due
    assert change.applies.due_on == change.old.due_on == date(2045, 1, 1)
    assert change.applies.state is State.RUNNING
    assert change.applies.name == THIRTY.version


def test_while_the_clock_waits_the_longer_period_applies() -> None:
    assert one(TEN, THIRTY, Facts()).effect is Effect.LONGER
    assert one(THIRTY, TEN, Facts()).effect is Effect.SHORTER
    assert one(THIRTY, TEN, Facts()).applies.period == Period(30)


def test_the_same_schedule_changes_nothing() -> None:
    change = one(TEN, replace(TEN, version="2"), closed("2014-06-01"))
    assert change.effect is Effect.SAME
    assert not change.changed
    assert change.applies.beside == ()
    assert change.applies.sentence == change.old.sentence


def test_a_type_that_the_new_schedule_has_no_longer_is_kept_and_one_it_adds_is_not_disposed_of_by_itself() -> None:
    without = edition("2", BBB01="10 years")
    gone, added = one(TEN, without, closed("2014-06-01")), one(without, TEN, closed("2014-06-01"))
    assert (gone.applies.state, gone.effect) == (State.KEEP_UNSURE, Effect.LONGER)
    assert (added.applies.state, added.effect) == (State.KEEP_UNSURE, Effect.SHORTER)


def test_only_another_proposal_is_a_change_but_neither_longer_nor_shorter() -> None:
    other = replace(schedule(a_rule(usual(action="RE"))), version="2")
    change = one(TEN, other, closed("2014-06-01"))
    assert (change.changed, change.effect) == (True, Effect.SAME)
    assert change.applies.action == "RE"


def test_versions_between_count_too() -> None:
    versions = [("1", TEN.rules["AAA01"]), ("2", THIRTY.rules["AAA01"]), ("3", TEN.rules["AAA01"])]
    decision = decide_under(versions, closed("2014-06-01"), TODAY)
    assert (decision.name, decision.due_on) == ("2", date(2045, 1, 1))
    assert len(decision.beside) == 1


def test_a_summary_counts_by_class_what_becomes_due_when() -> None:
    old = edition("1", AAA01="10 years", BBB01="30 years", CCC01="10 years")
    new = edition("2", AAA01="30 years", BBB01="10 years", CCC01="10 years")
    facts = [closed("2014-06-01"), closed("2020-06-01"), Facts()]
    holdings = [
        Holding(f"{code}{number}", code, code[:3], one_facts)
        for code in ("AAA01", "BBB01", "CCC01")
        for number, one_facts in enumerate(facts)
    ]
    summary = sum_up(compare(old, new, holdings, TODAY))
    assert summary.records == 9
    assert summary.shortens
    first, second, third = (summary.classes[code] for code in ("AAA", "BBB", "CCC"))
    assert (first.records, first.longer, first.shorter, first.no_longer_due) == (3, 3, 0, 1)
    assert (second.longer, second.shorter, second.newly_due, second.no_longer_due) == (0, 3, 1, 0)
    assert (third.changed, third.longer, third.shorter) == (0, 0, 0)
    assert dict(first.old_due) == {2025: 1, 2031: 1}
    assert dict(first.new_due) == {2045: 1, 2051: 1}
    assert second.new_due == second.old_due
    assert first.states[State.DUE, State.RUNNING] == 1


def test_records_are_taken_one_at_a_time() -> None:
    taken = []

    def holdings() -> Iterator[Holding]:
        for number in range(100):
            taken.append(number)
            yield Holding(str(number), "AAA01", "AAA", closed("2014-06-01"))

    changes = compare(TEN, THIRTY, holdings(), TODAY)
    assert taken == []
    next(changes)
    assert taken == [0]


def test_memory_does_not_grow_with_the_number_of_records() -> None:
    def holdings(count: int) -> Iterator[Holding]:
        first = date(1990, 1, 1)
        for number in range(count):
            facts = Facts(triggers={Trigger.CASE_CLOSED: first + timedelta(days=number % 9000)})
            yield Holding(str(number), "AAA01", "AAA", facts)

    peaks = []
    sum_up(compare(TEN, THIRTY, holdings(100), TODAY))
    for count in (200, 1200):
        tracemalloc.start()
        assert sum_up(compare(TEN, THIRTY, holdings(count), TODAY)).records == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5 + 50_000


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(RULE, RULE, PLAIN)
def test_what_comes_to_apply_is_never_shorter_than_what_applied(before: Rule, after: Rule, facts: Facts) -> None:
    old = replace(SAMPLE, version="1", rules={"X": before})
    new = replace(SAMPLE, version="2", rules={"X": after})
    [change] = compare(old, new, [Holding("r", "X", "X", facts)], TODAY)
    if change.effect is Effect.LONGER:
        assert change.applies.rule_code == change.new.rule_code
        assert change.applies.ends_on == change.new.ends_on
    if change.effect is Effect.SHORTER:
        assert change.applies.ends_on == change.old.ends_on
        assert change.applies.due_on == change.old.due_on
    [turned] = compare(new, old, [Holding("r", "X", "X", facts)], TODAY)
    opposite = {Effect.SAME: Effect.SAME, Effect.LONGER: Effect.SHORTER, Effect.SHORTER: Effect.LONGER}
    assert turned.effect is opposite[change.effect]
    assert turned.applies.ends_on == change.applies.ends_on


def test_a_record_filed_under_an_old_version_is_decided_the_same_by_either_way() -> None:
    facts = closed("2014-06-01")
    alone = decide(THIRTY.rules["AAA01"], facts, TODAY)
    under = decide_under([("1", TEN.rules["AAA01"]), ("2", THIRTY.rules["AAA01"])], facts, TODAY)
    assert (under.due_on, under.period, under.action, under.state) == (
        alone.due_on,
        alone.period,
        alone.action,
        alone.state,
    )
