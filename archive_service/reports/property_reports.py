"""四性检测报告: a check of the four properties to print (DOMAIN.md 8)."""

from __future__ import annotations

from collections.abc import Mapping

from archive_service.catalog.properties.items import PROPERTY_WORDS, RESULT_WORDS, STAGE_WORDS
from archive_service.catalog.properties.service import Report
from archive_service.catalog.records.browse import Line
from archive_service.errors import Text
from archive_service.reports.register import Column, Kind, Register

COLUMNS = (
    Column(Text("性质", "Property"), 9),
    Column(Text("编号", "No."), 5, Kind.CODE),
    Column(Text("检测项", "Item"), 26),
    Column(Text("结果", "Result"), 10),
    Column(Text("依据", "Evidence"), 50),
)


def property_report(
    report: Report,
    line: Line,
    unit: Text,
    made_at: str,
    tester: str,
    language: str,
    signed: Mapping[str, str] | None = None,
) -> Register:
    """Return a report as a register; ``made_at``, ``tester`` and who ``signed`` an item are written as people read them."""
    signed = signed or {}
    rows = [
        (
            PROPERTY_WORDS[one.number[0]].in_language(language),
            one.number,
            one.item.name.in_language(language),
            RESULT_WORDS[one.result].in_language(language),
            " ".join(part for part in (one.evidence.in_language(language), signed.get(one.number, "")) if part),
        )
        for one in report.outcomes
    ]
    fields = [
        (Text("档号", "Archival code"), line.code),
        (Text("题名", "Title"), line.title),
        (Text("环节", "Stage"), STAGE_WORDS[report.stage].in_language(language)),
        (Text("结论", "Verdict"), RESULT_WORDS[report.verdict].in_language(language)),
        (Text("检测人", "Tester"), tester),
        (Text("检测时间", "Time"), made_at),
    ]
    return Register(
        title=Text("四性检测报告", "Report of the four-property check").in_language(language),
        unit=unit.in_language(language),
        drawn_up_on=made_at[:10],
        fields=[(name.in_language(language), value) for name, value in fields],
        columns=COLUMNS,
        rows=rows,
        signatures=[one.in_language(language) for one in (Text("检测人", "Tester"), Text("审核人", "Reviewer"))],
        language=language,
    )
