"""The appraisal list 到期鉴定清单 on paper: its columns (DOMAIN 8), counted as the rules counted when it was queued."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from archive_service.disposal.listing.views import ItemView
from archive_service.disposal.model import Opinion
from archive_service.web.desk.words import kept_years, opinion_of, title_of
from archive_service.web.here import archive, local_time, t
from archive_service.web.holdings.catalogue import period_words
from retention_policies import Decision, RetentionError, replay


def sheet_row(item: ItemView, names: Mapping[str, str]) -> dict[str, Any]:
    """Return one line of the sheet; a title that this person may not see stays masked on paper too."""
    row, candidate = item.row, item.candidate
    counted = _counted(candidate.inputs)
    start = counted.clock_start if counted else None
    last = counted.last_day if counted else None
    return {
        "position": row.position,
        "code": item.record["code"],
        "title": title_of(item.record, item.visible),
        "date": item.record["document_date"].isoformat(),
        "period": period_words(candidate.period),
        "start": start.isoformat() if start else "",
        "last": last.isoformat() if last else "",
        "kept": kept_years(start, archive().clock.today()) if start else "",
        "opinion": opinion_of(row),
        "reason": row.reason or "",
        "new": _new_period(row, last),
        "appraiser": names.get(row.appraiser_id, "") if row.appraiser_id else "",
        "appraised": local_time(row.appraised_at)[:10],
        "held": "、".join(hold.reference for hold in item.holds),
    }


def _counted(inputs: str) -> Decision | None:
    try:
        return replay(json.loads(inputs))
    except (RetentionError, ValueError):
        return None


def _new_period(row: Any, last: date | None) -> str:
    if row.opinion == Opinion.PERMANENT:
        return t("永久", "For ever")
    if row.opinion != Opinion.EXTEND:
        return ""
    years = row.extension_years
    if last is None or last.year + years > 9999:
        return t(f"延长 {years} 年", f"{years} years more")
    return t(f"延长 {years} 年，至 {last.year + years} 年底", f"{years} years more, to the end of {last.year + years}")
