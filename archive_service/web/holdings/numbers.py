"""The void ledger, and blocks of numbers reserved for papers to come."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from archive_service.catalog.dates import parse_date
from archive_service.catalog.numbering.renumbering import Proposal
from archive_service.catalog.numbering.void_ledger import PAGE, Wanted
from archive_service.errors import ArchiveError
from archive_service.people.policy import Action, require
from archive_service.search.doctor import continuity
from archive_service.web.errors import status_of
from archive_service.web.here import archive, done, in_place, local_time, names_of, number_of, person, words
from archive_service.web.holdings.catalogue import case_options, case_said, fonds_options, type_options
from archive_service.web.holdings.schemes import retention_options
from archive_service.web.second import SecondWanted, require_second

blueprint = Blueprint("numbers", __name__, url_prefix="/catalogue/numbers")


@blueprint.get("/")
def page() -> str:
    """Show the void ledger, the blocks that wait for papers, and on demand the numbers that are missing (``?check=1``)."""
    return _page({"code": request.args.get("code", ""), "renumber": request.args.get("renumber", "")}, None)


def _page(typed: Mapping[str, str], fault: str | None) -> str:
    keeper = archive().void_ledger
    rows = keeper.voided(person(), request.args.get("after", ""))
    blocks = keeper.blocks(person())
    waiting = archive().renumbering.waiting(person())
    missing = continuity(archive().ledger) if "check" in request.args else None
    return render_template(
        "numbers.html",
        typed=typed,
        key=typed.get("key") or uuid.uuid4().hex,
        fault=fault,
        rows=[
            {"code": row.code, "reason": row.reason, "when": local_time(row.voided_at), "by": row.voided_by}
            for row in rows
        ],
        blocks=blocks,
        corrections=[_correction(one) for one in waiting],
        names=names_of(
            [
                *(row.voided_by for row in rows),
                *(one.reserved_by for one in blocks),
                *(one.proposed_by for one in waiting),
            ]
        ),
        missing=[one.place for one in missing] if missing is not None else None,
        next_url=url_for("numbers.page", after=rows[-1].code) if len(rows) == PAGE else None,
        first_url=url_for("numbers.page") if request.args.get("after") else None,
        fonds=fonds_options(),
        types=type_options(),
        cases=case_options(),
        retentions=retention_options(),
        today=archive().clock.today(),
    )


def _correction(one: Proposal) -> dict[str, Any]:
    return {
        "id": one.id,
        "old": one.old_code,
        "url": url_for("record.page", code=one.old_code),
        "new": one.new_code,
        "fault": words(one.fault) if one.fault else "",
        "reason": one.reason,
        "by": one.proposed_by,
        "when": local_time(one.proposed_at),
        "mine": one.proposed_by == person().id,
    }


@blueprint.post("/")
def reserve() -> Response | str | tuple[str, int]:
    """Reserve a block and show its codes, to be written on the papers."""
    require(person(), Action.VOID_NUMBER)
    form = request.form
    try:
        wanted = Wanted(
            fonds_no=form.get("fonds", ""),
            type_code=form.get("type", ""),
            year=number_of(form.get("year", ""), "年度", "The year") or archive().clock.today().year,
            retention=form.get("retention", ""),
            count=number_of(form.get("count", ""), "数量", "The count") or 0,
            purpose=form.get("purpose", ""),
            expires_on=parse_date(form.get("expires_on", "")),
            case_no=case_said(form.get("case", "")),
            key=form.get("key") or None,
        )
        codes = archive().void_ledger.reserve(person(), wanted)
    except ArchiveError as error:
        if in_place() or status_of(error) >= 500:
            raise
        return _page(form, words(error.text)), status_of(error)
    done(
        f"已预留 {len(codes)} 个号：{codes[0]} 至 {codes[-1]}。",
        f"{len(codes)} numbers are reserved: {codes[0]} to {codes[-1]}.",
    )
    return redirect(url_for("numbers.page"), 303)


@blueprint.post("/withdraw")
def withdraw() -> Response | tuple[str, int]:
    """Enter a number into the void ledger."""
    require(person(), Action.VOID_NUMBER)
    try:
        code = archive().void_ledger.withdraw(person(), request.form.get("code", ""), request.form.get("reason", ""))
    except ArchiveError as error:
        if in_place() or status_of(error) >= 500:
            raise
        return _page(request.form, words(error.text)), status_of(error)
    done(f"已作废：{code}。", f"Withdrawn: {code}.")
    return redirect(url_for("numbers.page"), 303)


@blueprint.post("/corrections")
def propose_correction() -> Response | tuple[str, int]:
    """Propose that a filed record gets another number."""
    require(person(), Action.VOID_NUMBER)
    form = request.form
    try:
        year = number_of(form.get("right_year", ""), "年度", "The year")
        given = form.get("given", "")
        code = archive().renumbering.propose(person(), form.get("renumber", ""), form.get("why", ""), year, given)
    except ArchiveError as error:
        if in_place() or status_of(error) >= 500:
            raise
        return _page(form, words(error.text)), status_of(error)
    done(
        f"已提出，待另一人办理；目前将得 {code}。", f"Proposed; another person carries it out. It would get {code} now."
    )
    return redirect(url_for("numbers.page"), 303)


@blueprint.post("/corrections/<proposal_id>")
def decide_correction(proposal_id: str) -> Response | tuple[str, int]:
    """Give the record its new number, or let the proposal go."""
    require(person(), Action.VOID_NUMBER)
    try:
        if request.form.get("act") == "strike":
            code = archive().renumbering.strike(person(), proposal_id)
            done(f"已撤销，{code} 照旧。", f"Let go; {code} stays.")
        else:
            require_second()
            old, new = archive().renumbering.carry_out(person(), proposal_id)
            done(f"{old} 已改为 {new}，原号已作废。", f"{old} is {new} now; the old number is void.")
    except ArchiveError as error:
        if in_place() or isinstance(error, SecondWanted) or status_of(error) >= 500:
            raise
        return _page({}, words(error.text)), status_of(error)
    return redirect(url_for("numbers.page"), 303)
