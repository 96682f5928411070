"""The forecast: what becomes due, month by month and class by class, with the storage that it frees and the holds in the way."""

from __future__ import annotations

from collections import Counter

from flask import Blueprint, render_template, request

from archive_service.disposal.checking.forecast import ahead
from archive_service.errors import BadInput
from archive_service.web.desk.words import size_words
from archive_service.web.here import archive, class_name, number_of, person, t

blueprint = Blueprint("forecast", __name__, url_prefix="/disposal/forecast")

USUAL, MOST = 10, 60
MOST_BARS = 24


@blueprint.get("/")
def page() -> str:
    """Show the forecast as table and plot."""
    years = number_of(request.args.get("years", ""), "年数", "The number of years")
    years = USUAL if years is None else years
    if not 0 <= years <= MOST:
        raise BadInput(f"年数为 0 至 {MOST}。", f"The number of years is 0 to {MOST}.")
    found = ahead(archive().ledger, person(), years)
    by_year: Counter[str] = Counter()
    for one in found:
        by_year[one.month[:4]] += one.records
    return render_template(
        "forecast.html",
        section="disposal",
        years=years,
        most=MOST,
        bars=[(year, count) for year, count in sorted(by_year.items())][:MOST_BARS],
        rows=[
            {
                "month": one.month,
                "class": f"{one.class_code} {class_name(one.class_code)}",
                "records": one.records,
                "held": one.held or "",
                "size": size_words(one.size),
            }
            for one in found
        ],
        sentence=t(
            f"共 {sum(one.records for one in found)} 件，其中 {sum(one.held for one in found)} 件有冻结；"
            f"若全部销毁，可腾出 {size_words(sum(one.size for one in found))}（每份副本）。",
            f"{sum(one.records for one in found)} records, {sum(one.held for one in found)} of them on hold; if all were"
            f" destroyed, {size_words(sum(one.size for one in found))} would be freed in each copy.",
        ),
    )
