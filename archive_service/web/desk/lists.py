"""One disposal list: appraised item by item, approved by two others, ordered, watched while it is carried out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from archive_service.disposal.listing.lists import LONGEST_EXTENSION, LONGEST_REASON, Appraisal
from archive_service.disposal.model import OPINION_WORDS, STATE_WORDS, ListState, Opinion
from archive_service.errors import ArchiveError, BadInput, Conflict, Forbidden
from archive_service.people.policy import Action, require
from archive_service.web.desk import shown
from archive_service.web.desk.before import what_goes, what_is_approved
from archive_service.web.desk.faults import Fault, at_its_form, chosen
from archive_service.web.desk.group import group_shown, members_typed
from archive_service.web.desk.pane import pane, reading
from archive_service.web.desk.paper import sheet_row
from archive_service.web.desk.papers import papers_shown
from archive_service.web.desk.words import OPINION_HELP, badge_of, timeline_of
from archive_service.web.errors import note_refusal, status_of
from archive_service.web.here import archive, done, in_place, local_time, may, number_of, person, t, words
from archive_service.web.second import SecondWanted, sign_again

blueprint = Blueprint("disposal_list", __name__, url_prefix="/disposal/lists")

Answer = Response | tuple[str, int]


@blueprint.get("/<list_no>")
def page(list_no: str) -> str:
    """Show one list: where it stands, what it proposes, what is in the way, what one may do now."""
    return _page(list_no)


def _page(list_no: str, fault: Fault | None = None) -> str:
    view = archive().disposal.view(person(), list_no)
    names, at = shown.names_in(view), archive().clock.stamp()
    items = shown.items_of(view, names)
    state, forms = ListState(view.row.state), shown.forms(view)
    left, yours = shown.unappraised(items), shown.unappraised(items, seen=True)
    at_desk = chosen(items, yours, forms, fault)
    finished, total = shown.progress(view)
    return render_template(
        "disposal_list.html",
        section="disposal",
        row=view.row,
        state=state.value,
        badge=badge_of(view.row, at),
        sentence=shown.state_sentence(view, at),
        steps=shown.way(view, names, at),
        turn=shown.turn(view.next),
        returned=shown.returned_for(view),
        items=items,
        left=left,
        yours=yours,
        appraised=len(items) - len(left) - sum(1 for item in items if item["struck"]),
        total=sum(1 for item in items if not item["struck"]),
        blocked=sum(1 for one in view.obstacles),
        at_desk=at_desk,
        pane=pane(view, at_desk) if at_desk else None,
        opinions=[(one.value, words(OPINION_WORDS[one]), words(OPINION_HELP[one])) for one in OPINION_HELP],
        forms=forms,
        group=group_shown(view, names),
        decides=bool(forms - {"appraise", "rest", "strike", "group", "say", "papers"}),
        fault=fault,
        fault_above=fault is not None and not at_its_form(fault, forms, items, yours, at_desk),
        what_goes=what_goes(view, names) if "order" in forms else [],
        what_is_approved=what_is_approved(view, names) if "approve" in forms else [],
        destroyed=(finished, total),
        certified=view.certified,
        papers=papers_shown(view, names),
        supervisors=shown.supervisors(view, names),
        history=timeline_of(view.done),
        longest_reason=LONGEST_REASON,
        longest_extension=LONGEST_EXTENSION,
    )


@blueprint.get("/<list_no>/progress")
def progress(list_no: str) -> Response:
    """Say how far the destruction of a list is, item by item, for the script that keeps its page fresh."""
    view = archive().disposal.view(person(), list_no)
    finished, total = shown.progress(view)
    closed = view.row.state != ListState.ORDERED
    rest = papers_shown(view, {})["waiting"] if finished == total and not closed else []
    left = t(
        "电子部分已销毁，等两名监销人见证纸质件的销毁。",
        "The electronic side is destroyed; two supervisors have to attest the destruction of the papers.",
    )
    going = t(
        "正在逐件销毁；离开本页，工作也会继续。", "Items are destroyed one by one; the work goes on if you leave."
    )
    items = shown.items_of(view, {})
    fill = {f"step-{item['position']}": item["step"] for item in items}
    fill |= {f"finding-{item['position']}": item["finding"] for item in items}
    over = t("全部办完。", "All of it is done.")
    return jsonify(
        done=finished,
        total=total,
        sentence=over if closed else left if rest else going,
        finished=closed or bool(rest),
        **fill,
    )


# ------------------------------------------------------------------------------------------------- what people do


@blueprint.post("/<list_no>/appraise")
def appraise(list_no: str) -> Answer:
    """Give one item an opinion and go on to the next without one."""
    return _do(list_no, "appraise", lambda: _appraise(list_no, [_position()]))


@blueprint.post("/<list_no>/appraise-rest")
def appraise_rest(list_no: str) -> Answer:
    """Give every item that was shown without an opinion the same one."""

    def act() -> Response:
        require(person(), Action.APPRAISE)
        shown_positions = request.form.get("positions", "").split(",")
        view = archive().disposal.view(person(), list_no)
        left = shown.unappraised(shown.items_of(view, {}), seen=True)
        if not left or [str(position) for position in left] != shown_positions:
            raise Conflict(
                "清册在您查看之后有变动，请重新查看其余各件后再鉴定。",
                "The list has changed since you looked at it; please look at the remaining items again.",
            )
        return _appraise(list_no, left)

    return _do(list_no, "rest", act)


def _appraise(list_no: str, positions: list[int]) -> Response:
    form = request.form
    years = number_of(form.get("years", ""), "续存年数", "The number of years")
    try:
        opinion = Opinion(form.get("opinion", ""))
    except ValueError as error:
        raise BadInput("请选择鉴定意见。", "Please choose an opinion.") from error
    longer = (years or 0) if opinion is Opinion.EXTEND else 0
    given = [Appraisal(position, opinion, form.get("reason", ""), longer) for position in positions]
    archive().disposal.appraise(person(), list_no, given)
    view = archive().disposal.view(person(), list_no)
    left = shown.unappraised(shown.items_of(view, {}), seen=True)
    following = next((position for position in left if position > positions[-1]), left[0] if left else None)
    if len(positions) == 1:
        done(f"第 {positions[0]} 件的意见已保存。", f"The opinion on item {positions[0]} is saved.")
    else:
        done(f"{len(positions)} 件的意见已保存。", f"The opinions on {len(positions)} items are saved.")
    kept_open = {"read": reading(), "_anchor": "item"} if following and reading() else {}
    return _to(list_no, item=following, **kept_open)


@blueprint.post("/<list_no>/group")
def name_group(list_no: str) -> Answer:
    """Name the appraisal group of the list."""

    def act() -> Response:
        archive().disposal.name_group(person(), list_no, members_typed())
        done("鉴定小组已指定。", "The appraisal group is named.")
        return _to(list_no)

    return _do(list_no, "group", act)


@blueprint.post("/<list_no>/say")
def say(list_no: str) -> Answer:
    """Agree as a member of the group to what waits for one's word, or dissent from one opinion with a reason."""

    def act() -> Response:
        dissents, reason = "dissent" in request.form, request.form.get("reason", "")
        position = _position() if dissents else None
        count = archive().disposal.say(person(), list_no, position, agrees=not dissents, reason=reason)
        done(f"您对 {count} 件的表态已记录。", f"Your word on {count} items is recorded.")
        return _to(list_no)

    return _do(list_no, "say", act)


