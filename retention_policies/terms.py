"""Reading terms: period, what starts the clock and how it is counted, action, further steps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from retention_policies.counting import CountFrom, Counting, Span
from retention_policies.events import Event
from retention_policies.period import PERMANENT, Period
from retention_policies.rule import Action, Combine, Start, Step, Terms
from retention_policies.tables import Reading
from retention_policies.text import RetentionError, Text

ENDS: Final = (Action.DESTROY, Action.EXTEND, Action.TRANSFER, Action.REVIEW)
STAYS: Final = (Action.PERMANENT_TRANSFER, Action.PERMANENT_KEEP)
NO_OFFSET: Final = "none"

_SPAN = re.compile(r"(?:(\d{1,2}) years?)?(?:(?:^| )(\d{1,3}) months?)?(?:(?:^| )(\d{1,5}) days?)?", re.ASCII)


@dataclass(frozen=True)
class Words:
    """What a schedule gives its rules to speak with: events, and the month (1 to 12) that its fiscal year ends with."""

    events: Mapping[str, Event]
    fiscal_year_ends: int | None = None


def read_terms(table: Reading, reason: Text, words: Words, usual: Terms | None = None) -> Terms:
    """Read terms and hold them against each other; what stands not here is as in ``usual``, the rule's own."""
    period = read_period(table)
    permanent = period is not None and period.permanent
    start = read_start(table, words, usual.start if usual else None, fixed=not permanent)
    fitting = STAYS if permanent else ENDS
    action = table.one_of("action", [one.value for one in (fitting if period else (*ENDS, *STAYS))])
    then = tuple(_read_step(step) for step in table.tables("then"))
    if then and permanent:
        table.note("永久保管没有以后的步骤", "what is permanent has no further steps", "then")
    taken = [action, *(step.action for step in then)]
    if Action.DESTROY in taken[:-1]:
        table.note("销毁之后不能再有步骤", "nothing can follow destruction", "then")
    return Terms(
        period=period or PERMANENT,
        start=start,
        action=Action(action) if action else Action.PERMANENT_KEEP,
        reason=reason,
        then=then,
    )


def _read_step(table: Reading) -> Step:
    period = read_period(table)
    if period is not None and period.permanent:
        table.note("以后的步骤须有定期", "a further step needs a fixed term", "period")
    action = table.one_of("action", [one.value for one in ENDS])
    step = Step(period or PERMANENT, Action(action or Action.REVIEW), table.both("reason"))
    table.finish()
    return step


def read_period(table: Reading) -> Period | None:
    """Read ``period``; None after noting a fault."""
    words = table.text("period")
    try:
        return Period.from_words(words) if words else None
    except RetentionError as error:
        table.note(error.text.zh, error.text.en, "period")
        return None


def read_start(table: Reading, words: Words, usual: Start | None, *, fixed: bool) -> Start | None:
    """Read ``trigger``, ``offset``, ``count_from`` and ``fiscal_year_ends``; each as in ``usual`` where it is not there."""
    events, combine = (usual.events, usual.combine) if usual else ((), Combine.ALL)
    if table.has("trigger"):
        events, combine = _read_events(table, words)
    offset = _read_offset(table) if table.has("offset") else (usual.offset if usual else Span())
    counting = read_counting(table, words, usual.counting if usual else Counting())
    if events:
        return Start(events, combine, offset, counting)
    if fixed and not table.has("trigger"):
        table.note("定期保管须有起算事件", "a fixed term needs a trigger", "trigger")
    for key in ("offset", "count_from", "fiscal_year_ends"):
        if table.has(key) and not table.has("trigger"):
            table.note("没有起算事件，此项无意义", "means nothing without a trigger", key)
    return None


def _read_events(table: Reading, words: Words) -> tuple[tuple[Event, ...], Combine]:
    """Read ``"CASE_CLOSED"``, ``{ all = [...] }`` or ``{ any = [...] }``."""
    raw = table.take("trigger")
    if not isinstance(raw, dict):
        code = table.one_of("trigger", tuple(words.events))
        return ((words.events[code],) if code else ()), Combine.ALL
    inner = Reading(raw, f"{table.place}: trigger", table.faults)
    if inner.has("any") == inner.has("all"):
        inner.note("须有 any 或 all 之一", "needs either any or all")
    combine = Combine.ANY if inner.has("any") else Combine.ALL
    codes = inner.texts(combine.value, needed=inner.has(combine.value))
    if codes and len(codes) < 2:
        inner.note("至少须有两个事件", "needs at least two events", combine.value)
    for code in codes:
        if code not in words.events:
            listed = ", ".join(words.events)
            inner.note(
                f"没有这种事件：{code!r}（可用：{listed}）",
                f"no such event: {code!r} (one of: {listed})",
                combine.value,
            )
    inner.finish()
    return tuple(words.events[code] for code in codes if code in words.events), combine


def _read_offset(table: Reading) -> Span:
    """Read ``"6 months"``, ``"1 year 6 months 10 days"`` or ``"none"``."""
    written = table.text("offset")
    found = _SPAN.fullmatch(written)
    span = Span(*(int(part or 0) for part in found.groups())) if found else Span()
    if written and written != NO_OFFSET and not span:
        table.note(
            f'应写作 "1 year 6 months 10 days" 之类：{written!r}',
            f'must be as "1 year 6 months 10 days", not {written!r}',
            "offset",
        )
    return span


def read_counting(table: Reading, words: Words, usual: Counting) -> Counting:
    """Read ``count_from`` and, for a fiscal year, the month that it ends with."""
    mode = usual.mode
    if table.has("count_from"):
        mode = CountFrom(table.one_of("count_from", [one.value for one in CountFrom]) or CountFrom.YEAR)
    if table.has("fiscal_year_ends") and mode is not CountFrom.FISCAL_YEAR:
        table.note("只用于按会计年度计算", "only for counting by fiscal year", "fiscal_year_ends")
    month = read_month(table) if table.has("fiscal_year_ends") else None
    if mode is not CountFrom.FISCAL_YEAR:
        return Counting(mode)
    if month is None and usual.mode is CountFrom.FISCAL_YEAR:
        month = usual.month
    month = month or words.fiscal_year_ends
    if month is None:
        table.note("须写明会计年度终了的月份", "needs the month that the fiscal year ends with", "fiscal_year_ends")
    return Counting(mode, month or 12)


def read_month(table: Reading) -> int | None:
    """Read ``fiscal_year_ends``, a month from 1 to 12."""
    value = table.take("fiscal_year_ends")
    if type(value) is int and 1 <= value <= 12:
        return value
    table.note(f"应为 1 至 12 的月份：{value!r}", f"must be a month from 1 to 12, not {value!r}", "fiscal_year_ends")
    return None
