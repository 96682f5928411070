"""What is known of one paper when its retention is decided. Small, frozen, checked at the door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType

from retention_policies.period import Period
from retention_policies.rule import FactValue, Rule, Trigger
from retention_policies.text import FactsError


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold 冻结: its reference (number of the order) and why; while it stands nothing may be destroyed."""

    reference: str
    reason: str


@dataclass(frozen=True, slots=True)
class Parent:
    """A paper that this one belongs to, with its rule; None when its type has no rule."""

    rule: Rule | None
    facts: Facts


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of one paper; dates are civil dates of the archive's own zone, never instants.

    ``triggers`` holds the events that have happened, ``values`` the answers to the facts that rules ask for.
    ``extension_years`` is the sum of all extensions 延长 that were decided, each counted from the last day before it.
    ``period_override`` is the period of a reclassification 改定, counted from the original trigger; the longer of
    it and the rule's own applies, for a period is never shortened here. ``parents`` matter to rules that inherit.
    Raises :class:`FactsError` for what cannot be meant.
    """

    document_date: date | None = None
    triggers: Mapping[Trigger, date] = field(default_factory=dict)
    values: Mapping[str, FactValue] = field(default_factory=dict)
    extension_years: int = 0
    period_override: Period | None = None
    holds: tuple[Hold, ...] = ()
    parents: tuple[Parent, ...] = ()

    def __post_init__(self) -> None:
        if self.document_date is not None:
            _require_date("document_date", self.document_date)
        if type(self.extension_years) is not int or self.extension_years < 0:
            raise FactsError(
                f"延长年数须为非负整数：{self.extension_years!r}",
                f"Extension years are a whole number, not negative: {self.extension_years!r}",
            )
        object.__setattr__(self, "triggers", MappingProxyType(_checked_triggers(self.triggers)))
        object.__setattr__(self, "values", MappingProxyType(_checked_values(self.values)))


def _checked_triggers(given: Mapping[Trigger, date]) -> dict[Trigger, date]:
    checked: dict[Trigger, date] = {}
    for name, day in given.items():
        try:
            trigger = Trigger(name)
        except ValueError as error:
            raise FactsError(f"没有这种起算事件：{name!r}", f"There is no such trigger: {name!r}") from error
        if trigger is Trigger.PARENT:
            raise FactsError("PARENT 不是事件，没有日期", "PARENT is no event and has no date")
        _require_date(trigger, day)
        checked[trigger] = day
    return checked


def _checked_values(given: Mapping[str, FactValue]) -> dict[str, FactValue]:
    for name, value in given.items():
        if not isinstance(value, bool | int | str):
            raise FactsError(
                f"事实 {name} 的值须为是否、整数或文字：{value!r}",
                f"The fact {name} is a yes or no, a whole number or a word: {value!r}",
            )
    return dict(given)


def _require_date(name: str, day: object) -> None:
    # A datetime is a date to Python, but which civil day it means depends on a zone that we do not know.
    if not isinstance(day, date) or isinstance(day, datetime):
        raise FactsError(f"{name} 须为日期：{day!r}", f"{name} must be a date without time: {day!r}")
