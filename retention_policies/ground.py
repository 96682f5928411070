"""From a rule and facts to what applies: period, trigger, its date, action, or the reason why that is unknown.

Nothing here looks at today's date or at holds, so what comes out may be stored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from retention_policies import sentences
from retention_policies.counting import end_of_year
from retention_policies.facts import Facts, Parent
from retention_policies.period import PERMANENT, Period, longest
from retention_policies.rule import Action, Rule, Terms, Trigger
from retention_policies.text import Text

_MOST_CAREFUL_FIRST: Final = (
    Action.PERMANENT_KEEP,
    Action.PERMANENT_TRANSFER,
    Action.EXTEND,
    Action.TRANSFER,
    Action.DESTROY,
)


@dataclass(frozen=True, slots=True)
class Ground:
    """What applies to a paper; exactly one of these: a doubt, permanent, waiting for its trigger, counted.

    ``period`` is the current one, extensions included. ``event_date`` is the date of the trigger as recorded,
    ``trigger_date`` the one that counts: never before the paper itself was formed.
    """

    doubt: Text | None = None
    period: Period | None = None
    trigger: Trigger | None = None
    event_date: date | None = None
    trigger_date: date | None = None
    action: Action | None = None
    reason: Text | None = None
    extended: int = 0
    reclassified: bool = False
    inherited: bool = False

    @property
    def permanent(self) -> bool:
        """Whether it is surely permanent."""
        return self.doubt is None and self.period is not None and self.period.permanent


def ground(rule: Rule | None, facts: Facts) -> Ground:
    """Find what applies; the current period counts, after reclassification and extension."""
    if rule is None:
        found = Ground(doubt=sentences.NO_RULE)
    elif rule.terms is None:
        found = _from_parents(rule, facts)
    else:
        found = _from_rule(rule, rule.terms, facts)
    return _extended(_reclassified(found, facts.period_override), facts.extension_years)


def _from_rule(rule: Rule, usual: Terms, facts: Facts) -> Ground:
    """Pick the terms that the facts call for; of several alternatives that hold the longest applies."""
    answers = [(alternative, alternative.holds(facts.values)) for alternative in rule.alternatives]
    held = [alternative.terms for alternative, answer in answers if answer]
    for terms in held:
        if terms.period.permanent:
            return _from_terms(terms, facts)
    unclear = [alternative for alternative, answer in answers if answer is None]
    if unclear:
        missing = {q.code: q.title for alternative in unclear for q in alternative.unanswered(facts.values)}
        return Ground(doubt=sentences.missing_facts(list(missing.values())))
    return _from_terms(_longest_terms(held) if held else usual, facts)


def _longest_terms(held: list[Terms]) -> Terms:
    most = longest(*(terms.period for terms in held))
    return next(terms for terms in held if terms.period == most)


def _from_terms(terms: Terms, facts: Facts) -> Ground:
    known = Ground(period=terms.period, trigger=terms.trigger, action=terms.action, reason=terms.reason)
    if terms.period.permanent or terms.trigger is None:
        return known
    happened = _event_date(terms.trigger, facts)
    if happened is None:
        waits = terms.trigger in sentences.AWAITED
        return known if waits else replace(known, doubt=sentences.NO_DATE)
    # A paper cannot have been kept before it existed: an event dated earlier (a late addition to a closed case,
    # or a slip of the pen) must not bring the end of its period forward.
    counts = max(happened, facts.document_date) if facts.document_date else happened
    return replace(known, event_date=happened, trigger_date=counts)


def _event_date(trigger: Trigger, facts: Facts) -> date | None:
    """Return when the trigger happened; of two known dates of the same event the later."""
    known = [facts.triggers[trigger]] if trigger in facts.triggers else []
    if facts.document_date and trigger is Trigger.FORMED:
        known.append(facts.document_date)
    if facts.document_date and trigger is Trigger.YEAR_END:
        known.append(end_of_year(facts.document_date))
    return max(known, default=None)


def _from_parents(rule: Rule, facts: Facts) -> Ground:
    """Inherit the longest period and the latest trigger of the parents; without parents the rule's *otherwise*."""
    if not facts.parents:
        if rule.otherwise is None:
            return Ground(doubt=sentences.NO_RULE)
        return _from_terms(rule.otherwise, facts)
    found = [_from_parent(parent, facts) for parent in facts.parents]
    for one in found:
        if one.permanent:
            return one
    for one in found:
        if one.doubt:
            return one
    return _joined(found)


def _from_parent(parent: Parent, facts: Facts) -> Ground:
    found = ground(parent.rule, parent.facts)
    if found.doubt:
        return Ground(doubt=sentences.of_parent(found.doubt), inherited=True)
    counts = found.trigger_date
    if counts and facts.document_date:
        counts = max(counts, facts.document_date)
    return replace(found, trigger_date=counts, inherited=True)


def _joined(found: list[Ground]) -> Ground:
    """Join counted and waiting parents: one that waits makes all wait."""
    waiting = [one for one in found if one.trigger_date is None]
    latest = waiting[0] if waiting else max(found, key=lambda one: one.trigger_date or date.min)
    longest_one = next(one for one in found if one.period == longest(*(g.period for g in found if g.period)))
    action = min((one.action for one in found if one.action), key=_MOST_CAREFUL_FIRST.index)
    return replace(
        latest,
        period=longest_one.period,
        extended=longest_one.extended,
        reclassified=longest_one.reclassified,
        reason=longest_one.reason,
        action=action,
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


def _extended(found: Ground, years: int) -> Ground:
    """Apply extensions: years added after the old last day."""
    if found.doubt or found.period is None or found.period.permanent:
        return found
    return replace(found, period=found.period.plus(years), extended=found.extended + years)
