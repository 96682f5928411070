"""Minimums by law: how they are written, and the proof that no rule of a schedule can end before them.

A rule stands only where its end can *never* come before the minimum's, whatever the dates: its events must not be
able to come earlier, its counting must not begin earlier in the calendar, its years must be enough.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from retention_policies.counting import CountFrom, Counting
from retention_policies.events import SHIPPED, Event, Trigger
from retention_policies.period import PERMANENT, Period
from retention_policies.rule import Combine, Minimum, Rule, Start, Terms
from retention_policies.tables import Reading
from retention_policies.terms import Words, read_counting, read_period, read_start

_SCOPE: Final = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,31}\*?|\*")


def read_minimum(table: Reading, events: Mapping[str, Event] = SHIPPED, fiscal_year_ends: int | None = None) -> Minimum:
    """Read a ``[[minimum]]`` table."""
    words = Words(events, fiscal_year_ends)
    rules = table.texts("rules")
    for name in rules:
        if not _SCOPE.fullmatch(name):
            table.note(
                f"应为规则代码，或以 * 结尾的代码开头：{name!r}", f"a code, or its beginning and *: {name!r}", "rules"
            )
    if table.has("offset"):
        table.note("法定下限不写推迟", "a minimum by law has no offset", "offset")
    start = read_start(table, words, None, fixed=False) if table.has("trigger") else None
    minimum = Minimum(
        code=table.text("code"),
        title=table.both("title"),
        rules=rules,
        period=read_period(table) or PERMANENT,
        start=start,
        counting=start.counting if start else read_counting(table, words, Counting()),
        basis=table.texts("basis"),
    )
    table.finish()
    return minimum


def check_scope(minimum: Minimum, table: Reading, rules: Mapping[str, Rule]) -> None:
    """Note names of rules that bind nothing: a slip of the pen must not leave a minimum without effect."""
    for name in minimum.rules:
        if not any(code.startswith(name[:-1]) if name.endswith("*") else code == name for code in rules):
            table.note(f"没有这样的规则：{name!r}", f"no rule has this code: {name!r}", "rules")


def check_minimums(minimums: Mapping[str, Minimum], rules: Mapping[str, Rule], places: Mapping[str, Reading]) -> None:
    """Note every rule that undercuts a minimum, at the key of its table that does."""
    for minimum in minimums.values():
        for code, rule in rules.items():
            if minimum.binds(code):
                _check(minimum, rule, places[code], rules)


def _check(minimum: Minimum, rule: Rule, place: Reading, rules: Mapping[str, Rule]) -> None:
    for where, terms in rule.every_terms:
        key = undercuts(terms, minimum)
        if key:
            _note(place, minimum, f"{where}: {key}" if where else key)
    if rule.inherits and any(undercuts(terms, minimum) for one in rules.values() for _, terms in one.every_terms):
        place.note(
            f"随主件保管，不能保证法定下限 {minimum.code}（{minimum.period.text.zh}）",
            f"kept as its parent, so the minimum {minimum.code} ({minimum.period.text.en}) is not sure",
            "period",
        )


def _note(place: Reading, minimum: Minimum, key: str) -> None:
    counted = f"，自 {minimum.start.words} 起" if minimum.start else ""
    from_event = f" from {minimum.start.words}" if minimum.start else ""
    place.note(
        f"低于法定下限 {minimum.code}（{minimum.period.text.zh}{counted}，依据 {'、'.join(minimum.basis)}）",
        f"falls short of the minimum {minimum.code} by law"
        f" ({minimum.period.text.en}{from_event}; {', '.join(minimum.basis)})",
        key,
    )


def undercuts(terms: Terms, minimum: Minimum) -> str:
    """Return the key by which terms can end before a minimum, or nothing where they never can."""
    if terms.period.permanent:
        return ""
    whole = Period(sum(period.years or 0 for period in (terms.period, *(step.period for step in terms.then))))
    if not whole.at_least(minimum.period) or terms.start is None:
        return "period"
    if minimum.start and not never_earlier(terms.start, minimum.start):
        return "trigger"
    # What is counted from another day of the calendar can begin almost a year earlier: a year more makes up for it.
    sure = _begins_no_earlier(terms.start.counting, minimum.counting)
    # From the day itself, steps that follow one another can lose a 29 February which the whole period would keep.
    if terms.start.counting.mode is CountFrom.DAY and terms.then:
        sure = False
    if not sure and not whole.at_least(minimum.period.plus(1)):
        return "count_from"
    return ""


def never_earlier(start: Start, other: Start) -> bool:
    """Whether a start can never come before another, whatever the dates of their events."""
    mine, theirs = ({event.code for event in one.events} for one in (start, other))
    if theirs == {Trigger.FORMED.value}:
        return True  # no clock starts before the paper was formed
    if other.combine is Combine.ALL and len(theirs) > 1:
        return theirs <= mine and start.combine is Combine.ALL
    if start.combine is Combine.ANY and len(mine) > 1:
        return mine <= theirs
    return bool(mine & theirs)


def _begins_no_earlier(mine: Counting, law: Counting) -> bool:
    return law.mode is CountFrom.DAY or mine == law or (_year_end(mine) and _year_end(law))


def _year_end(counting: Counting) -> bool:
    return counting.mode is CountFrom.YEAR or (counting.mode is CountFrom.FISCAL_YEAR and counting.month == 12)
