"""Holds 冻结: placed on records and case files, at any moment until a key is destroyed; released by another person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from archive_service.catalog.dates import parse_date
from archive_service.disposal.holds.holds import LONGEST_REASON, LONGEST_SEARCH, NewHold
from archive_service.disposal.holds.views import Covered, HoldView
from archive_service.errors import ArchiveError, BadInput, Forbidden, NotFound
from archive_service.people.policy import Action, require
from archive_service.web.desk.words import joined, timeline_of, title_of
from archive_service.web.errors import note_refusal, status_of
from archive_service.web.here import archive, done, in_place, local_time, may, names_of, person, t, words

blueprint = Blueprint("holds", __name__, url_prefix="/disposal/holds")

Answer = Response | tuple[str, int]
BETWEEN = re.compile(r"[\n\r,，、;；]+")
REVIEW_AFTER = timedelta(days=180)
"""Offered for the review of a hold; whoever places it chooses."""

REASONS: tuple[tuple[str, str], ...] = (
    ("整改尚未验收", "Rectification not accepted yet"),
    ("责任追究或诉讼未结", "Accountability case or litigation open"),
    ("事故调查中", "Accident under investigation"),
    ("举报未办结", "Complaint open"),
    ("审计中", "Under audit"),
    ("借出未还", "On loan"),
)
"""Reasons that the trade knows (DOMAIN 2.3), offered and never imposed."""


@blueprint.get("/")
def page() -> str:
    """Show the holds that stand, those due for review first among the marked, and those that were released."""
    found = archive().holds.all(person())
    names = names_of([name for one in found for name in (one.placed_by, one.released_by)])
    today = archive().clock.today()
    return render_template(
        "holds.html",
        section="disposal",
        standing=[_row(one, names, today) for one in found if one.released_at is None],
        released=[_row(one, names, today) for one in found if one.released_at is not None],
        places=may(Action.PLACE_HOLD),
    )


def _row(one: HoldView, names: Mapping[str, str], today: date) -> dict[str, Any]:
    return {
        "hold_no": one.hold_no,
        "url": url_for("holds.one", hold_no=one.hold_no),
        "mandate": one.mandate,
        "reason": one.reason,
        "scope": _scope(one),
        "review_on": one.review_on.isoformat(),
        "overdue": one.released_at is None and one.review_on <= today,
        "placed": local_time(one.placed_at),
        "placed_by": names.get(one.placed_by, ""),
        "released": local_time(one.released_at),
        "released_by": names.get(one.released_by or "", ""),
        "released_reason": one.released_reason or "",
    }


def _scope(one: HoldView) -> str:
    parts = []
    if one.case_nos:
        cases = joined(list(one.case_nos))
        parts.append(t(f"案卷 {cases}", f"case files {cases}" if len(one.case_nos) > 1 else f"case file {cases}"))
    if one.classes:
        classes = joined(list(one.classes))
        parts.append(t(f"类 {classes}", f"class {classes}"))
    if one.words:
        parts.append(t(f"检索“{one.words}”", f"search “{one.words}”"))
    if one.codes:
        parts.append(t(f"{len(one.codes)} 件", f"{len(one.codes)} records" if len(one.codes) > 1 else "1 record"))
    return joined(parts)


@blueprint.get("/new")
def place() -> str:
    """Show the form that places a hold; a record's page and a case file's page bring their number along."""
    require(person(), Action.PLACE_HOLD)
    codes, cases = request.args.getlist("code"), request.args.getlist("case")
    return _form({"codes": "\n".join(codes), "cases": "\n".join(cases)})


def _form(typed: Mapping[str, str], fault: str = "") -> str:
    today = archive().clock.today()
    return render_template(
        "hold_new.html",
        section="disposal",
        typed=typed,
        fault=fault,
        reasons=[t(zh, en) for zh, en in REASONS],
        classes=[(one.code, f"{one.code} {words(one.name)}") for one in archive().schedules.plan.classes],
        chosen=request.form.getlist("classes"),
        longest_search=LONGEST_SEARCH,
        earliest=(today + timedelta(days=1)).isoformat(),
        review_on=typed.get("review_on") or (today + REVIEW_AFTER).isoformat(),
        longest_reason=LONGEST_REASON,
    )


@blueprint.post("/")
def place_now() -> Answer:
    """Place a hold; what came too late is named."""
    form = request.form
    try:
        new = NewHold(
            mandate=form.get("mandate", ""),
            reason=form.get("reason", ""),
            review_on=parse_date(form.get("review_on", "")),
            codes=_listed(form.get("codes", "")),
            case_nos=_listed(form.get("cases", "")),
            classes=_classes(form.getlist("classes")),
            words=form.get("words", ""),
        )
        placed = archive().holds.place(person(), new)
        if new.words.strip():
            archive().chores.catch_for_holds()
    except ArchiveError as error:
        if in_place() or isinstance(error, Forbidden):
            raise
        return _form(form, words(error.text)), status_of(error)
    done(
        f"冻结 {placed.hold_no} 已设置：所列档案在解除之前不会被销毁。",
        f"Hold {placed.hold_no} stands: nothing under it is destroyed until it is released.",
    )
    if placed.too_late:
        late = joined(list(placed.too_late))
        flash(
            t(
                f"来不及冻结：{late}，其密钥已经销毁或正在销毁。",
                f"Too late for {late}: the keys are destroyed or being destroyed.",
            ),
            "error",
        )
    return redirect(url_for("holds.one", hold_no=placed.hold_no), 303)


def _classes(chosen: list[str]) -> tuple[str, ...]:
    known = {one.code for one in archive().schedules.plan.classes}
    unknown = [code for code in chosen if code not in known]
    if unknown:
        raise BadInput(f"没有类 {unknown[0]}。", f"There is no class {unknown[0]}.")
    return tuple(dict.fromkeys(chosen))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in BETWEEN.split(text) if part.strip())


@blueprint.get("/<hold_no>")
def one(hold_no: str) -> str:
    """Show one hold: what it covers, why, until when, and what was done with it."""
    return _one(hold_no)


def _one(hold_no: str, fault: str = "", reason: str = "") -> str:
    found = archive().holds.one(person(), hold_no)
    hold = found.hold
    names = names_of([hold.placed_by, hold.released_by])
    return render_template(
        "hold.html",
        section="disposal",
        hold=_row(hold, names, archive().clock.today()),
        case_nos=[(number, _case_url(number)) for number in hold.case_nos],
        covered=[_covered(item) for item in found.covered],
        more=found.more,
        history=timeline_of(found.done),
        releases=found.release.allowed and hold.released_at is None,
        why_not="" if found.release.allowed else words(found.release.reason),
        fault=fault,
        typed_reason=reason,
        longest_reason=LONGEST_REASON,
    )


def _case_url(case_no: str) -> str | None:
    return url_for("cases.case", case_no=case_no) if may(Action.BROWSE) else None


def _covered(item: Covered) -> dict[str, Any]:
    code, status = item.record["code"], item.record["status"]
    states = {
        "archived": ("ok", t("在库", "In custody")),
        "destroying": ("failed", t("销毁进行中", "Destruction under way")),
        "destroyed": ("destroyed", t("已销毁", "Destroyed")),
    }
    return {
        "code": code,
        "url": url_for("record.page", code=code) if item.visible and may(Action.BROWSE) else None,
        "title": title_of(item.record, item.visible),
        "badge": states[status],
        "list_no": item.list_no,
    }


@blueprint.post("/<hold_no>/release")
def release(hold_no: str) -> Answer:
    """Release a hold, with the reason; never by the one who placed it."""
    reason = request.form.get("reason", "")
    try:
        archive().holds.release(person(), hold_no, reason)
    except ArchiveError as error:
        if in_place() or isinstance(error, NotFound) or not may(Action.SEE_DISPOSAL):
            raise
        if isinstance(error, Forbidden):
            note_refusal()
        return _one(hold_no, words(error.text), reason), status_of(error)
    done(f"冻结 {hold_no} 已解除。", f"Hold {hold_no} is released.")
    return redirect(url_for("holds.one", hold_no=hold_no), 303)
