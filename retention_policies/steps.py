"""The steps of a rule on the calendar: keep, then review or hand over, then keep on, then destroy.

A further period is counted on from the last day before it where papers were only reviewed, as an extension is; where
they were handed over it is counted from that day, for the copy that stays is kept that long after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from retention_policies.counting import Count
from retention_policies.facts import Facts
from retention_policies.ground import Ground
from retention_policies.period import Period
from retention_policies.rule import Action
from retention_policies.text import Text


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step: keep for ``period``, then ``action`` from ``due_on``; later steps as if earlier ones came on time."""

    number: int
    period: Period
    action: Action
    reason: Text | None
    count: Count | None
    done_on: date | None

    @property
    def due_on(self) -> date | None:
        """The day from which it is due; None where the calendar ends before."""
        return self.count.due_on if self.count else None


def plan_steps(found: Ground, facts: Facts) -> tuple[PlannedStep, ...]:
    """Lay the steps of a counted ground on the calendar; extensions lengthen the present step."""
    if found.doubt or found.permanent or found.period is None or found.trigger_date is None or found.action is None:
        return ()
    asked = [(found.period, found.action, found.reason)]
    asked += [(step.period, step.action, step.reason) for step in found.then]
    planned: list[PlannedStep] = []
    base: date | None = found.trigger_date
    for number, (own, action, reason) in enumerate(asked, 1):
        present = number > 1 and number == len(facts.steps_done) + 1
        period = own.plus(facts.extension_years) if present else own
        count = found.count(base, period.years or 0) if base else None
        done = facts.steps_done[number - 1] if number <= len(facts.steps_done) else None
        planned.append(PlannedStep(number, period, action, reason, count, done))
        base = _next_base(planned[-1])
    return tuple(planned)


def _next_base(step: PlannedStep) -> date | None:
    if step.count is None:
        return None
    if step.action is Action.TRANSFER:
        return max(step.count.last_day, step.done_on or step.count.due_on)
    return step.count.last_day
