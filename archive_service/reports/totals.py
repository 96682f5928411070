"""Registers that count: recordings, the general register with running totals, the yearly report, the note of a case file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from archive_service.audit import acts
from archive_service.audit.tables import entries
from archive_service.catalog.model import Description
from archive_service.catalog.records.browse import Filters, Line
from archive_service.catalog.tables import DESTROYED, components, records
from archive_service.clock import from_stamp
from archive_service.custody.tables import boxes, rooms
from archive_service.disposal.tables import transfer_items, transfer_packages
from archive_service.disposal.transfer_custody import PackageState
from archive_service.errors import BadInput, Text
from archive_service.people.model import Person
from archive_service.people.policy import Action, can, require
from archive_service.reading_room.use import UseRegister
from archive_service.reports.catalogues import AUTHOR, CODE, DATE, NOTE, NUMBER, PERIOD, TITLE, Catalogues, Printing
from archive_service.reports.register import Cell, Column, Kind, Register

CARRIERS = {"ZP": Text("照片", "Photographs"), "LY": Text("录音", "Sound"), "LX": Text("录像", "Moving images")}
PERIODS = {"Y": Text("永久", "Permanent"), "D30": Text("30 年", "30 years"), "D10": Text("10 年", "10 years")}
COUNT = Column(Text("件数", "Items"), 8, Kind.NUMBER)


@dataclass(frozen=True)
class Totals:
    """Draws these registers up for a person, of what that person may see."""

    printing: Printing
    use: UseRegister

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
        """Draw up 总登记簿: what came in, was handed over and destroyed in each year and so far, and what was held at its end."""
        came, went = self._by_year(actor, records.c.filed_at), self._by_year(actor, records.c.destroyed_at)
        moved = self._moved_out(actor)
        columns = (
            NUMBER,
            Column(Text("年度", "Year"), 10, Kind.DATE),
            Column(Text("收进（件）", "Received"), 12, Kind.NUMBER),
            Column(Text("移出（件）", "Handed over"), 12, Kind.NUMBER),
            Column(Text("销毁（件）", "Destroyed"), 12, Kind.NUMBER),
            Column(Text("累计收进", "Received so far"), 12, Kind.NUMBER),
            Column(Text("累计移出", "Handed over so far"), 12, Kind.NUMBER),
            Column(Text("累计销毁", "Destroyed so far"), 12, Kind.NUMBER),
            Column(Text("年末在库（件）", "Held at its end"), 14, Kind.NUMBER),
            NOTE,
        )
        rows: list[tuple[Cell, ...]] = []
        so_far = [0, 0, 0]
        for number, year in enumerate(sorted({*came, *moved, *went}), 1):
            of_year = (came[year], moved[year], went[year])
            so_far = [before + count for before, count in zip(so_far, of_year, strict=True)]
            # What was handed over is held here too, until a list of its own removes it; then it counts as destroyed.
            rows.append((number, str(year), *of_year, *so_far, so_far[0] - so_far[2], ""))
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

    def _figures(self, actor: Person, year: int, item: Text) -> Iterator[tuple[Text, Cell, Text]]:
        came, went = self._by_year(actor, records.c.filed_at), self._by_year(actor, records.c.destroyed_at)
        yield Text("本年收进", "Received in the year"), came[year], item
        yield Text("本年移出", "Handed over in the year"), self._moved_out(actor)[year], item
        yield Text("本年销毁", "Destroyed in the year"), went[year], item
        held = sum(count for at, count in came.items() if at <= year) - sum(n for at, n in went.items() if at <= year)
        yield Text("年末在库", "Held at the end of the year"), held, item
        seen = (self.printing.catalogue.seen_by(actor), records.c.status != DESTROYED)
        with self.printing.ledger.read() as connection:
            periods = connection.execute(select(records.c.period, func.count()).where(*seen).group_by(records.c.period))
            for period, count in sorted(periods.all(), key=lambda one: (one[0] != "Y", one[0])):
                words = PERIODS.get(period, Text(period, period))
                yield Text(f"现在库：{words.zh}", f"Held now: {words.en.lower()}"), count, item
            for carrier, words in CARRIERS.items():
                some = select(func.count()).select_from(records).where(*seen, records.c.category.startswith(carrier))
                yield (
                    Text(f"现在库：{words.zh}", f"Held now: {words.en.lower()}"),
                    connection.execute(some).scalar_one(),
                    item,
                )
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
        yield from self._use_and_store(actor, year)
        for by_hand in (
            Text("专职档案人员（手填）", "Full-time archivists (by hand)"),
            Text("库房面积（手填）", "Area of the storerooms (by hand)"),
            Text("设备（手填）", "Equipment (by hand)"),
        ):
            yield by_hand, "", Text("", "")

    def _use_and_store(self, actor: Person, year: int) -> Iterator[tuple[Text, Cell, Text]]:
        """Yield the figures of use and of the store, for those who may see them; one person on one day is one visit."""
        if can(actor, Action.SEE_USE).allowed:
            used = self.use.statistics(actor, date(year, 1, 1), date(year, 12, 31))
            yield Text("本年利用", "Users in the year"), used.visits, Text("人次", "visits")
            yield Text("本年利用档案", "Records used in the year"), used.records, Text("件次", "times")
            yield Text("本年利用页数", "Pages used in the year"), used.pages, Text("页", "pages")
        if can(actor, Action.KEEP_STORE).allowed:
            with self.printing.ledger.read() as connection:
                for table, name, unit in (
                    (rooms, Text("库房", "Storerooms"), Text("间", "rooms")),
                    (boxes, Text("档案盒", "Boxes"), Text("盒", "boxes")),
                ):
                    yield name, connection.execute(select(func.count()).select_from(table)).scalar_one(), unit

    def _moved_out(self, actor: Person) -> Counter[int]:
        """Count visible records by the year in which a receipt moved their custody to another archive."""
        require(actor, Action.BROWSE)
        query = (
            select(transfer_packages.c.received_on, func.count())
            .select_from(records)
            .join(transfer_items, transfer_items.c.record_id == records.c.id)
            .join(transfer_packages, transfer_packages.c.id == transfer_items.c.package_id)
            .where(
                self.printing.catalogue.seen_by(actor),
                ~transfer_items.c.returned,
                transfer_packages.c.state == PackageState.CUSTODY_MOVED,
            )
            .group_by(transfer_packages.c.received_on)
        )
        found: Counter[int] = Counter()
        with self.printing.ledger.read() as connection:
            for day, count in connection.execute(query):
                found[day.year] += count
        return found


def _period(code: str, language: str) -> str:
    return PERIODS.get(code, Text(code, code)).in_language(language)