@blueprint.post("/<list_no>/strike")
def strike(list_no: str) -> Answer:
    """Take an item off the list; it goes back into the queue."""

    def act() -> Response:
        position = _position()
        archive().disposal.strike(person(), list_no, position, request.form.get("reason", ""))
        done(
            f"第 {position} 件已移出清册，回到待鉴定。",
            f"Item {position} is off the list and waits in the queue again.",
        )
        return _to(list_no)

    return _do(list_no, "strike", act)


@blueprint.post("/<list_no>/submit")
def submit(list_no: str) -> Answer:
    """Submit the list: it is frozen from here on."""

    def act() -> Response:
        archive().disposal.submit(person(), list_no)
        done("清册已提交审批，内容从此固定。", "The list is submitted for approval and frozen.")
        return _to(list_no)

    return _do(list_no, "submit", act)


@blueprint.post("/<list_no>/approve")
def approve(list_no: str) -> Answer:
    """Approve what was shown; the person's own password is asked for again."""

    def act() -> Response:
        sign_again()
        archive().disposal.approve(person(), list_no, request.form.get("digest", ""))
        done("您已批准此清册。", "You have approved this list.")
        return _to(list_no)

    return _do(list_no, "approve", act)


@blueprint.post("/<list_no>/send-back")
def send_back(list_no: str) -> Answer:
    """Return the list to appraisal; approvals given so far are void."""

    def act() -> Response:
        archive().disposal.send_back(person(), list_no, request.form.get("reason", ""))
        done("清册已退回鉴定，此前的批准作废。", "The list is back in appraisal; approvals given so far are void.")
        return _to(list_no)

    return _do(list_no, "send_back", act)


