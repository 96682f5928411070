"""Registering that a paper exists which must not come in."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from archive_service.catalog.collecting.manifest import parse_date
from archive_service.catalog.filing.accession import hash_of
from archive_service.catalog.filing.pointers import Pointer, record_of
from archive_service.errors import ArchiveError
from archive_service.web.answers import open_to_filers
from archive_service.web.errors import status_of
from archive_service.web.here import archive, done, in_place, person, words
from archive_service.web.holdings.catalogue import case_options, case_said, fonds_options, type_options

blueprint = Blueprint("pointers", __name__, url_prefix="/file/pointer")


@blueprint.get("")
def page() -> str:
    """Show the form."""
    open_to_filers()
    return _form({"key": uuid.uuid4().hex}, None)


def _form(typed: Mapping[str, str], fault: str | None) -> str:
    return render_template(
        "file_pointer.html",
        typed=typed,
        fault=fault,
        fonds=fonds_options(),
        cases=case_options(),
        types=type_options(),
        today=archive().clock.today().isoformat(),
    )


@blueprint.post("")
def register() -> Response | tuple[str, int]:
    """File the pointer; what was typed stays in the form when something is wrong with it."""
    open_to_filers()
    try:
        receipt = archive().accession.file_record(person(), record_of(_pointer(request.form)))
    except ArchiveError as error:
        if in_place() or status_of(error) >= 500:
            raise
        return _form(request.form, words(error.text)), status_of(error)
    done(f"已登记线索：{receipt.archival_code}", f"Pointer registered: {receipt.archival_code}")
    return redirect(url_for("record.receipt", code=receipt.archival_code), 303)


def _pointer(form: Mapping[str, str]) -> Pointer:
    key = form.get("key", "")
    return Pointer(
        fonds_no=form.get("fonds", ""),
        case_no=case_said(form.get("case", "")),
        type_code=form.get("type", ""),
        document_date=parse_date(form.get("date", "")),
        register_no=form.get("register_no", ""),
        kept_by=form.get("kept_by", ""),
        parent=form.get("parent") or None,
        key=hash_of(f"pointer\n{person().id}\n{key}") if key else None,
    )
