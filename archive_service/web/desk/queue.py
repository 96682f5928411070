"""The disposal desk: what is due, a check that stopped itself, and all lists."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from archive_service.clock import to_stamp
from archive_service.disposal.checking.confirming import CONFIRMATIONS_NEEDED
from archive_service.disposal.checking.retention_clock import PEOPLE_NEEDED
from archive_service.disposal.checking.stopped import StoppedCheck, stopped_check
from archive_service.disposal.listing.deadlines import deadlines_passed, waiting_since
from archive_service.disposal.listing.leaving import OPEN
from archive_service.disposal.listing.lists import DrawnUp
from archive_service.disposal.listing.views import ListRow, QueueRow
from archive_service.disposal.model import ListState
from archive_service.people.policy import Action, require
from archive_service.web.desk.words import approvals_of, badge_of, joined, sentence_of, title_of
from archive_service.web.here import (
    archive,
    class_name,
    done,
    local_time,
    may,
    names_of,
    number_of,
    person,
    t,
    type_name,
    words,
)

blueprint = Blueprint("disposal", __name__, url_prefix="/disposal")

PAGE = 200
"""Entries of the queue on one page."""


@blueprint.get("/")
def queue() -> str:
    """Show what waits for a list, and what a check that stopped itself would queue."""
    everything = archive().disposal.queue(person())
    numbers = {row.id: row.fonds_no for row in archive().cases.all_fonds()}
    counts = Counter(numbers[one.record["fonds_id"]] for one in everything)
    fonds = request.args.get("fonds", "") if len(counts) > 1 else ""
    wanted = [one for one in everything if not fonds or numbers[one.record["fonds_id"]] == fonds]
    start = number_of(request.args.get("start", ""), "起始", "The start") or 0
    stopped = stopped_check(archive().retention_check, person())
    beyond = start + PAGE < len(wanted)
    return render_template(
        "disposal_queue.html",
        rows=[_queued(one) for one in wanted[start : start + PAGE]],
        total=len(wanted),
        fonds=fonds,
        choices=[
            (number, count, url_for("disposal.queue", fonds=number), number == fonds)
            for number, count in sorted(counts.items())
        ],
        next_url=url_for("disposal.queue", fonds=fonds or None, start=start + PAGE) if beyond else None,
        first_url=url_for("disposal.queue", fonds=fonds or None) if start else None,
        last=_last_check(),
        stopped=_stopped(stopped) if stopped else None,
        clock=_clock(),
        draws=may(Action.DRAW_UP_LIST),
        checks=may(Action.CHECK_RETENTION),
    )


def _queued(one: QueueRow) -> dict[str, Any]:
    return {
        "id": one.row.id,
        "code": one.record["code"],
        "title": title_of(one.record, one.visible),
        "url": url_for("record.page", code=one.record["code"]) if one.visible and may(Action.BROWSE) else None,
        "sentence": sentence_of(one.row),
        "held": one.held,
        "due": one.row.due_on.isoformat(),
    }


def _last_check() -> str:
    run = archive().retention_check.last_run()
    if run is None:
        return t("还没有检查过到期情况。", "No check for what is due has been made yet.")
    at = local_time(run.at)
    return t(
        f"上次检查 {at}：新列入 {run.queued} 件，撤出 {run.withdrawn} 件，另有 {run.held} 件到期而冻结。",
        f"Last checked {at}: {run.queued} queued, {run.withdrawn} withdrawn, {run.held} due but on hold.",
    )


def _clock() -> dict[str, Any] | None:
    """Tell of a retention clock that is in doubt; ``None`` while all is well."""
    read = archive().retention_check.clock.tick()
    if not read.doubtful:
        return None
    mine = person().id in read.acknowledged
    return {
        "quarantine": read.quarantine or "",
        "sentence": t(
            f"系统时钟现为 {local_time(to_stamp(read.wall))}，保管时钟现为 {local_time(to_stamp(read.now))}，相差过大。"
            "可能是有人拨动了系统时钟，也可能是机器停了一段时间。查明之前，不列入、不审批、不销毁任何档案。",
            f"The system's clock says {local_time(to_stamp(read.wall))}, the retention clock"
            f" {local_time(to_stamp(read.now))}: too far apart. Somebody may have set the clock, or the machine was down"
            " for a while. Until that is settled nothing is queued, approved or destroyed.",
        ),
        "given": t(
            f"已有 {len(read.acknowledged)} 人核认，共须 {PEOPLE_NEEDED} 人。",
            f"{len(read.acknowledged)} of {PEOPLE_NEEDED} people have acknowledged it.",
        ),
        "acknowledges": may(Action.ACKNOWLEDGE_CLOCK) and not mine,
        "mine": mine,
    }


@blueprint.post("/clock/acknowledge")
def acknowledge_clock() -> Response:
    """Say that the system's clock is right; the second person ends the quarantine."""
    read = archive().retention_check.clock.acknowledge(person(), request.form.get("quarantine", ""))
    if read.doubtful:
        done("已记下您的核认；还须另一人核认。", "Your acknowledgement is noted; another person must give his too.")
    else:
        done("两人已核认，保管时钟恢复。", "Two people have acknowledged it; the retention clock runs again.")
    return redirect(url_for("disposal.queue"), 303)


