"""Registers that an archive keeps of itself: its catalogues 目录登记簿, what was handed over 移交登记簿, what came out and in 出入库登记簿."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from archive_service.catalog.records.browse import Filters, Line
from archive_service.catalog.tables import fonds, records
from archive_service.clock import from_stamp, to_stamp
from archive_service.custody.tables import boxes, moves
from archive_service.disposal.transfer.transfers import Transfers
from archive_service.disposal.transfer_custody import NATURES, PACKAGE_WORDS, PackageState
from archive_service.errors import BadInput, Text
from archive_service.people.model import Person
from archive_service.people.policy import Action, require
from archive_service.people.service import People
from archive_service.reports.catalogues import MOST, NOTE, NUMBER, PERIOD, Catalogues, Printing, period_of
from archive_service.reports.covers import Cover, Stamp
from archive_service.reports.register import Cell, Column, Kind, Register

COUNT = Column(Text("件数", "Items"), 7, Kind.NUMBER)
YEAR = Column(Text("年度", "Year"), 6, Kind.DATE)
DAY = Column(Text("日期", "Date"), 10, Kind.DATE)


@dataclass(frozen=True)
class Ledgers:
    """Draws these registers up, and what is printed onto papers, for a person and of what that person may see."""

    printing: Printing
    people: People
    transfers: Transfers

    def catalogues(self, actor: Person, language: str) -> Register:
        """Draw up 目录登记簿: one row for each catalogue that is bound (fonds, class, year, period), with its extent."""
        require(actor, Action.BROWSE)
        key = (fonds.c.fonds_no, records.c.class_code, records.c.year, records.c.period)
        query = (
            select(
                *key,
                func.count().label("items"),
                func.min(records.c.code).label("first"),
                func.max(records.c.code).label("last"),
            )
            .join(fonds, fonds.c.id == records.c.fonds_id)
            .where(self.printing.catalogue.seen_by(actor))
            .group_by(*key)
            .order_by(*key)
        )
        with self.printing.ledger.read() as connection:
            found = connection.execute(query).all()
        names = {one.code: one.name for one in self.printing.catalogue.schedules.plan.classes}
        columns = (
            NUMBER,
            Column(Text("全宗号", "Fonds"), 7, Kind.CODE),
            Column(Text("目录名称（类）", "Catalogue (class)"), 22),
            YEAR,
            PERIOD,
            COUNT,
            Column(Text("起止档号", "Codes"), 40, Kind.CODE),
            NOTE,
        )
        rows: list[tuple[Cell, ...]] = [
            (
                number,
                row.fonds_no,
                f"{row.class_code} {names.get(row.class_code, Text('', '')).in_language(language)}",
                str(row.year),
                period_of(row.period, language),
                row.items,
                row.first if row.first == row.last else f"{row.first} – {row.last}",
                "",
            )
            for number, row in enumerate(found, 1)
        ]
        return self.printing.register(actor, Catalogues.CATALOGUES, [], columns, rows, language)

    def transferred(self, actor: Person, language: str) -> Register:
        """Draw up 移交登记簿: every package, whom it went to, and what came back for it."""
        columns = (
            NUMBER,
            Column(Text("移交包号", "Package"), 12, Kind.CODE),
            Column(Text("清册号", "List"), 12, Kind.CODE),
            Column(Text("接收单位", "Receiver"), 20),
            Column(Text("性质", "Nature"), 8),
            COUNT,
            Column(Text("交出日期", "Handed over"), 10, Kind.DATE),
            Column(Text("收到日期", "Received"), 10, Kind.DATE),
            Column(Text("回执编号", "Receipt"), 12),
            Column(Text("状态", "State"), 12),
            NOTE,
        )
        views = sorted(self.transfers.all(actor), key=lambda view: str(view.row.package_no))
        rows: list[tuple[Cell, ...]] = [
            (
                number,
                view.row.package_no,
                view.list_no,
                view.row.receiver,
                NATURES[view.row.nature].in_language(language),
                len(view.codes),
                self._day(view.row.handed_over_at),
                view.row.received_on.isoformat() if view.row.received_on else "",
                view.row.receipt_no or "",
                PACKAGE_WORDS[PackageState(view.row.state)].in_language(language),
                view.row.returned_reason or "",
            )
            for number, view in enumerate(views, 1)
        ]
        return self.printing.register(actor, Catalogues.TRANSFERRED, [], columns, rows, language)

    def moved(self, actor: Person, year: int | None, language: str) -> Register:
        """Draw up 出入库登记簿 of a year: every move of a box, and of each paper that the person sees."""
        require(actor, Action.KEEP_STORE)
        if year is None:
            raise BadInput("请填写年度。", "Please give the year.")
        found = self._moves(year)
        seen: dict[str, Line] = {}
        ids = [row.object_id for row in found if row.kind == "record"]
        for start in range(0, len(ids), 500):
            seen |= self.printing.catalogue.by_ids(actor, ids[start : start + 500])
        with self.printing.ledger.read() as connection:
            numbers = {row.id: row.box_no for row in connection.execute(select(boxes.c.id, boxes.c.box_no))}
        shown = [row for row in found if row.kind == "box" or row.object_id in seen]
        names = self.people.names([row.moved_by for row in shown])
        columns = (
            NUMBER,
            DAY,
            Column(Text("盒号或档号", "Box or code"), 26, Kind.CODE),
            Column(Text("出自", "From"), 16),
            Column(Text("入至", "To"), 16),
            Column(Text("事由", "Reason"), 20),
            Column(Text("经办人", "By"), 10),
            NOTE,
        )
        rows: list[tuple[Cell, ...]] = [
            (
                number,
                self._day(row.moved_at),
                numbers.get(row.object_id, "") if row.kind == "box" else seen[row.object_id].code,
                _place(row.came_from, language),
                _place(row.went_to, language),
                row.reason,
                names.get(row.moved_by, ""),
                "",
            )
            for number, row in enumerate(shown, 1)
        ]
        fields = [(Text("年度", "Year").in_language(language), str(year))]
        return self.printing.register(actor, Catalogues.MOVED, fields, columns, rows, language)

    def cover(self, actor: Person, case_no: str, language: str) -> Cover:
        """Return what stands on the cover of a case file, of what the person sees."""
        require(actor, Action.BROWSE)
        case = self.printing.cases.case(case_no)
        register = self.printing.case(actor, case_no, language)  # in the order of its dates, and noted in the log
        lines = self.printing.catalogue.by_codes(actor, [str(row[1]) for row in register.rows])
        dates = sorted(line.document_date for line in lines)
        periods = sorted({line.period for line in lines}, key=lambda code: (code != "Y", -int(code[1:] or 0)))
        with self.printing.ledger.read() as connection:
            unit = connection.execute(select(fonds).where(fonds.c.id == case.fonds_id)).one()
        return Cover(
            unit=unit.name_zh if language == "zh" else unit.name_en,
            category=Text("安全生产考核巡察", "Work-safety inspection").in_language(language),
            title=case.title,
            dates=f"{dates[0]} – {dates[-1]}" if dates else "",
            period=period_of(periods[0], language) if periods else "",
            items=str(len(lines)),
            pages="",
            case_no=case.case_no,
            codes=f"{lines[0].code} – {lines[-1].code}" if lines else "",
        )

    def stamps(self, actor: Person, filters: Filters) -> list[Stamp]:
        """Return the stamps of records that fit a filter, by code."""
        found: list[Stamp] = []
        for line, _ in self.printing.catalogue.described(actor, filters):
            found.append(stamp_of(line.code, line.year, line.period))
            if len(found) > MOST:
                raise BadInput(
                    f"超过 {MOST} 件，请按年度或类分开打印。",
                    f"There are more than {MOST} records; please print by year or class.",
                )
        if not found:
            raise BadInput("没有可打印归档章的档案。", "There is no record to print a stamp for.")
        return found

    def _moves(self, year: int) -> list[Any]:
        zone = self.printing.ledger.clock.zone
        begin, end = (to_stamp(datetime(one, 1, 1, tzinfo=zone)) for one in (year, year + 1))
        query = select(moves).where(moves.c.moved_at >= begin, moves.c.moved_at < end)
        with self.printing.ledger.read() as connection:
            found = list(connection.execute(query.order_by(moves.c.moved_at, moves.c.id).limit(MOST + 1)))
        if len(found) > MOST:
            raise BadInput(f"本年超过 {MOST} 条。", f"There are more than {MOST} entries in that year.")
        return found

    def _day(self, stamp: str | None) -> str:
        return from_stamp(stamp).astimezone(self.printing.ledger.clock.zone).date().isoformat() if stamp else ""


def stamp_of(code: str, year: int, period: str) -> Stamp:
    """Return the stamp of a record: what its code tells, and the period that it is kept for now."""
    head, _, item = code.rpartition("-")
    unit = head.rpartition("-")[2].rpartition("·")[2]
    unit = "" if re.fullmatch(r"Y|D[0-9]+|[0-9]{4}", unit) else unit  # a code may tell none
    written = "永久" if period == "Y" else f"{period[1:]}年"
    return Stamp(code, (code.partition("-")[0], str(year), item, unit, written, ""))


def _place(place: str, language: str) -> str:
    return Text("（库外）", "(out)").in_language(language) if place == "-" else place
