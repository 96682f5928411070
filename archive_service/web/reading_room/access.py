"""Access for a time: ask, talk it over, agree or refuse, give back."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from archive_service.errors import ArchiveError, Text
from archive_service.people.model import PERMISSION_WORDS, REDACTED, VIEW
from archive_service.people.policy import Action, require
from archive_service.people.rights import split
from archive_service.people.telling import reference_of
from archive_service.reading_room.requests import Told
from archive_service.reading_room.seats import LONGEST_DAYS, SEATS
from archive_service.web.here import archive, done, level_badge, local_time, may, number_of, person, t, words
from archive_service.web.second import second_again

SEVERAL = re.compile(r"[\n\r;；]+")
"""What parts the codes of one application."""

blueprint = Blueprint("access", __name__, url_prefix="/access")

STATES: dict[str, tuple[str, Text]] = {
    "asked": ("queued", Text("待决定", "Waiting")),
    "granted": ("approved", Text("已批准", "Granted")),
    "refused": ("failed", Text("未批准", "Refused")),
    "revoked": ("failed", Text("已收回", "Taken back")),
    "withdrawn": ("", Text("已撤回", "Withdrawn")),
    "returned": ("", Text("已交还", "Given back")),
    "ended": ("", Text("已到期", "Ended")),
}


@blueprint.get("/")
def page() -> str:
    """Show the form, one's own requests and what waits for one's decision."""
    require(person(), Action.SEE_ACCESS)
    decides = may(Action.DECIDE_ACCESS) or may(Action.DECIDE_UNSEALING)
    listed = archive().requests
    return render_template(
        "access.html",
        form=_form(),
        drafts=[_draft(row) for row in archive().drafts.of(person())] if may(Action.ASK_ACCESS) else [],
        emergency_url=url_for("emergency.page") if archive().emergencies.open_to(person()) else None,
        longest=LONGEST_DAYS,
        permissions=permission_options(),
        mine=[shown(row) for row in listed.mine(person())],
        waiting=[shown(row) for row in listed.waiting(person())] if decides else [],
        in_force=[shown(row) for row in listed.in_force(person())] if decides else [],
        decides=decides,
        asks=may(Action.ASK_ACCESS),
        register_url=url_for("use.page") if may(Action.SEE_USE) else None,
    )


def permission_options() -> list[tuple[str, str]]:
    """Return what may be asked for beside viewing, which is in all of it."""
    return [(name, words(text)) for name, text in PERMISSION_WORDS.items() if name != VIEW]


def shown(row: Any) -> dict[str, Any]:
    """Return a request as a list shows it."""
    state = row.state
    if state == "granted" and row.revoked_at:
        state = "revoked"  # by a change of role or with the account, not by a decision on this request
    elif state == "granted" and row.until <= archive().clock.stamp():
        state = "ended"
    kind, text = STATES[state]
    actions = split(row.actions) if row.actions else frozenset({VIEW})
    due = archive().requests.due_at(row)
    return {
        "id": row.id,
        "number": reference_of(row.id),
        "code": row.code,
        "purpose": row.purpose,
        "on_behalf": row.on_behalf or "",
        "actions": t("、", ", ").join(words(PERMISSION_WORDS[one]) for one in PERMISSION_WORDS if one in actions),
        "days": row.days,
        "who": row.person_name,
        "when": local_time(row.asked_at),
        "due": local_time(due),
        "late": state == "asked" and due < archive().clock.stamp(),
        "until": local_time(row.until) if state in ("granted", "ended") else "",
        "reason": row.reason,
        "effect": row.effect or "",
        "extends": reference_of(row.extends) if row.extends else "",
        "state": state,
        "badge": (kind, words(text)),
        "url": url_for(_reading_place(row), code=row.code) if state == "granted" else None,
        "redacted": row.leave == REDACTED,
        "own_url": url_for("access.one", request_id=row.id),
    }


def _reading_place(row: Any) -> str:
    """Return where leave leads: to the record, or to its redacted copies where it is for them alone."""
    return "redactions.page" if row.leave == REDACTED else "record.page"


@blueprint.post("/")
def ask() -> Response:
    """Ask for access to a record."""
    form = request.form
    days = number_of(form.get("days", ""), "天数", "The number of days") or 0
    asked = archive().reading_room.ask_for_all(
        person(),
        [line for line in SEVERAL.split(form.get("code", "")) if line.strip()],
        form.get("purpose", ""),
        days,
        on_behalf=form.get("on_behalf", ""),
        actions=form.getlist("actions"),
    )
    if form.get("draft"):
        archive().drafts.drop(person(), form["draft"])
    count = len(asked)
    done(f"申请已提交（{count} 件），等待审批。", f"Your request is made ({count}) and waits for a decision.")
    return redirect(url_for("access.page"), 303)


@blueprint.post("/drafts")
def save_draft() -> Response:
    """Keep what was typed, complete or not, without asking for anything."""
    form = request.form
    days = number_of(form.get("days", ""), "天数", "The number of days")
    actions = form.getlist("actions")
    archive().drafts.save(
        person(), form.get("code", ""), form.get("purpose", ""), days, form.get("on_behalf", ""), actions
    )
    if form.get("draft"):
        archive().drafts.drop(person(), form["draft"])
    done("草稿已保存，尚未提交。", "The draft is kept; nothing is asked yet.")
    return redirect(url_for("access.page"), 303)


@blueprint.post("/drafts/<draft_id>/drop")
def drop_draft(draft_id: str) -> Response:
    """Throw a draft away."""
    archive().drafts.drop(person(), draft_id)
    done("草稿已删去。", "The draft is thrown away.")
    return redirect(url_for("access.page"), 303)


def _form() -> dict[str, Any]:
    """Return what stands in the form: a draft that is gone on with, or the code that one comes from."""
    draft_id = request.args.get("draft", "")
    if draft_id and may(Action.ASK_ACCESS):
        row = archive().drafts.one(person(), draft_id)
        return {
            "draft": row.id,
            "code": row.codes,
            "purpose": row.purpose,
            "on_behalf": row.on_behalf,
            "days": row.days,
            "actions": split(row.actions),
        }
    return {"draft": "", "code": request.args.get("code", ""), "purpose": "", "on_behalf": "", "days": 7, "actions": ()}


def _draft(row: Any) -> dict[str, Any]:
    first = row.codes.partition("\n")[0]
    return {
        "id": row.id,
        "words": first or row.purpose[:40] or t("（空白）", "(empty)"),
        "when": local_time(row.saved_at),
        "url": url_for("access.page", draft=row.id),
    }


@blueprint.get("/<request_id>")
def one(request_id: str) -> str:
    """Show one request: what is asked, who agreed, what was said."""
    told = archive().requests.one(person(), request_id)
    item = shown(told.row)
    return render_template(
        "access_request.html",
        item=item,
        told=told,
        facts=_facts(told, item),
        talk=[{"who": row.name, "when": local_time(row.at), "body": row.body} for row in told.talk],
        together=[shown(row) for row in told.together],
        waits=any(row.id == request_id for row in archive().requests.waiting(person())),
        copies=len(archive().redacted_copies.of_code(person(), item["code"])) if told.decides else 0,
        longest=LONGEST_DAYS,
    )


def _facts(told: Told, item: dict[str, Any]) -> list[tuple[None, list[tuple[str, Any]]]]:
    seats = {seat.name: words(seat.words) for level in SEATS.values() for seat in level}
    mark, pattern = t("、", ", "), t("%s（%s）", "%s (%s)")
    agreed = mark.join(pattern % (row.name, seats[row.seat]) for row in told.agreed)
    return [
        (
            None,
            [
                (t("申请人", "Asked by"), item["who"]),
                (t("单位/部门", "For whom"), item["on_behalf"]),
                (t("利用方式", "Use"), item["actions"]),
                (t("许可", "Leave"), t("只限遮盖件", "For redacted copies only") if item["redacted"] else ""),
                (t("期限", "For"), t("%s 天", "%s days") % item["days"]),
                (t("提出", "Asked on"), item["when"]),
                (t("应答复", "To be decided by"), item["due"] if item["state"] == "asked" else ""),
                (t("续期自", "Extends"), item["extends"]),
                (t("密级", "Level"), level_badge(told.level)[1] if told.level else ""),
                (t("已同意", "Agreed"), agreed),
                (t("还须", "Still needed"), mark.join(words(seat.words) for seat in told.needed)),
                (t("截止", "Until"), item["until"]),
                (t("理由", "Reason"), item["reason"]),
                (t("利用效果", "What it was good for"), item["effect"]),
            ],
        )
    ]


@blueprint.post("/<request_id>/say")
def say(request_id: str) -> Response:
    """Add to the conversation over a request."""
    archive().reading_room.say(person(), request_id, request.form.get("body", ""))
    return redirect(url_for("access.one", request_id=request_id), 303)


@blueprint.post("/<request_id>/withdraw")
def withdraw(request_id: str) -> Response:
    """Take one's own request back."""
    archive().reading_room.withdraw(person(), request_id)
    done("申请已撤回。", "The request is withdrawn.")
    return redirect(url_for("access.page"), 303)


