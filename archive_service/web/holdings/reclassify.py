"""Putting records into another class: one from its page, several from a list."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from archive_service.catalog.records.browse import PAGE, Filters
from archive_service.catalog.records.reclassifying import Reclassified
from archive_service.errors import Text
from archive_service.people.policy import Action, require
from archive_service.web.answers import open_to_filers
from archive_service.web.here import archive, done, number_of, person, type_name, words
from archive_service.web.holdings.catalogue import rows_of, type_options

blueprint = Blueprint("reclassify", __name__)


@blueprint.post("/record/<code>/class")
def one(code: str) -> Response:
    """Put one record into another class."""
    changed = archive().reclassifying.change(
        person(), code, request.form.get("type", ""), request.form.get("reason", "")
    )
    said = _said(changed)
    done(said.zh, said.en)
    return redirect(url_for("record.page", code=code), 303)


def _said(changed: Reclassified) -> Text:
    if changed.fault:
        return changed.fault
    if changed.period_stays:
        return Text(
            f"{changed.code} 已由 {changed.old} 改为 {changed.new}；新类保管较短，仍按原期限保管。",
            f"{changed.code} is {changed.new} now, no longer {changed.old}; the new class keeps less long, so the old period stays.",
        )
    return Text(
        f"{changed.code} 已由 {changed.old} 改为 {changed.new}，到期日已重算。",
        f"{changed.code} is {changed.new} now, no longer {changed.old}; its due date was computed anew.",
    )


@blueprint.get("/catalogue/reclassify")
def page() -> str:
    """Show the records of a type, to choose those that belong elsewhere."""
    open_to_filers()
    return _page([])


def _page(results: list[dict[str, Any]]) -> str:
    wanted = {name: request.values.get(name, "").strip() for name in ("from", "year", "case")}
    after = request.args.get("after", "")
    require(person(), Action.BROWSE)
    year = number_of(wanted["year"], "年度", "The year")
    filters = Filters(type_code=wanted["from"], year=year, case_no=wanted["case"])
    lines = archive().catalogue.records(person(), filters, after) if wanted["from"] else []
    more = len(lines) == PAGE
    return render_template(
        "reclassify.html",
        wanted=wanted,
        heading=f"{wanted['from']} {type_name(wanted['from'])}" if wanted["from"] else "",
        rows=rows_of(lines),
        types=type_options(),
        results=results,
        next_url=url_for("reclassify.page", **wanted, after=lines[-1].code) if more else None,  # type: ignore[arg-type]
    )


@blueprint.post("/catalogue/reclassify")
def several() -> str:
    """Put the chosen records into another class and say what became of each."""
    open_to_filers()
    form = request.form
    found = archive().reclassifying.change_all(
        person(), form.getlist("chosen"), form.get("type", ""), form.get("reason", "")
    )
    return _page([{"code": one.code, "ok": one.fault is None, "said": words(_said(one))} for one in found])
