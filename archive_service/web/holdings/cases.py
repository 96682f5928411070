"""Fonds and case files: opening them, and the events of a case that start the retention clocks of its records."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from archive_service.catalog.classification.checklist import in_words
from archive_service.catalog.collecting.manifest import parse_date
from archive_service.catalog.records.browse import PAGE, Filters
from archive_service.errors import Text
from archive_service.people.policy import Action, require
from archive_service.web.here import archive, done, names_of, number_of, person, t, words
from archive_service.web.holdings.catalogue import fonds_options, rows_of
from retention_policies import Trigger

blueprint = Blueprint("cases", __name__, url_prefix="/catalogue")

FONDS_KINDS: dict[str, Text] = {
    "enterprise": Text("企业：自行保管", "Enterprise: keeps its own archives"),
    "state": Text("国家机关：依法移交", "State body: transfers by law"),
}

EVENT_WORDS: dict[str, Text] = {
    "CASE_CLOSED": Text("结案", "Case closed"),
    "RECT_ACCEPTED": Text("整改验收通过", "Rectification accepted"),
    "DECISION_EFFECTIVE": Text("决定生效", "Decision in force"),
    "REPORT_RESOLVED": Text("举报办结", "Report resolved"),
    "SUPERSEDED": Text("被新文件取代", "Superseded"),
    "CREDIT_CLEARED": Text("信用惩戒解除", "Credit entry cleared"),
}


def event_words(trigger: str) -> str:
    """Return the words of an event of a case file."""
    found = EVENT_WORDS.get(trigger)
    if found is None:
        rules = archive().schedules.current.rules.values()
        title = next((event.title for rule in rules for event in rule.events if event.code == trigger), None)
        return t(title.zh, title.en) if title else trigger.replace("_", " ").lower()
    return words(found)


@blueprint.get("/cases")
def page() -> str:
    """Show the case files, page by page."""
    require(person(), Action.BROWSE)
    after = request.args.get("after", "")
    found = archive().cases.newest(PAGE + 1, after)
    shown = found[:PAGE]
    return render_template(
        "cases.html",
        cases=shown,
        fonds=fonds_options(),
        next_url=url_for("cases.page", after=shown[-1].case_no) if len(found) > PAGE else None,
        first_url=url_for("cases.page") if after else None,
    )


@blueprint.post("/cases")
def open_case() -> Response:
    """Open a case file."""
    form = request.form
    case_no = form.get("case_no", "").strip().upper()
    archive().cases.open_case(
        person(),
        fonds_no=form.get("fonds", ""),
        case_no=case_no,
        title=form.get("title", ""),
        enterprise=form.get("enterprise", ""),
        year=number_of(form.get("year", ""), "年度", "The year") or archive().clock.today().year,
    )
    done(f"已建立案卷 {case_no}。", f"Case file {case_no} is open.")
    return redirect(url_for("cases.case", case_no=case_no), 303)


@blueprint.get("/cases/<case_no>")
def case(case_no: str) -> str:
    """Show one case file: its events and its records."""
    require(person(), Action.BROWSE)
    row = archive().cases.case(case_no)
    events = archive().cases.events(row.id)
    after = request.args.get("after", "")
    lines = archive().catalogue.records(person(), Filters(case_no=case_no), after)
    closing = [event for event in events if event.trigger == Trigger.CASE_CLOSED and event.revoked_at is None]
    return render_template(
        "case.html",
        case=row,
        events=events,
        names=names_of([name for event in events for name in (event.recorded_by, event.revoked_by)]),
        event_words=event_words,
        choices=[(code, event_words(code)) for code in archive().cases.event_codes()],
        closed_on=max(event.on_date for event in closing) if closing else None,
        today=archive().clock.today().isoformat(),
        stages=_stages(row.id),
        lacking=words(in_words(archive().cases.missing_to_close(person(), row.id), archive().schedules.plan)),
        rows=rows_of(lines),
        next_url=url_for("cases.case", case_no=case_no, after=lines[-1].code) if len(lines) == PAGE else None,
        first_url=url_for("cases.case", case_no=case_no) if after else None,
    )


def _stages(case_id: str) -> list[dict[str, Any]]:
    """Return what the case file should hold, as the page shows it."""
    types = archive().schedules.plan.types
    return [
        {
            "name": words(stage.name),
            "missing": sum(one.missing for one in expected),
            "types": [
                {
                    "code": one.type_code,
                    "name": words(types[one.type_code].name),
                    "there": one.there,
                    "missing": one.missing,
                    "must": one.must,
                }
                for one in expected
            ],
        }
        for stage, expected in archive().cases.checklist(person(), case_id)
        if expected
    ]


@blueprint.post("/cases/<case_no>/events")
def record_event(case_no: str) -> Response:
    """Record an event of a case file."""
    on = parse_date(request.form.get("on", ""))
    trigger = request.form.get("trigger", "")
    archive().cases.record_event(person(), case_no, trigger, on, request.form.get("exception", ""))
    done(
        f"已登记“{event_words(trigger)}” {on}，有关档案的到期日已重算。",
        f"“{event_words(trigger)}” of {on} is recorded; due dates that rest on it were computed anew.",
    )
    return redirect(url_for("cases.case", case_no=case_no), 303)


@blueprint.post("/cases/<case_no>/events/<event_id>/revoke")
def revoke_event(case_no: str, event_id: str) -> Response:
    """Take an event back."""
    archive().cases.revoke_event(person(), event_id, request.form.get("reason", ""))
    done("已撤销此事件，到期日已重算。", "The event is revoked; due dates were computed anew.")
    return redirect(url_for("cases.case", case_no=case_no), 303)


@blueprint.post("/cases/<case_no>/events/<event_id>/correct")
def correct_event(case_no: str, event_id: str) -> Response:
    """Give an event another date; what it said before stays to be seen."""
    require(person(), Action.KEEP_CASES)
    on = parse_date(request.form.get("on", ""))
    archive().cases.correct_event(person(), event_id, on, request.form.get("reason", ""))
    done("事件日期已更正，到期日已重算。", "The event's date is corrected; due dates were computed anew.")
    return redirect(url_for("cases.case", case_no=case_no), 303)


@blueprint.get("/fonds")
def fonds() -> str:
    """Show every fonds, and the form that opens one."""
    require(person(), Action.BROWSE)
    rows = [
        {"number": row.fonds_no, "name": t(row.name_zh, row.name_en), "kind": words(FONDS_KINDS[row.kind])}
        for row in archive().cases.all_fonds()
    ]
    kinds = [(kind, words(text)) for kind, text in FONDS_KINDS.items()]
    return render_template("fonds.html", rows=rows, kinds=kinds)


@blueprint.post("/fonds")
def open_fonds() -> Response:
    """Open a fonds."""
    form = request.form
    fonds_no = form.get("fonds_no", "").strip().upper()
    name = form.get("name_zh", "").strip()
    archive().cases.open_fonds(person(), fonds_no, name, form.get("name_en", "").strip() or name, form.get("kind", ""))
    done(f"已建立全宗 {fonds_no}。", f"Fonds {fonds_no} is open.")
    return redirect(url_for("cases.fonds"), 303)
