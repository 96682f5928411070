"""Named events, several at once, offsets, and from where in the calendar years are counted."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from retention_policies import Decision, Facts, PartialDate, ScheduleError, State, Trigger, decide, replay
from tests.retention_policies.cases import day
from tests.retention_policies.small import a_rule, rule, schedule, usual

BOTH = '{ all = ["CASE_CLOSED", "RECT_ACCEPTED"] }'
FIRST = '{ any = ["CONTRACT_ENDED", "SUPERSEDED"] }'


def verdict(terms: str, events: dict[str, str], formed: str = "", head: str = "") -> Decision:
    facts = Facts(
        document_date=day(formed) if formed else None, triggers={code: day(text) for code, text in events.items()}
    )
    decision = decide(rule(terms, head), facts, date(2026, 1, 1))
    assert replay(decision.inputs) == decision
    return decision


# ---- named events ---------------------------------------------------------------------------------------------------


def test_an_event_that_the_schedule_declares_starts_a_clock() -> None:
    decision = verdict(usual(trigger='"CONTRACT_ENDED"'), {"CONTRACT_ENDED": "2024-06-30"})
    assert decision.due_on == date(2035, 1, 1)
    assert decision.sentence.zh == "合同终止于 2024-06-30，保管 10 年，自 2025-01-01 起算，2035-01-01 起可鉴定"
    assert decision.trigger == "CONTRACT_ENDED"


def test_a_declared_event_is_waited_for_in_its_own_words() -> None:
    decision = verdict(usual(trigger='"CONTRACT_ENDED"'), {"CASE_CLOSED": "2024-06-30"})
    assert decision.state is State.CLOCK_PENDING
    assert decision.sentence.zh == "合同尚未终止，保管 10 年，尚未起算"


def test_a_schedule_knows_the_shipped_events_and_its_own() -> None:
    events = schedule(a_rule(usual())).events
    assert set(events) == {trigger.value for trigger in Trigger} - {"PARENT"} | {"CONTRACT_ENDED"}
    assert events["CONTRACT_ENDED"].title.en == "contract ended"
    assert events["FORMED"].awaited is None


@pytest.mark.parametrize("code", ["CASE_CLOSED", "PARENT", "closed", "X"])
def test_an_event_may_not_take_the_place_of_a_shipped_one_nor_have_an_odd_code(code: str) -> None:
    words = 'title = { zh = "a", en = "b" }\nhappened = { zh = "a", en = "b" }\nawaited = { zh = "a", en = "b" }'
    with pytest.raises(ScheduleError) as caught:
        schedule(f'[[event]]\ncode = "{code}"\n{words}\n', a_rule(usual()))
    assert [fault for fault in caught.value.faults if f"[[event]] {code}: code: " in fault]


# ---- all and any ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("closed", "accepted", "due"),
    [("2024-12-31", "2025-01-01", "2036-01-01"), ("2025-01-01", "2024-12-31", "2036-01-01")],
)
def test_with_all_the_last_event_counts(closed: str, accepted: str, due: str) -> None:
    decision = verdict(usual(trigger=BOTH), {"CASE_CLOSED": closed, "RECT_ACCEPTED": accepted})
    assert decision.due_on == day(due)
    assert "（取最晚）" in decision.sentence.zh
    assert f"Case closed {closed}, rectification accepted {accepted} (the last counts)" in decision.sentence.en


def test_with_all_one_missing_event_keeps_the_clock_from_starting_and_is_named() -> None:
    decision = verdict(usual(trigger=BOTH), {"CASE_CLOSED": "1990-01-01"})
    assert decision.state is State.CLOCK_PENDING
    assert decision.sentence.zh == "整改尚未验收，保管 10 年，尚未起算"
    none = verdict(usual(trigger=BOTH), {})
    assert none.sentence.zh.startswith("尚未结案，整改尚未验收，")
    assert none.sentence.en.startswith("The case is not closed and the rectification is not accepted, so nothing")


def test_with_any_the_first_event_that_came_counts() -> None:
    one = verdict(usual(trigger=FIRST), {"SUPERSEDED": "2024-05-05"})
    both = verdict(usual(trigger=FIRST), {"SUPERSEDED": "2024-05-05", "CONTRACT_ENDED": "2023-05-05"})
    assert (one.due_on, both.due_on) == (date(2035, 1, 1), date(2034, 1, 1))
    assert "（取最早）" in both.sentence.zh
    assert verdict(usual(trigger=FIRST), {}).state is State.CLOCK_PENDING


def test_a_paper_without_a_date_is_in_doubt_even_while_another_event_is_awaited() -> None:
    decision = verdict(usual(trigger='{ all = ["FORMED", "CASE_CLOSED"] }'), {})
    assert decision.state is State.KEEP_UNSURE
    assert verdict(usual(trigger='{ any = ["FORMED", "CASE_CLOSED"] }'), {}).state is State.CLOCK_PENDING


@pytest.mark.parametrize(
    ("trigger", "place"),
    [
        ('{ all = ["CASE_CLOSED"] }', "trigger: all: "),
        ("{ any = [] }", "trigger: any: "),
        ('{ any = ["CASE_CLOSED", "CASE_CLOSED"] }', "trigger: any: "),
        ('{ all = ["CASE_CLOSED", "MOON_RISEN"] }', "trigger: all: "),
        ('{ all = ["CASE_CLOSED", "PARENT"] }', "trigger: all: "),
        ('{ all = ["A1", "B1"], any = ["CASE_CLOSED", "FORMED"] }', "trigger: "),
        ("{ }", "trigger: "),
        ('{ all = ["CASE_CLOSED", "FORMED"], none = 1 }', "trigger: none: "),
        ("7", "trigger: "),
    ],
)
def test_a_faulty_combination_is_refused_at_its_key(trigger: str, place: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        rule(usual(trigger=trigger))
    assert all(f"[[rule]] AAA01: {place}" in fault for fault in caught.value.faults), caught.value.faults


# ---- offset ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offset", "closed", "reached"),
    [
        ("6 months", "2024-08-31", "2025-02-28"),
        ("6 months", "2023-08-31", "2024-02-29"),
        ("1 year", "2024-02-29", "2025-02-28"),
        ("4 years", "2024-02-29", "2028-02-29"),
        ("1 day", "2024-12-31", "2025-01-01"),
        ("1 year 1 month 1 day", "2024-12-31", "2026-02-01"),
        ("12 months", "1969-12-31", "1970-12-31"),
    ],
)
def test_an_offset_is_added_to_the_event_before_the_year_is_closed(offset: str, closed: str, reached: str) -> None:
    decision = verdict(usual(more=f'offset = "{offset}"'), {"CASE_CLOSED": closed})
    assert decision.trigger_date == day(reached)
    assert decision.due_on == date(day(reached).year + 11, 1, 1)
    assert f"至 {reached}" in decision.sentence.zh
    assert f"later {reached}" in decision.sentence.en


def test_an_offset_runs_from_the_paper_where_the_event_came_before_it() -> None:
    decision = verdict(usual(more='offset = "1 year"'), {"CASE_CLOSED": "2001-01-01"}, formed="2024-03-01")
    assert decision.trigger_date == date(2025, 3, 1)
    assert "结案于 2001-01-01，而文件形成于 2024-03-01，推迟 1 年至 2025-03-01" in decision.sentence.zh


def test_an_offset_beyond_the_calendar_is_kept_in_doubt() -> None:
    for closed, offset in (("9999-12-31", "1 day"), ("9990-01-01", "99 years"), ("9999-12-01", "2 months")):
        decision = verdict(usual(more=f'offset = "{offset}"'), {"CASE_CLOSED": closed})
        assert decision.state is State.KEEP_UNSURE
        assert decision.due_on is None
        assert "9999" in decision.sentence.zh


@pytest.mark.parametrize(
    "offset", ['"6"', '"six months"', '"0 days"', '"-1 years"', '"1 year1 month"', "6", '"1 day 1 year"']
)
def test_an_offset_that_cannot_be_read_is_refused(offset: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        rule(usual(more=f"offset = {offset}"))
    assert all("[[rule]] AAA01: offset: " in fault for fault in caught.value.faults)


# ---- from where in the calendar -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("closed", "start", "last"),
    [
        ("2024-06-30", "2024-07-01", "2034-06-30"),
        ("2024-07-01", "2025-07-01", "2035-06-30"),
        ("2024-06-29", "2024-07-01", "2034-06-30"),
        ("1969-12-31", "1970-07-01", "1980-06-30"),
    ],
)
def test_a_fiscal_year_ends_with_its_month(closed: str, start: str, last: str) -> None:
    terms = usual(more='count_from = "fiscal_year"\nfiscal_year_ends = 6')
    decision = verdict(terms, {"CASE_CLOSED": closed})
    assert (decision.clock_start, decision.last_day) == (day(start), day(last))
    assert decision.due_on == day(last) + timedelta(days=1)


def test_a_fiscal_year_that_ends_with_february_knows_leap_years() -> None:
    terms = usual(more='count_from = "fiscal_year"\nfiscal_year_ends = 2')
    assert verdict(terms, {"CASE_CLOSED": "2018-01-15"}).last_day == date(2028, 2, 29)
    assert verdict(terms, {"CASE_CLOSED": "2024-02-29"}).last_day == date(2034, 2, 28)


def test_the_schedule_may_say_for_all_rules_when_its_fiscal_year_ends() -> None:
    terms = usual(more='count_from = "fiscal_year"')
    assert verdict(terms, {"CASE_CLOSED": "2024-04-01"}, head="fiscal_year_ends = 3").last_day == date(2035, 3, 31)
    with pytest.raises(ScheduleError) as caught:
        rule(terms)
    assert "[[rule]] AAA01: fiscal_year_ends: " in caught.value.faults[0]


def test_a_fiscal_year_that_ends_with_december_counts_as_the_calendar_year_does() -> None:
    terms = usual(more='count_from = "fiscal_year"\nfiscal_year_ends = 12')
    for closed in ("2024-01-01", "2024-12-31", "2024-02-29"):
        assert verdict(terms, {"CASE_CLOSED": closed}).due_on == verdict(usual(), {"CASE_CLOSED": closed}).due_on


@pytest.mark.parametrize(
    ("closed", "last"),
    [
        ("2016-03-01", "2026-03-01"),
        ("2016-02-29", "2026-02-28"),
        ("2014-02-28", "2024-02-28"),
        ("2024-12-31", "2034-12-31"),
        ("1965-05-17", "1975-05-17"),
    ],
)
def test_from_the_day_itself_a_period_ends_with_the_same_day_of_the_year(closed: str, last: str) -> None:
    decision = verdict(usual(more='count_from = "day"'), {"CASE_CLOSED": closed})
    assert decision.clock_start == day(closed) + timedelta(days=1)
    assert decision.last_day == day(last)
    assert decision.due_on == day(last) + timedelta(days=1)


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ('count_from = "month"', "count_from"),
        ('count_from = "day"\nfiscal_year_ends = 6', "fiscal_year_ends"),
        ("fiscal_year_ends = 6", "fiscal_year_ends"),
        ('count_from = "fiscal_year"\nfiscal_year_ends = 13', "fiscal_year_ends"),
        ('count_from = "fiscal_year"\nfiscal_year_ends = true', "fiscal_year_ends"),
    ],
)
def test_a_faulty_counting_is_refused_at_its_key(more: str, key: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        rule(usual(more=more))
    assert all(f"[[rule]] AAA01: {key}: " in fault for fault in caught.value.faults), caught.value.faults


@pytest.mark.parametrize("mode", ['"year"', '"day"', '"fiscal_year"\nfiscal_year_ends = 6'])
def test_no_counting_passes_the_year_9999(mode: str) -> None:
    terms = usual(period="1 year", more=f"count_from = {mode}")
    for closed in ("9999-12-31", "9999-07-01", "9998-12-31"):
        decision = verdict(terms, {"CASE_CLOSED": closed})
        assert decision.state in {State.KEEP_UNSURE, State.RUNNING}
        assert (decision.due_on is None) == (decision.state is State.KEEP_UNSURE)


def test_what_the_rule_says_of_its_start_holds_for_an_exception_that_is_silent(tmp_path: Path) -> None:
    more = 'offset = "1 year"\ncount_from = "day"\n'
    when = '[[rule.when]]\nany = [{ fact = "deaths", at_least = 1 }]\nreason = { zh = "重", en = "grave" }\n'
    silent = rule(usual(more=f'{more}{when}period = "30 years"\naction = "RE"'))
    own = rule(usual(more=f'{more}{when}period = "30 years"\naction = "RE"\noffset = "none"\ncount_from = "year"\n'))
    facts = Facts(triggers={Trigger.CASE_CLOSED: date(2000, 5, 5)}, values={"deaths": 1})
    assert decide(silent, facts, date(2026, 1, 1)).last_day == date(2031, 5, 5)
    decision = decide(own, facts, date(2026, 1, 1))
    assert decision.last_day == date(2030, 12, 31)
    assert replay(decision.inputs) == decision


# ---- dates of which a part is unknown -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formed", "due", "told"),
    [
        (PartialDate(1998), "2009-01-01", "形成于 1998-00-00（按最晚的 1998-12-31 计）"),
        (PartialDate(1998, 2), "2009-01-01", "形成于 1998-02-00（按最晚的 1998-02-28 计）"),
        (PartialDate(1949, 10), "1960-01-01", "形成于 1949-10-00（按最晚的 1949-10-31 计）"),
    ],
)
def test_an_unknown_day_is_counted_from_the_latest_that_it_can_mean(formed: PartialDate, due: str, told: str) -> None:
    decision = decide(rule(usual(trigger='"FORMED"')), Facts(document_date=formed), date(2026, 1, 1))
    assert decision.due_on == day(due)
    assert decision.sentence.zh.startswith(told)
    assert replay(decision.inputs) == decision


def test_an_unknown_month_counts_as_december_from_the_day_itself_and_in_a_fiscal_year() -> None:
    facts = Facts(document_date=PartialDate(1998))
    daily = rule(usual(trigger='"FORMED"', more='count_from = "day"'))
    fiscal = rule(usual(trigger='"FORMED"', more='count_from = "fiscal_year"\nfiscal_year_ends = 6'))
    assert decide(daily, facts, date(2026, 1, 1)).last_day == date(2008, 12, 31)
    assert decide(fiscal, facts, date(2026, 1, 1)).last_day == date(2009, 6, 30)


def test_an_event_in_the_year_of_a_paper_whose_day_is_unknown_does_not_come_before_it() -> None:
    facts = Facts(document_date=PartialDate(1998), triggers={Trigger.CASE_CLOSED: date(1998, 3, 1)})
    decision = decide(rule(usual(more='count_from = "day"')), facts, date(2026, 1, 1))
    assert decision.last_day == date(2008, 12, 31)
    assert "而文件形成于 1998-00-00（按最晚的 1998-12-31 计）" in decision.sentence.zh
