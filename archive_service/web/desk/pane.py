"""The document in the middle of the desk: what the record is, its files, and one of them open beside the list when asked.

``?read=text`` opens the extracted text, ``?read=pages`` a file as in the reading room: its pages as pictures, or a
recording. What is open stays open from item to item, so that a list is read through side by side with its reasons.
Every text and every picture is entered in the log before it is sent, by the same way as in the reading room.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from archive_service.catalog.records.browse import Component, Whole
from archive_service.disposal.listing.views import ListView
from archive_service.errors import NotFound
from archive_service.people.policy import Action, Thing
from archive_service.web.desk.words import joined
from archive_service.web.here import archive, class_name, level_badge, local_time, may, number_of, person, t, type_name
from archive_service.web.holdings.catalogue import period_words
from index.extract.scans import apart

READER_BYTES = 2_000_000
"""Most of a text that the desk shows; the rest is in the file."""

TEXT, PAGES = "text", "pages"


@dataclass(frozen=True)
class Desk:
    """An item on the desk: its list and position, its record, and what the viewer may open of it."""

    view: ListView
    position: int
    whole: Whole | None
    files: tuple[Component, ...]
    text: bool

    def url(self, **more: Any) -> str:
        """Return the address of this item on the desk."""
        return url_for("disposal_list.page", list_no=self.view.row.list_no, item=self.position, **more)

    def way(self) -> str:
        """Return what is open: what was asked for, or where this record lacks it what it has; empty for nothing."""
        wanted = reading()
        open_here = [way for way, has in ((TEXT, self.text), (PAGES, bool(self.files))) if has]
        return wanted if wanted in open_here else open_here[0] if wanted and open_here else ""


def reading() -> str:
    """Return what the viewer has open at the desk, so that the next item opens in the same way; empty for nothing."""
    asked = request.values.get("read", "")
    return PAGES if asked == PAGES else TEXT if asked else ""


def pane(view: ListView, item: dict[str, Any]) -> dict[str, Any]:
    """Return what the desk shows of one item; of a record that the viewer may not see only code, type and dates."""
    found = next(one for one in view.items if one.row.position == item["position"])
    record = found.record
    whole = _whole(record["code"]) if found.visible and may(Action.BROWSE) else None
    desk = _desk(view, item["position"], whole)
    way = desk.way()
    return {
        "facts": _facts(record, whole, found),
        "badges": [level_badge(record["level"]), ("", period_words(found.candidate.period))],
        "whole": whole,
        "reading": reading(),
        "text": _text(whole) if way == TEXT and whole else None,
        "open": _open(desk) if way == PAGES else None,
        "text_url": desk.url(read=TEXT) if desk.text else None,
        "file_urls": {file.id: desk.url(read=PAGES, file=file.id) for file in desk.files},
        "read_url": desk.url(read=TEXT if desk.text else PAGES) if not way and (desk.text or desk.files) else None,
        "close_url": desk.url() if way else None,
        "previous": _neighbour(view, item, -1),
        "next": _neighbour(view, item, +1),
    }


def _desk(view: ListView, position: int, whole: Whole | None) -> Desk:
    """Say what may be opened: pages by those who may read, words that can be copied only by those who may print."""
    if whole is None:
        return Desk(view, position, None, (), text=False)
    thing = Thing(level=whole.row["level"], record_id=whole.row["id"])
    if not may(Action.READ_RECORD, thing):
        return Desk(view, position, whole, (), text=False)
    files = tuple(file for file in whole.files if archive().viewer.way(whole, file))
    return Desk(view, position, whole, files, text=whole.text is not None and may(Action.PRINT_RECORD, thing))


def _open(desk: Desk) -> dict[str, Any]:
    """Return the file that lies open, the one asked for or the first, with the page and its neighbours."""
    whole, wanted = desk.whole, request.values.get("file", "")
    assert whole is not None
    file = next((one for one in desk.files if one.id == wanted), desk.files[0])
    here: dict[str, Any] = {"code": whole.line.code, "component_id": file.id}
    if archive().viewer.way(whole, file) == "play":
        return {"file": file, "media_url": url_for("reading.play", **here)}
    pages = archive().viewer.count(person(), whole.line.code, file.id)
    number = max(1, number_of(request.values.get("page", ""), "页码", "The page") or 1)
    number = min(number, pages or number)
    turn = {"read": PAGES, "file": file.id}
    return {
        "file": file,
        "picture_url": url_for("reading.picture", number=number, **here),
        "number": number,
        "pages": pages,
        "before": desk.url(**turn, page=number - 1) if number > 1 else None,
        "after": desk.url(**turn, page=number + 1) if pages and number < pages else None,
    }


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
    more: dict[str, Any] = {"read": reading(), "_anchor": "item"} if reading() else {}
    return url_for("disposal_list.page", list_no=view.row.list_no, item=positions[place], **more)


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
