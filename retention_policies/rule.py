"""What a retention schedule says: rules, their alternatives, the facts these ask for. Pure data.

A rule reads: *keep papers of this type for this period, counted from this trigger, then do this*, and where it has
further steps: *then keep them for that period and do that*. Its alternatives (``[[rule.when]]``) replace period,
trigger and action where facts call for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from retention_policies.conditions import Condition, FactKind, FactQuestion, FactValue
from retention_policies.counting import BY_YEAR, NO_SPAN, Counting, Span
from retention_policies.events import Event, Trigger
from retention_policies.period import Period
from retention_policies.text import Text

__all__ = [
    "Action",
    "Alternative",
    "Combine",
    "Condition",
    "FactKind",
    "FactQuestion",
    "FactValue",
    "Minimum",
    "Rule",
    "Schedule",
    "Start",
    "Step",
    "Terms",
    "Trigger",
]


class Action(StrEnum):
    """What is proposed when a period is over; people decide, never the clock.

    REVIEW proposes nothing: papers are only looked at again, and never destroyed under such a rule.
    """

    DESTROY = "RD"
    EXTEND = "RE"
    TRANSFER = "RT"
    REVIEW = "RV"
    PERMANENT_TRANSFER = "PT"
    PERMANENT_KEEP = "PK"
    PARENT = "PARENT"


class Combine(StrEnum):
    """Which of several events starts the clock: the last of all, or the first that comes."""

    ALL = "all"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Start:
    """What starts a clock: events, a span after them, and from where in the calendar years are then counted."""

    events: tuple[Event, ...]
    combine: Combine = Combine.ALL
    offset: Span = NO_SPAN
    counting: Counting = BY_YEAR

    @property
    def words(self) -> str:
        """The events as one word: ``CASE_CLOSED``, ``all(CASE_CLOSED, RECT_ACCEPTED)``."""
        codes = ", ".join(event.code for event in self.events)
        return codes if len(self.events) == 1 else f"{self.combine}({codes})"


@dataclass(frozen=True, slots=True)
class Step:
    """A later step: after the one before is done, keep for a further period, then do this."""

    period: Period
    action: Action
    reason: Text


@dataclass(frozen=True, slots=True)
class Terms:
    """Period, start and action that go together; ``start`` may lack only where the period is permanent."""

    period: Period
    start: Start | None
    action: Action
    reason: Text
    then: tuple[Step, ...] = ()

    @property
    def trigger(self) -> str | None:
        """The event or events of the start, in one word."""
        return self.start.words if self.start else None


@dataclass(frozen=True, slots=True)
class Alternative:
    """Other terms for papers whose facts meet *any* (or *all*) of the conditions."""

    conditions: tuple[Condition, ...]
    needs_all: bool
    terms: Terms

    def holds(self, values: Mapping[str, FactValue]) -> bool | None:
        """Say whether it applies; None when missing facts leave it open."""
        answers = [condition.holds(values) for condition in self.conditions]
        decisive = not self.needs_all
        if decisive in answers:
            return decisive
        return None if None in answers else not decisive

    def unanswered(self, values: Mapping[str, FactValue]) -> list[FactQuestion]:
        """Return the questions without a usable answer, in the order of the rule."""
        return [c.question for c in self.conditions if c.holds(values) is None]


@dataclass(frozen=True, slots=True)
class Rule:
    """The retention rule of one type of papers.

    ``terms`` is None for a type that inherits from its parents (trigger PARENT); ``otherwise`` is then what
    holds for a paper without parent. ``level`` is the default confidentiality level (``PARENT``: as the parent),
    ``other_levels`` are further ones that papers of this type may have. ``also`` are the rules that such papers
    are subject to as well, ``also_codes`` their codes: the one that keeps longest applies.
    """

    code: str
    title: Text
    terms: Terms | None
    otherwise: Terms | None
    alternatives: tuple[Alternative, ...]
    level: str
    other_levels: tuple[str, ...]
    reason: Text
    basis: tuple[str, ...]
    sections: tuple[str, ...]
    also_codes: tuple[str, ...] = ()
    also: tuple[Rule, ...] = ()

    @property
    def inherits(self) -> bool:
        """Whether it takes period, trigger and action from the parents of the paper."""
        return self.terms is None

    @property
    def period_code(self) -> str:
        """The retention code where no fact says otherwise: ``Y``, ``D30``..., or ``PARENT``."""
        return self.terms.period.code if self.terms else "PARENT"

    @property
    def trigger(self) -> str | None:
        """The trigger where no fact says otherwise; None where nothing is counted."""
        return self.terms.trigger if self.terms else Trigger.PARENT

    @property
    def action(self) -> Action:
        """The action where no fact says otherwise."""
        return self.terms.action if self.terms else Action.PARENT

    @property
    def every_terms(self) -> tuple[tuple[str, Terms], ...]:
        """All terms that can come to apply, each with its place in the rule (empty for the usual ones)."""
        usual = ((("", self.terms),) if self.terms else ()) + (
            (("[otherwise]", self.otherwise),) if self.otherwise else ()
        )
        return usual + tuple((f"[[when]] #{i}", one.terms) for i, one in enumerate(self.alternatives, 1))

    @property
    def events(self) -> tuple[Event, ...]:
        """Every event that can start a clock of it."""
        starts = (terms.start for _, terms in self.every_terms if terms.start)
        return tuple({event.code: event for start in starts for event in start.events}.values())

    @property
    def conditions_asked(self) -> tuple[FactQuestion, ...]:
        """Everything that its alternatives ask, level and class included."""
        asked = (condition.question for alternative in self.alternatives for condition in alternative.conditions)
        return tuple({question.code: question for question in asked}.values())

    @property
    def questions(self) -> tuple[FactQuestion, ...]:
        """The facts to ask people for: until they are known, papers of this type never become due."""
        asked = [q for rule in (self, *self.also) for q in rule.conditions_asked if not q.known_of_itself]
        return tuple({question.code: question for question in asked}.values())


@dataclass(frozen=True, slots=True)
class Minimum:
    """A minimum by law: no rule named by ``rules`` (codes, or beginnings with ``*``) may end earlier.

    ``start`` has the events it is counted from; None binds the period alone. ``counting`` holds in either case.
    """

    code: str
    title: Text
    rules: tuple[str, ...]
    period: Period
    start: Start | None
    counting: Counting
    basis: tuple[str, ...]

    def binds(self, rule_code: str) -> bool:
        """Whether a rule falls under it."""
        return any(rule_code.startswith(p[:-1]) if p.endswith("*") else rule_code == p for p in self.rules)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A retention schedule 保管期限表; ``version`` and ``digest`` (SHA-256 of its content) tell which.

    ``events`` are all that its clocks may wait for: the shipped ones and those that it declares.
    """

    code: str
    version: str
    effective_from: date
    title: Text
    note: Text
    basis: Mapping[str, Text]
    facts: Mapping[str, FactQuestion]
    rules: Mapping[str, Rule]
    digest: str
    events: Mapping[str, Event] = field(default_factory=dict)
    minimums: Mapping[str, Minimum] = field(default_factory=dict)
