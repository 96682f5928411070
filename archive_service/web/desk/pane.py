"""The document in the middle of the desk: what the record is, its files, and its text once it is asked for."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from archive_service.catalog.records.browse import Whole
from archive_service.disposal.listing.views import ListView
from archive_service.errors import NotFound
from archive_service.people.policy import Action, Thing
from archive_service.web.desk.words import joined
from archive_service.web.here import archive, class_name, level_badge, local_time, may, person, t, type_name
from archive_service.web.holdings.catalogue import period_words
from index.extract.scans import apart

READER_BYTES = 2_000_000
"""Most of a text that the desk shows; the rest is in the file."""


def pane(view: ListView, item: dict[str, Any]) -> dict[str, Any]:
    """Return what the desk shows of one item; of a record that the viewer may not see only code, type and dates."""
    found = next(one for one in view.items if one.row.position == item["position"])
    record = found.record
    whole = _whole(record["code"]) if found.visible and may(Action.BROWSE) else None
    reads = "read" in request.args and _may_have_words(whole)
    return {
        "facts": _facts(record, whole, found),
        "badges": [level_badge(record["level"]), ("", period_words(found.candidate.period))],
        "whole": whole,
        "text": _text(whole) if reads and whole else None,
        "read_url": _desk(view, item, read=1) if _may_have_words(whole) and not reads else None,
        "previous": _neighbour(view, item, -1),
        "next": _neighbour(view, item, +1),
    }


def _may_have_words(whole: Whole | None) -> bool:
    """Say whether the text may stand here: it can be copied, so it is for those who may print; others read its pages."""
    if whole is None or whole.text is None:
        return False
    thing = Thing(level=whole.row["level"], record_id=whole.row["id"])
    return may(Action.READ_RECORD, thing) and may(Action.PRINT_RECORD, thing)


def _whole(code: str) -> Whole | None:
    try:
        return archive().catalogue.find(person(), code)
    except NotFound:  # hidden already, because its destruction has begun
        return None


def _facts(record: Any, whole: Whole | None, found: Any) -> list[tuple[str | None, list[tuple[str, Any]]]]:
    said = whole.description if whole else None
    return [
        (
            None,
            [
                (t("类", "Class"), class_name(record["class_code"])),
                (t("类型", "Type"), f"{record['type_code']} {type_name(record['type_code'])}"),
                (t("案卷", "Case file"), f"{whole.case.case_no} {whole.case.title}" if whole and whole.case else ""),
                (t("文件日期", "Document date"), record["document_date"]),
                (t("文号", "Document number"), said.document_no if said else ""),
                (t("责任者", "Responsible"), said.author if said else ""),
                (t("备注", "Note"), said.note if said else ""),
                (t("归档", "Filed"), local_time(record["filed_at"])),
                (t("规则", "Rule"), joined([found.candidate.rule_code, found.candidate.schedule_version])),
            ],
        )
    ]


def _neighbour(view: ListView, item: dict[str, Any], by: int) -> str | None:
    positions = [one.row.position for one in view.items]
    place = positions.index(item["position"]) + by
    if not 0 <= place < len(positions):
        return None
    return url_for("disposal_list.page", list_no=view.row.list_no, item=positions[place])


def _desk(view: ListView, item: dict[str, Any], **more: Any) -> str:
    return url_for("disposal_list.page", list_no=view.row.list_no, item=item["position"], **more)


def _text(whole: Whole) -> str:
    """Open the extracted text: policy, log entry, bytes, by the same way as any file."""
    assert whole.text is not None
    _, chunks = archive().catalogue.open_component(person(), whole.row["id"], whole.text.id, "read")
    data = bytearray()
    for chunk in chunks:
        data += chunk
        if len(data) > READER_BYTES:
            break
    plain, seen = apart(data[:READER_BYTES].decode("utf-8", "ignore"))
    return f"{plain}\n\n{t('〔以下由机器识别〕', '[recognised by machine]')}\n{seen}" if seen else plain
