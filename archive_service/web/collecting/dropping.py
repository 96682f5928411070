"""Files and folders dropped into the page: they come in piece by piece, are looked at in a table, and are filed.

Without a script the same page takes files with one plain form. Each file becomes a record of its own, or all that are
ticked, or those of each folder, become one; a manifest among them is used by :mod:`archive_service.web.collecting.drop_manifest`.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from archive_service.catalog.collecting.duplicates import already_filed
from archive_service.catalog.collecting.import_folder import new_record
from archive_service.catalog.collecting.manifest import COLUMNS, Row
from archive_service.catalog.filing.preview import Preview, preview_many
from archive_service.errors import ArchiveError, BadInput
from archive_service.web import uploads
from archive_service.web.answers import open_to_filers
from archive_service.web.collecting import drop_suggestions
from archive_service.web.collecting.batch_filing import Plan, desk, start
from archive_service.web.collecting.filing import fonds_of
from archive_service.web.collecting.imports import MANIFESTS
from archive_service.web.collecting.upload_desk import Batch, WaitingFile
from archive_service.web.errors import status_of
from archive_service.web.here import archive, done, in_place, level_options, number_of, person, t, words
from archive_service.web.holdings.catalogue import case_options, case_said, fonds_options, type_options
from index.extract.kinds import KINDS
from index.extract.parts import CONTAINERS, ContainerLimits, LeftOut, Part, pieces, take_apart
from index.extract.refusal import Refusal

blueprint = Blueprint("dropping", __name__, url_prefix="/file/drop")


@blueprint.get("")
def begin() -> AnyResponse:
    """Begin a batch: its own address, to which a broken connection comes back."""
    open_to_filers()
    case_no = request.args.get("case") or None
    return redirect(url_for("dropping.page", batch_id=uuid.uuid4().hex, case=case_no))


@blueprint.get("/<batch_id>")
def page(batch_id: str) -> str:
    """Show the place to drop files, and a table of what has arrived."""
    open_to_filers()
    case_no = request.args.get("case", "")
    return drop_page(batch_id, {"case": case_no, "fonds": fonds_of(case_no) if case_no else ""})


def drop_page(
    batch_id: str,
    typed: Mapping[str, str],
    fault: str | None = None,
    shown: Mapping[str, Any] | None = None,
    told: str | None = None,
    checks: Sequence[Mapping[str, Any]] | None = None,
) -> str:
    """Show the page of a batch with what was typed; ``shown`` by file, ``checks`` by row of a manifest say what would come."""
    waiting = desk().of(person().id)
    batch = next((one for one in waiting if one.id == batch_id), None)
    files = batch.files if batch else []
    twins = already_filed(archive().ledger, person(), [one.sha256 for one in files])
    return render_template(
        "file_drop.html",
        batch_id=batch_id,
        typed=typed,
        fault=fault,
        told=told,
        shown=shown or {},
        rows=[_row_view(batch, one, typed, shown or {}, twins) for one in files] if batch else [],
        others=[(one.id, len(one.files)) for one in waiting if one.id != batch_id],
        manifests=[(one.id, one.path) for one in files if uploads.base(one.path).lower() in MANIFESTS],
        checks=checks,
        together=[
            ("", t("每个文件一件", "Each file is a record")),
            ("folder", t("每个文件夹一件", "Each folder is a record")),
            ("one", t("勾选的全部合为一件", "All that are ticked are one record")),
        ],
        fonds=fonds_options(),
        cases=case_options(),
        types=type_options(),
        levels=level_options(),
        today=archive().clock.today().isoformat(),
    )


def _row_view(
    batch: Batch, one: WaitingFile, typed: Mapping[str, str], shown: Mapping[str, Any], twins: Mapping[str, str]
) -> dict[str, Any]:
    media_type = batch.media_type(one)
    judged = archive().formats.judge(one.path.rsplit("/", 1)[-1], media_type)
    found = shown.get(one.id)
    return {
        "id": one.id,
        "path": one.path,
        "size": one.size,
        "format": words(judged.format.name) if judged.format else media_type,
        "text": media_type in KINDS,
        "container": media_type in CONTAINERS
        and judged.format is not None
        and judged.format.code in ("archive", "eml"),
        "twin": twins.get(one.sha256),
        "warnings": [words(said) for said in judged.warnings],
        # A manifest says what the others are; it is filed itself only by who wants that.
        "taken": bool(typed.get(f"take-{one.id}"))
        if typed.get("chosen")
        else uploads.base(one.path).lower() not in MANIFESTS,
        "title": typed.get(f"title-{one.id}", PurePosixPath(one.path).stem),
        "type": typed.get(f"type-{one.id}", ""),
        "date": typed.get(f"date-{one.id}", ""),
        "author": typed.get(f"author-{one.id}", ""),
        "document_no": typed.get(f"document_no-{one.id}", ""),
        "hints": drop_suggestions.hints_of(typed.get(f"hint-{one.id}")),
        "hints_raw": typed.get(f"hint-{one.id}", ""),
        "code": found.code if isinstance(found, Preview) else "",
        "goes_with": found if isinstance(found, str) else "",
        "fault": words(found.text) if isinstance(found, ArchiveError) else "",
    }


@blueprint.post("/<batch_id>/files")
def announce(batch_id: str) -> Response:
    """Announce a file by path and size; the answer says where to send it and how much of it is there."""
    open_to_filers()
    size = number_of(request.form.get("size", ""), "大小", "The size") or 0
    path = request.form.get("path", "").replace("\\", "/").lstrip("/")
    modified = request.form.get("modified", "")[:40]
    return _told(batch_id, desk().open(person().id, batch_id).begin(path, size, modified))


@blueprint.get("/<batch_id>/files/<file_id>")
def reached(batch_id: str, file_id: str) -> Response:
    """Say how much of a file has arrived."""
    open_to_filers()
    return _told(batch_id, desk().find(person().id, batch_id).file(file_id))


@blueprint.post("/<batch_id>/files/<file_id>")
def take(batch_id: str, file_id: str) -> Response:
    """Take a piece of a file, from the offset that has been reached."""
    open_to_filers()
    batch = desk().find(person().id, batch_id)
    offset = number_of(request.args.get("offset", ""), "位置", "The offset")
    return _told(batch_id, batch.take(file_id, -1 if offset is None else offset, request.stream.read))


def _told(batch_id: str, one: WaitingFile) -> Response:
    url = url_for("dropping.take", batch_id=batch_id, file_id=one.id)
    return jsonify(url=url, offset=one.received, size=one.size, complete=one.complete)


@blueprint.post("/<batch_id>/files/<file_id>/parts")
def parts(batch_id: str, file_id: str) -> AnyResponse | tuple[str, int]:
    """Take a ZIP file or a mail apart: its parts are proposed as further rows, the container itself stays."""
    open_to_filers()
    batch = desk().find(person().id, batch_id)
    one = batch.file(file_id)
    typed = {**request.form.to_dict(), "chosen": "1"}
    try:
        made, left_out = _taken_apart(batch, one)
    except ArchiveError as error:
        return drop_page(batch_id, typed, words(error.text)), status_of(error)
    typed |= {f"take-{part}": "1" for part in made}
    said = t(f"“{one.path}”拆出 {len(made)} 个文件。", f"{one.path!r} holds {len(made)} files.")
    said += "".join(t(f" 未取“{part.path}”：{part.zh}。", f" Left out {part.path!r}: {part.en}.") for part in left_out)
    return drop_page(batch_id, typed, told=said), 200


def _taken_apart(batch: Batch, one: WaitingFile) -> tuple[list[str], list[LeftOut]]:
    """Add the parts of a container to its batch; what was added is forgotten where the container is refused."""
    made: list[str] = []
    settings = archive().settings.containers
    limits = ContainerLimits(
        settings.most_files, settings.most_mib * 1024 * 1024, settings.most_ratio, settings.most_depth
    )

    def take(part: Part) -> None:
        added = batch.add(f"{one.path}/{part.path}", part.size, pieces(part))
        made.append(added.id)

    kind = batch.media_type(one)
    if kind not in CONTAINERS:
        raise BadInput("只有 ZIP 文件和邮件可以拆开。", "Only ZIP files and mails can be taken apart.")
    try:
        return made, take_apart(batch.chunks(one), kind, limits, take)
    except Refusal as refusal:
        batch.leave_out(set(made))
        raise BadInput(refusal.zh, refusal.en) from refusal
    except ArchiveError:
        batch.leave_out(set(made))
        raise


@blueprint.post("/<batch_id>/plain")
def plain(batch_id: str) -> AnyResponse | tuple[str, int]:
    """Take files by one plain form, for browsers without a script."""
    open_to_filers()
    files = uploads.chosen([*request.files.getlist("files"), *request.files.getlist("folder")])
    try:
        if not files:
            raise BadInput("请至少选择一个文件。", "Please choose at least one file.")
        batch = desk().open(person().id, batch_id)
        for one in files:
            size = one.stream.seek(0, 2)
            batch.add((one.filename or "").replace("\\", "/"), size, uploads.chunks(one))
    except ArchiveError as error:
        if in_place():
            raise
        return drop_page(batch_id, request.form, words(error.text)), status_of(error)
    return redirect(url_for("dropping.page", batch_id=batch_id), 303)


@blueprint.post("/<batch_id>/discard")
def discard(batch_id: str) -> AnyResponse:
    """Let go of what has arrived; nothing was filed of it."""
    open_to_filers()
    desk().discard(desk().find(person().id, batch_id))
    done("已放弃这批文件，没有归档。", "The batch was discarded; none of it was filed.")
    return redirect(url_for("filing.page"), 303)


@blueprint.post("/<batch_id>")
def accept(batch_id: str) -> AnyResponse | tuple[str, int]:
    """Show which numbers the chosen rows would get or what their papers suggest, or file them."""
    open_to_filers()
    batch = desk().find(person().id, batch_id)
    typed = {**request.form.to_dict(), "chosen": "1"}
    ticked = [one for one in batch.files if typed.get(f"take-{one.id}")]
    rows = [(some, _row(place, some, typed)) for place, some in enumerate(_grouped(ticked, typed), 1)]
    try:
        if not rows:
            raise BadInput("请至少勾选一个文件。", "Tick at least one file.")
        if drop_suggestions.asked(typed.get("act", "")):
            typed, told = drop_suggestions.proposed(batch, [some for some, _ in rows], typed)
            return drop_page(batch_id, typed, told=told), 200
        if typed.get("act") != "file":
            return drop_page(batch_id, typed, shown=_previewed(batch, rows, typed)), 200
        return _file(batch, rows, typed)
    except ArchiveError as error:
        if in_place():
            raise
        return drop_page(batch_id, typed, words(error.text)), status_of(error)


def _grouped(files: list[WaitingFile], typed: Mapping[str, str]) -> list[list[WaitingFile]]:
    """Say which files become one record; the first is its main file, whose line gives title, type and date."""
    if not typed.get("together"):
        return [[one] for one in files]
    groups: dict[str, list[WaitingFile]] = {}
    for one in files:
        folder = str(PurePosixPath(one.path).parent) if typed["together"] == "folder" else ""
        groups.setdefault(folder, []).append(one)
    return list(groups.values())


def _title(some: list[WaitingFile], typed: Mapping[str, str]) -> str:
    """Return the title of a record: of several files that of their folder, where the main file's own was not changed."""
    said = typed.get(f"title-{some[0].id}", "")
    folders = os.path.commonpath([str(PurePosixPath("/", one.path).parent) for one in some])
    folder = PurePosixPath(folders).name
    return folder if len(some) > 1 and folder and said == PurePosixPath(some[0].path).stem else said


