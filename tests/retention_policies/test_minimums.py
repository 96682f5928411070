"""Minimums by law: which rules stand, which are refused and at what key, and that the refusal is neither lax nor vain."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention_policies import (
    CountFrom,
    Counting,
    Decision,
    Facts,
    Minimum,
    Period,
    ScheduleError,
    Text,
    Trigger,
    decide,
    default_schedule_path,
    load_minimums,
    load_schedule,
)
from retention_policies.events import SHIPPED
from retention_policies.minimums import undercuts
from retention_policies.rule import Action, Combine, Rule, Start, Terms
from tests.retention_policies.small import a_rule, schedule, usual


def minimum(more: str = "", rules: str = '["AAA*"]', period: str = "10 years", code: str = "MIN") -> str:
    return f"""
[[minimum]]
code = "{code}"
title = {{ zh = "下限", en = "minimum" }}
rules = {rules}
period = "{period}"
basis = ["LAW"]
{more}
"""


def faults(*tables: str) -> list[str]:
    with pytest.raises(ScheduleError) as caught:
        schedule(*tables)
    return caught.value.faults


@pytest.mark.parametrize("period", ["10 years", "11 years", "30 years"])
def test_what_is_as_long_as_the_minimum_or_longer_stands(period: str) -> None:
    assert schedule(minimum(), a_rule(usual(period=period))).minimums["MIN"].period == Period(10)
    schedule(minimum(), a_rule('period = "permanent"\naction = "PK"'))


def test_a_rule_that_undercuts_is_refused_with_file_table_key_and_the_law() -> None:
    [fault] = faults(minimum(), a_rule(usual(period="9 years")))
    assert ": [[rule]] AAA01: period: " in fault
    assert "MIN" in fault
    assert "10 年" in fault
    assert "LAW" in fault


def test_an_exception_and_every_other_rule_that_undercut_are_all_told() -> None:
    when = '[[rule.when]]\nany = [{ fact = "deaths", at_least = 1 }]\nreason = { zh = "a", en = "b" }\n'
    found = faults(
        minimum(),
        a_rule(usual(more=f'{when}period = "5 years"\naction = "RD"')),
        a_rule(usual(period="3 years"), code="AAA02"),
        a_rule(usual(period="3 years"), code="BBB01"),
    )
    assert len(found) == 2
    assert "AAA01: [[when]] #1: period" in found[0]
    assert "AAA02: period" in found[1]


def test_a_permanent_minimum_lets_nothing_else_stand() -> None:
    assert len(faults(minimum(period="permanent"), a_rule(usual(period="99 years")))) == 1


@pytest.mark.parametrize(
    ("law", "local", "stands"),
    [
        ('"CASE_CLOSED"', '"CASE_CLOSED"', True),
        ('"CASE_CLOSED"', '"FORMED"', False),
        ('"CASE_CLOSED"', '{ all = ["CASE_CLOSED", "RECT_ACCEPTED"] }', True),
        ('"CASE_CLOSED"', '{ any = ["CASE_CLOSED", "RECT_ACCEPTED"] }', False),
        ('{ any = ["CASE_CLOSED", "RECT_ACCEPTED"] }', '"CASE_CLOSED"', True),
        ('{ any = ["CASE_CLOSED", "RECT_ACCEPTED"] }', '{ any = ["CASE_CLOSED", "SUPERSEDED"] }', False),
        ('{ all = ["CASE_CLOSED", "RECT_ACCEPTED"] }', '"CASE_CLOSED"', False),
        ('{ all = ["CASE_CLOSED", "RECT_ACCEPTED"] }', '{ all = ["RECT_ACCEPTED", "CASE_CLOSED"] }', True),
        ('"FORMED"', '"SUPERSEDED"', True),
    ],
)
def test_a_clock_that_can_start_before_that_of_the_law_is_refused(law: str, local: str, stands: bool) -> None:
    tables = minimum(f"trigger = {law}"), a_rule(usual(period="30 years", trigger=local))
    if stands:
        schedule(*tables)
    else:
        [fault] = faults(*tables)
        assert ": [[rule]] AAA01: trigger: " in fault


def test_counting_from_an_earlier_day_of_the_calendar_needs_a_year_more() -> None:
    [fault] = faults(minimum(), a_rule(usual(more='count_from = "day"')))
    assert ": count_from: " in fault
    schedule(minimum(), a_rule(usual(period="11 years", more='count_from = "day"')))
    schedule(minimum('count_from = "day"'), a_rule(usual()))


def test_several_steps_count_together() -> None:
    step = '[[rule.then]]\nperiod = "5 years"\naction = "RD"\nreason = { zh = "a", en = "b" }\n'
    schedule(minimum(), a_rule(usual(period="5 years", action="RT", more=step)))
    assert len(faults(minimum(), a_rule(usual(period="4 years", action="RT", more=step)))) == 1


def test_a_type_that_inherits_stands_only_where_nothing_that_it_can_inherit_undercuts() -> None:
    parent = (
        'period = "parent"\ntrigger = "PARENT"\naction = "PARENT"\n'
        '[rule.otherwise]\nperiod = "30 years"\ntrigger = "FORMED"\naction = "RE"\nreason = { zh = "a", en = "b" }\n'
    )
    photo = a_rule(parent, code="SXD01").replace('level = "INT"', 'level = "PARENT"')
    law = minimum(rules='["SXD01"]', period="20 years")
    [fault] = faults(law, photo, a_rule(usual()))
    assert ": [[rule]] SXD01: period: " in fault
    schedule(law, photo, a_rule(usual(period="20 years")))


def test_a_minimum_that_binds_no_rule_is_a_slip_of_the_pen() -> None:
    [fault] = faults(minimum(rules='["AAB01"]'), a_rule(usual()))
    assert "[[minimum]] MIN: rules: " in fault


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ('offset = "1 year"\ntrigger = "CASE_CLOSED"', "offset"),
        ('trigger = "CLOSED"', "trigger"),
        ('count_from = "week"', "count_from"),
        ('colour = "red"', "colour"),
    ],
)
def test_a_faulty_minimum_is_refused_at_its_key(more: str, key: str) -> None:
    assert any(f"[[minimum]] MIN: {key}: " in fault for fault in faults(minimum(more), a_rule(usual())))


def test_the_law_can_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    law = tmp_path / "law.toml"
    basis = 'format = 1\n[[basis]]\ncode = "LAW"\ntitle = { zh = "法", en = "Law" }\n'
    law.write_text(basis + minimum(), encoding="utf-8")
    minimums = load_minimums(law)
    assert list(schedule(a_rule(usual()), minimums=minimums).minimums) == ["MIN"]
    with pytest.raises(ScheduleError) as caught:
        schedule(a_rule(usual(period="9 years")), minimums=minimums)
    assert len(caught.value.faults) == 1
    law.write_text(basis + minimum('x = 1\ntrigger = "NOBODY"'), encoding="utf-8")
    with pytest.raises(ScheduleError) as caught:
        load_minimums(law)
    assert len(caught.value.faults) == 2


def test_the_shipped_schedule_keeps_everything_ten_years_at_least() -> None:
    ten = Minimum("TEN", Text("十", "ten"), ("*",), Period(10), None, Counting(), ("ORDER10",))
    load_schedule(default_schedule_path(), {"TEN": ten})
    eleven = Minimum("ELEVEN", Text("十一", "eleven"), ("*",), Period(11), None, Counting(), ("ORDER10",))
    with pytest.raises(ScheduleError):
        load_schedule(default_schedule_path(), {"ELEVEN": eleven})


# ---- neither lax nor vain -------------------------------------------------------------------------------------------

EVENTS = [Trigger.CASE_CLOSED, Trigger.RECT_ACCEPTED, Trigger.SUPERSEDED]
COUNTINGS = st.sampled_from(
    [Counting(), Counting(CountFrom.DAY), Counting(CountFrom.FISCAL_YEAR, 6), Counting(CountFrom.FISCAL_YEAR, 12)]
)
STARTS = st.builds(
    Start,
    st.lists(st.sampled_from(EVENTS), min_size=1, max_size=3, unique=True).map(
        lambda codes: tuple(SHIPPED[code] for code in codes)
    ),
    st.sampled_from(Combine),
    counting=COUNTINGS,
)
SOME_DAYS = [date(2015, 12, 31), date(2016, 1, 1), date(2016, 2, 29), date(2016, 7, 1), date(2019, 6, 30)]


def bare(start: Start, years: int) -> Terms:
    return Terms(Period(years), start, Action.DESTROY, Text("", ""))


def decided(start: Start, years: int, facts: Facts) -> Decision:
    of = Rule("A", Text("", ""), bare(start, years), None, (), "INT", (), Text("a", "b"), (), ())
    return decide(of, facts, date(2026, 1, 1))


@settings(max_examples=120, deadline=None)
@given(STARTS, st.integers(5, 8), STARTS, st.integers(5, 8))
def test_a_rule_stands_exactly_where_it_can_never_end_before_the_law(
    local: Start, years: int, law: Start, least: int
) -> None:
    bound = Minimum("M", Text("", ""), ("*",), Period(least), law, law.counting, ())
    stands = not undercuts(bare(local, years), bound)
    earlier = []
    for days in product(SOME_DAYS, repeat=len(EVENTS)):
        facts = Facts(triggers=dict(zip(EVENTS, days, strict=True)))
        ours, theirs = decided(local, years, facts).due_on, decided(law, least, facts).due_on
        assert ours is not None
        assert theirs is not None
        earlier.append(ours + timedelta(0) < theirs)
    assert not (stands and any(earlier))
    # What is refused either ends too early for some dates, or only the years more could have saved it for all dates.
    if not stands and not any(earlier):
        assert years > least
        assert local.counting != law.counting or {e.code for e in local.events} != {e.code for e in law.events}
