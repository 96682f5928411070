"""The facts that retention rests on: the events of case files, and what rules ask of a record (deaths, kind of sanction)."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, cast

from sqlalchemy import Connection, select

from archive_service.catalog.tables import case_events
from archive_service.errors import BadInput
from retention_policies import FactKind, FactQuestion, Facts, Hold, Parent, Period, Rule, Trigger
from retention_policies.events import as_code

Answer = bool | int | str
MOST = 10**15
"""No count of people and no sum of yuan is larger; what is, was a slip of the hand."""

YES = frozenset({"是", "有", "yes", "y", "true", "1"})
NO = frozenset({"否", "无", "没有", "no", "n", "false", "0"})


def triggers_of_case(connection: Connection, case_id: str | None) -> dict[Trigger, date]:
    """Return the dates of a case file's events that stand; of several of one kind the latest counts."""
    if case_id is None:
        return {}
    rows = connection.execute(
        select(case_events.c.trigger, case_events.c.on_date)
        .where(case_events.c.case_id == case_id, case_events.c.revoked_at.is_(None))
        .order_by(case_events.c.on_date)
    )
    return {cast("Trigger", as_code(row.trigger)): row.on_date for row in rows}


def facts_of(
    record: Mapping[Any, Any],
    triggers: Mapping[Trigger, date],
    holds: Sequence[Hold] = (),
    parents: Sequence[Parent] = (),
) -> Facts:
    """Return the facts of a row of ``record``, or of the values of one about to be written."""
    override = record["period_override"]
    return Facts(
        document_date=record["document_date"],
        triggers=triggers,
        values=json.loads(record["facts"]),
        extension_years=record["extension_years"],
        period_override=Period.from_code(override) if override else None,
        holds=tuple(holds),
        parents=tuple(parents),
    )


def checked_facts(rule: Rule, given: Mapping[str, Answer]) -> dict[str, Answer]:
    """Return the answers as the rule wants them; :class:`BadInput` names the first that cannot be used.

    An answer may come as text (from a form or a manifest). Blank means not answered: such a record is kept.
    """
    questions = {question.code: question for question in rule.questions}
    answers: dict[str, Answer] = {}
    for code, value in given.items():
        if isinstance(value, str) and not value.strip():
            continue
        question = questions.get(code)
        if question is None:
            asked = tuple(questions.values())
            raise BadInput(
                f"类型 {rule.code} 不问“{code}”；可填：{'、'.join(one.title.zh for one in asked) or '无'}。",
                f"Type {rule.code} does not ask for {code!r}; it asks for: {', '.join(one.code for one in asked) or 'nothing'}.",
            )
        answers[code] = read_answer(question, value)
    return answers


def read_answer(question: FactQuestion, value: Answer) -> Answer:
    """Read one answer: a number, yes or no, or one of the choices by its code or its words."""
    if question.kind is FactKind.NUMBER:
        return _number(question, value)
    if question.kind is FactKind.YES_NO:
        return _yes_no(question, value)
    return _choice(question, value)


def _number(question: FactQuestion, value: Answer) -> int:
    if isinstance(value, str):
        plain = _plain(value).replace(",", "")
        value = int(plain) if plain.isascii() and plain.isdigit() and len(plain) <= len(str(MOST)) else value
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
        raise BadInput(
            f"“{question.title.zh}”应为不小于 0 的整数，而不是“{value}”。",
            f"{question.title.en} must be a whole number of 0 or more, not {value!r}.",
        )
    return value


def _yes_no(question: FactQuestion, value: Answer) -> bool:
    if isinstance(value, bool):
        return value
    plain = _plain(str(value)).lower()
    if plain not in YES | NO:
        raise BadInput(
            f"“{question.title.zh}”请填“是”或“否”，而不是“{value}”。",
            f"{question.title.en}: answer yes or no, not {value!r}.",
        )
    return plain in YES


def _choice(question: FactQuestion, value: Answer) -> str:
    plain = _plain(str(value)).lower()
    for code, words in question.choices.items():
        if plain in (code.lower(), _plain(words.zh).lower(), words.en.lower()):
            return code
    raise BadInput(
        f"“{question.title.zh}”没有选项“{value}”。可用：{'、'.join(words.zh for words in question.choices.values())}。",
        f"{question.title.en} has no choice {value!r}. Use one of: {', '.join(question.choices)}.",
    )


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()
