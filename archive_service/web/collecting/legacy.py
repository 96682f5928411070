"""Codes of older holdings: proposals to be taken or left one by one, and the table that comes of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from urllib.parse import quote

from flask import Blueprint, Response, render_template, request

from archive_service.catalog.collecting.legacy_tables import (
    LARGEST_TABLE,
    MOST,
    Table,
    judged,
    manifest_of,
    read_table,
    read_words,
)
from archive_service.errors import ArchiveError, BadInput
from archive_service.web.answers import open_to_filers
from archive_service.web.errors import status_of
from archive_service.web.here import archive, t, words

blueprint = Blueprint("legacy", __name__, url_prefix="/file/codes")


@blueprint.get("")
def page() -> str:
    """Show the form that takes codes as text or as a table."""
    open_to_filers()
    return _page({}, None, None)


def _page(typed: Mapping[str, str], fault: str | None, table: Table | None) -> str:
    lines = []
    if table is not None:
        found = judged(archive().ledger, archive().schedules, table, read_words(typed.get("words", "")))
        lines = [
            {
                "number": one.number,
                "typed": one.typed,
                "state": words(one.state),
                "open": one.open,
                "proposals": [(p.code, [words(change) for change in p.changes]) for p in one.proposals],
            }
            for one in found
        ]
    return render_template("legacy_codes.html", typed=typed, fault=fault, lines=lines, table=table, most=MOST)


@blueprint.post("")
def propose() -> str | tuple[str, int]:
    """Show a proposal for every code; nothing is kept and nothing is changed."""
    open_to_filers()
    form = request.form
    try:
        table = _table(form)
        return _page({**form, "text": table.text}, None, table)
    except ArchiveError as error:
        if status_of(error) >= 500:
            raise
        return _page(form, words(error.text), None), status_of(error)


def _table(form: Mapping[str, str]) -> Table:
    sent = request.files.get("file")
    if sent is not None and sent.filename:
        return read_table(sent.filename, sent.stream.read(LARGEST_TABLE + 1))
    return read_table("codes.csv", form.get("text", "").encode())


@blueprint.post("/table")
def table() -> Response:
    """Hand out the table with the codes that were accepted; those that were not stay as they were typed."""
    open_to_filers()
    found = _table(request.form)
    known = {
        one.number: {p.code for p in one.proposals}
        for one in judged(archive().ledger, archive().schedules, found, read_words(request.form.get("words", "")))
    }
    accepted: dict[int, str] = {}
    for number, proposals in known.items():
        chosen = request.form.get(f"line-{number}", "")
        if chosen and chosen not in proposals:
            raise BadInput(f"第 {number} 行：请重新核对。", f"Line {number}: please look at it again.")
        accepted |= {number: chosen} if chosen else {}
    out = io.StringIO()
    csv.writer(out).writerows(manifest_of(found, accepted))
    response = Response("\ufeff" + out.getvalue(), mimetype="text/csv")
    name = quote(t("清单.csv", "manifest.csv"), safe="")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return response
