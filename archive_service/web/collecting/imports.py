"""Filing a whole folder with a manifest: sent with one form, filed row by row behind the pages, watched on a page of its own."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from archive_service.catalog.collecting.dry_run import RowCheck, check_rows
from archive_service.catalog.collecting.duplicates import same_elsewhere, told_of
from archive_service.catalog.collecting.import_folder import file_rows
from archive_service.catalog.collecting.manifest import COLUMNS, NEEDED, Row, parse_manifest, parse_mapping
from archive_service.catalog.collecting.runs import STOPPED, Outcome, Run
from archive_service.catalog.model import Receipt
from archive_service.catalog.records.browse import Line
from archive_service.errors import ArchiveError, BadInput
from archive_service.web import uploads
from archive_service.web.answers import open_to_filers
from archive_service.web.collecting import folder_suggestions
from archive_service.web.collecting.batch_filing import go_on, imports
from archive_service.web.collecting.filing import fonds_of
from archive_service.web.errors import status_of
from archive_service.web.here import archive, done, in_place, person, t, words
from archive_service.web.holdings.catalogue import case_options, case_said, fonds_options

blueprint = Blueprint("imports", __name__, url_prefix="/file")

MANIFESTS = ("manifest.csv", "manifest.xlsx")

SHOWN = 10
"""Imports that the page lists."""

LOOKED_AT = 500
"""Records of which the page of an import says what their files are; it links to all of them."""


def manifest_columns() -> list[tuple[str, bool]]:
    """Return the columns that a manifest may have, in the person's language, and whether each must be there."""
    columns = [(t(said[0], name), name in NEEDED) for name, said in COLUMNS.items()]
    return columns + [(t(one.title.zh, one.code), False) for one in archive().schedules.current.facts.values()]


@blueprint.get("/folder")
def folder() -> str:
    """Show the form for a folder with its manifest."""
    open_to_filers()
    case_no = request.args.get("case", "")
    return _folder_page({"case": case_no, "fonds": fonds_of(case_no) if case_no else ""}, None)


def _folder_page(
    typed: Mapping[str, str],
    fault: str | None,
    checks: list[dict[str, Any]] | None = None,
    proposed: folder_suggestions.Proposed | None = None,
) -> str:
    return render_template(
        "file_folder.html",
        typed=typed,
        fault=fault,
        checks=checks,
        proposed=proposed,
        runs=[_run_view(run) for run in imports().runs.of(person().id)[:SHOWN]],
        columns=manifest_columns(),
        fonds=fonds_options(),
        cases=case_options(),
    )


@blueprint.post("/folder")
def file_folder() -> Response | tuple[str, int]:
    """Begin filing every row of an uploaded folder, or say what would come of it, or what its papers suggest."""
    open_to_filers()
    files = uploads.chosen([*request.files.getlist("files"), *request.files.getlist("folder")])
    try:
        if request.form.get("act") == "check":
            return _folder_page(request.form, None, _checked(files, request.form)), 200
        if request.form.get("act") == "suggest":
            return _folder_page(request.form, None, proposed=_proposed(files)), 200
        run_id = _start(files, request.form.get("fonds", ""), case_said(request.form.get("case", "")))
    except ArchiveError as error:
        if in_place():
            raise
        return _folder_page(request.form, words(error.text)), status_of(error)
    return redirect(url_for("imports.page", run_id=run_id), 303)


def _proposed(files: list[FileStorage]) -> folder_suggestions.Proposed:
    """Propose what a manifest does not say yet, or a whole manifest where there is none."""
    there = any(uploads.base(one.filename or "").lower() in MANIFESTS for one in files)
    rows = _manifest_rows(files) if there else folder_suggestions.rows_of(files)
    return folder_suggestions.proposed(rows, uploads.Basket(files))


def _checked(files: list[FileStorage], form: Mapping[str, str]) -> list[dict[str, Any]]:
    """Say of every row of an uploaded folder what filing it would come to; nothing is filed."""
    found = check_rows(
        archive().accession,
        person(),
        _manifest_rows(files),
        uploads.Basket(files).pick,
        fonds_no=form.get("fonds", ""),
        case_no=case_said(form.get("case", "")),
    )
    return [check_view(one) for one in found]


def check_view(one: RowCheck) -> dict[str, Any]:
    """Return what filing a row would come to, for the page."""
    return {
        "row": one.row,
        "files": one.files,
        "code": one.code,
        "reason": words(one.reason) if one.reason else "",
        "sentence": words(one.sentence) if one.sentence else "",
        "same": [words(said) for said in one.same],
    }


def _start(files: list[FileStorage], fonds_no: str, case_no: str | None) -> str:
    if fonds_no not in dict(fonds_options()):
        raise BadInput("请选择全宗。", "Please choose the fonds.")
    rows = _manifest_rows(files)
    basket = uploads.Basket(files)
    results = file_rows(
        archive().accession, person(), rows, basket.pick, fonds_no=fonds_no, case_no=case_no, batch=uuid.uuid4().hex
    )
    run_id = imports().start(person().id, len(rows), results, basket.close)
    uploads.keep()
    return run_id


