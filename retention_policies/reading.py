"""From tables to rules: what each key of a rule may say, and what must agree with what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from retention_policies.period import PERMANENT, Period
from retention_policies.rule import Action, Alternative, Condition, FactKind, FactQuestion, Rule, Terms, Trigger
from retention_policies.tables import Reading
from retention_policies.text import RetentionError, Text

LEVELS: Final = ("PUB", "INT", "TS", "PI", "SEAL")
"""Confidentiality levels, open to sealed; ``PARENT`` beside them means the level of the parent."""

_TRIGGERS: Final = tuple(trigger.value for trigger in Trigger)
_EVENTS: Final = tuple(name for name in _TRIGGERS if name != "PARENT")
_ENDS: Final = (Action.DESTROY, Action.EXTEND, Action.TRANSFER)
_STAYS: Final = (Action.PERMANENT_TRANSFER, Action.PERMANENT_KEEP)
_RULE_CODE: Final = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,31}")
_FACT_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_NOTHING: Final = Text("", "")


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


def read_rule(table: Reading, questions: Mapping[str, FactQuestion]) -> Rule:
    """Read a ``[[rule]]`` table; conditions may ask only the questions given."""
    code = table.text("code")
    if code and not _RULE_CODE.fullmatch(code):
        table.note(f"代码格式不符：{code!r}", f"capital letters, digits, . _ - only: {code!r}", "code")
    title, reason = table.both("title"), table.both("reason")
    inherits = table.has("period") and table.take("period") == "parent"
    terms = None if inherits else _read_terms(table, reason, None)
    otherwise = _read_inheritance(table) if inherits else None
    usual = terms.trigger if terms else None
    rule = Rule(
        code=code,
        title=title,
        terms=terms,
        otherwise=otherwise,
        alternatives=tuple(_read_alternative(when, usual, questions) for when in table.tables("when")),
        level=table.one_of("level", (*LEVELS, "PARENT") if inherits else LEVELS),
        other_levels=_read_other_levels(table),
        reason=reason,
        basis=table.texts("basis"),
        sections=table.texts("sections", needed=False),
    )
    if inherits and rule.alternatives:
        table.note("继承主件的类型不得另有条件", "a type that inherits has no alternatives of its own", "when")
    table.finish()
    return rule


def _read_inheritance(table: Reading) -> Terms | None:
    """Read a rule whose period is ``parent``: trigger and action must agree, *otherwise* must be there."""
    for key in ("trigger", "action"):
        table.one_of(key, ("PARENT",))
    raw = table.take("otherwise")
    if not table.has("otherwise"):
        return None
    inner = Reading(raw, f"{table.place}: [otherwise]", table.faults)
    terms = _read_terms(inner, inner.both("reason"), None)
    inner.finish()
    return terms


def _read_other_levels(table: Reading) -> tuple[str, ...]:
    levels = table.texts("other_levels", needed=False)
    for level in levels:
        if level not in LEVELS:
            table.note(f"没有这种密级：{level!r}", f"no such level: {level!r}", "other_levels")
    return levels


def _read_terms(table: Reading, reason: Text, usual: Trigger | None) -> Terms:
    """Read period, trigger and action and hold them against each other; ``usual`` is the trigger of the rule."""
    period = _read_period(table)
    trigger = table.one_of("trigger", _EVENTS, needed=False)
    if period and not period.permanent and not table.has("trigger") and usual is None:
        table.note("定期保管须有起算事件", "a fixed term needs a trigger", "trigger")
    fitting = _STAYS if period and period.permanent else _ENDS
    action = table.one_of("action", [one.value for one in (fitting if period else (*_ENDS, *_STAYS))])
    return Terms(
        period=period or PERMANENT,
        trigger=Trigger(trigger) if trigger else usual,
        action=Action(action) if action else Action.PERMANENT_KEEP,
        reason=reason,
    )


def _read_period(table: Reading) -> Period | None:
    words = table.text("period")
    try:
        return Period.from_words(words) if words else None
    except RetentionError as error:
        table.note(error.text.zh, error.text.en, "period")
        return None


def _read_alternative(table: Reading, usual: Trigger | None, questions: Mapping[str, FactQuestion]) -> Alternative:
    terms = _read_terms(table, table.both("reason"), usual)
    if table.has("any") == table.has("all"):
        table.note("须有 any 或 all 之一", "needs either any or all")
    needs_all = table.has("all")
    read = (_read_condition(one, questions) for one in table.tables("all" if needs_all else "any"))
    conditions = tuple(condition for condition in read if condition)
    table.finish()
    return Alternative(conditions, needs_all, terms)


def _read_condition(table: Reading, questions: Mapping[str, FactQuestion]) -> Condition | None:
    """Read ``{ fact = ..., at_least | is | one_of = ... }``; the comparison must fit the kind of the fact."""
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
