"""A stored decision, made again from the inputs it kept: the rule as it stood then, the facts as they were then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from retention_policies.content import ENGINE
from retention_policies.decision import Decision, decide
from retention_policies.facts import Facts, Hold, Parent
from retention_policies.period import Period
from retention_policies.reading import read_question, read_rule
from retention_policies.rule import Rule, Trigger
from retention_policies.tables import Reading
from retention_policies.text import FactsError, RetentionError, ScheduleError


def replay(inputs: Mapping[str, Any]) -> Decision:
    """Decide again from ``Decision.inputs``; raises :class:`RetentionError` where these were not written by us."""
    if inputs.get("engine") != ENGINE:
        raise FactsError(
            f"判定输入的版本未知：{inputs.get('engine')!r}",
            f"These inputs are of an unknown edition: {inputs.get('engine')!r}",
        )
    try:
        return decide(_rule(inputs), _facts(inputs["facts"]), date.fromisoformat(inputs["as_of"]))
    except RetentionError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FactsError(f"判定输入不完整：{error!r}", f"These inputs are incomplete: {error!r}") from error


def _rule(paper: Mapping[str, Any]) -> Rule | None:
    if paper["rule"] is None:
        return None
    faults: list[str] = []
    read = [read_question(Reading(table, "questions", faults)) for table in paper["questions"]]
    rule = read_rule(Reading(paper["rule"], "rule", faults), {question.code: question for question in read})
    if faults:
        raise ScheduleError(faults)
    return rule


def _facts(table: Mapping[str, Any]) -> Facts:
    formed, override = table["document_date"], table["period_override"]
    return Facts(
        document_date=date.fromisoformat(formed) if formed else None,
        triggers={Trigger(name): date.fromisoformat(day) for name, day in table["triggers"].items()},
        values=table["values"],
        extension_years=table["extension_years"],
        period_override=Period.from_code(override) if override else None,
        holds=tuple(Hold(hold["reference"], hold["reason"]) for hold in table["holds"]),
        parents=tuple(Parent(_rule(parent), _facts(parent["facts"])) for parent in table["parents"]),
    )
