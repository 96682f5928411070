"""What of a record was changed or can be: its class and number, what its period rests on, corrections of its files."""

from __future__ import annotations

from typing import Any

from flask import url_for

from archive_service.catalog.records.answers import answers_of, questions_of
from archive_service.catalog.records.browse import Whole
from archive_service.catalog.records.facts import Answer
from archive_service.catalog.tables import ARCHIVED
from archive_service.people.policy import Action, Thing
from archive_service.web.answers import question_field
from archive_service.web.here import (
    archive,
    local_time,
    may,
    names_of,
    t,
    type_name,
)
from archive_service.web.holdings.catalogue import type_options
from retention_policies import FactQuestion


def placed(whole: Whole) -> dict[str, Any]:
    """Return the classes that a record was in, and whether the reader may put it into another."""
    changes = archive().reclassifying.history(whole.row["id"])
    moved = archive().renumbering.history(whole.row["id"])
    names = names_of([*(one.changed_by for one in changes), *(one.decided_by for one in moved)])
    may_change = whole.row["status"] == ARCHIVED and may(Action.FILE_RECORD, Thing(level=whole.row["level"]))
    return {
        "numbered_as": f"{changes[0].old_type} {type_name(changes[0].old_type)}" if changes else "",
        "changes": [
            {
                "when": local_time(one.changed_at),
                "old": f"{one.old_type} {type_name(one.old_type)}",
                "new": f"{one.new_type} {type_name(one.new_type)}",
                "reason": one.reason,
                "who": names.get(one.changed_by, ""),
                "stays": one.old_rule == one.new_rule,
            }
            for one in changes
        ],
        "moved": [
            {
                "when": local_time(one.decided_at),
                "old": one.old_code,
                "reason": one.reason,
                "who": names[one.decided_by],
            }
            for one in moved
        ],
        "renumber_url": url_for("numbers.page", renumber=whole.line.code) + "#renumber" if may_change else "",
        "types": [one for one in type_options() if one[0] != whole.row["type_code"]] if may_change else [],
    }


def asked(whole: Whole, *, readable: bool) -> dict[str, Any] | None:
    """Return what the period rests on, for those who may read the record or answer for it; ``None`` if nothing is asked."""
    answers, row = answers_of(whole.row), whole.row
    questions = questions_of(archive().schedules, row)
    may_answer = row["status"] == ARCHIVED and may(Action.FILE_RECORD, Thing(level=row["level"]))
    if not questions or not (readable or may_answer):
        return None
    typed = {f"fact-{name}": _typed(value) for name, value in answers.items()}
    open_words = t("未答", "Not answered")
    return {
        "told": [
            (t(one.title.zh, one.title.en), _told(one, answers[one.code]) if one.code in answers else open_words)
            for one in questions
        ],
        "fields": [question_field(one, typed) for one in questions] if may_answer else [],
        "open": any(one.code not in answers for one in questions),
    }


def _typed(value: Answer) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _told(question: FactQuestion, value: Answer) -> str:
    if isinstance(value, bool):
        return t("是", "Yes") if value else t("否", "No")
    if isinstance(value, int):
        return f"{value:,}"
    chosen = question.choices.get(value)
    return t(chosen.zh, chosen.en) if chosen else value


def corrections_told(whole: Whole, *, readable: bool) -> dict[str, Any]:
    """Return what was corrected by what, whether the record is declared, and whether the person may correct it.

    The reasons may tell of the content: they are for those who may read it.
    """
    found, declared = archive().corrections.of(whole.row["id"])
    files = {file.id: file.name for file in whole.files}
    may_file = may(Action.FILE_RECORD, Thing(level=whole.row["level"]))
    return {
        "corrected": {one.corrected_id: files.get(one.component_id, "") for one in found},
        "corrects": {
            one.component_id: {
                "name": files.get(one.corrected_id, ""),
                "reason": one.reason if readable or may_file else "",
                "when": local_time(one.at),
            }
            for one in found
        },
        "declared": declared,
        "may_correct": may_file and not declared and whole.row["status"] == ARCHIVED,
    }
