"""``decide``: the one place where it is said whether a paper may be appraised for disposal, and why.

- When unsure, keep: a missing date, an unknown type, an unanswered fact never lead to DUE.
- ``due_on`` depends on rule and facts alone, never on today's date or on holds, so it may be stored and indexed.
- DUE only queues an appraisal 鉴定; nothing is ever destroyed by a date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final

from retention_policies import sentences, telling
from retention_policies.content import inputs_of, inputs_of_several
from retention_policies.facts import Facts, Hold
from retention_policies.ground import MOST_CAREFUL_FIRST, Ground, extended, ground
from retention_policies.period import Period
from retention_policies.rule import Action, Rule
from retention_policies.steps import PlannedStep, plan_steps
from retention_policies.text import RetentionError, Text

NEVER: Final = date.max.toordinal() + 1


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

    ``period`` is the current one, that of the present step; it and ``action`` are None where a doubt leaves them
    open. ``trigger_date`` is the date that counts, ``trigger`` the event that decides. ``sentence`` says all of it to
    people, and is the same before and after the due day. ``steps`` are all steps of the rule where it is counted, and
    ``step`` the number of the present one; ``due_on`` is its date. ``rule_code`` is that of the rule that applies; of
    several rules, ``beside`` tells what the others would have given.
    """

    state: State
    rule_code: str | None
    period: Period | None
    trigger: str | None
    trigger_date: date | None
    clock_start: date | None
    last_day: date | None
    due_on: date | None
    action: Action | None
    holds: tuple[Hold, ...]
    sentence: Text
    inputs: Mapping[str, object]
    steps: tuple[PlannedStep, ...] = ()
    step: int = 1
    name: str = ""
    beside: tuple[Decision, ...] = ()

    @property
    def ends_on(self) -> date | None:
        """The date of the last step, as early as it can come; None where nothing is counted or the calendar ends."""
        return self.steps[-1].due_on if self.steps else None

    @property
    def next_on(self) -> date | None:
        """The date of the step after the present one, as early as it can come; None where there is none."""
        later = self.steps[self.step :]
        return later[0].due_on if later else None

    @property
    def may_destroy(self) -> bool:
        """Whether people may now decide to destroy: due, at the last step, and not under a rule of mere review."""
        return self.state is State.DUE and self.step == len(self.steps) and self.action is not Action.REVIEW


def decide(rule: Rule | None, facts: Facts, as_of: date) -> Decision:
    """Decide about one paper on a civil date; ``rule`` is None when its type has none in the schedule. Pure.

    A rule that names others (``also``) is decided together with them: what keeps longest applies.
    """
    if rule is not None and rule.also:
        named = [(one.code, one) for one in (rule, *rule.also)]
        return replace(_among(named, facts, as_of), inputs=inputs_of(rule, facts, as_of))
    holds = _all_holds(rule, facts)
    decided = _verdict(rule, facts, as_of, holds)
    sentence = sentences.with_holds(decided.sentence, holds)
    return replace(decided, holds=holds, sentence=sentence, inputs=inputs_of(rule, facts, as_of))


def decide_among(named: Sequence[tuple[str, Rule | None]], facts: Facts, as_of: date) -> Decision:
    """Decide about one paper that several rules apply to, or several versions of its rule: the longest wins.

    ``named`` gives each what people call it: the code of the rule, or the version of its schedule. A later version
    of a schedule that lengthens applies by itself and one that shortens does not, because this is asked with all
    versions since the paper was filed (DOMAIN 2.3). Permanent comes before a doubt, a doubt before waiting, waiting
    before any date; of two dates the later.
    """
    if not named:
        raise RetentionError("没有可用的规则", "There is no rule to decide by")
    flat = [
        (name if one is rule else f"{name} {one.code}" if one else name, one)
        for name, rule in named
        for one in ((rule, *rule.also) if rule else (None,))
    ]
    return replace(_among(flat, facts, as_of), inputs=inputs_of_several(named, facts, as_of))


def _among(named: Sequence[tuple[str, Rule | None]], facts: Facts, as_of: date) -> Decision:
    holds = tuple(dict.fromkeys(hold for _, rule in named for hold in _all_holds(rule, facts)))
    decided = [replace(_verdict(rule, facts, as_of, holds), name=name) for name, rule in named]
    best = min(decided, key=keeps_longest)
    others = tuple(one for one in decided if one is not best)
    sentence = best.sentence
    if others:
        found = [(one.name, _in_short(one)) for one in others]
        sentence = sentences.longest_of(best.sentence, best.name, found)
    return replace(best, holds=holds, sentence=sentences.with_holds(sentence, holds), beside=others)


