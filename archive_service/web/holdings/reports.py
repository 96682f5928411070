"""Catalogues to print and bind, as PDF or XLSX."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, Response, render_template, request

from archive_service.audit import acts
from archive_service.catalog.records.browse import Filters
from archive_service.errors import NotFound
from archive_service.people.model import OPEN_LEVELS
from archive_service.people.policy import Action, require
from archive_service.reports.catalogues import NAMES, Catalogues
from archive_service.reports.covers import cover, stamp_on_paper, stamp_sheet
from archive_service.reports.ledgers import Ledgers, stamp_of
from archive_service.reports.pdf import as_pdf
from archive_service.reports.register import Register
from archive_service.reports.totals import Totals
from archive_service.reports.xlsx import as_xlsx
from archive_service.web.here import archive, language, number_of, person, t, words
from archive_service.web.holdings.catalogue import case_options, case_said
from archive_service.web.second import second_again

blueprint = Blueprint("reports", __name__, url_prefix="/reports")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/")
def page() -> str:
    """Show what can be printed."""
    require(person(), Action.BROWSE)
    return render_template(
        "reports.html",
        names={kind.value: words(text) for kind, text in NAMES.items()},
        classes=[(one.code, f"{one.code} {words(one.name)}") for one in archive().schedules.plan.classes],
        cases=case_options(),
        confidential=bool(person().clearance - set(OPEN_LEVELS)),
    )


@blueprint.get("/<kind>.<form>")
@second_again
def written(kind: str, form: str) -> Response:
    """Draw up a register and hand it out as a file; the log notes who took which."""
    if kind not in {one.value for one in Catalogues} or form not in ("pdf", "xlsx"):
        raise NotFound("没有这种目录。", "There is no such register.")
    return handed_out(_draw_up(Catalogues(kind)), form)


@blueprint.get("/cover.pdf")
@second_again
def cover_page() -> Response:
    """Hand out the cover of a case file."""
    case_no = case_said(request.args.get("case", "")) or ""
    return _pdf(cover(ledgers().cover(person(), case_no, language()), language()), t("案卷封面", "Cover"), case_no)


@blueprint.get("/stamps.pdf")
@second_again
def stamps() -> Response:
    """Hand out archival stamps: of all that fit a filter, or of one record, to be printed onto its paper."""
    code, chosen = request.args.get("code", ""), request.args
    if code:
        line = archive().catalogue.find(person(), code).line
        data = stamp_on_paper(stamp_of(line.code, line.year, line.period), language())
        count = 1
    else:
        year = number_of(chosen.get("year", ""), "年度", "The year")
        filters = Filters(class_code=chosen.get("class", ""), case_no=chosen.get("case", ""), year=year)
        found = ledgers().stamps(person(), filters)
        data, count = stamp_sheet(found, t("归档章", "Stamps"), language()), len(found)
    archive().ledger.note(person().id, acts.REGISTER_WRITTEN, "register", "stamps", rows=count)
    return _pdf(data, t("归档章", "Stamps"), code)


def ledgers() -> Ledgers:
    """Return what draws up the registers that the archive keeps of itself."""
    return Ledgers(archive().printing, archive().people, archive().transfers)


def _pdf(data: bytes, title: str, about: str) -> Response:
    response = Response(data, mimetype="application/pdf")
    name = quote(f"{title} {about}.pdf".replace(" .", "."), safe="")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return response


def handed_out(register: Register, form: str) -> Response:
    """Return a register as a file to be saved, PDF or XLSX."""
    data, media_type = (as_pdf(register), "application/pdf") if form == "pdf" else (as_xlsx(register), XLSX)
    response = Response(data, mimetype=media_type)
    name = quote(f"{register.title} {register.drawn_up_on}.{form}", safe="")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return response


def _draw_up(kind: Catalogues) -> Register:
    printing, chosen = archive().printing, request.args
    if kind is Catalogues.CASE:
        return printing.case(person(), case_said(chosen.get("case", "")) or "", language())
    if kind is Catalogues.CASES:
        return printing.all_cases(person(), language())
    totals, year = Totals(printing, archive().use_register), number_of(chosen.get("year", ""), "年度", "The year")
    if kind is Catalogues.LEDGER:
        return totals.ledger(person(), language())
    if kind is Catalogues.YEARLY:
        return totals.yearly(person(), year, language())
    if kind is Catalogues.CASE_NOTE:
        return totals.case_note(person(), case_said(chosen.get("case", "")) or "", language())
    if kind is Catalogues.CATALOGUES:
        return ledgers().catalogues(person(), language())
    if kind is Catalogues.TRANSFERRED:
        return ledgers().transferred(person(), language())
    if kind is Catalogues.MOVED:
        return ledgers().moved(person(), year, language())
    filters = Filters(
        class_code=chosen.get("class", ""),
        case_no=chosen.get("case", ""),
        year=year,
    )
    if kind is Catalogues.RECORDINGS:
        return totals.recordings(person(), filters, language())
    return printing.items(person(), filters, language(), confidential=kind is Catalogues.CONFIDENTIAL)
