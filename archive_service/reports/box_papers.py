"""Papers of a box and of a case file: what goes onto the box, and the notes that lie at the end (备考表, 卷内备考表)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archive_service.custody.places import InBox
from archive_service.errors import Text
from archive_service.people.model import LEVEL_WORDS, OPEN_LEVELS
from archive_service.reports.catalogues import CODE, DATE, LEVEL, NOTE, NUMBER, TITLE
from archive_service.reports.labels import BoxLabel
from archive_service.reports.register import Column, Kind, Register

PAGES = Column(Text("页数", "Pages"), 6, Kind.NUMBER)


def box_label(box: Any, lying: Sequence[InBox], fonds_name: str, language: str) -> BoxLabel:
    """Return what stands on a box; the first and last item are those that the person who prints it sees."""
    ends = [one.line.code.rsplit("-", 1)[-1] for one in lying]
    span = f"{ends[0]} – {ends[-1]}" if ends else ""
    fields = (
        (Text("全宗号", "Fonds"), f"{box.fonds_no}"),
        (Text("全宗名称", "Name"), fonds_name),
        (Text("年度", "Year"), str(box.year)),
        (Text("保管期限", "Period"), period_words(box.period).in_language(language)),
        (Text("机构（问题）", "Unit or problem"), box.problem),
        (Text("起止件号", "Items"), span),
        (Text("盒号", "Box"), f"{box.number:03d}"),
    )
    return BoxLabel(box.box_no, box.millimetres, [(name.in_language(language), value) for name, value in fields])


def box_note(box: Any, lying: Sequence[InBox], unit: str, day: str, language: str) -> Register:
    """Return 备考表 of a box with the list of what lies in it."""
    rows = [
        (
            one.position,
            one.line.code,
            one.line.title,
            one.line.document_date,
            "" if one.line.level in OPEN_LEVELS else LEVEL_WORDS[one.line.level].in_language(language),
            one.pages or "",
            "",
        )
        for one in lying
    ]
    fields = (
        (Text("盒号", "Box"), box.box_no),
        (Text("架位", "Shelf"), f"{box.room} {box.shelf}"),
        (Text("保管期限", "Period"), period_words(box.period).in_language(language)),
    )
    said = box.note or Text("无需说明的情况。", "There is nothing to be said of it.").in_language(language)
    return Register(
        title=Text("备考表", "Note on a box").in_language(language),
        unit=unit,
        drawn_up_on=day,
        fields=[(name.in_language(language), value) for name, value in fields],
        columns=(NUMBER, CODE, TITLE, DATE, LEVEL, PAGES, NOTE),
        rows=rows,
        signatures=[one.in_language(language) for one in (Text("整理人", "Arranged by"), Text("检查人", "Checked by"))],
        note=Text("盒内文件情况说明：", "Of what lies in the box: ").in_language(language) + said,
        language=language,
    )


def period_words(code: str) -> Text:
    """Return a period in words."""
    return Text("永久", "Permanent") if code == "Y" else Text(f"{code[1:]} 年", f"{code[1:]} years")
