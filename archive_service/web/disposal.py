"""The disposal desk: what is due, lists with their appraisal and approval, the order, the certificate."""

from __future__ import annotations

import json
import threading
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from archive_service.catalog.descriptions import title_or_mask
from archive_service.disposal.lists import Appraisal
from archive_service.disposal.model import OPINION_WORDS, STATE_WORDS, STEP_WORDS, ListState, Opinion, Step
from archive_service.errors import BadInput
from archive_service.people.policy import Action, require
from archive_service.web.here import (
    archive,
    done,
    language,
    local_time,
    may,
    names_of,
    number_of,
    person,
    type_name,
    words,
)

blueprint = Blueprint("disposal", __name__, url_prefix="/disposal")


@blueprint.get("/")
def queue() -> str:
    """Show what waits for a list."""
    rows = [
        {
            "id": one.row.id,
            "code": one.record["code"],
            "title": _title(one.record),
            "sentence": one.row.sentence_zh if language() == "zh" else one.row.sentence_en,
            "held": one.held,
        }
        for one in archive().disposal.queue(person())
    ]
    return render_template(
        "disposal_queue.html", rows=rows, draws=may(Action.DRAW_UP_LIST), checks=may(Action.CHECK_RETENTION)
    )


@blueprint.post("/check")
def check() -> BaseResponse:
    """Check by hand what has become due."""
    require(person(), Action.CHECK_RETENTION)
    report = archive().retention_check.run(by=person())
    done(f"检查完毕：新列入 {report.queued} 件。", f"Checked: {report.queued} queued.")
    return redirect(url_for("disposal.queue"))


@blueprint.post("/lists")
def draw_up() -> BaseResponse:
    """Draw up a list from what was chosen."""
    drawn = archive().disposal.draw_up(person(), request.form.getlist("chosen"))
    done(
        f"清册 {drawn.list_no} 已编制，共 {drawn.items} 件。",
        f"List {drawn.list_no} drawn up with {drawn.items} items.",
    )
    return redirect(url_for("disposal.one", list_no=drawn.list_no))


@blueprint.get("/lists")
def lists() -> str:
    """Show every list."""
    rows = [
        {
            "list_no": row.list_no,
            "state": words(STATE_WORDS[ListState(row.state)]),
            "items": row.items,
            "done": row.appraised,
        }
        for row in archive().disposal.all(person())
    ]
    return render_template("disposal_lists.html", rows=rows)


@blueprint.get("/lists/<list_no>")
def one(list_no: str) -> str:
    """Show one list: what it proposes, what blocks it, what one may do now."""
    view = archive().disposal.view(person(), list_no)
    row = view.row
    names = names_of([row.proposer_id, row.ordered_by, *(given.approver_id for given in view.approvals)])
    items = [
        {
            "position": item.row.position,
            "code": item.record["code"],
            "title": _title(item.record) if item.visible else f"〔{type_name(item.record['type_code'])}〕",
            "sentence": item.candidate.sentence_zh if language() == "zh" else item.candidate.sentence_en,
            "opinion": words(OPINION_WORDS[Opinion(item.row.opinion)]) if item.row.opinion else "",
            "value": item.row.opinion or "DESTROY",
            "reason": item.row.reason or "",
            "step": words(STEP_WORDS[Step(item.row.step)]),
        }
        for item in view.items
    ]
    return render_template(
        "disposal_list.html",
        row=row,
        state=words(STATE_WORDS[ListState(row.state)]),
        items=items,
        appraised=sum(1 for item in items if item["opinion"]),
        proposer=names.get(row.proposer_id, ""),
        approvers=[names.get(given.approver_id, "") for given in view.approvals],
        cooling=local_time(row.cooling_until) if row.cooling_until else "",
        obstacles=[(obstacle.code, words(obstacle.text)) for obstacle in view.obstacles],
        opinions=[(opinion.value, words(text)) for opinion, text in OPINION_WORDS.items()],
        certified=view.certified,
        **{action.value: action in view.may for action in (Action.APPRAISE, Action.APPROVE, Action.DRAW_UP_LIST)},
        orders=Action.ORDER_DESTRUCTION in view.may,
    )


@blueprint.post("/lists/<list_no>/appraise")
def appraise(list_no: str) -> BaseResponse:
    """Give one item an opinion."""
    position = number_of(request.form.get("position", ""), "序号", "position")
    years = number_of(request.form.get("years", ""), "年数", "years")
    try:
        opinion = Opinion(request.form.get("opinion", ""))
    except ValueError as error:
        raise BadInput("请选择鉴定意见。", "Please choose an opinion.") from error
    given = Appraisal(position or 0, opinion, request.form.get("reason", ""), years or 0)
    archive().disposal.appraise(person(), list_no, [given])
    done(f"第 {position} 件的意见已保存。", f"The opinion on item {position} is saved.")
    return redirect(url_for("disposal.one", list_no=list_no))


@blueprint.post("/lists/<list_no>/submit")
def submit(list_no: str) -> BaseResponse:
    """Submit the list: it is frozen from here on."""
    archive().disposal.submit(person(), list_no)
    done("清册已提交审批。", "The list is submitted for approval.")
    return redirect(url_for("disposal.one", list_no=list_no))


@blueprint.post("/lists/<list_no>/approve")
def approve(list_no: str) -> BaseResponse:
    """Approve what was shown; the person's own password is asked for again."""
    _confirm()
    archive().disposal.approve(person(), list_no, request.form.get("digest", ""))
    done("您已批准此清册。", "You have approved this list.")
    return redirect(url_for("disposal.one", list_no=list_no))


@blueprint.post("/lists/<list_no>/send-back")
def send_back(list_no: str) -> BaseResponse:
    """Return the list to appraisal."""
    archive().disposal.send_back(person(), list_no, request.form.get("reason", ""))
    done("清册已退回。", "The list was sent back.")
    return redirect(url_for("disposal.one", list_no=list_no))


@blueprint.post("/lists/<list_no>/order")
def order(list_no: str) -> BaseResponse:
    """Order the destruction; it begins at once and goes on by itself, also after a stop."""
    _confirm()
    archive().destruction.order(person(), list_no, request.form.get("confirm", ""))
    threading.Thread(target=archive().carry_on_destructions, daemon=True).start()
    done("销毁已下达，正在执行。", "The destruction is ordered and being carried out.")
    return redirect(url_for("disposal.one", list_no=list_no))


@blueprint.get("/lists/<list_no>/certificate")
def certificate(list_no: str) -> str:
    """Show the certificate, to be read and printed."""
    body = archive().certificates.body(person(), list_no)
    return render_template(
        "disposal_certificate.html", list_no=list_no, text=json.dumps(body, ensure_ascii=False, indent=2)
    )


@blueprint.get("/lists/<list_no>/certificate.json")
def certificate_json(list_no: str) -> Response:
    """Hand out the certificate for a check elsewhere."""
    text = archive().certificates.text(person(), list_no)
    head = {"Content-Disposition": f'attachment; filename="{list_no}.json"'}
    return Response(text, mimetype="application/json", headers=head)


def _confirm() -> None:
    archive().sign_in.check(person().login, request.form.get("password", ""), request.remote_addr or "")


def _title(record: Any) -> str:
    if record["title"] is None and record.get("sealed_description") is None:
        return f"〔{type_name(record['type_code'])}〕"
    return title_or_mask(archive().vault, record, type_name(record["type_code"]))
