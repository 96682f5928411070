"""Access for a time: ask, see one's requests, decide those of others."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from archive_service.errors import Text
from archive_service.people.policy import Action, require
from archive_service.reading_room.access import LONGEST_DAYS
from archive_service.web.here import archive, done, local_time, may, number_of, person, words

blueprint = Blueprint("access", __name__, url_prefix="/access")

STATES: dict[str, tuple[str, Text]] = {
    "asked": ("queued", Text("待决定", "Waiting")),
    "granted": ("approved", Text("已批准", "Granted")),
    "refused": ("failed", Text("未批准", "Refused")),
    "revoked": ("failed", Text("已收回", "Taken back")),
    "ended": ("", Text("已到期", "Ended")),
}


@blueprint.get("/")
def page() -> str:
    """Show the form, one's own requests and what waits for one's decision."""
    require(person(), Action.ASK_ACCESS)
    decides = may(Action.DECIDE_ACCESS)
    return render_template(
        "access.html",
        code=request.args.get("code", ""),
        longest=LONGEST_DAYS,
        mine=[_shown(row) for row in archive().reading_room.mine(person())],
        waiting=[_shown(row) for row in archive().reading_room.waiting(person())] if decides else [],
        in_force=[_shown(row) for row in archive().reading_room.in_force(person())] if decides else [],
        decides=decides,
    )


def _shown(row: Any) -> dict[str, Any]:
    state = row.state
    if state == "granted" and row.revoked_at:
        state = "revoked"  # by a change of role or with the account, not by a decision on this request
    elif state == "granted" and row.until <= archive().clock.stamp():
        state = "ended"
    kind, text = STATES[state]
    return {
        "id": row.id,
        "code": row.code,
        "purpose": row.purpose,
        "days": row.days,
        "who": row.person_name,
        "when": local_time(row.asked_at),
        "until": local_time(row.until) if state in ("granted", "ended") else "",
        "reason": row.reason,
        "state": state,
        "badge": (kind, words(text)),
        "url": url_for("record.page", code=row.code) if state == "granted" else None,
    }


@blueprint.post("/")
def ask() -> Response:
    """Ask for access to a record."""
    form = request.form
    days = number_of(form.get("days", ""), "天数", "The number of days") or 0
    archive().reading_room.ask(person(), form.get("code", ""), form.get("purpose", ""), days)
    done("申请已提交，等待审批。", "Your request is made and waits for a decision.")
    return redirect(url_for("access.page"), 303)


@blueprint.post("/<request_id>/grant")
def grant(request_id: str) -> Response:
    """Grant a request."""
    archive().reading_room.grant(person(), request_id)
    done("已批准查阅。", "Access is granted.")
    return redirect(url_for("access.page"), 303)


@blueprint.post("/<request_id>/refuse")
def refuse(request_id: str) -> Response:
    """Refuse a request."""
    archive().reading_room.refuse(person(), request_id, request.form.get("reason", ""))
    done("已答复：不予批准。", "The request is refused.")
    return redirect(url_for("access.page"), 303)


@blueprint.post("/<request_id>/revoke")
def revoke(request_id: str) -> Response:
    """Take a grant back."""
    archive().reading_room.revoke(person(), request_id, request.form.get("reason", ""))
    done("已收回查阅许可。", "The grant is taken back.")
    return redirect(url_for("access.page"), 303)