@blueprint.get("/imports/<run_id>")
def page(run_id: str) -> str:
    """Show how far an import is, and in the end what became of each row."""
    open_to_filers()
    run = imports().runs.find(person().id, run_id)
    return render_template(
        "import.html", run=_run_view(run), results=_results(run) if run.finished else [], refused=run.refused
    )


@blueprint.get("/imports/<run_id>/progress")
def progress(run_id: str) -> Response:
    """Say how far an import is, for the script of its page."""
    open_to_filers()
    return jsonify(_run_view(imports().runs.find(person().id, run_id)))


@blueprint.post("/imports/<run_id>/stop")
def stop(run_id: str) -> Response:
    """Stop an import behind the rows that are being filed now, whichever process files them."""
    open_to_filers()
    imports().runs.ask_stop(person().id, run_id)
    done("正在停止：手头的几行归档后即停。", "Stopping: the rows at hand are filed, then it ends.")
    return redirect(url_for("imports.page", run_id=run_id), 303)


@blueprint.post("/imports/<run_id>/go-on")
def resume(run_id: str) -> Response:
    """Go on with an import that stopped, or was cut off with its process."""
    open_to_filers()
    go_on(run_id, person())
    done("从停止处继续；已归档的不会重复。", "Going on from where it stopped; what was filed is not filed twice.")
    return redirect(url_for("imports.page", run_id=run_id), 303)


def _run_view(run: Run) -> dict[str, Any]:
    counts = t("新归档 %s 件，此前已归档 %s 件，未归档 %s 行", "%s filed, %s filed before, %s refused") % (
        run.filed,
        run.repeated,
        run.refused,
    )
    return {
        "url": url_for("imports.page", run_id=run.id),
        "done": run.done,
        "total": run.total,
        "sentence": counts,
        "finished": run.finished,
        "stopped": run.state == STOPPED,
        "stopping": run.stop_asked and not run.finished,
        "cut_off": run.cut_off,
        "fault": words(run.fault) if run.fault else None,
        "progress_url": url_for("imports.progress", run_id=run.id),
        "stop_url": url_for("imports.stop", run_id=run.id),
        "resume_url": url_for("imports.resume", run_id=run.id) if run.finished and run.resumable else None,
        "batch_url": url_for("dropping.page", batch_id=run.batch_id) if run.batch_id else None,
    }


def _results(run: Run) -> list[dict[str, Any]]:
    """Return what became of each row, refusals first; of records that are not seen any more only that they were filed."""
    outcomes = sorted(imports().runs.outcomes(run.id), key=lambda one: (one.reason is None, one.row))
    ids = [one.record_id for one in outcomes if one.record_id]
    seen = {key: line for some in _some(ids) for key, line in archive().catalogue.by_ids(person(), some).items()}
    receipts = {one: archive().accession.receipt(one) for one in ids[:LOOKED_AT] if one in seen}
    twins = same_elsewhere(archive().ledger, person(), list(receipts.values()))
    return [_result(one, seen, receipts, twins) for one in outcomes]


def _some(ids: list[str]) -> list[list[str]]:
    return [ids[start : start + LOOKED_AT] for start in range(0, len(ids), LOOKED_AT)]


def _result(
    one: Outcome, seen: Mapping[str, Line], receipts: Mapping[str, Receipt], twins: Mapping[str, str]
) -> dict[str, Any]:
    line, receipt = seen.get(one.record_id or ""), receipts.get(one.record_id or "")
    said = [words(warning) for warning in archive().formats.warnings(receipt)] if receipt else []
    if receipt and receipt.record_id in twins:
        said.append(words(told_of(twins[receipt.record_id])))
    named = ";".join(name for name, _, _ in receipt.files) if receipt else line.title if line else ""
    return {
        "row": one.row,
        "files": one.files or named,
        "code": line.code if line else "",
        "url": url_for("record.page", code=line.code) if line else None,
        "repeated": one.repeated,
        "reason": words(one.reason) if one.reason else "",
        "warnings": said,
    }


def _manifest_rows(files: list[FileStorage]) -> list[Row]:
    found = [item for item in files if uploads.base(item.filename or "").lower() in MANIFESTS]
    if len(found) != 1:
        raise BadInput(
            "所选文件里应有且只有一个清单：manifest.csv 或 manifest.xlsx。",
            "The chosen files must hold exactly one manifest: manifest.csv or manifest.xlsx.",
        )
    questions = archive().schedules.current.facts.values()
    mapping = parse_mapping(request.form.get("map", "").splitlines())
    data = b"".join(uploads.chunks(found[0]))
    return parse_manifest(uploads.base(found[0].filename or ""), data, questions, mapping)
