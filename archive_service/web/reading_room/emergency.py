"""Readings in an emergency: opened with a reason, told at once, reviewed afterwards."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from archive_service.people.policy import Action, Thing
from archive_service.people.telling import reference_of
from archive_service.web.here import archive, done, local_time, may, names_of, person
from archive_service.web.second import second_again

blueprint = Blueprint("emergency", __name__, url_prefix="/emergency")


@blueprint.get("/")
def page() -> str:
    """Show the readings: all of them to those who review, one's own to those who may read so."""
    rows = archive().emergencies.all(person())
    names = names_of([row.reviewed_by for row in rows])
    uses = archive().emergencies.uses([row.id for row in rows])
    return render_template(
        "emergency.html",
        code=request.args.get("code", ""),
        opens=archive().emergencies.open_to(person()),
        readings=[_shown(row, names, uses) for row in rows],
    )


def _shown(row: Any, names: dict[str, str], uses: Any) -> dict[str, Any]:
    mine = row.person_id == person().id
    hands = Thing(hands={"reader": frozenset({row.person_id})})
    alive = row.until > archive().clock.stamp()
    return {
        "id": row.id,
        "number": reference_of(row.id),
        "code": row.code,
        "url": url_for("record.page", code=row.code) if mine and alive else None,
        "who": row.name,
        "reason": row.reason,
        "opened": local_time(row.opened_at),
        "until": local_time(row.until),
        "alive": alive,
        "uses": uses[row.id],
        "finding": row.finding or "",
        "reviewed": local_time(row.reviewed_at),
        "by": names.get(row.reviewed_by or "", ""),
        "reviewable": not row.reviewed_at and may(Action.REVIEW_EMERGENCY, hands),
    }


@blueprint.post("/")
@second_again
def read() -> Response:
    """Open a record for an hour."""
    code = archive().emergencies.open(person(), request.form.get("code", ""), request.form.get("reason", ""))
    done(
        "已开启一小时紧急阅览；管理员、审计与审批人已收到通知，事后须复核。",
        "It is open to you for an hour. Administrators, auditors and deciders were told, and will review it.",
    )
    return redirect(url_for("record.page", code=code), 303)


@blueprint.post("/<emergency_id>/review")
def review(emergency_id: str) -> Response:
    """Write down what was found of a reading."""
    archive().emergencies.review(person(), emergency_id, request.form.get("finding", ""))
    done("复核意见已记入。", "The finding is entered.")
    return redirect(url_for("emergency.page"), 303)
