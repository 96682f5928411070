"""Descriptions for other systems: taken out as EAD or Dublin Core, and those of others read and held against what is here."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, render_template, request

from archive_service.audit import acts
from archive_service.catalog.collecting.description_import import Plan
from archive_service.catalog.collecting.manifest import COLUMNS
from archive_service.catalog.records.browse import Filters
from archive_service.catalog.records.describing import FIELD_WORDS
from archive_service.catalog.records.exchange import (
    LARGEST,
    Described,
    as_dublin_core,
    as_ead,
    described,
    from_dublin_core,
    from_ead,
    missing,
)
from archive_service.errors import ArchiveError, BadInput, Text
from archive_service.people.policy import Action, require
from archive_service.reports.catalogues import MOST
from archive_service.web import uploads
from archive_service.web.errors import status_of
from archive_service.web.here import archive, in_place, number_of, person, t, words
from archive_service.web.second import second_again

blueprint = Blueprint("descriptions", __name__, url_prefix="/reports")

OWN_WORDS: dict[str, Text] = {
    "document_date": Text("日期", "date"),
    "type_code": Text("类型", "type"),
    "level": Text("密级", "level"),
    "period": Text("保管期限", "period"),
    "case_no": Text("案卷", "case file"),
    "year": Text("年度", "year"),
}
"""What a file may say of a record and never changes."""

SHOWN = 200
"""Differences shown on the page."""


@blueprint.get("/descriptions")
def page() -> str:
    """Show the forms for taking descriptions out and reading them in."""
    require(person(), Action.BROWSE)
    return _page(None)


@blueprint.get("/ead.xml")
@second_again
def ead() -> Response:
    """Hand out the descriptions that the person sees as EAD3."""
    some = list(_chosen())
    settings, clock = archive().settings.archive, archive().clock
    title, agency = t("档案目录", "Catalogue of records"), t(settings.name_zh, settings.name_en)
    data = as_ead(some, title=title, agency=agency, made_at=clock.now().isoformat(timespec="seconds"))
    return _file(data, "application/xml", "ead.xml", len(some))


@blueprint.get("/dublin-core.csv")
@second_again
def dublin_core() -> Response:
    """Hand out the descriptions that the person sees as a table of Dublin Core."""
    some = list(_chosen())
    return _file(as_dublin_core(some), "text/csv", "dublin-core.csv", len(some))


@blueprint.post("/descriptions")
def read() -> Response | str | tuple[str, int]:
    """Read a file of descriptions: show what it would change, change it, or turn it into a manifest to file by."""
    require(person(), Action.BROWSE)
    try:
        some = _uploaded()
    except ArchiveError as error:
        if in_place():
            raise
        return _page(None, words(error.text)), status_of(error)
    to = request.form.get("to")
    if to == "manifest":
        return _manifest(some)
    service, form = archive().description_import, request.form
    try:
        if to == "apply":
            return _page(
                _shown(some, service.apply(person(), some, form.get("reason", ""), form.get("mark", "")), made=True)
            )
        return _page(_shown(some, service.plan(person(), some), made=False))
    except ArchiveError as error:
        if in_place():
            raise
        return _page(None, words(error.text)), status_of(error)


def _page(compared: dict[str, Any] | None, fault: str | None = None) -> str:
    classes = [(one.code, f"{one.code} {words(one.name)}") for one in archive().schedules.plan.classes]
    return render_template("descriptions.html", compared=compared, fault=fault, classes=classes)


def _chosen() -> Iterator[Described]:
    filters = Filters(
        class_code=request.args.get("class", ""), year=number_of(request.args.get("year", ""), "年度", "The year")
    )
    found = 0
    for line, said in archive().catalogue.described(person(), filters):
        if line.level == "SEAL":
            continue  # what is sealed is in no export
        found += 1
        if found > MOST:
            raise BadInput(
                f"超过 {MOST} 件，请按年度或类分开导出。",
                f"There are more than {MOST} records; please take them out by year or class.",
            )
        yield described(line, said)


def _uploaded() -> list[Described]:
    files = uploads.chosen(request.files.getlist("files"))
    if len(files) != 1:
        raise BadInput("请选择一个 XML 或 CSV 文件。", "Please choose one file, XML or CSV.")
    data = b""
    for piece in uploads.chunks(files[0]):
        data += piece
        if len(data) > LARGEST:
            raise BadInput("文件超过 50 MiB。", "The file has more than 50 MiB.")
    some = from_ead(data) if data.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") else from_dublin_core(data)
    if not some:
        raise BadInput("文件里没有著录。", "There is no description in the file.")
    return some


def _shown(some: list[Described], plan: Plan, *, made: bool) -> dict[str, Any]:
    """Return a plan, or what came of it, for the page; what one may not see is as if it were not here."""
    changing = [one for one in plan.records if one.changes]
    return {
        "made": made,
        "mark": plan.mark,
        "all": len(some),
        "changing": len(changing),
        "same": sum(1 for one in plan.records if not one.after and not one.refused and not one.otherwise),
        "refused": [(one.code, words(one.refused)) for one in plan.records if one.refused][:SHOWN],
        "absent": len(plan.absent),
        "incomplete": sum(1 for one in some if missing(one)),
        "differences": [
            (one.code, words(FIELD_WORDS[name]), one.before[name], one.after[name])
            for one in changing
            for name in one.after
        ][:SHOWN],
        "otherwise": [
            (one.code, "、".join(words(OWN_WORDS[name]) for name in one.otherwise))
            for one in plan.records
            if one.otherwise
        ][:SHOWN],
    }


def _manifest(some: list[Described]) -> Response:
    names = ("title", "date", "class", "level", "author", "document_no", "year", "note", "code")
    source = {"date": "document_date", "class": "type_code"}
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow([COLUMNS["file"][0], *(COLUMNS[name][0] for name in names)])
    for one in some:
        writer.writerow(["", *(one[source.get(name, name)] for name in names)])
    return _attached(b"\xef\xbb\xbf" + written.getvalue().encode(), "text/csv", "manifest.csv")


def _file(data: bytes, media_type: str, name: str, count: int) -> Response:
    archive().ledger.note(person().id, acts.REGISTER_WRITTEN, "register", name.partition(".")[0], rows=count)
    return _attached(data, media_type, name)


def _attached(data: bytes, media_type: str, name: str) -> Response:
    response = Response(data, mimetype=media_type)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return response
