"""From a rule and facts to what applies: period, trigger, its date, action, or the reason why that is unknown.

Nothing here looks at today's date or at holds, so what comes out may be stored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from retention_policies import sentences
from retention_policies.counting import Count, Counting, Span, add, end_of_year
from retention_policies.events import Event, Trigger
from retention_policies.facts import Facts, Parent
from retention_policies.partial import PartialDate
from retention_policies.period import PERMANENT, Period, longest
from retention_policies.rule import Action, Combine, Rule, Start, Step, Terms
from retention_policies.text import Text

MOST_CAREFUL_FIRST: Final = (
    Action.PERMANENT_KEEP,
    Action.PERMANENT_TRANSFER,
    Action.REVIEW,
    Action.EXTEND,
    Action.TRANSFER,
    Action.DESTROY,
)


@dataclass(frozen=True, slots=True)
class Ground:
    """What applies to a paper; exactly one of these: a doubt, permanent, waiting for its trigger, counted.

    ``period`` is that of the first step, extensions included. ``happened`` are the events of ``start`` with their
    dates, ``event_date`` is the one that decides, ``base_date`` that date but never before the paper was formed,
    ``trigger_date`` what is counted from, offset included. ``countings`` are several where parents count
    differently: the latest result counts. ``formed_as`` is a document date of which a part is unknown.
    """

    doubt: Text | None = None
    period: Period | None = None
    start: Start | None = None
    happened: tuple[tuple[Event, date | None], ...] = ()
    trigger: str | None = None
    event_date: date | None = None
    base_date: date | None = None
    trigger_date: date | None = None
    countings: tuple[Counting, ...] = ()
    action: Action | None = None
    then: tuple[Step, ...] = ()
    reason: Text | None = None
    extended: int = 0
    reclassified: bool = False
    inherited: bool = False
    formed_as: PartialDate | None = None

    @property
    def permanent(self) -> bool:
        """Whether it is surely permanent."""
        return self.doubt is None and self.period is not None and self.period.permanent

    @property
    def offset(self) -> Span:
        """What is added to the date of the event."""
        return self.start.offset if self.start else Span()

    def count(self, base: date, years: int) -> Count | None:
        """Count years from a date, in the latest of the ways in which they are to be counted."""
        counts = [counting.count(base, years) for counting in self.countings]
        known = [count for count in counts if count]
        return max(known, key=lambda count: count.due_on) if known and len(known) == len(counts) else None


def ground(rule: Rule | None, facts: Facts) -> Ground:
    """Find what applies to the first step of a rule; extensions are left to the caller, reclassification is not."""
    if rule is None:
        found = Ground(doubt=sentences.NO_RULE)
    elif rule.terms is None:
        found = _from_parents(rule, facts)
    else:
        found = _from_rule(rule, rule.terms, facts)
    return _reclassified(found, facts.period_override)


def extended(found: Ground, years: int) -> Ground:
    """Apply extensions: years added after the old last day."""
    if found.doubt or found.period is None or found.period.permanent:
        return found
    return replace(found, period=found.period.plus(years), extended=found.extended + years)


def _from_rule(rule: Rule, usual: Terms, facts: Facts) -> Ground:
    """Pick the terms that the facts call for; of several alternatives that hold the one that keeps longest applies."""
    values = facts.answers
    answers = [(alternative, alternative.holds(values)) for alternative in rule.alternatives]
    held = [alternative.terms for alternative, answer in answers if answer]
    for terms in held:
        if terms.period.permanent:
            return _from_terms(terms, facts)
    unclear = [alternative for alternative, answer in answers if answer is None]
    if unclear:
        missing = {q.code: q.title for alternative in unclear for q in alternative.unanswered(values)}
        return Ground(doubt=sentences.missing_facts(list(missing.values())))
    found = [_from_terms(terms, facts) for terms in held or [usual]]
    return min(found, key=_keeps_longest) if len(found) > 1 else found[0]


def _keeps_longest(found: Ground) -> tuple[int, int, int]:
    """Order grounds: a doubt first, then what waits, then by the end of all steps, then by the period.

    Steps that were handed over late end later still; what was done is looked at when the steps are laid out.
    """
    years = found.period.years if found.period and found.period.years else 0
    if found.doubt:
        return 0, 0, -years
    if found.trigger_date is None:
        return 1, 0, -years
    whole = years + sum(step.period.years or 0 for step in found.then)
    count = found.count(found.trigger_date, whole)
    return (2, -count.due_on.toordinal(), -years) if count else (0, 0, -years)


def _from_terms(terms: Terms, facts: Facts) -> Ground:
    known = Ground(
        period=terms.period,
        start=terms.start,
        trigger=terms.trigger,
        action=terms.action,
        reason=terms.reason,
        then=terms.then,
        countings=(terms.start.counting,) if terms.start else (),
        formed_as=facts.document_date if isinstance(facts.document_date, PartialDate) else None,
    )
    if terms.period.permanent or terms.start is None:
        return known
    return _started(known, terms.start, facts)


def _started(known: Ground, start: Start, facts: Facts) -> Ground:
    """Find the date from which a start counts, or what it waits for."""
    happened = tuple((event, _event_date(event, facts)) for event in start.events)
    known = replace(known, happened=happened)
    dates = [day for _, day in happened if day]
    missing = [event for event, day in happened if not day]
    if missing and (start.combine is Combine.ALL or not dates):
        # A date that nobody waits for is a gap in the description; waiting would hide it.
        derived = [event for event in missing if event.awaited is None]
        nobody_waits = derived and (start.combine is Combine.ALL or len(derived) == len(missing))
        return replace(known, doubt=sentences.NO_DATE) if nobody_waits else known
    decisive = max(dates) if start.combine is Combine.ALL else min(dates)
    trigger = next(event.code for event, day in happened if day == decisive)
    # A paper cannot have been kept before it existed: an event dated earlier (a late addition to a closed case,
    # or a slip of the pen) must not bring the end of its period forward.
    base = max(decisive, facts.formed) if facts.formed else decisive
    counts = add(base, start.offset)
    found = replace(known, trigger=trigger, event_date=decisive, base_date=base, trigger_date=counts)
    return found if counts else replace(found, doubt=sentences.BEYOND_CALENDAR)


def _event_date(event: Event, facts: Facts) -> date | None:
    """Return when an event happened; of two known dates of the same event the later."""
    known = [facts.events[event.code]] if event.code in facts.events else []
    if facts.formed and event.code == Trigger.FORMED:
        known.append(facts.formed)
    if facts.formed and event.code == Trigger.YEAR_END:
        known.append(end_of_year(facts.formed))
    return max(known, default=None)


def _from_parents(rule: Rule, facts: Facts) -> Ground:
    """Inherit the longest period and the latest trigger of the parents; without parents the rule's *otherwise*."""
    if not facts.parents:
        if rule.otherwise is None:
            return Ground(doubt=sentences.NO_RULE)
        return _from_terms(rule.otherwise, facts)
    found = [one for parent in facts.parents for one in _from_parent(parent, facts)]
    for one in found:
        if one.permanent:
            return one
    for one in found:
        if one.doubt:
            return one
    return _joined(found)