def _stopped(found: StoppedCheck) -> dict[str, Any]:
    limits = archive().settings.retention
    at = local_time(found.run.at)
    return {
        "sentence": t(
            f"{at} 的检查自行停下：到期应列入的有 {found.run.would_queue} 件（在库 {found.run.holdings} 件），远多于平常"
            f"（一次最多 {limits.largest_run} 件，且不超过在库的 {limits.largest_share_percent}%）。一件也没有列入。",
            f"The check of {at} stopped itself: {found.run.would_queue} of {found.run.holdings} records would have been"
            f" queued, far more than usual (at most {limits.largest_run} at once and {limits.largest_share_percent}% of"
            " the holdings). Nothing was queued.",
        ),
        "rows": [
            {
                "class": class_name(group.class_code),
                "type": f"{group.type_code} {type_name(group.type_code)}",
                "count": group.count,
                "due": group.first_due.isoformat()
                if group.first_due == group.last_due
                else t(f"{group.first_due} 至 {group.last_due}", f"{group.first_due} to {group.last_due}"),
            }
            for group in found.groups
        ],
        "total": found.total,
        "confirms": found.confirm.allowed,
        "why_not": words(found.confirm.reason),
        "given": t(
            f"已有 {found.confirmations} 位审批人确认，共须 {CONFIRMATIONS_NEEDED} 位。",
            f"{found.confirmations} of {CONFIRMATIONS_NEEDED} approvers have confirmed.",
        ),
    }


@blueprint.post("/check")
def check() -> Response:
    """Check by hand what has become due."""
    require(person(), Action.CHECK_RETENTION)
    _tell(archive().chores.check_retention(by=person()))
    return redirect(url_for("disposal.queue"), 303)


@blueprint.post("/check/confirm")
def confirm_check() -> Response:
    """Have a check that stopped itself queue what the approver was shown."""
    require(person(), Action.APPROVE)
    shown = number_of(request.form.get("shown", ""), "件数", "The number of records") or 0
    _tell(archive().chores.check_retention(confirmed_by=person(), confirmed=shown))
    return redirect(url_for("disposal.queue"), 303)


