"""Redacted copies as lists show them, on a record's page as in the reading room."""

from __future__ import annotations

from typing import Any

from flask import url_for

from archive_service.errors import Text
from archive_service.reading_room.copies import Copy
from archive_service.reading_room.redactions import MADE, REFUSED, RELEASED, WITHDRAWN
from archive_service.web.here import level_badge, local_time, names_of, t, words

STATES: dict[str, tuple[str, Text]] = {
    MADE: ("queued", Text("待复核", "To be checked")),
    RELEASED: ("approved", Text("已放行", "Released")),
    REFUSED: ("failed", Text("已退回", "Sent back")),
    WITHDRAWN: ("", Text("已收回", "Taken back")),
}


def shown(copies: list[Copy]) -> list[dict[str, Any]]:
    """Return copies as lists show them."""
    names = names_of([who for one in copies for who in (one.row.made_by, one.row.checked_by) if who])
    return [
        {
            "code": one.code,
            "title": one.title or t("（无题名）", "(no title)"),
            "url": url_for("redactions.copy", redaction_id=one.row.id),
            "badges": [level_badge(one.row.level), (STATES[one.row.state][0], words(STATES[one.row.state][1]))],
            "made": local_time(one.row.made_at)[:10],
            "by": names.get(one.row.made_by, "") if one.whole else "",
            "checked_by": names.get(one.row.checked_by, "") if one.whole else "",
            "pages": one.row.pages,
            "reason": one.reason,
            "finding": one.finding,
        }
        for one in copies
    ]