@blueprint.post("/<list_no>/withdraw")
def withdraw(list_no: str) -> Answer:
    """Give the list up; what it holds waits in the queue again."""

    def act() -> Response:
        archive().disposal.withdraw(person(), list_no, request.form.get("reason", ""))
        done("清册已撤回，各件回到待鉴定。", "The list is withdrawn; its items wait in the queue again.")
        return _to(list_no)

    return _do(list_no, "withdraw", act)


@blueprint.post("/<list_no>/supervise")
def supervise(list_no: str) -> Answer:
    """Sign as a supervisor before the destruction; the person's own password is asked for again."""

    def act() -> Response:
        sign_again()
        archive().disposal.supervise(person(), list_no, request.form.get("digest", ""))
        done("您已作为监销人核对签字。", "You have checked the list and signed as a supervisor.")
        return _to(list_no)

    return _do(list_no, "supervise", act)


@blueprint.post("/<list_no>/sign-off")
def sign_off(list_no: str) -> Answer:
    """Sign as a supervisor after the destruction."""

    def act() -> Response:
        sign_again()
        whole = archive().disposal.sign_off(person(), list_no)
        if whole:
            done("监销人均已签字，销毁办结。", "All supervisors have signed; the destruction is signed off.")
        else:
            done("您已签字，还须另一名监销人签字。", "You have signed; the other supervisor must sign too.")
        return _to(list_no)

    return _do(list_no, "sign_off", act)


@blueprint.post("/<list_no>/order")
def order(list_no: str) -> Answer:
    """Order the destruction; it begins at once and goes on by itself, also after a stop."""

    def act() -> Response:
        sign_again()
        archive().destruction.order(person(), list_no, request.form.get("confirm", ""))
        threading.Thread(target=archive().chores.carry_on_destructions, daemon=True).start()
        done("销毁已下达，正在执行。", "The destruction is ordered and being carried out.")
        return _to(list_no)

    return _do(list_no, "order", act)


@blueprint.post("/<list_no>/papers")
def attest_papers(list_no: str) -> Answer:
    """Attest as a supervisor that the papers were destroyed; the person's own password is asked for again."""

    def act() -> Response:
        sign_again()
        if archive().destruction.attest_papers(person(), list_no, request.form):
            done("两名监销人均已见证，纸质件销毁办结。", "Both supervisors have attested; the papers are done with.")
        else:
            done(
                "已记录，还须另一名监销人以相同事实见证。", "Recorded; the other supervisor must attest the same facts."
            )
        return _to(list_no)

    return _do(list_no, "papers", act)


def _do(list_no: str, form: str, act: Callable[[], Response]) -> Answer:
    """Do something; a fault is said at its form with what was typed, by a script there or by this page again."""
    try:
        return act()
    except ArchiveError as error:
        if in_place() or isinstance(error, SecondWanted) or not may(Action.SEE_DISPOSAL):
            raise
        archive().disposal.view(person(), list_no)  # an unknown list is a page of its own
        if isinstance(error, Forbidden):
            note_refusal()
        typed = {name: value for name, value in request.form.items() if name not in ("password", "csrf_token")}
        return _page(list_no, Fault(form, words(error.text), typed)), status_of(error)


def _position() -> int:
    position = number_of(request.form.get("position", ""), "序号", "The position")
    if position is None:
        raise BadInput("请指明清册中的哪一项。", "Please say which item of the list.")
    return position


def _to(list_no: str, **more: Any) -> Response:
    return redirect(url_for("disposal_list.page", list_no=list_no, **more), 303)


# ------------------------------------------------------------------------------------------------- paper


@blueprint.get("/<list_no>/paper")
def paper(list_no: str) -> str:
    """Show the appraisal list 到期鉴定清单 as a sheet to be printed and signed."""
    view = archive().disposal.view(person(), list_no)
    names = shown.names_in(view)
    return render_template(
        "disposal_paper.html",
        section="disposal",
        row=view.row,
        fonds_no=view.fonds_no,
        state=words(STATE_WORDS[ListState(view.row.state)]),
        proposer=names.get(view.row.proposer_id, ""),
        drawn_up=local_time(view.row.drawn_up_at),
        rows=[sheet_row(item, names) for item in shown.on_list(view)],
        counts=shown.counts(view),
        group=group_shown(view, names)["members"],
        approvals=[(names.get(one.approver_id, ""), local_time(one.approved_at)) for one in view.approvals],
    )
