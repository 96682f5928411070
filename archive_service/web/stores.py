"""The stores: where copies lie, which can be reached, what was read when, and what is faulty."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from archive_service.audit import acts
from archive_service.catalog.keeping.copy_rows import object_words
from archive_service.catalog.keeping.fixity import StoreState
from archive_service.catalog.keeping.fixity_report import figures
from archive_service.errors import BadInput, NotFound, Text
from archive_service.people.policy import Action, require
from archive_service.reports.fixity_reports import fixity_report
from archive_service.web.audit import detail_of
from archive_service.web.here import archive, done, language, local_time, may, person, t, words
from archive_service.web.holdings.reports import handed_out

blueprint = Blueprint("stores", __name__, url_prefix="/stores")

FAULTS = {"missing": ("缺失", "Missing"), "damaged": ("损坏", "Damaged")}


@blueprint.get("/")
def page() -> str:
    """Show the state of every store, what is faulty, and the last nights."""
    require(person(), Action.EXAMINE)
    fixity = archive().fixity
    found = fixity.stores()
    behind = archive().locking.behind()
    troubles: dict[str, list[str]] = {}
    for one in archive().locking.findings():
        troubles.setdefault(one.place, []).append(words(one.text))
    return render_template(
        "stores.html",
        stores=[_store(one, behind.get(one.name), troubles.get(one.name, [])) for one in found],
        sound=all(one.sound for one in found),
        waiting=sum(one.states.get("wanted", 0) for one in found),
        faulty=[_faulty(row) for row in archive().copies.faulty()],
        runs=[_run(row) for row in fixity.last_runs()],
        days=archive().settings.fixity.days,
        confidence=f"{archive().settings.fixity.confidence:.0%}",
        share=f"{archive().settings.fixity.damaged_share:.1%}",
        today=archive().clock.today().isoformat(),
        since=(archive().clock.today() - timedelta(days=archive().settings.fixity.days)).isoformat(),
        findings=None,
    )


@blueprint.get("/report.<form>")
def report(form: str) -> Response:
    """Hand the fixity report of a span of days out as a file; the log notes who took it."""
    require(person(), Action.EXAMINE)
    if form not in ("pdf", "xlsx"):
        raise NotFound("没有这种报告。", "There is no such report.")
    last = _day("to", archive().clock.today())
    first = _day("from", last - timedelta(days=archive().settings.fixity.days))
    if first > last:
        raise BadInput("起始日期晚于截止日期。", "The first day lies after the last.")
    found = figures(archive().fixity, first, last)
    names = archive().settings.archive
    unit = Text(names.name_zh, names.name_en)
    register = fixity_report(found, archive().settings.fixity, unit, archive().clock, language())
    archive().ledger.note(person().id, acts.REGISTER_WRITTEN, "register", "fixity", rows=len(register.rows))
    return handed_out(register, form)


def _day(name: str, otherwise: date) -> date:
    text = request.args.get(name, "").strip()
    try:
        return date.fromisoformat(text) if text else otherwise
    except ValueError as error:
        raise BadInput("日期应写作 2026-03-01。", "Write a date as 2026-03-01.") from error


@blueprint.post("/examine")
def examine() -> str:
    """Hold all parts against each other now and show what was found; no content is read."""
    require(person(), Action.EXAMINE)
    findings = [(one.place, words(one.text)) for one in archive().chores.watch()]
    return render_template("stores_findings.html", findings=findings, at=local_time(archive().clock.stamp()))


@blueprint.post("/replicate")
def replicate() -> AnyResponse:
    """Ask for every copy that the placement wants; the background work makes them."""
    require(person(), Action.RUN_SYSTEM)
    asked = archive().chores.plan_copies()
    done(f"已核对存放规则，新增待建副本 {asked} 项。", f"The placement was gone through; {asked} more are asked for.")
    return redirect(url_for("stores.page"), 303)


def _store(one: StoreState, behind: int | None, troubles: list[str]) -> dict[str, Any]:
    return {
        "name": one.name,
        "place": one.place,
        "badge": ("ok", t("正常", "Sound")) if one.sound else _wrong(one),
        "trouble": words(one.trouble) if one.trouble else "",
        "lock": None if behind is None else _lock(behind, troubles),
        "held": f"{one.held:,}",
        "bytes": one.bytes,
        "wanted": one.states.get("wanted", 0),
        "faulty": one.faulty,
        "never": one.never_read,
        "oldest": local_time(one.oldest_reading) if one.oldest_reading else "",
    }


def _lock(behind: int, troubles: list[str]) -> dict[str, Any]:
    if troubles and not behind:
        return {"badge": ("failed", t("不能锁定", "Cannot lock")), "troubles": troubles}
    if behind:
        return {"badge": ("due", t(f"待锁定 {behind}", f"{behind} to lock")), "troubles": troubles}
    return {"badge": ("held", t("已锁定", "Locked")), "troubles": []}


def _wrong(one: StoreState) -> tuple[str, str]:
    return ("failed", t("副本缺损", "Faulty copies")) if one.reachable else ("failed", t("不可用", "Away"))


def _faulty(row: Any) -> dict[str, Any]:
    return {
        "code": row.code,
        "store": row.place,
        "what": words(object_words(row.name)),
        "fault": t(*FAULTS[row.state]),
        "trouble": row.trouble or "",
        "history": url_for("audit.page", object=row.record_id) if may(Action.SEE_AUDIT) else None,
    }


def _run(row: Any) -> dict[str, Any]:
    detail = json.loads(row.body).get("detail", {})
    faults = detail.get("faults", detail.get("findings", 0)) or len(detail.get("unreachable", []))
    return {
        "when": local_time(row.at),
        "machine": row.at,
        "act": words(acts.words_of(row.act)),
        "detail": detail_of(row.body),
        "badge": ("failed", t("有发现", "Findings")) if faults else ("ok", t("无异常", "Nothing found")),
    }
