"""What was used: the register to print and the figures of a year."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Response, render_template, request

from archive_service.errors import BadInput, NotFound, Text
from archive_service.people.model import PERMISSION_WORDS
from archive_service.people.policy import Action, require
from archive_service.reports.use_register import use_register
from archive_service.web.here import archive, language, person, words
from archive_service.web.holdings.reports import handed_out
from archive_service.web.second import second_again

blueprint = Blueprint("use", __name__, url_prefix="/use")


@blueprint.get("/")
def page() -> str:
    """Show the figures of a span of days, and where to take its register."""
    require(person(), Action.SEE_USE)
    first, last = span()
    figures = archive().use_register.statistics(person(), first, last)
    return render_template(
        "use.html",
        first=first.isoformat(),
        last=last.isoformat(),
        figures=figures,
        manners=[(words(text), figures.by_manner.get(name, 0)) for name, text in PERMISSION_WORDS.items()],
        months=[(month, count, month) for month, count in figures.by_month.items()],
    )


@blueprint.get("/register.<form>")
@second_again
def register(form: str) -> Response:
    """Hand the register of use out as a file; the log notes who took it."""
    require(person(), Action.SEE_USE)
    if form not in ("pdf", "xlsx"):
        raise NotFound("没有这种格式。", "There is no such form.")
    first, last = span()
    house = archive().settings.archive
    unit = Text(house.name_zh, house.name_en)
    return handed_out(
        use_register(archive().use_register, archive().people, person(), first, last, unit, language()), form
    )


def span() -> tuple[date, date]:
    """Return the days asked for; without any, this year until today."""
    today = archive().clock.today()
    first = _day("from", date(today.year, 1, 1))
    last = _day("to", today)
    if last < first:
        raise BadInput("结束日期早于开始日期。", "The last day lies before the first.")
    return first, last


def _day(name: str, otherwise: date) -> date:
    text = request.args.get(name, "").strip()
    if not text:
        return otherwise
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput("日期应写作 2026-03-01。", "Write a date as 2026-03-01.") from error
