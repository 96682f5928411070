"""Rules, facts and schedules as plain JSON values: what a digest is taken of and what a decision can be replayed from.

A rule is written as the same table that it has in a schedule file, so one reader reads both. Whatever a rule does not
use is left out, so rules written before the language had a word keep their digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from retention_policies.conditions import CLASS, LEVEL, Condition, FactQuestion
from retention_policies.counting import CountFrom, Counting, Span
from retention_policies.events import SHIPPED, Event
from retention_policies.facts import Facts
from retention_policies.rule import Alternative, Minimum, Rule, Start, Step, Terms
from retention_policies.terms import NO_OFFSET
from retention_policies.text import Text

ENGINE: Final = 1
"""The edition of the counting rules; a later edition must still replay what an earlier one decided."""

Table = dict[str, Any]


def inputs_of(rule: Rule | None, facts: Facts, as_of: date) -> Table:
    """Return all that a decision was made from."""
    return {"engine": ENGINE, "as_of": as_of.isoformat(), **_paper(rule, facts)}


def inputs_of_several(named: Sequence[tuple[str, Rule | None]], facts: Facts, as_of: date) -> Table:
    """Return all that a decision among several rules was made from, each with what it was called."""
    several = [{"name": name, **rule_paper(rule)} for name, rule in named]
    return {"engine": ENGINE, "as_of": as_of.isoformat(), "several": several, "facts": facts_table(facts)}


def _paper(rule: Rule | None, facts: Facts) -> Table:
    return {**rule_paper(rule), "facts": facts_table(facts)}


def rule_paper(rule: Rule | None) -> Table:
    """Write a rule together with everything that its table refers to."""
    asked = [q for q in rule.conditions_asked if not q.known_of_itself] if rule else []
    paper: Table = {
        "rule": rule_table(rule) if rule else None,
        "questions": [question_table(question) for question in asked],
    }
    declared = [event_table(event) for event in rule.events if event.code not in SHIPPED] if rule else []
    if declared:
        paper["events"] = declared
    if rule and rule.also:
        paper["also"] = [rule_paper(one) for one in rule.also]
    return paper


def facts_table(facts: Facts) -> Table:
    """Write facts; dates as ISO 8601, the period as its retention code."""
    table: Table = {
        "document_date": str(facts.document_date) if facts.document_date else None,
        "triggers": {str(code): day.isoformat() for code, day in sorted(facts.events.items())},
        "values": dict(sorted(facts.values.items())),
        "extension_years": facts.extension_years,
        "period_override": facts.period_override.code if facts.period_override else None,
        "holds": [{"reference": hold.reference, "reason": hold.reason} for hold in facts.holds],
        "parents": [_paper(parent.rule, parent.facts) for parent in facts.parents],
    }
    if facts.level is not None:
        table["level"] = facts.level
    if facts.class_code is not None:
        table["class_code"] = facts.class_code
    if facts.steps_done:
        table["steps_done"] = [day.isoformat() for day in facts.steps_done]
    return table


def event_table(event: Event) -> Table:
    """Write an event that a schedule declares, as ``[[event]]``."""
    words = {"title": event.title, "happened": event.happened, "awaited": event.awaited or Text("", "")}
    return {"code": event.code, **{key: _text(text) for key, text in words.items()}}


def question_table(question: FactQuestion) -> Table:
    """Write a fact that rules ask for, as ``[[fact]]``."""
    table: Table = {"code": question.code, "kind": question.kind.value, "title": _text(question.title)}
    if question.choices:
        table["choices"] = [{"code": code, **_text(text)} for code, text in question.choices.items()]
    return table


def rule_table(rule: Rule) -> Table:
    """Write a rule, as ``[[rule]]``."""
    table: Table = {
        "code": rule.code,
        "title": _text(rule.title),
        "level": rule.level,
        "reason": _text(rule.reason),
        "basis": list(rule.basis),
        "sections": list(rule.sections),
    }
    if rule.other_levels:
        table["other_levels"] = list(rule.other_levels)
    if rule.also_codes:
        table["also"] = list(rule.also_codes)
    if rule.terms:
        table.update(_terms(rule.terms))
    else:
        table.update({"period": "parent", "trigger": "PARENT", "action": "PARENT"})
    if rule.otherwise:
        table["otherwise"] = {**_terms(rule.otherwise), "reason": _text(rule.otherwise.reason)}
    if rule.alternatives:
        usual = rule.terms.start if rule.terms else None
        table["when"] = [_alternative(alternative, usual) for alternative in rule.alternatives]
    return table


def _alternative(alternative: Alternative, usual: Start | None) -> Table:
    return {
        "all" if alternative.needs_all else "any": [_condition(condition) for condition in alternative.conditions],
        **_terms(alternative.terms, usual),
        "reason": _text(alternative.terms.reason),
    }


def _condition(condition: Condition) -> Table:
    if condition.question in (LEVEL, CLASS):
        return {"level" if condition.question == LEVEL else "class": list(condition.one_of)}
    if condition.at_least is not None:
        return {"fact": condition.fact, "at_least": condition.at_least}
    if condition.equals is not None:
        return {"fact": condition.fact, "is": condition.equals}
    return {"fact": condition.fact, "one_of": list(condition.one_of)}


def _terms(terms: Terms, usual: Start | None = None) -> Table:
    """Write terms; what starts the clock is compared with ``usual``, which a reader takes for whatever is missing."""
    table: Table = {"period": terms.period.words, "action": terms.action.value}
    if terms.start:
        table.update(_start(terms.start, usual))
    if terms.then:
        table["then"] = [_step(step) for step in terms.then]
    return table


def _step(step: Step) -> Table:
    return {"period": step.period.words, "action": step.action.value, "reason": _text(step.reason)}


def _start(start: Start, usual: Start | None) -> Table:
    codes = [str(event.code) for event in start.events]
    table: Table = {"trigger": codes[0] if len(codes) == 1 else {start.combine.value: codes}}
    if start.offset != (usual.offset if usual else Span()):
        table["offset"] = _span(start.offset)
    before = usual.counting if usual else Counting()
    if start.counting != before:
        table.update(_counting(start.counting))
    return table


def _counting(counting: Counting) -> Table:
    table: Table = {"count_from": counting.mode.value}
    if counting.mode is CountFrom.FISCAL_YEAR:
        table["fiscal_year_ends"] = counting.month
    return table


def _span(span: Span) -> str:
    parts = ((span.years, "year"), (span.months, "month"), (span.days, "day"))
    return " ".join(f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in parts if count) or NO_OFFSET


def _text(text: Text) -> Table:
    return {"zh": text.zh, "en": text.en}


def minimum_table(minimum: Minimum) -> Table:
    """Write a minimum by law, as ``[[minimum]]``."""
    table: Table = {
        "code": minimum.code,
        "title": _text(minimum.title),
        "rules": list(minimum.rules),
        "period": minimum.period.words,
        "basis": list(minimum.basis),
    }
    if minimum.start:
        table.update(_start(minimum.start, None))
    elif minimum.counting != Counting():
        table.update(_counting(minimum.counting))
    return table


def digest_of(
    head: Mapping[str, Any],
    questions: Mapping[str, FactQuestion],
    rules: Mapping[str, Rule],
    declared: Sequence[Event] = (),
    minimums: Mapping[str, Minimum] | None = None,
) -> str:
    """Return the SHA-256 (hexadecimal) of what a schedule says; layout, comments and order do not change it."""
    content = {
        **head,
        "fact": [question_table(questions[code]) for code in sorted(questions)],
        "rule": [rule_table(rules[code]) for code in sorted(rules)],
    }
    if declared:
        content["event"] = sorted((event_table(event) for event in declared), key=lambda table: table["code"])
    if minimums:
        content["minimum"] = [minimum_table(minimums[code]) for code in sorted(minimums)]
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()
