"""``decide``: the one place where it is said whether a paper may be appraised for disposal, and why.

- When unsure, keep: a missing date, an unknown type, an unanswered fact never lead to DUE.
- ``due_on`` depends on rule and facts alone, never on today's date or on holds, so it may be stored and indexed.
- DUE only queues an appraisal 鉴定; nothing is ever destroyed by a date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from retention_policies import sentences
from retention_policies.content import inputs_of
from retention_policies.counting import Count, count_years
from retention_policies.facts import Facts, Hold
from retention_policies.ground import Ground, ground
from retention_policies.period import Period
from retention_policies.rule import Action, Rule, Trigger
from retention_policies.text import Text


class State(StrEnum):
    """Where a paper stands on its way through retention.

    HELD is a paper with a due date, past or to come, that a hold keeps from disposal. A hold on a permanent,
    waiting or doubtful paper leaves the state as it is (none of them can become due) and is told in the sentence.
    """

    PERMANENT = "PERMANENT"
    CLOCK_PENDING = "CLOCK_PENDING"
    RUNNING = "RUNNING"
    DUE = "DUE"
    HELD = "HELD"
    KEEP_UNSURE = "KEEP_UNSURE"


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict with everything that led to it; ``inputs`` (plain JSON values) replays to the same decision.

    ``period`` is the current one; it and ``action`` are None where a doubt leaves them open. ``trigger_date`` is
    the date that counts. ``sentence`` says all of it to people, and is the same before and after the due day.
    """

    state: State
    rule_code: str | None
    period: Period | None
    trigger: Trigger | None
    trigger_date: date | None
    clock_start: date | None
    last_day: date | None
    due_on: date | None
    action: Action | None
    holds: tuple[Hold, ...]
    sentence: Text
    inputs: Mapping[str, object]


def decide(rule: Rule | None, facts: Facts, as_of: date) -> Decision:
    """Decide about one paper on a civil date; ``rule`` is None when its type has none in the schedule. Pure."""
    found = ground(rule, facts)
    count = _count(found)
    holds = _all_holds(rule, facts)
    return Decision(
        state=_state(found, count, holds, as_of),
        rule_code=rule.code if rule else None,
        period=found.period,
        trigger=found.trigger,
        trigger_date=found.trigger_date,
        clock_start=count.clock_start if count else None,
        last_day=count.last_day if count else None,
        due_on=count.due_on if count else None,
        action=found.action,
        holds=holds,
        sentence=sentences.with_holds(_sentence(found, count), holds),
        inputs=inputs_of(rule, facts, as_of),
    )


def _count(found: Ground) -> Count | None:
    if found.doubt or found.period is None or found.period.years is None or found.trigger_date is None:
        return None
    return count_years(found.trigger_date, found.period.years)


def _state(found: Ground, count: Count | None, holds: tuple[Hold, ...], as_of: date) -> State:
    if found.permanent:
        return State.PERMANENT
    if found.doubt:
        return State.KEEP_UNSURE
    if count is None:
        return State.CLOCK_PENDING if found.trigger_date is None else State.KEEP_UNSURE
    if holds:
        return State.HELD
    return State.DUE if as_of >= count.due_on else State.RUNNING


def _sentence(found: Ground, count: Count | None) -> Text:
    if found.doubt or found.period is None:
        return sentences.unsure(found.doubt or sentences.NO_RULE)
    if found.permanent:
        return sentences.permanent(found.reason or Text("", ""), reclassified=found.reclassified)
    kept = sentences.kept_for(found.period, extended=found.extended, reclassified=found.reclassified)
    if found.trigger is None or found.event_date is None or found.trigger_date is None:
        return sentences.pending(found.trigger or Trigger.CASE_CLOSED, kept)
    if count is None:
        return sentences.unsure(sentences.BEYOND_CALENDAR)
    return sentences.counted(
        trigger=found.trigger,
        event_date=found.event_date,
        trigger_date=found.trigger_date,
        kept=kept,
        count=count,
        inherited=found.inherited,
    )


def _all_holds(rule: Rule | None, facts: Facts) -> tuple[Hold, ...]:
    """Return the paper's holds, and for a type that inherits those of its parents too: it shares their fate."""
    holds = list(facts.holds)
    if rule is None or rule.inherits:
        for parent in facts.parents:
            holds.extend(_all_holds(parent.rule, parent.facts))
    return tuple(dict.fromkeys(holds))
