"""The retention schedule: the one in force, a changed one with what it would do, approvals, adoption."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from archive_service.disposal.schedule_changes import LONGEST_REASON, FaultySchedule, ScheduleChange
from archive_service.errors import BadInput
from archive_service.people.policy import Action, Thing, can, require
from archive_service.web.errors import status_of
from archive_service.web.here import archive, class_name, done, local_time, may, names_of, person, t, words

blueprint = Blueprint("schedules", __name__, url_prefix="/disposal/schedules")

LARGEST_FILE = 2 * 1024 * 1024
STATES: Mapping[str, tuple[str, str, str]] = {
    "counting": ("queued", "正在清点影响", "Being counted"),
    "counted": ("due", "待启用", "Waiting to be adopted"),
    "recomputing": ("approved", "已启用，正在重算", "In force; being computed"),
    "done": ("ok", "已启用", "Adopted"),
    "withdrawn": ("", "已撤回", "Withdrawn"),
}


@blueprint.get("/")
def page() -> str:
    """Show the schedule in force and all changes."""
    return _page()


def _page(faults: tuple[str, ...] = (), typed: str = "") -> str:
    found = archive().schedule_changes.all(person())
    names = names_of([one.row.proposer_id for one in found])
    current = archive().schedules.current
    return render_template(
        "schedules.html",
        section="disposal",
        version=current.version,
        rules=len(current.rules),
        earlier=len(archive().schedules.earlier),
        rows=[_row(one, names) for one in found],
        proposes=may(Action.PROPOSE_SCHEDULE),
        faults=faults,
        typed=typed,
        longest_reason=LONGEST_REASON,
    )


def _row(one: ScheduleChange, names: Mapping[str, str]) -> dict[str, Any]:
    kind, zh, en = STATES[one.row.state]
    return {
        "version": one.row.version,
        "url": url_for("schedules.one", version=one.row.version),
        "badge": (kind, t(zh, en)),
        "reason": one.row.reason,
        "proposer": names.get(one.row.proposer_id, ""),
        "proposed": local_time(one.row.proposed_at),
        "done": one.done,
    }


@blueprint.post("/")
def propose() -> Response | tuple[str, int]:
    """Take a changed schedule's file, say all its faults at once, or count what it would do."""
    require(person(), Action.PROPOSE_SCHEDULE)
    given, reason = request.files.get("file"), request.form.get("reason", "")
    raw = given.read(LARGEST_FILE + 1) if given else b""
    try:
        version = archive().schedule_changes.propose(person(), _text(raw), reason)
    except BadInput as error:
        faults = error.faults if isinstance(error, FaultySchedule) else (words(error.text),)
        return _page(faults, reason), status_of(error)
    archive().schedule_changes.carry_on(4)
    done(
        f"版本 {version} 已提出；启用之前请先看它的影响。",
        f"Version {version} is proposed; look at what it would do before it is adopted.",
    )
    return redirect(url_for("schedules.one", version=version), 303)


def _text(raw: bytes) -> str:
    if not raw or len(raw) > LARGEST_FILE:
        raise BadInput("请选择期限表文件（TOML，不超过 2 MiB）。", "Choose a schedule's file (TOML, at most 2 MiB).")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput("期限表文件须为 UTF-8 文本。", "The schedule's file must be text in UTF-8.") from error


@blueprint.get("/<version>")
def one(version: str) -> str:
    """Show what a change would do: how many, which classes, what becomes due when, what was due and is no longer."""
    change = archive().schedule_changes.one(person(), version)
    row = change.row
    names = names_of([row.proposer_id, row.adopted_by, *change.approvers])
    hands = {"proposer": frozenset({row.proposer_id}), "approver": frozenset(change.approvers)}
    verdict = can(person(), Action.APPROVE_SCHEDULE, Thing(hands=hands))
    counted, missing = row.state == "counted", change.approvals_needed - len(change.approvers)
    return render_template(
        "schedule.html",
        section="disposal",
        change=_row(change, names),
        digest=row.digest,
        state=row.state,
        facts=[
            (t("理由", "Reason"), row.reason),
            (t("提出", "Proposed"), f"{names.get(row.proposer_id, '')} {local_time(row.proposed_at)}"),
            (t("批准", "Approved"), t("、", ", ").join(names.get(one, "") for one in change.approvers)),
            (t("启用", "Adopted"), f"{names.get(row.adopted_by or '', '')} {local_time(row.adopted_at)}".strip()),
        ],
        classes=_classes(change),
        years=_years(change),
        sentence=_sentence(change),
        approves=counted and change.approvals_needed > 0 and verdict.allowed,
        adopts=counted and missing <= 0 and may(Action.PROPOSE_SCHEDULE),
        missing=max(missing, 0) if counted else 0,
        withdraws=row.state in ("counting", "counted") and may(Action.PROPOSE_SCHEDULE),
    )


def _classes(change: ScheduleChange) -> list[dict[str, Any]]:
    found = change.summary or {}
    return [{"class": f"{code} {class_name(code)}", **one} for code, one in sorted(found.items())]


def _years(change: ScheduleChange) -> list[tuple[str, int, int]]:
    """Return each year with what becomes due in it now and what would then."""
    found = (change.summary or {}).values()
    years = sorted({year for one in found for name in ("old_due", "new_due") for year in one[name]})
    return [
        (year, *(sum(one[name].get(year, 0) for one in found) for name in ("old_due", "new_due"))) for year in years
    ]


def _sentence(change: ScheduleChange) -> str:
    if change.summary is None:
        return t(
            f"已清点 {change.done} 件，工作照常进行；请稍后再看。",
            f"{change.done} records counted so far; work goes on meanwhile. Look again in a while.",
        )
    total = {
        name: sum(one[name] for one in change.summary.values())
        for name in ("records", "longer", "shorter", "no_longer_due")
    }
    return t(
        f"在库 {total['records']} 件中：{total['longer']} 件将保管更久并自动适用；{total['shorter']} 件按新表会提前，"
        f"但已归档的不因此缩短；{total['no_longer_due']} 件已到期而将不再到期。",
        f"Of {total['records']} records held, {total['longer']} would be kept longer, which applies by itself;"
        f" {total['shorter']} would be earlier by the new schedule alone, which shortens nothing that is filed already;"
        f" {total['no_longer_due']} are due now and would be no longer.",
    )


@blueprint.post("/<version>/approve")
def approve(version: str) -> Response:
    """Approve a change that gives something an earlier date."""
    archive().schedule_changes.approve(person(), version, request.form.get("digest", ""))
    done(f"已批准版本 {version}。", f"Version {version} is approved.")
    return redirect(url_for("schedules.one", version=version), 303)


@blueprint.post("/<version>/adopt")
def adopt(version: str) -> Response:
    """Take a change into force."""
    archive().schedule_changes.adopt(person(), version, request.form.get("digest", ""))
    archive().schedule_changes.carry_on(4)
    done(
        f"版本 {version} 已启用；在库档案正在分批重算。",
        f"Version {version} is in force; what is held is being computed anew in batches.",
    )
    return redirect(url_for("schedules.one", version=version), 303)


@blueprint.post("/<version>/withdraw")
def withdraw(version: str) -> Response:
    """Give a change up."""
    archive().schedule_changes.withdraw(person(), version)
    done(f"版本 {version} 已撤回。", f"Version {version} is withdrawn.")
    return redirect(url_for("schedules.page"), 303)