def _from_parent(parent: Parent, facts: Facts) -> list[Ground]:
    """Return what applies to a parent, by each rule that it is subject to."""
    rules = (parent.rule, *parent.rule.also) if parent.rule else (None,)
    return [_inherited(extended(ground(one, parent.facts), parent.facts.extension_years), facts) for one in rules]


def _inherited(found: Ground, facts: Facts) -> Ground:
    if found.doubt:
        return Ground(doubt=sentences.of_parent(found.doubt), inherited=True)
    counts = found.trigger_date
    if counts and facts.formed:
        counts = max(counts, facts.formed)
    return replace(found, trigger_date=counts, inherited=True)


def _joined(found: list[Ground]) -> Ground:
    """Join counted and waiting parents: one that waits makes all wait."""
    waiting = [one for one in found if one.trigger_date is None]
    latest = waiting[0] if waiting else max(found, key=lambda one: one.trigger_date or date.min)
    longest_one = next(one for one in found if one.period == longest(*(g.period for g in found if g.period)))
    action = min((one.action for one in found if one.action), key=MOST_CAREFUL_FIRST.index)
    return replace(
        latest,
        period=longest_one.period,
        countings=tuple(dict.fromkeys(counting for one in found for counting in one.countings)),
        extended=longest_one.extended,
        reclassified=longest_one.reclassified,
        reason=longest_one.reason,
        action=action,
        then=longest_one.then,
    )


def _reclassified(found: Ground, override: Period | None) -> Ground:
    """Apply a reclassification: a longer period counts from the original trigger, a shorter one is not followed."""
    if override is None or found.permanent:
        return found
    if override.permanent:
        return Ground(period=PERMANENT, action=Action.PERMANENT_TRANSFER, reclassified=True, inherited=found.inherited)
    if found.doubt or found.period is None or found.period.at_least(override):
        return found
    return replace(found, period=override, reclassified=True, extended=0)
