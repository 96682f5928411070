"""Filing one record with its files."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from archive_service.catalog.collecting.manifest import parse_date
from archive_service.catalog.filing.accession import hash_of
from archive_service.catalog.filing.intake import REQUIRED_WORDS
from archive_service.catalog.filing.preview import preview
from archive_service.catalog.model import NewRecord, SourceFile
from archive_service.errors import ArchiveError, Forbidden
from archive_service.web import uploads
from archive_service.web.answers import open_to_filers, question_field, typed_facts
from archive_service.web.errors import note_refusal, status_of
from archive_service.web.here import archive, done, in_place, level_options, number_of, person, t, words
from archive_service.web.holdings.catalogue import case_options, case_said, fonds_options, type_options

blueprint = Blueprint("filing", __name__, url_prefix="/file")


@blueprint.get("")
def page() -> str:
    """Show the form."""
    open_to_filers()
    wanted = {name: request.args.get(name, "") for name in ("fonds", "case", "type")}
    if wanted["case"] and not wanted["fonds"]:
        wanted["fonds"] = fonds_of(wanted["case"])
    return filing_form({**wanted, "key": uuid.uuid4().hex}, None)


def fonds_of(case_no: str) -> str:
    """Return the number of the fonds that a case file belongs to."""
    found = archive().cases.case(case_no).fonds_id
    return next(str(row.fonds_no) for row in archive().cases.all_fonds() if row.id == found)


def filing_form(typed: Mapping[str, str], fault: str | None, *, suggestions: Mapping[str, Any] | None = None) -> str:
    """Show the form with what was typed, what is wrong with it, and what is suggested for it."""
    return render_template(
        "file.html",
        typed=typed,
        fault=fault,
        fonds=fonds_options(),
        cases=case_options(),
        types=type_options(),
        levels=level_options(),
        details=_details(typed),
        suggestions=suggestions,
        today=archive().clock.today().isoformat(),
    )


@blueprint.get("/details")
def details() -> str:
    """Show what the chosen type asks for, and which code and period filing would give now; for the script of the form."""
    open_to_filers()
    return render_template("_details.html", details=_details(request.args))


def _details(typed: Mapping[str, str]) -> dict[str, Any] | None:
    record_type = archive().schedules.plan.types.get(typed.get("type", ""))
    if record_type is None:
        return None
    rule = record_type.rule
    shown: dict[str, Any] = {
        "questions": [question_field(one, typed) for one in rule.questions],
        "required": [words(REQUIRED_WORDS[name]) for name in record_type.required],
        "parent": rule.inherits,
        "parent_value": typed.get("parent", ""),
        "basis": t(rule.reason.zh, rule.reason.en),
    }
    if typed.get("date") and typed.get("fonds"):
        try:
            seen = preview(archive().ledger, archive().schedules, person(), _described(typed, ()))
            shown |= {"code": seen.code, "sentence": words(seen.sentence)}
        except ArchiveError as error:
            shown["fault"] = words(error.text)
    return shown


@blueprint.post("")
def file() -> Response | tuple[str, int]:
    """File one record; what was typed stays in the form when something is wrong with it."""
    open_to_filers()
    try:
        receipt = archive().accession.file_record(person(), _new_record(request.form))
    except ArchiveError as error:
        if in_place() or status_of(error) == 500:
            raise
        if isinstance(error, Forbidden):
            note_refusal()
        return filing_form(request.form, words(error.text)), status_of(error)
    if receipt.repeated:
        done("这一件此前已归档，这是当时的回执。", "This record was filed before; this is its receipt.")
    else:
        done(f"已归档：{receipt.archival_code}", f"Filed: {receipt.archival_code}")
    return redirect(url_for("record.receipt", code=receipt.archival_code), 303)


def _new_record(form: Mapping[str, str]) -> NewRecord:
    files = uploads.chosen(request.files.getlist("files"))
    key = form.get("key", "")
    # The key makes a form that is sent twice file once; other files with the same form are another record.
    seen = [uploads.digest(item) for item in files]
    new = _described(form, tuple(uploads.source(item) for item in files))
    return replace(new, key=hash_of("\n".join(["form", person().id, key, *seen])) if key else None)


def _described(form: Mapping[str, str], files: tuple[SourceFile, ...]) -> NewRecord:
    return NewRecord(
        fonds_no=form.get("fonds", ""),
        case_no=case_said(form.get("case", "")),
        type_code=form.get("type", ""),
        title=form.get("title", ""),
        document_date=parse_date(form.get("date", "")),
        level=form.get("level") or None,
        author=form.get("author", ""),
        document_no=form.get("document_no", ""),
        note=form.get("note", ""),
        year=number_of(form.get("year", ""), "年度", "The year"),
        facts=typed_facts(form),
        parent=form.get("parent") or None,
        code=form.get("code") or None,
        files=files,
    )
