"""From tables to rules: what each key of a rule may say, and what must agree with what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from retention_policies.conditions import CLASS, LEVEL, LEVELS, Condition, FactKind, FactQuestion
from retention_policies.events import EVENT_CODE, SHIPPED, Event, Trigger
from retention_policies.rule import Alternative, Rule, Terms
from retention_policies.tables import Reading
from retention_policies.terms import Words, read_terms
from retention_policies.text import Text

__all__ = ["LEVELS", "read_event", "read_question", "read_rule"]

RULE_CODE: Final = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,31}")
_FACT_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_CLASS_CODE: Final = re.compile(r"[A-Z0-9]{1,32}")


def read_event(table: Reading) -> Event:
    """Read an ``[[event]]`` table: a named event that clocks may wait for."""
    code = table.text("code")
    if code and not EVENT_CODE.fullmatch(code):
        table.note(f"代码须为大写字母、数字和下划线：{code!r}", f"capital letters, digits and _ only: {code!r}", "code")
    if code in SHIPPED or code == Trigger.PARENT:
        table.note("此事件已随程序提供，不得另行登记", "this event is there already and is not declared again", "code")
    event = Event(code, table.both("title"), table.both("happened"), table.both("awaited"))
    table.finish()
    return event


def read_question(table: Reading) -> FactQuestion:
    """Read a ``[[fact]]`` table."""
    code = table.text("code")
    if code and not _FACT_CODE.fullmatch(code):
        table.note(f"代码须为小写字母、数字和下划线：{code!r}", f"small letters, digits and _ only: {code!r}", "code")
    kind = table.one_of("kind", [kind.value for kind in FactKind])
    title = table.both("title")
    choices: dict[str, Text] = {}
    for choice in table.tables("choices", needed=kind == FactKind.CHOICE):
        name = choice.text("code")
        if name in choices:
            choice.note("代码重复", "the code stands twice", "code")
        choices[name] = Text(choice.text("zh"), choice.text("en"))
        choice.finish()
    if choices and kind != FactKind.CHOICE:
        table.note("只有 choice 类事实有选项", "only facts of kind choice have choices", "choices")
    table.finish()
    return FactQuestion(code, FactKind(kind or FactKind.YES_NO), title, choices)


def read_rule(
    table: Reading,
    questions: Mapping[str, FactQuestion],
    events: Mapping[str, Event] = SHIPPED,
    fiscal_year_ends: int | None = None,
) -> Rule:
    """Read a ``[[rule]]`` table; conditions may ask only the questions given, clocks wait only for these events."""
    words = Words(events, fiscal_year_ends)
    code = table.text("code")
    if code and not RULE_CODE.fullmatch(code):
        table.note(f"代码格式不符：{code!r}", f"capital letters, digits, . _ - only: {code!r}", "code")
    title, reason = table.both("title"), table.both("reason")
    inherits = table.has("period") and table.take("period") == "parent"
    terms = None if inherits else read_terms(table, reason, words)
    otherwise = _read_inheritance(table, words) if inherits else None
    rule = Rule(
        code=code,
        title=title,
        terms=terms,
        otherwise=otherwise,
        alternatives=tuple(_read_alternative(when, terms, questions, words) for when in table.tables("when")),
        level=table.one_of("level", (*LEVELS, "PARENT") if inherits else LEVELS),
        other_levels=_read_other_levels(table),
        reason=reason,
        basis=table.texts("basis"),
        sections=table.texts("sections", needed=False),
        also_codes=table.texts("also", needed=False),
    )
    if inherits and rule.alternatives:
        table.note("继承主件的类型不得另有条件", "a type that inherits has no alternatives of its own", "when")
    table.finish()
    return rule


def _read_inheritance(table: Reading, words: Words) -> Terms | None:
    """Read a rule whose period is ``parent``: trigger and action must agree, *otherwise* must be there."""
    for key in ("trigger", "action"):
        table.one_of(key, ("PARENT",))
    raw = table.take("otherwise")
    if not table.has("otherwise"):
        return None
    inner = Reading(raw, f"{table.place}: [otherwise]", table.faults)
    terms = read_terms(inner, inner.both("reason"), words)
    inner.finish()
    return terms


def _read_other_levels(table: Reading) -> tuple[str, ...]:
    levels = table.texts("other_levels", needed=False)
    for level in levels:
        if level not in LEVELS:
            table.note(f"没有这种密级：{level!r}", f"no such level: {level!r}", "other_levels")
    return levels


def _read_alternative(
    table: Reading, usual: Terms | None, questions: Mapping[str, FactQuestion], words: Words
) -> Alternative:
    terms = read_terms(table, table.both("reason"), words, usual)
    if table.has("any") == table.has("all"):
        table.note("须有 any 或 all 之一", "needs either any or all")
    needs_all = table.has("all")
    read = (_read_condition(one, questions) for one in table.tables("all" if needs_all else "any"))
    conditions = tuple(condition for condition in read if condition)
    table.finish()
    return Alternative(conditions, needs_all, terms)


def _read_condition(table: Reading, questions: Mapping[str, FactQuestion]) -> Condition | None:
    """Read ``{ fact = ..., at_least | is | one_of = ... }``, ``{ level = [...] }`` or ``{ class = [...] }``."""
    for key in ("level", "class"):
        if table.has(key):
            condition = _read_own(table, key)
            table.finish()
            return condition
    fact = table.text("fact")
    question = questions.get(fact)
    if question is None:
        for key in ("at_least", "is", "one_of"):
            table.take(key, needed=False)
        if fact:
            table.note(f"没有登记的事实：{fact!r}", f"no [[fact]] has this code: {fact!r}", "fact")
        table.finish()
        return None
    if question.kind is FactKind.NUMBER:
        condition = _read_number(table, question)
    elif question.kind is FactKind.YES_NO:
        condition = _read_yes_no(table, question)
    else:
        condition = _read_choice(table, question)
    table.finish()
    return condition


def _read_own(table: Reading, key: str) -> Condition | None:
    """Read a condition on what the catalogue knows of itself: the level of a paper, or its class."""
    names = table.texts(key)
    for name in names:
        if name not in LEVELS if key == "level" else not _CLASS_CODE.fullmatch(name):
            table.note(f"不是可用的代码：{name!r}", f"not a code that can stand here: {name!r}", key)
    return Condition(LEVEL if key == "level" else CLASS, one_of=names) if names else None


def _read_number(table: Reading, question: FactQuestion) -> Condition | None:
    value = table.take("at_least")
    if type(value) is int and value >= 1:
        return Condition(question, at_least=value)
    if table.has("at_least"):
        table.note(f"应为正整数：{value!r}", f"must be a whole number of at least 1, not {value!r}", "at_least")
    return None


def _read_yes_no(table: Reading, question: FactQuestion) -> Condition | None:
    value = table.take("is")
    if isinstance(value, bool):
        return Condition(question, equals=value)
    if table.has("is"):
        table.note(f"应为 true 或 false：{value!r}", f"must be true or false, not {value!r}", "is")
    return None


def _read_choice(table: Reading, question: FactQuestion) -> Condition | None:
    words = table.texts("one_of")
    for word in words:
        if word not in question.choices:
            table.note(f"不是该事实的选项：{word!r}", f"not a choice of this fact: {word!r}", "one_of")
    return Condition(question, one_of=words) if words else None
