"""What another edition of a schedule would do to what an archive holds: record by record, and summed by class.

Pure and streaming: records come in one by one and go out one by one, and a summary grows with the number of classes
and years, never with that of the records. So a million of them can be looked through before anybody signs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from retention_policies.decision import Decision, State, decide, decide_among, keeps_longest
from retention_policies.facts import Facts
from retention_policies.rule import Rule, Schedule


@dataclass(frozen=True, slots=True)
class Holding:
    """One record: its id, the type whose rule it follows, its class, what is known of it."""

    record_id: str
    rule_code: str
    class_code: str
    facts: Facts


class Effect(StrEnum):
    """What a new schedule would mean for a record; SHORTER is what does not happen by itself."""

    SAME = "same"
    LONGER = "longer"
    SHORTER = "shorter"


@dataclass(frozen=True, slots=True)
class Change:
    """What the old schedule says of a record, what the new one would, and what comes to apply (``applies``).

    ``applies`` is the decision among both: a later version that lengthens applies by itself, one that shortens does
    not (DOMAIN 2.3).
    """

    holding: Holding
    old: Decision
    new: Decision
    applies: Decision

    @property
    def effect(self) -> Effect:
        """Whether the new schedule alone would keep the record longer, shorter or as long."""
        before, after = keeps_longest(self.old)[:4], keeps_longest(self.new)[:4]
        return Effect.SAME if before == after else Effect.LONGER if after < before else Effect.SHORTER

    @property
    def changed(self) -> bool:
        """Whether anything that people see would differ: state, date, period, proposal."""
        return _seen(self.old) != _seen(self.new)

    @property
    def newly_due(self) -> bool:
        """Whether it would be due under the new schedule alone, and is not under the old one."""
        return self.new.state is State.DUE and self.old.state is not State.DUE

    @property
    def no_longer_due(self) -> bool:
        """Whether it is due under the old schedule and would not be any more."""
        return self.old.state is State.DUE and self.applies.state is not State.DUE


def _seen(decision: Decision) -> tuple[object, ...]:
    return decision.state, decision.due_on, decision.ends_on, decision.period, decision.action


def compare(old: Schedule, new: Schedule, holdings: Iterable[Holding], as_of: date) -> Iterator[Change]:
    """Tell for each record what two schedules say of it on a day; one at a time, nothing is kept."""
    same = {code for code in old.rules.keys() | new.rules.keys() if old.rules.get(code) == new.rules.get(code)}
    for holding in holdings:
        code, facts = holding.rule_code, holding.facts
        before, after = old.rules.get(code), new.rules.get(code)
        was = decide(before, facts, as_of)
        if code in same:  # most records: a schedule is seldom changed in more than a few rules
            yield Change(holding, was, was, was)
        else:
            together = decide_under([(old.version, before), (new.version, after)], facts, as_of)
            yield Change(holding, was, decide(after, facts, as_of), together)


def decide_under(versions: Sequence[tuple[str, Rule | None]], facts: Facts, as_of: date) -> Decision:
    """Decide by all versions of a schedule since a record was filed, the one it was filed under first.

    The one place of the rule of succession (DOMAIN 2.3, schedule governance in 3.3): of all these the one that keeps
    longest applies, so what lengthens applies by itself and what shortens does not. A version in which the rule did
    not change says nothing new and is left out.
    """
    different: list[tuple[str, Rule | None]] = []
    for version, rule in versions:
        if all(rule != known for _, known in different):
            different.append((version, rule))
    return decide_among(different, facts, as_of)


@dataclass(slots=True)
class ClassSummary:
    """The records of one class, counted; ``old_due`` and ``new_due`` count by the year in which they become due.

    ``new_due`` is what would come to apply, so a shortening does not show in it; ``shorter`` tells of it.
    """

    records: int = 0
    changed: int = 0
    longer: int = 0
    shorter: int = 0
    newly_due: int = 0
    no_longer_due: int = 0
    old_due: Counter[int] = field(default_factory=Counter)
    new_due: Counter[int] = field(default_factory=Counter)
    states: Counter[tuple[State, State]] = field(default_factory=Counter)

    def add(self, change: Change) -> None:
        """Count one record."""
        self.records += 1
        self.changed += change.changed
        self.longer += change.effect is Effect.LONGER
        self.shorter += change.effect is Effect.SHORTER
        self.newly_due += change.newly_due
        self.no_longer_due += change.no_longer_due
        self.states[change.old.state, change.applies.state] += 1
        for counter, decision in ((self.old_due, change.old), (self.new_due, change.applies)):
            if decision.due_on:
                counter[decision.due_on.year] += 1


@dataclass(slots=True)
class Summary:
    """What a change of schedule would do, by class."""

    classes: dict[str, ClassSummary] = field(default_factory=dict)

    def add(self, change: Change) -> None:
        """Count one record."""
        self.classes.setdefault(change.holding.class_code, ClassSummary()).add(change)

    @property
    def records(self) -> int:
        """How many records were looked at."""
        return sum(one.records for one in self.classes.values())

    @property
    def shortens(self) -> bool:
        """Whether anything would get an earlier end under the new schedule alone: two people must agree to that."""
        return any(one.shorter for one in self.classes.values())


def sum_up(changes: Iterable[Change]) -> Summary:
    """Count changes by class, in memory bounded by the number of classes and years."""
    summary = Summary()
    for change in changes:
        summary.add(change)
    return summary