def keeps_longest(decision: Decision) -> tuple[int, int, int, int, int]:
    """Order decisions by how long they keep, the longest first; the one place where *longer* is defined.

    Of two that are counted the end of the last step decides: an early transfer does not make a keeping short.
    """
    rank = {State.PERMANENT: 0, State.KEEP_UNSURE: 1, State.CLOCK_PENDING: 2}.get(decision.state, 3)
    due = decision.due_on.toordinal() if decision.due_on else 0
    end = decision.ends_on.toordinal() if decision.ends_on else NEVER
    years = decision.period.years if decision.period and decision.period.years else 0
    careful = MOST_CAREFUL_FIRST.index(decision.action) if decision.action in MOST_CAREFUL_FIRST else 0
    return rank, -end, -due, -years, careful


def _in_short(decision: Decision) -> Text:
    if decision.due_on:
        return Text(str(decision.due_on), str(decision.due_on))
    if decision.state is State.CLOCK_PENDING:
        return Text("尚未起算", "not counted yet")
    return Text("永久", "permanent") if decision.state is State.PERMANENT else Text("存疑", "in doubt")


def _verdict(rule: Rule | None, facts: Facts, as_of: date, holds: tuple[Hold, ...]) -> Decision:
    """Decide by one rule alone; holds, inputs and what is said of them are filled in by the caller."""
    found = ground(rule, facts)
    done = len(facts.steps_done)
    if not done:
        found = extended(found, facts.extension_years)
    elif not found.doubt and not found.permanent and done > len(found.then):
        found = replace(found, doubt=sentences.ALL_STEPS_DONE)
    steps = plan_steps(found, facts)
    present = steps[done] if steps else None
    count = present.count if present else None
    return Decision(
        state=_state(found, present, holds, as_of),
        rule_code=rule.code if rule else None,
        period=present.period if present else found.period,
        trigger=found.trigger,
        trigger_date=found.trigger_date,
        clock_start=count.clock_start if count else None,
        last_day=count.last_day if count else None,
        due_on=count.due_on if count else None,
        action=present.action if present else found.action,
        holds=(),
        sentence=_sentence(found, steps, present),
        inputs={},
        steps=steps,
        step=done + 1 if steps else 1,
    )


def _state(found: Ground, present: PlannedStep | None, holds: tuple[Hold, ...], as_of: date) -> State:
    if found.permanent:
        return State.PERMANENT
    if found.doubt:
        return State.KEEP_UNSURE
    if present is None:
        return State.CLOCK_PENDING if found.trigger_date is None else State.KEEP_UNSURE
    if present.due_on is None:
        return State.KEEP_UNSURE
    if holds:
        return State.HELD
    return State.DUE if as_of >= present.due_on else State.RUNNING


def _sentence(found: Ground, steps: tuple[PlannedStep, ...], present: PlannedStep | None) -> Text:
    if found.doubt or found.period is None:
        return sentences.unsure(found.doubt or sentences.NO_RULE)
    if found.permanent:
        return sentences.permanent(found.reason or Text("", ""), reclassified=found.reclassified)
    kept = sentences.kept_for(found.period, extended=found.extended, reclassified=found.reclassified)
    if present is None:
        return sentences.pending(found.happened, kept)
    if present.count is None:
        return sentences.unsure(sentences.BEYOND_CALENDAR)
    if present.number > 1:
        kept = sentences.kept_for(present.period, extended=0, reclassified=False)
    said = sentences.counted(since=telling.since(found), kept=kept, count=present.count, step=present.number)
    return telling.with_steps(said, steps, present) if len(steps) > 1 else said


def _all_holds(rule: Rule | None, facts: Facts) -> tuple[Hold, ...]:
    """Return the paper's holds, and for a type that inherits those of its parents too: it shares their fate."""
    holds = list(facts.holds)
    if rule is None or rule.inherits:
        for parent in facts.parents:
            holds.extend(_all_holds(parent.rule, parent.facts))
    return tuple(dict.fromkeys(holds))
