"""The first page: what waits, what was filed last, what falls due."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, url_for

from archive_service.catalog.records.browse import Line
from archive_service.people.policy import Action
from archive_service.web import waits
from archive_service.web.here import archive, level_badge, local_time, may, names_of, opened, person, t, today_in_words

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def page() -> str:
    """Show the first page."""
    browses = may(Action.BROWSE)
    return render_template(
        "home.html",
        today=today_in_words(archive().clock.today()),
        waits=waits.waiting(),
        filings=_filings() if browses else [],
        due=_due() if may(Action.SEE_DISPOSAL) else [],
        due_caption=t("今后十二个月到期待鉴定的件数", "Records due for appraisal in the coming twelve months"),
        numbers=_numbers() if browses else [],
        file_url=url_for("filing.page") if may(Action.FILE_RECORD) else None,
        due_url=url_for("disposal.queue") if may(Action.SEE_DISPOSAL) and opened("disposal.queue") else None,
    )


def _filings() -> list[dict[str, Any]]:
    lines = archive().catalogue.latest(person())
    filed = [(line, archive().catalogue.find(person(), line.id).row) for line in lines]
    names = names_of([row["filed_by"] for _, row in filed])
    return [
        {
            "code": line.code,
            "url": url_for("record.page", code=line.code),
            "title": line.title,
            "when": local_time(row["filed_at"]),
            "who": names.get(row["filed_by"], ""),
            "badges": badges_of(line),
        }
        for line, row in filed
    ]


def badges_of(line: Line) -> list[tuple[str, str]]:
    """Return the badges of a record in a list: its level, and its state where that says something."""
    found = [level_badge(line.level)]
    if line.status == "destroyed":
        found.append(("destroyed", t("已销毁", "Destroyed")))
    elif line.due_on and line.due_on <= archive().clock.today().isoformat():
        found.append(("due", t("已到期", "Due")))
    return found


def _numbers() -> list[tuple[str, str, str | None]]:
    counting, url = archive().counting, url_for("catalogue.page")
    return [
        (t("在册档案（件）", "Records"), str(counting.holdings(person())), url),
        (t("案卷", "Case files"), f"{counting.case_files(person()):,}", url_for("catalogue.by", axis="inspection")),
    ]


def _due() -> list[tuple[str, int, str]]:
    today = archive().clock.today()
    months = [divmod(today.year * 12 + today.month - 1 + ahead, 12) for ahead in range(12)]
    counted: dict[str, int] = {}
    for month, _, count in archive().disposal.forecast(person(), years=2):
        counted[month] = counted.get(month, 0) + count
    keys = [f"{year:04d}-{month + 1:02d}" for year, month in months]
    return [(key[5:] if place else key[2:], counted.get(key, 0), key) for place, key in enumerate(keys)]
