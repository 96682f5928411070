"""Registers that count: recordings, the general register with running totals, the yearly report, the note of a case file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from archive_service.audit import acts
from archive_service.audit.tables import entries
from archive_service.catalog.browse import Filters, Line
from archive_service.catalog.model import Description
from archive_service.catalog.tables import DESTROYED, components, records
from archive_service.clock import from_stamp
from archive_service.errors import BadInput, Text
from archive_service.people.model import Person
from archive_service.people.policy import Action, require
from archive_service.reports.catalogues import AUTHOR, CODE, DATE, NOTE, NUMBER, PERIOD, TITLE, Catalogues, Printing
from archive_service.reports.register import Cell, Column, Kind, Register

CARRIERS = {"ZP": Text("照片", "Photographs"), "LY": Text("录音", "Sound"), "LX": Text("录像", "Moving images")}
PERIODS = {"Y": Text("永久", "Permanent"), "D30": Text("30 年", "30 years"), "D10": Text("10 年", "10 years")}
COUNT = Column(Text("件数", "Items"), 8, Kind.NUMBER)


@dataclass(frozen=True)
class Totals:
    """Draws these registers up for a person, of what that person may see."""

    printing: Printing

    def recordings(self, actor: Person, filters: Filters, language: str) -> Register:
        """Draw up 音像档案目录: photographs, sound and moving images."""
        chosen = [one for one in self._described(actor, filters) if one[2] in CARRIERS]
        columns = (NUMBER, Column(Text("载体类型", "Carrier"), 9), CODE, TITLE, AUTHOR, DATE, PERIOD, NOTE)
        rows = [
            (
                number,
                CARRIERS[carrier].in_language(language),
                line.code,
                line.title,
                said.author,
                line.document_date,
                _period(line.period, language),
                said.note,
            )
            for number, (line, said, carrier) in enumerate(chosen, 1)
        ]
        return self.printing.register(actor, Catalogues.RECORDINGS, [], columns, rows, language)

    def ledger(self, actor: Person, language: str) -> Register:
        """Draw up 总登记簿: what came in and what was destroyed in each year, and what was held at its end."""
        came, went = self._by_year(actor, records.c.filed_at), self._by_year(actor, records.c.destroyed_at)
        columns = (
            NUMBER,
            Column(Text("年度", "Year"), 10, Kind.DATE),
            Column(Text("收进（件）", "Received"), 14, Kind.NUMBER),
            Column(Text("销毁（件）", "Destroyed"), 14, Kind.NUMBER),
            Column(Text("年末在库（件）", "Held at its end"), 16, Kind.NUMBER),
            NOTE,
        )
        rows: list[tuple[Cell, ...]] = []
        held = 0
        for number, year in enumerate(sorted({*came, *went}), 1):
            held += came[year] - went[year]
            rows.append((number, str(year), came[year], went[year], held, ""))
        return self.printing.register(actor, Catalogues.LEDGER, [], columns, rows, language)

    def yearly(self, actor: Person, year: int | None, language: str) -> Register:
        """Draw up 统计年报 of a year: holdings, what came and went, electronic files, use."""
        if year is None:
            raise BadInput("请填写年度。", "Please give the year.")
        columns = (
            NUMBER,
            Column(Text("指标", "Figure"), 50),
            Column(Text("数量", "Number"), 16, Kind.NUMBER),
            Column(Text("单位", "Unit"), 10),
            NOTE,
        )
        said = list(self._figures(actor, year, Text("件", "items")))
        rows = [
            (number, name.in_language(language), count, unit.in_language(language), "")
            for number, (name, count, unit) in enumerate(said, 1)
        ]
        fields = [(Text("年度", "Year").in_language(language), str(year))]
        return self.printing.register(actor, Catalogues.YEARLY, fields, columns, rows, language)

    def case_note(self, actor: Person, case_no: str, language: str) -> Register:
        """Draw up 卷内备考表 of a case file: how much lies in it, by state; who made the file and checked it signs."""
        case = self.printing.cases.case(case_no)
        lines = [line for line, _, _ in self._described(actor, Filters(case_no=case_no))]
        gone = sum(1 for line in lines if line.status == DESTROYED)
        figures = (
            (Text("卷内文件", "Items in the file"), len(lines) - gone),
            (
                Text("其中永久", "of these permanent"),
                sum(1 for line in lines if line.period == "Y" and line.status != DESTROYED),
            ),
            (Text("已销毁", "Destroyed"), gone),
        )
        columns = (NUMBER, Column(Text("本卷情况说明", "Of this file"), 50), COUNT, NOTE)
        rows = [(number, name.in_language(language), count, "") for number, (name, count) in enumerate(figures, 1)]
        fields = [
            (Text("案卷", "Case file").in_language(language), case.case_no),
            (Text("案卷题名", "Title").in_language(language), case.title),
        ]
        return self.printing.register(actor, Catalogues.CASE_NOTE, fields, columns, rows, language)

    def _described(self, actor: Person, filters: Filters) -> Iterator[tuple[Line, Description, str]]:
        for line, said in self.printing.catalogue.described(actor, filters):
            yield line, said, line.code.partition("-")[2][:2]

    def _by_year(self, actor: Person, stamp: Any) -> Counter[int]:
        """Count visible records by the civil year of an instant; hours are kept, for a year begins at midnight here."""
        require(actor, Action.BROWSE)
        hour = func.substr(stamp, 1, 13)
        query = (
            select(hour, func.count()).where(self.printing.catalogue.seen_by(actor), stamp.is_not(None)).group_by(hour)
        )
        found: Counter[int] = Counter()
        zone = self.printing.ledger.clock.zone
        with self.printing.ledger.read() as connection:
            for begun, count in connection.execute(query):
                found[from_stamp(f"{begun}:00:00.000000Z").astimezone(zone).year] += count
        return found

    def _figures(self, actor: Person, year: int, item: Text) -> Iterator[tuple[Text, int, Text]]:
        came, went = self._by_year(actor, records.c.filed_at), self._by_year(actor, records.c.destroyed_at)
        yield Text("本年收进", "Received in the year"), came[year], item
        yield Text("本年销毁", "Destroyed in the year"), went[year], item
        held = sum(count for at, count in came.items() if at <= year) - sum(n for at, n in went.items() if at <= year)
        yield Text("年末在库", "Held at the end of the year"), held, item
        seen = (self.printing.catalogue.seen_by(actor), records.c.status != DESTROYED)
        with self.printing.ledger.read() as connection:
            periods = connection.execute(select(records.c.period, func.count()).where(*seen).group_by(records.c.period))
            for period, count in sorted(periods.all(), key=lambda one: (one[0] != "Y", one[0])):
                words = PERIODS.get(period, Text(period, period))
                yield Text(f"现在库：{words.zh}", f"Held now: {words.en.lower()}"), count, item
            files = connection.execute(
                select(func.count(), func.coalesce(func.sum(components.c.size), 0))
                .join(records, records.c.id == components.c.record_id)
                .where(*seen, components.c.role.in_(("original", "attachment")))
            ).one()
            read = connection.execute(
                select(func.count())
                .join(records, records.c.id == entries.c.object_id)
                .where(seen[0], entries.c.act == acts.RECORD_READ.name, func.substr(entries.c.at, 1, 4) == str(year))
            ).scalar_one()
        yield Text("现有电子文件", "Computer files held now"), files[0], Text("个", "files")
        yield Text("现有电子档案容量", "Their size"), -(-int(files[1]) // 1_048_576), Text("MiB", "MiB")
        yield Text("本年阅览", "Read in the year"), read, Text("次", "times")
        yield Text("案卷", "Case files"), len(self.printing.cases.all_cases()), Text("卷", "files")


def _period(code: str, language: str) -> str:
    return PERIODS.get(code, Text(code, code)).in_language(language)