def _row(place: int, some: list[WaitingFile], typed: Mapping[str, str]) -> Row:
    """Make of lines of the table what a line of a manifest would be."""
    one = some[0]
    said = {
        "file": ";".join(file.path.replace(";", ",").replace("；", "，") for file in some),
        "title": _title(some, typed),
        "class": typed.get(f"type-{one.id}") or typed.get("type", ""),
        "date": typed.get(f"date-{one.id}") or typed.get("date", ""),
        "level": typed.get("level", ""),
        "author": typed.get(f"author-{one.id}") or typed.get("author", ""),
        "document_no": typed.get(f"document_no-{one.id}", ""),
    }
    return Row(place, {**dict.fromkeys(COLUMNS, ""), **said})


def _previewed(batch: Batch, rows: list[tuple[list[WaitingFile], Row]], typed: Mapping[str, str]) -> dict[str, Any]:
    """Return for each chosen file what filing would give now, what is wrong with it, or the file with which it goes."""
    found: dict[str, Any] = {one.id: some[0].path for some, _ in rows for one in some[1:]}
    wanted, case_no = [], case_said(typed.get("case", ""))
    for some, row in rows:
        try:
            files = tuple(batch.source(one) for one in some)
            wanted.append((some[0].id, new_record(row, files, typed.get("fonds", ""), case_no, None)))
        except ArchiveError as error:
            found[some[0].id] = error
    seen = preview_many(archive().ledger, archive().schedules, person(), [new for _, new in wanted])
    return found | {file_id: said for (file_id, _), said in zip(wanted, seen, strict=True)}


def _file(batch: Batch, rows: list[tuple[list[WaitingFile], Row]], typed: Mapping[str, str]) -> AnyResponse:
    planned = [(row, tuple(one.id for one in some)) for some, row in rows]
    run_id = start(batch, Plan(typed.get("fonds", ""), case_said(typed.get("case", "")), planned), person())
    return redirect(url_for("imports.page", run_id=run_id), 303)
