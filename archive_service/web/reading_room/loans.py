"""Paper originals that are lent: what is out, lending, renewing, taking back, and the register."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from archive_service.custody.loans import LONGEST, RECORD, Lent
from archive_service.errors import NotFound, Text
from archive_service.people.policy import Action, require
from archive_service.reports.loan_register import loan_register
from archive_service.web.here import archive, done, language, local_time, names_of, person
from archive_service.web.holdings.reports import handed_out
from archive_service.web.reading_room.use import span
from archive_service.web.second import second_again

blueprint = Blueprint("loans", __name__, url_prefix="/custody/loans")


@blueprint.get("/")
def page() -> str:
    """Show what is out, with the forms to lend, to renew and to take back."""
    out = archive().loans.out(person())
    names = names_of([one.row.borrower_id for one in out])
    first, last = span()
    return render_template(
        "loans.html",
        out=[_shown(one, names) for one in out],
        record=request.args.get("record", ""),
        box=request.args.get("box", ""),
        longest=max(LONGEST.values()),
        first=first.isoformat(),
        last=last.isoformat(),
    )


def _shown(one: Lent, names: dict[str, str]) -> dict[str, Any]:
    row = one.row
    to = {"code": row.label} if row.kind == RECORD else {"box_no": row.label}
    return {
        "loan_no": row.loan_no,
        "label": row.label,
        "url": url_for("record.page" if row.kind == RECORD else "custody.box", **to),
        "who": names.get(row.borrower_id, ""),
        "unit": row.unit,
        "purpose": row.purpose,
        "lent": local_time(row.lent_at)[:10],
        "due": row.due_on.isoformat(),
        "late": one.late,
        "renewals": row.renewals,
    }


@blueprint.post("/")
def lend() -> AnyResponse:
    """Lend a record's papers or a box."""
    loan_no = archive().loans.lend(person(), request.form)
    done(f"已登记借出，借阅号 {loan_no}。", f"Entered as lent: {loan_no}.")
    return redirect(url_for("loans.page"), 303)


@blueprint.post("/<loan_no>/return")
def take_back(loan_no: str) -> AnyResponse:
    """Enter that something came back."""
    archive().loans.take_back(person(), loan_no, request.form.get("condition", ""))
    done(f"{loan_no} 已归还。", f"{loan_no} is back.")
    return redirect(url_for("loans.page"), 303)


@blueprint.post("/<loan_no>/renew")
def renew(loan_no: str) -> AnyResponse:
    """Lengthen a loan."""
    due = archive().loans.renew(person(), loan_no, request.form.get("days", ""))
    done(f"{loan_no} 续借至 {due.isoformat()}。", f"{loan_no} is renewed until {due.isoformat()}.")
    return redirect(url_for("loans.page"), 303)


@blueprint.get("/register.<form>")
@second_again
def register(form: str) -> Response:
    """Hand the register of loans out as a file."""
    require(person(), Action.KEEP_STORE)
    if form not in ("pdf", "xlsx"):
        raise NotFound("没有这种格式。", "There is no such form.")
    first, last = span()
    house = archive().settings.archive
    unit = Text(house.name_zh, house.name_en)
    return handed_out(loan_register(archive().loans, person(), first, last, unit, language()), form)
