"""What a form asks of a record, and what was typed into it: for filing, and for the pages of what is filed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archive_service.errors import Forbidden
from archive_service.people.policy import Action
from archive_service.web.here import may, t
from retention_policies import FactKind, FactQuestion


def open_to_filers() -> None:
    """Refuse whoever may file nothing at all, before a form is shown."""
    if not may(Action.FILE_RECORD):
        raise Forbidden("归档需要档案员角色。", "Filing needs the role of archivist.")


def question_field(one: FactQuestion, typed: Mapping[str, str]) -> dict[str, Any]:
    """Return what a form shows for a question: its field, the choices, and what was typed or answered before."""
    choices = [("yes", t("是", "Yes")), ("no", t("否", "No"))] if one.kind is FactKind.YES_NO else []
    choices += [(code, t(said.zh, said.en)) for code, said in one.choices.items()]
    name = f"fact-{one.code}"
    title = t(one.title.zh, one.title.en)
    return {"name": name, "title": title, "kind": one.kind.value, "choices": choices, "value": typed.get(name, "")}


def typed_facts(form: Mapping[str, str]) -> dict[str, bool | int | str]:
    """Return what a form answers, by question."""
    return {name.removeprefix("fact-"): value for name, value in form.items() if name.startswith("fact-")}
