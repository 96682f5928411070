"""What a retention schedule says: rules, their alternatives, the facts these ask for. Pure data.

A rule reads: *keep papers of this type for this period, counted from this trigger, then do this.*
Its alternatives (``[[rule.when]]``) replace period, trigger and action where facts call for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from retention_policies.period import Period
from retention_policies.text import Text


class Trigger(StrEnum):
    """The event that starts the clock, on 1 January of the year after it."""

    FORMED = "FORMED"
    YEAR_END = "YEAR_END"
    CASE_CLOSED = "CASE_CLOSED"
    RECT_ACCEPTED = "RECT_ACCEPTED"
    DECISION_EFFECTIVE = "DECISION_EFFECTIVE"
    REPORT_RESOLVED = "REPORT_RESOLVED"
    SUPERSEDED = "SUPERSEDED"
    CREDIT_CLEARED = "CREDIT_CLEARED"
    PARENT = "PARENT"


class Action(StrEnum):
    """What is proposed when the period is over; people decide, never the clock."""

    DESTROY = "RD"
    EXTEND = "RE"
    TRANSFER = "RT"
    PERMANENT_TRANSFER = "PT"
    PERMANENT_KEEP = "PK"
    PARENT = "PARENT"


class FactKind(StrEnum):
    """How a fact that rules ask for is answered."""

    NUMBER = "number"
    YES_NO = "yes_no"
    CHOICE = "choice"


FactValue = bool | int | str


@dataclass(frozen=True, slots=True)
class FactQuestion:
    """A fact that rules of the schedule ask for; ``choices`` are the permitted answers of a choice."""

    code: str
    kind: FactKind
    title: Text
    choices: Mapping[str, Text]


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of one fact: at least a number, yes or no, or one of some words."""

    question: FactQuestion
    at_least: int | None = None
    equals: bool | None = None
    one_of: tuple[str, ...] = ()

    @property
    def fact(self) -> str:
        """The code of the fact."""
        return self.question.code

    def holds(self, values: Mapping[str, FactValue]) -> bool | None:
        """Say whether it holds; None when the fact is missing or is no answer to this question."""
        value = values.get(self.fact)
        if self.at_least is not None:
            return value >= self.at_least if type(value) is int and value >= 0 else None
        if self.equals is not None:
            return value is self.equals if type(value) is bool else None
        return value in self.one_of if isinstance(value, str) and value in self.question.choices else None


@dataclass(frozen=True, slots=True)
class Terms:
    """Period, trigger and action that go together; ``trigger`` may lack only where the period is permanent."""

    period: Period
    trigger: Trigger | None
    action: Action
    reason: Text


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
    ``other_levels`` are further ones that papers of this type may have.
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

    @property
    def inherits(self) -> bool:
        """Whether it takes period, trigger and action from the parents of the paper."""
        return self.terms is None

    @property
    def period_code(self) -> str:
        """The retention code where no fact says otherwise: ``Y``, ``D30``..., or ``PARENT``."""
        return self.terms.period.code if self.terms else "PARENT"

    @property
    def trigger(self) -> Trigger | None:
        """The trigger where no fact says otherwise; None where nothing is counted."""
        return self.terms.trigger if self.terms else Trigger.PARENT

    @property
    def action(self) -> Action:
        """The action where no fact says otherwise."""
        return self.terms.action if self.terms else Action.PARENT

    @property
    def questions(self) -> tuple[FactQuestion, ...]:
        """The facts to ask for: until they are known, papers of this type never become due."""
        asked = (condition.question for alternative in self.alternatives for condition in alternative.conditions)
        return tuple({question.code: question for question in asked}.values())


@dataclass(frozen=True, slots=True)
class Schedule:
    """A retention schedule 保管期限表; ``version`` and ``digest`` (SHA-256 of its content) tell which."""

    code: str
    version: str
    effective_from: date
    title: Text
    note: Text
    basis: Mapping[str, Text]
    facts: Mapping[str, FactQuestion]
    rules: Mapping[str, Rule]
    digest: str
