"""Rules, facts and schedules as plain JSON values: what a digest is taken of and what a decision can be replayed from.

A rule is written as the same table that it has in a schedule file, so one reader reads both.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from retention_policies.facts import Facts
from retention_policies.rule import Alternative, Condition, FactQuestion, Rule, Terms
from retention_policies.text import Text

ENGINE: Final = 1
"""The edition of the counting rules; a later edition must still replay what an earlier one decided."""

Table = dict[str, Any]


def inputs_of(rule: Rule | None, facts: Facts, as_of: date) -> Table:
    """Return all that a decision was made from."""
    return {"engine": ENGINE, "as_of": as_of.isoformat(), **_paper(rule, facts)}


def _paper(rule: Rule | None, facts: Facts) -> Table:
    questions = rule.questions if rule else ()
    return {
        "rule": rule_table(rule) if rule else None,
        "questions": [question_table(question) for question in questions],
        "facts": facts_table(facts),
    }


def facts_table(facts: Facts) -> Table:
    """Write facts; dates as ISO 8601, the period as its retention code."""
    return {
        "document_date": facts.document_date.isoformat() if facts.document_date else None,
        "triggers": {trigger.value: day.isoformat() for trigger, day in sorted(facts.triggers.items())},
        "values": dict(sorted(facts.values.items())),
        "extension_years": facts.extension_years,
        "period_override": facts.period_override.code if facts.period_override else None,
        "holds": [{"reference": hold.reference, "reason": hold.reason} for hold in facts.holds],
        "parents": [_paper(parent.rule, parent.facts) for parent in facts.parents],
    }


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
    if rule.terms:
        table.update(_terms(rule.terms))
    else:
        table.update({"period": "parent", "trigger": "PARENT", "action": "PARENT"})
    if rule.otherwise:
        table["otherwise"] = {**_terms(rule.otherwise), "reason": _text(rule.otherwise.reason)}
    if rule.alternatives:
        table["when"] = [_alternative(alternative) for alternative in rule.alternatives]
    return table


def _alternative(alternative: Alternative) -> Table:
    return {
        "all" if alternative.needs_all else "any": [_condition(condition) for condition in alternative.conditions],
        **_terms(alternative.terms),
        "reason": _text(alternative.terms.reason),
    }


def _condition(condition: Condition) -> Table:
    if condition.at_least is not None:
        return {"fact": condition.fact, "at_least": condition.at_least}
    if condition.equals is not None:
        return {"fact": condition.fact, "is": condition.equals}
    return {"fact": condition.fact, "one_of": list(condition.one_of)}


def _terms(terms: Terms) -> Table:
    table: Table = {"period": terms.period.words, "action": terms.action.value}
    if terms.trigger:
        table["trigger"] = terms.trigger.value
    return table


def _text(text: Text) -> Table:
    return {"zh": text.zh, "en": text.en}


def digest_of(head: Mapping[str, Any], questions: Mapping[str, FactQuestion], rules: Mapping[str, Rule]) -> str:
    """Return the SHA-256 (hexadecimal) of what a schedule says; layout, comments and order do not change it."""
    content = {
        **head,
        "fact": [question_table(questions[code]) for code in sorted(questions)],
        "rule": [rule_table(rules[code]) for code in sorted(rules)],
    }
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()
