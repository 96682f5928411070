"""Proposals for the form of one record: asked for with its files, accepted one by one, never filed by themselves."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from archive_service.catalog.suggesting.reading import Proposed
from archive_service.catalog.suggesting.suggestions import READ, Suggested, Suggestions
from archive_service.errors import ArchiveError, BadInput, Text
from archive_service.people.model import LEVEL_WORDS
from archive_service.web import uploads
from archive_service.web.answers import open_to_filers
from archive_service.web.collecting.filing import filing_form
from archive_service.web.errors import status_of
from archive_service.web.here import archive, class_name, in_place, person, t, type_name, words

blueprint = Blueprint("suggestions", __name__, url_prefix="/file")

FIELDS = {"type", "title", "date", "author", "document_no", "level"}
"""What a proposal may fill in."""

KIND_WORDS = {
    "ID_CARD": Text("居民身份证号", "resident identity number"),
    "BANK_CARD": Text("银行卡号", "bank card"),
    "PASSPORT": Text("护照号", "passport"),
    "MOBILE": Text("手机号", "mobile number"),
    "EMAIL": Text("电子邮箱", "e-mail address"),
    "ADDRESS": Text("地址", "address"),
    "PLATE": Text("车牌号", "number plate"),
    "USCC": Text("统一社会信用代码", "unified social credit code"),
}


@blueprint.post("/suggest")
def show() -> str | tuple[str, int]:
    """Read the chosen files and show what they suggest: a piece of the page for its script, else the whole form again."""
    open_to_filers()
    files = uploads.chosen(request.files.getlist("files"))
    try:
        if not files:
            raise BadInput("请先选择文件。", "Please choose the files first.")
        found = archive().suggesting.suggest(person(), [uploads.source(one) for one in files[:READ]])
    except ArchiveError as error:
        if in_place():
            raise
        return filing_form(request.form, words(error.text)), status_of(error)
    shown = view(found)
    if in_place():
        return render_template("_suggestions.html", suggestions=shown)
    return filing_form(request.form, None, suggestions=shown)


@blueprint.post("/accept")
def accept() -> str:
    """Take one proposal into the form, for browsers without the script."""
    open_to_filers()
    field, _, value = request.form.get("accept", "").partition("=")
    if field not in FIELDS:
        raise BadInput("没有这一项建议。", "There is no such proposal.")
    return filing_form({**request.form.to_dict(), field: value}, None)


def view(found: Suggestions) -> dict[str, Any]:
    """Return what the page shows of some suggestions."""
    paper = found.paper
    said = [
        ("title", t("题名", "Title"), paper.title),
        ("date", t("文件日期", "Document date"), paper.date),
        ("author", t("责任者", "Responsible body or person"), paper.author),
        ("document_no", t("文号", "Document number"), paper.document_no),
        ("level", t("密级", "Level"), paper.level),
    ]
    return {
        "types": [_type_row(one) for one in found.types],
        "fields": [_field_row(field, what, one) for field, what, one in said if one],
        "notes": _notes(found),
    }


def _type_row(one: Suggested) -> dict[str, str]:
    label = f"{one.type_code} {type_name(one.type_code)}"
    because = t("、", ", ").join(one.words)
    return {
        "field": "type",
        "value": one.type_code,
        "what": class_name(one.class_code),
        "label": label,
        "because": because,
    }


def _field_row(field: str, what: str, one: Proposed) -> dict[str, str]:
    label, because = one.value, one.source
    if field == "level":
        label = f"{one.value} {words(LEVEL_WORDS[one.value])}"
        because = personal_words(one.source)
    return {"field": field, "value": one.value, "what": what, "label": label, "because": because}


def personal_words(source: str) -> str:
    """Write kinds of personal data (``ID_CARD×2``) as people say them; other words stay."""
    parts = [part.partition("×") for part in source.split(" ")]
    if not all(kind in KIND_WORDS for kind, _, _ in parts):
        return source
    return t("、", ", ").join(f"{words(KIND_WORDS[kind])} ×{times}" for kind, _, times in parts)


def _notes(found: Suggestions) -> list[tuple[str, str]]:
    notes: list[tuple[str, str]] = []
    if found.paper.state_secret:
        stamp = found.paper.state_secret
        notes.append(
            (
                "warn",
                t(
                    f"文件上有国家秘密标志“{stamp}”。国家秘密不得录入本系统，请改为登记线索。",
                    f"The paper bears the stamp of a state secret ({stamp}). It must not enter this system; register a pointer instead.",
                ),
            )
        )
    personal = {kind: times for kind, times in found.paper.personal.items() if kind in KIND_WORDS}
    if personal:
        said = personal_words(" ".join(f"{kind}×{times}" for kind, times in personal.items()))
        notes.append(
            ("warn", t(f"文中发现：{said}。请核对密级。", f"Found in the text: {said}. Please check the level."))
        )
    if found.reason:
        notes.append(
            (
                "",
                t(
                    f"未读到文字（{found.reason.zh}）；建议只依据文件名。",
                    f"No text could be read ({found.reason.en}) The proposals rest on the file name.",
                ),
            )
        )
    if not found.types:
        notes.append(("", t("没有足够的依据提出类型。", "There is too little to suggest a type.")))
    return notes
