"""A manifest that was dropped with the files that it describes: tried, or filed row by row, out of the same batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from archive_service.catalog.collecting.dry_run import check_rows
from archive_service.catalog.collecting.manifest import Row, parse_manifest, parse_mapping
from archive_service.catalog.model import SourceFile
from archive_service.errors import ArchiveError, BadInput
from archive_service.web.answers import open_to_filers
from archive_service.web.collecting.batch_filing import Plan, desk, start
from archive_service.web.collecting.dropping import drop_page
from archive_service.web.collecting.imports import MANIFESTS, check_view
from archive_service.web.collecting.upload_desk import Batch, WaitingFile
from archive_service.web.errors import status_of
from archive_service.web.here import archive, in_place, person, words
from archive_service.web.holdings.catalogue import case_said

blueprint = Blueprint("drop_manifest", __name__, url_prefix="/file/drop")


@blueprint.post("/<batch_id>/manifest/<file_id>")
def use(batch_id: str, file_id: str) -> Response | tuple[str, int]:
    """Say what filing by a manifest of the batch would come to, or file by it."""
    open_to_filers()
    batch = desk().find(person().id, batch_id)
    form = request.form
    try:
        manifest = batch.file(file_id)
        rows = _rows(batch, manifest, form)
        named = _Named(batch, manifest)
        where: dict[str, Any] = {"fonds_no": form.get("fonds", ""), "case_no": case_said(form.get("case", ""))}
        if form.get("act") != "file":
            found = check_rows(archive().accession, person(), rows, named.pick, **where)
            return drop_page(batch_id, form, checks=[check_view(one) for one in found]), 200
        plan = Plan(where["fonds_no"], where["case_no"], _planned(rows, named), manifest.id)
        run_id = start(batch, plan, person())
    except ArchiveError as error:
        if in_place():
            raise
        return drop_page(batch_id, form, words(error.text)), status_of(error)
    return redirect(url_for("imports.page", run_id=run_id), 303)


def _rows(batch: Batch, manifest: WaitingFile, form: Mapping[str, str]) -> list[Row]:
    name = PurePosixPath(manifest.path).name
    if name.lower() not in MANIFESTS or not manifest.complete:
        raise BadInput("这个文件不是清单。", "This file is no manifest.")
    questions = archive().schedules.current.facts.values()
    mapping = parse_mapping(form.get("map", "").splitlines())
    return parse_manifest(name, b"".join(batch.chunks(manifest)), questions, mapping)


def _planned(rows: list[Row], named: _Named) -> list[tuple[Row, tuple[str, ...]]]:
    """Say which files of the batch each row means; a row whose files are not there says so when its turn comes."""
    planned: list[tuple[Row, tuple[str, ...]]] = []
    for row in rows:
        try:
            planned.append((row, tuple(one.id for one in named.files_of(row))))
        except ArchiveError as error:
            planned.append((replace(row, fault=row.fault or error.text), ()))
    return planned


class _Named:
    """The files of a batch by the names that its manifest may use: path from where it lies, or the bare name."""

    def __init__(self, batch: Batch, manifest: WaitingFile) -> None:
        self._batch = batch
        self._by_name: dict[str, list[WaitingFile]] = {}
        beside = PurePosixPath(manifest.path).parent
        for one in batch.files:
            path = PurePosixPath(one.path)
            inner = {str(path.relative_to(beside))} if path.is_relative_to(beside) else set[str]()
            for name in {one.path, path.name} | inner:
                self._by_name.setdefault(name, []).append(one)

    def pick(self, row: Row) -> tuple[tuple[SourceFile, ...], str]:
        """Return a row's files, and as their origin what they hold: the same folder sent again files nothing twice."""
        found = self.files_of(row)
        return tuple(self._batch.source(one) for one in found), "upload " + " ".join(one.sha256 for one in found)

    def files_of(self, row: Row) -> list[WaitingFile]:
        """Return the files of the batch that a row names."""
        return [self._one(str(PurePosixPath(name.replace("\\", "/")))) for name in row.files]

    def _one(self, name: str) -> WaitingFile:
        found = self._by_name.get(name, [])
        if not found:
            raise BadInput(f"这一批里没有“{name}”。", f"{name!r} is not in this batch.")
        if len(found) > 1:
            raise BadInput(
                f"有多个文件名为“{name}”，请在清单中写出所在的文件夹。",
                f"Several files are named {name!r}; give their folder in the manifest.",
            )
        return found[0]