def _tell(report: Any) -> None:
    if report.busy:
        flash(t("另一次检查正在进行，请稍后再看。", "Another check is at work; look again in a while."), "warn")
    elif report.in_doubt:
        flash(
            t(
                "保管时钟存疑，未作检查；请先由两人核认时钟。",
                "The retention clock is in doubt, so nothing was checked; two people must acknowledge it first.",
            ),
            "warn",
        )
    elif report.confirmations:
        flash(
            t(
                "已记下您的确认；还须另一位审批人确认后才列入。",
                "Your confirmation is noted; another approver must confirm too before anything is queued.",
            ),
            "warn",
        )
    elif report.stopped:
        flash(
            t(
                f"检查自行停下：有 {report.would_queue} 件将列入，远多于平常。请两位审批人查看下列明细后确认。",
                f"The check stopped itself: {report.would_queue} records would be queued, far more than usual. Two"
                " approvers must look at the figures below and confirm.",
            ),
            "warn",
        )
    else:
        done(
            f"检查完毕：新列入 {report.queued} 件，撤出 {report.withdrawn} 件。",
            f"Checked: {report.queued} queued, {report.withdrawn} withdrawn.",
        )


@blueprint.post("/lists")
def draw_up() -> Response:
    """Draw up a list from what was chosen; what is held or not due stays behind and is named."""
    drawn = archive().disposal.draw_up(person(), request.form.getlist("chosen"))
    done(
        f"清册 {drawn.list_no} 已编制，共 {drawn.items} 件。",
        f"List {drawn.list_no} is drawn up with {drawn.items} items.",
    )
    if drawn.left_out:
        _tell_left_out(drawn)
    return redirect(url_for("disposal_list.page", list_no=drawn.list_no), 303)


def _tell_left_out(drawn: DrawnUp) -> None:
    named = joined([f"{one.code} {words(one.text)}" for one in drawn.left_out], "；", "; ")
    flash(t(f"未列入：{named}。", f"Left out: {named}."), "warn")


@blueprint.get("/lists")
def lists() -> str:
    """Show every list, the newest first."""
    found = archive().disposal.all(person())
    names = names_of([one.row.proposer_id for one in found])
    return render_template("disposal_lists.html", rows=[_listed(one, names) for one in found])


def _listed(one: ListRow, names: dict[str, str]) -> dict[str, Any]:
    state = ListState(one.state)
    until = local_time(one.row.cooling_until)
    progress = {
        ListState.DRAWN_UP: t(f"已鉴定 {one.appraised} / {one.items}", f"{one.appraised} of {one.items} appraised"),
        ListState.SUBMITTED: t(
            f"已批准 {one.approvals} / {approvals_of(one.row)}", f"{one.approvals} of {approvals_of(one.row)} approvals"
        ),
        ListState.APPROVED: t(f"冷静期 {until} 满", f"cooling-off ends {until}"),
        ListState.ORDERED: t("正在逐件销毁", "being destroyed item by item"),
    }
    return {
        "list_no": one.list_no,
        "url": url_for("disposal_list.page", list_no=one.list_no),
        "badge": badge_of(one.row, archive().clock.stamp()),
        "progress": progress.get(state, local_time(one.row.closed_at)),
        "fonds_no": one.fonds_no,
        "count": one.items,
        "proposer": names.get(one.row.proposer_id, ""),
        "drawn_up": local_time(one.row.drawn_up_at),
        "certificate": url_for("certificates.page", list_no=one.list_no) if one.certified else None,
        "yours": _yours(one),
        "late": _late(one),
    }


def _yours(one: ListRow) -> bool:
    """Say whether a list waits for this person; one that is appraised waits for who submits it."""
    if one.state == ListState.DRAWN_UP and one.appraised == one.items:
        return Action.DRAW_UP_LIST in one.may
    return bool(one.may - {Action.DRAW_UP_LIST})


def _late(one: ListRow) -> tuple[str, str] | None:
    """Return the badge of a list that waits longer than the deadline, for everybody; nothing is decided by it."""
    deadline, now = archive().settings.disposal.deadline_days, archive().clock.now()
    passed = deadlines_passed(one.row, now, deadline) if one.state in OPEN else 0
    if passed < 1:
        return None
    days = max((now - waiting_since(one.row)).days - deadline, 1)
    if passed == 1:
        return "due", t(f"逾期 {days} 天", f"Overdue by {days} days")
    return "failed", t(f"严重逾期 {days} 天", f"Long overdue, by {days} days")
