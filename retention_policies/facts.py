"""What is known of one paper when its retention is decided. Small, frozen, checked at the door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import cast

from retention_policies.conditions import CLASS, LEVEL, LEVELS, FactValue
from retention_policies.events import EVENT_CODE, SHIPPED, Trigger, as_code
from retention_policies.partial import PartialDate, is_civil, latest_day
from retention_policies.period import Period
from retention_policies.rule import Rule
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

    ``triggers`` holds the events that have happened, by :class:`Trigger` or by the code that a schedule declares;
    ``values`` the answers to the facts that rules ask for. Of a ``document_date`` day or month may be unknown.
    ``extension_years`` is the sum of all extensions 延长 that were decided, each counted from the last day before it.
    ``period_override`` is the period of a reclassification 改定, counted from the original trigger; the longer of
    it and the rule's own applies, for a period is never shortened here. ``parents`` matter to rules that inherit.
    ``level`` and ``class_code`` matter to exceptions that ask for them. ``steps_done`` are the days on which steps
    of a rule with several were done, in order: reviewed, handed over.
    Raises :class:`FactsError` for what cannot be meant.
    """

    document_date: date | PartialDate | None = None
    triggers: Mapping[Trigger, date] | Mapping[str, date] = field(default_factory=dict[Trigger, date])
    values: Mapping[str, FactValue] = field(default_factory=dict)
    extension_years: int = 0
    period_override: Period | None = None
    holds: tuple[Hold, ...] = ()
    parents: tuple[Parent, ...] = ()
    level: str | None = None
    class_code: str | None = None
    steps_done: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        if self.document_date is not None and not isinstance(self.document_date, PartialDate):
            _require_date("document_date", self.document_date)
        if type(self.extension_years) is not int or self.extension_years < 0:
            raise FactsError(
                f"延长年数须为非负整数：{self.extension_years!r}",
                f"Extension years are a whole number, not negative: {self.extension_years!r}",
            )
        if self.level is not None and self.level not in LEVELS:
            raise FactsError(f"没有这种密级：{self.level!r}", f"There is no such level: {self.level!r}")
        object.__setattr__(self, "triggers", MappingProxyType(_checked_triggers(self.triggers)))
        object.__setattr__(self, "values", MappingProxyType(_checked_values(self.values)))
        object.__setattr__(self, "steps_done", _checked_steps(self.steps_done))

    @property
    def formed(self) -> date | None:
        """The latest day on which the paper can have been formed."""
        return latest_day(self.document_date) if self.document_date is not None else None

    @property
    def events(self) -> Mapping[str, date]:
        """The events that have happened, by their code."""
        return cast("Mapping[str, date]", self.triggers)

    @property
    def answers(self) -> Mapping[str, FactValue]:
        """What exceptions can ask for: the facts, and level and class where they are known."""
        own = {LEVEL.code: self.level, CLASS.code: self.class_code}
        return {**self.values, **{code: value for code, value in own.items() if value is not None}}


def _checked_triggers(given: Mapping[Trigger, date] | Mapping[str, date]) -> dict[str, date]:
    checked: dict[str, date] = {}
    for name, day in given.items():
        if name == Trigger.PARENT:
            raise FactsError("PARENT 不是事件，没有日期", "PARENT is no event and has no date")
        if name not in SHIPPED and not EVENT_CODE.fullmatch(str(name)):
            raise FactsError(f"没有这种起算事件：{name!r}", f"There is no such trigger: {name!r}")
        _require_date(name, day)
        checked[as_code(name)] = day
    return checked


def _checked_steps(given: tuple[date, ...]) -> tuple[date, ...]:
    for day in given:
        _require_date("steps_done", day)
    if list(given) != sorted(given):
        raise FactsError("各步的完成日期须依次排列", "The days on which steps were done must follow one another")
    return tuple(given)


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
    if not is_civil(day) or isinstance(day, PartialDate):
        raise FactsError(f"{name} 须为日期：{day!r}", f"{name} must be a date without time: {day!r}")
