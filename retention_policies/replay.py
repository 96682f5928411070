"""A stored decision, made again from the inputs it kept: the rule as it stood then, the facts as they were then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from retention_policies.content import ENGINE
from retention_policies.decision import Decision, decide, decide_among
from retention_policies.events import SHIPPED
from retention_policies.facts import Facts, Hold, Parent
from retention_policies.partial import read_date
from retention_policies.period import Period
from retention_policies.reading import read_event, read_question, read_rule
from retention_policies.rule import Rule
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
        facts, as_of = _facts(inputs["facts"]), date.fromisoformat(inputs["as_of"])
        if "several" in inputs:
            return decide_among([(one["name"], _rule(one)) for one in inputs["several"]], facts, as_of)
        return decide(_rule(inputs), facts, as_of)
    except RetentionError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FactsError(f"判定输入不完整：{error!r}", f"These inputs are incomplete: {error!r}") from error


def _rule(paper: Mapping[str, Any]) -> Rule | None:
    if paper["rule"] is None:
        return None
    faults: list[str] = []
    asked = [read_question(Reading(table, "questions", faults)) for table in paper["questions"]]
    declared = [read_event(Reading(table, "events", faults)) for table in paper.get("events", ())]
    events = {**SHIPPED, **{event.code: event for event in declared}}
    rule = read_rule(Reading(paper["rule"], "rule", faults), {one.code: one for one in asked}, events)
    if faults:
        raise ScheduleError(faults)
    others = tuple(other for other in map(_rule, paper.get("also", ())) if other)
    return replace(rule, also=others) if others else rule


def _facts(table: Mapping[str, Any]) -> Facts:
    formed, override = table["document_date"], table["period_override"]
    return Facts(
        document_date=read_date(formed) if formed else None,
        triggers={name: date.fromisoformat(day) for name, day in table["triggers"].items()},
        values=table["values"],
        extension_years=table["extension_years"],
        period_override=Period.from_code(override) if override else None,
        holds=tuple(Hold(hold["reference"], hold["reason"]) for hold in table["holds"]),
        parents=tuple(Parent(_rule(parent), _facts(parent["facts"])) for parent in table["parents"]),
        level=table.get("level"),
        class_code=table.get("class_code"),
        steps_done=tuple(date.fromisoformat(day) for day in table.get("steps_done", ())),
    )
