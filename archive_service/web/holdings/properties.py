"""The four-property check of a record: made on demand, shown and printed; and exceptions at the door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from archive_service.audit import acts
from archive_service.catalog.properties.doors import Asked
from archive_service.catalog.properties.items import (
    PROPERTY_WORDS,
    RESULT_WORDS,
    STAGE_WORDS,
    Outcome,
    Result,
    Stage,
    from_json,
)
from archive_service.catalog.properties.service import Report
from archive_service.errors import BadInput, NotFound, Text
from archive_service.people.policy import Action, Thing, require
from archive_service.reports.pdf import as_pdf
from archive_service.reports.property_reports import property_report
from archive_service.web.here import archive, done, language, local_time, may, names_of, person, t, words

blueprint = Blueprint("properties", __name__)

BADGES = {Result.PASS: "ok", Result.FAIL: "failed", Result.WARN: "due", Result.MANUAL: "queued", Result.NA: ""}


@blueprint.get("/record/<code>/properties")
def page(code: str) -> str:
    """Show the checks of a record: the newest whole, the earlier ones in a list."""
    whole = archive().catalogue.find(person(), code)
    reports = archive().properties.reports(person(), code)
    wanted = request.args.get("report", "")
    shown = next((one for one in reports if one.id == wanted), reports[0] if reports else None)
    return render_template(
        "properties.html",
        line=whole.line,
        shown=_view(shown) if shown else None,
        reports=[_view(one) for one in reports],
        stages=[(stage.value, words(STAGE_WORDS[stage])) for stage in Stage],
        may_check=may(Action.CHECK_PROPERTIES, Thing(level=whole.row["level"])),
    )


@blueprint.post("/record/<code>/properties")
def check(code: str) -> AnyResponse:
    """Make a check now."""
    whole = archive().catalogue.find(person(), code)
    require(person(), Action.CHECK_PROPERTIES, Thing(level=whole.row["level"]))
    stage = request.form.get("stage", "")
    if stage not in {one.value for one in Stage}:
        raise BadInput("请选择检测环节。", "Please choose the stage of the check.")
    report = archive().properties.run(person(), code, Stage(stage))
    done(
        f"检测完成：{RESULT_WORDS[report.verdict].zh}。",
        f"The check is done: {RESULT_WORDS[report.verdict].en.lower()}.",
    )
    return redirect(url_for("properties.page", code=code), 303)


@blueprint.post("/record/<code>/properties/<report_id>/sign")
def sign(code: str, report_id: str) -> AnyResponse:
    """Put one's name to an item of a report, with what one saw."""
    whole = archive().catalogue.find(person(), code)
    require(person(), Action.CHECK_PROPERTIES, Thing(level=whole.row["level"], record_id=whole.row["id"]))
    number, passed = request.form.get("item", ""), request.form.get("decision") == "pass"
    came_to = archive().properties.signing.sign(
        person(), code, report_id, number, passed=passed, note=request.form.get("note", "")
    )
    done(
        f"已签认 {number}。结论：{RESULT_WORDS[came_to].zh}。",
        f"{number} is signed. The check came to: {RESULT_WORDS[came_to].en.lower()}.",
    )
    return redirect(url_for("properties.page", code=code, report=report_id), 303)


@blueprint.get("/record/<code>/properties/<report_id>.pdf")
def printed(code: str, report_id: str) -> Response:
    """Hand a report out as PDF; the log notes that it was printed."""
    whole = archive().catalogue.find(person(), code)
    report = next((one for one in archive().properties.reports(person(), code) if one.id == report_id), None)
    if report is None:
        raise NotFound("没有这份检测报告。", "There is no such report.")
    settings = archive().settings.archive
    unit = Text(settings.name_zh, settings.name_en)
    tester = _tester(report.made_by)
    signed = {one.number: signed_words(one) for one in report.outcomes if one.signed}
    register = property_report(report, whole.line, unit, local_time(report.made_at), tester, language(), signed)
    archive().ledger.note(person().id, acts.REGISTER_WRITTEN, "register", "properties", rows=len(register.rows))
    response = Response(as_pdf(register), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f"attachment; filename=properties-{report_id[:8]}.pdf"
    return response


@blueprint.get("/file/exceptions")
def exceptions() -> str:
    """Show what was turned away at the door, for the second person to decide."""
    found = archive().properties.doors.exceptions(person())
    names = names_of([name for one in found for name in (one.row.asked_by, one.row.decided_by)])
    return render_template("exceptions.html", rows=[_asked(one, names) for one in found])


def _asked(one: Asked, names: Mapping[str, str]) -> dict[str, Any]:
    row = one.row
    return {
        "id": row.id,
        "asked": local_time(row.asked_at),
        "who": names.get(row.asked_by, ""),
        "stage": words(STAGE_WORDS[Stage(row.stage)]) if row.stage else "",
        "code": one.code,
        "what": [_outcome(item) for item in from_json(row.outcomes)],
        "decided": local_time(row.decided_at),
        "by": names.get(row.decided_by, ""),
        "granted": row.granted,
        "reason": row.reason,
        "own": row.asked_by == person().id,
    }


@blueprint.post("/file/exceptions/<exception_id>")
def decide(exception_id: str) -> AnyResponse:
    """Grant or refuse an exception."""
    granted = request.form.get("decision") == "grant"
    archive().properties.doors.decide(person(), exception_id, granted=granted, reason=request.form.get("reason", ""))
    if granted:
        done("已批准，申请人可在 14 天内再次办理。", "Granted; within 14 days it can be tried again.")
    else:
        done("未批准。", "Refused.")
    return redirect(url_for("properties.exceptions"), 303)


def _tester(person_id: str | None) -> str:
    return names_of([person_id]).get(person_id, "") if person_id else t("系统", "The service")


def _view(report: Report) -> dict[str, Any]:
    return {
        "id": report.id,
        "stage": words(STAGE_WORDS[report.stage]),
        "verdict": (BADGES[report.verdict], words(RESULT_WORDS[report.verdict])),
        "when": local_time(report.made_at),
        "who": _tester(report.made_by),
        "outcomes": [_outcome(one) for one in report.outcomes],
        "waits": sum(one.signable for one in report.outcomes),
    }


def _outcome(one: Outcome) -> dict[str, Any]:
    return {
        "property": words(PROPERTY_WORDS[one.number[0]]),
        "number": one.number,
        "name": words(one.item.name),
        "must": one.item.must,
        "badge": (BADGES[one.result], words(RESULT_WORDS[one.result])),
        "evidence": words(one.evidence),
        "signed": signed_words(one),
        "signable": one.signable,
    }


def signed_words(one: Outcome) -> str:
    """Say who put a name to an item, when, and with which words; nothing where nobody did."""
    if one.signed is None:
        return ""
    name, at, note = names_of([one.signed.person_id]).get(one.signed.person_id, ""), one.signed.at, one.signed.note
    return t(f"{name}于 {local_time(at)} 签认：{note}", f"Signed by {name}, {local_time(at)}: {note}")
