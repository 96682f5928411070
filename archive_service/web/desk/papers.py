"""The papers of what a list destroyed, as its page shows them: where they lay, what was attested, who still must."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archive_service.disposal.listing.supervising import BEFORE
from archive_service.disposal.listing.views import ListView
from archive_service.disposal.model import ListState
from archive_service.web.here import archive, local_time, person, t


def papers_shown(view: ListView, names: Mapping[str, str]) -> dict[str, Any]:
    """Return the papers with what was attested of each; ``form`` says whether the viewer has to attest now."""
    found = archive().destruction.papers(person(), view.row.list_no)
    signed = {one.supervisor_id for one in view.supervisions if one.phase == BEFORE}
    waiting = [one for one in found if not one.attested] if view.row.state == ListState.ORDERED else []
    mine = person().id in signed and any(one.row is None or one.row.first_id != person().id for one in waiting)
    typed = next((one.row for one in waiting if one.row is not None), None)
    return {
        "rows": [(one.item.position, one.code, one.box_no, _said(one.row, names)) for one in found],
        "waiting": waiting,
        "form": bool(waiting) and mine,
        "entered": {"done_on": typed.done_on.isoformat(), "place": typed.place, "way": typed.way} if typed else {},
    }


def _said(row: Any, names: Mapping[str, str]) -> str:
    if row is None:
        return t("尚未见证", "Not attested yet")
    hands = ((row.first_id, row.first_at), (row.second_id, row.second_at))
    who = [f"{names.get(one, '')} {local_time(at)}" for one, at in hands if one]
    rest = "" if row.second_id else t("；等另一名监销人见证", "; the other supervisor must attest it")
    by = t("；见证：", "; attested by ")
    return f"{row.done_on.isoformat()}{t('，', ', ')}{row.place}{t('，', ', ')}{row.way}{by}{t('、', ', ').join(who)}{rest}"