@blueprint.post("/<request_id>/finish")
def finish(request_id: str) -> Response:
    """Give leave back before its time."""
    archive().reading_room.finish(person(), request_id, request.form.get("effect", ""))
    done("查阅已完毕，许可已交还。", "Your leave is given back.")
    return redirect(url_for("access.page"), 303)


@blueprint.post("/<request_id>/extend")
def extend(request_id: str) -> Response:
    """Ask for more time."""
    form = request.form
    days = number_of(form.get("days", ""), "天数", "The number of days") or 0
    new = archive().reading_room.extend(person(), request_id, form.get("purpose", ""), days)
    done("续期申请已提交，等待审批。", "Your request for more time waits for a decision.")
    return redirect(url_for("access.one", request_id=new), 303)


@blueprint.post("/<request_id>/grant")
@second_again
def grant(request_id: str) -> Response:
    """Agree to a request."""
    if request.form.get("together"):
        return _grant_together(request_id)
    if archive().reading_room.grant(person(), request_id, redacted="redacted" in request.form):
        done("已批准查阅。", "Access is granted.")
    else:
        done("已记下您的同意；还须另一人同意后生效。", "Your agreement is entered; another person has to agree too.")
    return redirect(url_for("access.page"), 303)


def _grant_together(request_id: str) -> Response:
    """Agree to every request of an application that waits for this person; what cannot be agreed to is left and said."""
    agreed, left = 0, []
    for one_id in archive().requests.together(person(), request_id):
        try:
            archive().reading_room.grant(person(), one_id)
            agreed += 1
        except ArchiveError as error:
            left.append(f"{reference_of(one_id)}: {words(error.text)}")
    done(f"已同意 {agreed} 件。", f"You agreed to {agreed}.")
    for sentence in left:
        flash(sentence, "warn")
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
