"""Filing: one record with its files, or many at once with a manifest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from archive_service.audit import acts
from archive_service.catalog.accession import hash_of
from archive_service.catalog.import_folder import ImportReport, RowResult
from archive_service.catalog.manifest import Row, parse_date, parse_manifest
from archive_service.catalog.model import NewRecord, SourceFile
from archive_service.errors import ArchiveError, BadInput, Forbidden
from archive_service.people.policy import Action
from archive_service.web import uploads
from archive_service.web.catalogue import case_options, fonds_options, type_options
from archive_service.web.errors import note_refusal, status_of
from archive_service.web.here import archive, done, level_options, may, number_of, person, words

blueprint = Blueprint("filing", __name__, url_prefix="/file")

MANIFESTS = ("manifest.csv", "manifest.xlsx")


def _open_to_filers() -> None:
    if not may(Action.FILE_RECORD):
        raise Forbidden("归档需要档案员角色。", "Filing needs the role of archivist.")


@blueprint.get("")
def page() -> str:
    """Show the form."""
    _open_to_filers()
    wanted = {name: request.args.get(name, "") for name in ("fonds", "case", "type")}
    return _form({**wanted, "key": hash_of(f"{person().id} {archive().clock.stamp()}")}, None)


def _form(typed: Mapping[str, str], fault: str | None) -> str:
    return render_template(
        "file.html",
        typed=typed,
        fault=fault,
        fonds=fonds_options(),
        cases=case_options(),
        types=type_options(),
        levels=level_options(),
        today=archive().clock.today().isoformat(),
    )


@blueprint.post("")
def file() -> Response | tuple[str, int]:
    """File one record; what was typed stays in the form when something is wrong with it."""
    _open_to_filers()
    try:
        receipt = archive().accession.file_record(person(), _new_record(request.form))
    except ArchiveError as error:
        if isinstance(error, Forbidden):
            note_refusal()
        if status_of(error) >= 500:
            raise
        return _form(request.form, words(error.text)), status_of(error)
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
    return NewRecord(
        fonds_no=form.get("fonds", ""),
        case_no=form.get("case") or None,
        type_code=form.get("type", ""),
        title=form.get("title", ""),
        document_date=parse_date(form.get("date", "")),
        level=form.get("level") or None,
        author=form.get("author", ""),
        document_no=form.get("document_no", ""),
        note=form.get("note", ""),
        year=number_of(form.get("year", ""), "年度", "The year"),
        files=tuple(uploads.source(item) for item in files),
        key=hash_of("\n".join(["form", person().id, key, *seen])) if key else None,
    )


@blueprint.get("/folder")
def folder() -> str:
    """Show the form for a folder with its manifest."""
    _open_to_filers()
    return _folder_page({}, None, None)


def _folder_page(typed: Mapping[str, str], fault: str | None, report: ImportReport | None) -> str:
    return render_template(
        "file_folder.html",
        typed=typed,
        fault=fault,
        report=report,
        results=[_result(item) for item in report.results] if report else [],
        fonds=fonds_options(),
        cases=case_options(),
    )


def _result(item: Any) -> dict[str, Any]:
    return {
        "row": item.row,
        "files": item.files,
        "code": item.receipt.archival_code if item.receipt else "",
        "url": url_for("record.page", code=item.receipt.archival_code) if item.receipt else None,
        "repeated": bool(item.receipt and item.receipt.repeated),
        "reason": words(item.reason) if item.reason else "",
    }


@blueprint.post("/folder")
def file_folder() -> str | tuple[str, int]:
    """File every row of an uploaded folder; a row that is refused says why and stops no other."""
    _open_to_filers()
    files = uploads.chosen([*request.files.getlist("files"), *request.files.getlist("folder")])
    try:
        rows = _manifest_rows(files)
    except BadInput as error:
        return _folder_page(request.form, words(error.text), None), 422
    basket = _Basket(files)
    report = ImportReport(total=len(rows))
    fonds_no, case_no = request.form.get("fonds", ""), request.form.get("case") or None
    ledger = archive().ledger
    batch = hash_of(f"{person().id} {archive().clock.stamp()}")[:32]
    ledger.note(person().id, acts.IMPORT_STARTED, "import", batch, rows=len(rows))
    for row in rows:
        report.results.append(_file_row(row, basket, fonds_no, case_no))
    counts = {"filed": report.filed, "repeated": report.repeated, "refused": len(report.refused)}
    ledger.note(person().id, acts.IMPORT_FINISHED, "import", batch, **counts)
    return _folder_page(request.form, None, report)


def _file_row(row: Row, basket: _Basket, fonds_no: str, case_no: str | None) -> RowResult:
    try:
        files, origin = basket.pick(row)
        if not files:
            raise BadInput("此行没有写文件名。", "This row names no file.")
        values = row.values
        new = NewRecord(
            fonds_no=fonds_no,
            case_no=case_no,
            type_code=values["class"],
            title=values["title"],
            document_date=parse_date(values["date"]),
            level=values["level"] or None,
            author=values["author"],
            document_no=values["document_no"],
            note=values["note"],
            year=number_of(values["year"], "年度", "The year"),
            files=files,
            key=hash_of("\n".join([origin, fonds_no, case_no or "", *row.files])),
        )
        return RowResult(row.number, values["file"], archive().accession.file_record(person(), new), None)
    except ArchiveError as error:
        return RowResult(row.number, row.values["file"], None, error.text)


def _manifest_rows(files: list[FileStorage]) -> list[Row]:
    found = [item for item in files if _base(item.filename or "").lower() in MANIFESTS]
    if len(found) != 1:
        raise BadInput(
            "所选文件里应有且只有一个清单：manifest.csv 或 manifest.xlsx。",
            "The chosen files must hold exactly one manifest: manifest.csv or manifest.xlsx.",
        )
    return parse_manifest(_base(found[0].filename or ""), b"".join(uploads.chunks(found[0])))


class _Basket:
    """The uploaded files by the names that a manifest may use: path inside the folder, or the bare name."""

    def __init__(self, files: list[FileStorage]) -> None:
        self._by_name: dict[str, list[FileStorage]] = {}
        for item in files:
            path = (item.filename or "").replace("\\", "/")
            for name in {path, path.partition("/")[2] or path, _base(path)}:
                self._by_name.setdefault(name, []).append(item)

    def pick(self, row: Row) -> tuple[tuple[SourceFile, ...], str]:
        """Return a row's files, and as their origin what they hold: the same folder uploaded again files nothing twice."""
        found = [self._one(name.replace("\\", "/")) for name in row.files]
        origin = "upload " + " ".join(uploads.digest(item) for item in found)
        return tuple(uploads.source(item) for item in found), origin

    def _one(self, name: str) -> FileStorage:
        found = self._by_name.get(name, [])
        if not found:
            raise BadInput(f"所选文件里没有“{name}”。", f"{name!r} is not among the chosen files.")
        if len(found) > 1:
            raise BadInput(
                f"有多个文件名为“{name}”，请在清单中写出所在的文件夹。",
                f"Several files are named {name!r}; give their folder in the manifest.",
            )
        return found[0]


def _base(path: str) -> str:
    return path.replace("\\", "/").rsplit("/", 1)[-1]
