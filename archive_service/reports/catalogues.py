"""The catalogues that an archive prints and binds (columns: DOMAIN.md 8), made of what the person may see, each print logged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.catalog.model import Description
from archive_service.catalog.numbering.void_ledger import VoidLedger
from archive_service.catalog.records.browse import Catalogue, Filters, Line
from archive_service.catalog.records.cases import Cases
from archive_service.catalog.tables import DESTROYED
from archive_service.errors import BadInput, Text
from archive_service.people.model import LEVEL_WORDS, OPEN_LEVELS, Person
from archive_service.people.policy import Action, require
from archive_service.reports.register import Cell, Column, Kind, Register

MOST = 20_000
"""Rows of one register; who needs more narrows it by year or class, as one binds them anyway."""


class Catalogues(StrEnum):
    """The catalogues that can be printed."""

    ITEMS = "items"
    CONFIDENTIAL = "confidential"
    CASE = "case"
    CASES = "cases"
    RECORDINGS = "recordings"
    LEDGER = "ledger"
    YEARLY = "yearly"
    CASE_NOTE = "case-note"
    CATALOGUES = "catalogues"
    TRANSFERRED = "transferred"
    MOVED = "moved"


NAMES: dict[Catalogues, Text] = {
    Catalogues.ITEMS: Text("归档文件目录", "List of archived items"),
    Catalogues.CONFIDENTIAL: Text("涉密文件目录", "List of confidential items"),
    Catalogues.CASE: Text("卷内文件目录", "Items of a case file"),
    Catalogues.CASES: Text("案卷目录", "List of case files"),
    Catalogues.RECORDINGS: Text("音像档案目录", "List of pictures and recordings"),
    Catalogues.LEDGER: Text("总登记簿", "General register"),
    Catalogues.YEARLY: Text("统计年报", "Yearly report"),
    Catalogues.CASE_NOTE: Text("卷内备考表", "Note on a case file"),
    Catalogues.CATALOGUES: Text("目录登记簿", "Register of catalogues"),
    Catalogues.TRANSFERRED: Text("移交登记簿", "Register of transfers"),
    Catalogues.MOVED: Text("出入库登记簿", "Register of what came out and in"),
}

NUMBER = Column(Text("序号", "No."), 4, Kind.NUMBER)
CODE = Column(Text("档号", "Archival code"), 20, Kind.CODE)
DOCUMENT_NO = Column(Text("文号", "Document no."), 12)
AUTHOR = Column(Text("责任者", "Responsible"), 13)
TITLE = Column(Text("题名", "Title"), 34)
DATE = Column(Text("日期", "Date"), 9, Kind.DATE)
LEVEL = Column(Text("密级", "Level"), 8)
PERIOD = Column(Text("保管期限", "Period"), 7)
NOTE = Column(Text("备注", "Note"), 10)

ORDER = {"Y": 0, "D30": 1, "D10": 2}
"""Within a year permanent papers stand before those of thirty years, and these before those of ten."""


@dataclass(frozen=True)
class Printing:
    """Draws up catalogues for a person, in a language."""

    ledger: Ledger
    catalogue: Catalogue
    cases: Cases
    unit: Text

    def items(self, actor: Person, filters: Filters, language: str, *, confidential: bool) -> Register:
        """Draw up 归档文件目录 of the open levels, or 涉密文件目录 of the confidential ones, which is bound apart."""
        kind = Catalogues.CONFIDENTIAL if confidential else Catalogues.ITEMS
        found = self._found(actor, filters, lambda line: (line.level not in OPEN_LEVELS) == confidential)
        found.sort(key=lambda one: (one[0].year, ORDER.get(one[0].period, 3), one[0].code))
        columns = (NUMBER, CODE, DOCUMENT_NO, AUTHOR, TITLE, DATE, LEVEL, *((PERIOD,) if confidential else ()), NOTE)
        rows = [_item(number, line, said, language, columns) for number, (line, said) in enumerate(found, 1)]
        if not confidential:
            rows += self._void(actor, filters, language, columns, len(rows))
        return self.register(actor, kind, self._fields(filters, language), columns, rows, language)

    def _void(
        self, actor: Person, filters: Filters, language: str, columns: tuple[Column, ...], behind: int
    ) -> list[tuple[Cell, ...]]:
        """Return the numbers that were withdrawn, behind the items, so that every gap of a bound catalogue is explained."""
        ledger = VoidLedger(self.ledger, self.catalogue.schedules)
        word = Text("作废", "void").in_language(language)
        rows: list[tuple[Cell, ...]] = []
        for number, row in enumerate(ledger.among(actor, filters), behind + 1):
            cells: dict[Column, Cell] = {NUMBER: number, CODE: row.code, TITLE: row.reason, NOTE: word}
            rows.append(tuple(cells.get(column, "") for column in columns))
        return rows

    def case(self, actor: Person, case_no: str, language: str) -> Register:
        """Draw up 卷内文件目录 of a case file, in the order in which its papers came into being."""
        case = self.cases.case(case_no)
        found = self._found(actor, Filters(case_no=case_no), lambda _: True)
        found.sort(key=lambda one: (one[0].document_date, one[0].code))
        columns = (NUMBER, CODE, DOCUMENT_NO, AUTHOR, TITLE, DATE, LEVEL, NOTE)
        rows = [_item(number, line, said, language, columns) for number, (line, said) in enumerate(found, 1)]
        say = _say(language)
        fields = [
            (say("案卷", "Case file"), case.case_no),
            (say("案卷题名", "Title"), case.title),
            (say("被巡察企业", "Enterprise"), case.enterprise),
        ]
        return self.register(actor, Catalogues.CASE, fields, columns, rows, language)

    def all_cases(self, actor: Person, language: str) -> Register:
        """Draw up 案卷目录: one row a case file, with the dates and the number of those items that the person may see."""
        require(actor, Action.BROWSE)
        seen: dict[str, list[Line]] = {}
        for line, _ in self._found(actor, Filters(), lambda line: bool(line.case_no)):
            seen.setdefault(line.case_no, []).append(line)
        columns = (
            NUMBER,
            Column(Text("案卷编号", "Case number"), 11, Kind.CODE),
            Column(Text("案卷题名", "Title"), 34),
            Column(Text("被巡察企业", "Enterprise"), 22),
            Column(Text("起止日期", "Dates"), 18, Kind.DATE),
            Column(Text("件数", "Items"), 6, Kind.NUMBER),
            PERIOD,
            NOTE,
        )
        rows = [
            _case(number, case, seen.get(case.case_no, []), language)
            for number, case in enumerate(sorted(self.cases.all_cases(), key=lambda case: case.case_no), 1)
        ]
        return self.register(actor, Catalogues.CASES, [], columns, rows, language)

    def _found(self, actor: Person, filters: Filters, wanted: Callable[[Line], bool]) -> list[tuple[Line, Description]]:
        found: list[tuple[Line, Description]] = []
        for one in _chosen(self.catalogue.described(actor, filters), wanted):
            found.append(one)
            if len(found) > MOST:
                raise BadInput(
                    f"超过 {MOST} 件，请按年度、类或案卷分开打印。",
                    f"There are more than {MOST} items; please print by year, class or case file.",
                )
        return found

    def register(
        self,
        actor: Person,
        kind: Catalogues,
        fields: list[tuple[str, str]],
        columns: tuple[Column, ...],
        rows: Sequence[tuple[Cell, ...]],
        language: str,
    ) -> Register:
        """Make a register of rows, and note in the log who took it."""
        say = _say(language)
        self.ledger.note(actor.id, acts.REGISTER_WRITTEN, "register", kind.value, rows=len(rows))
        return Register(
            title=NAMES[kind].in_language(language),
            unit=self.unit.in_language(language),
            drawn_up_on=self.ledger.clock.today().isoformat(),
            fields=fields,
            columns=columns,
            rows=rows,
            signatures=(say("整理人", "Arranged by"), say("检查人", "Checked by")),
            note=say(f"共 {len(rows)} 条。", f"{len(rows)} entries."),
            language=language,
        )

    def _fields(self, filters: Filters, language: str) -> list[tuple[str, str]]:
        say = _say(language)
        plan = self.catalogue.schedules.plan
        group = next((one for one in plan.classes if one.code == filters.class_code), None)
        found = plan.types.get(filters.type_code)
        fields = [
            (say("年度", "Year"), str(filters.year or "")),
            (say("类", "Class"), f"{group.code} {group.name.in_language(language)}" if group else ""),
            (say("类型", "Type"), f"{found.code} {found.name.in_language(language)}" if found else ""),
            (say("案卷", "Case file"), filters.case_no),
        ]
        return [(name, value) for name, value in fields if value]


def _chosen(
    all_of_them: Iterator[tuple[Line, Description]], wanted: Callable[[Line], bool]
) -> Iterator[tuple[Line, Description]]:
    return (one for one in all_of_them if wanted(one[0]))


def _item(number: int, line: Line, said: Description, language: str, columns: tuple[Column, ...]) -> tuple[Cell, ...]:
    note = said.note
    if line.status == DESTROYED:
        note = " ".join(filter(None, [Text("已销毁", "destroyed").in_language(language), note]))
    cells: dict[Column, Cell] = {
        NUMBER: number,
        CODE: line.code,
        DOCUMENT_NO: said.document_no,
        AUTHOR: said.author,
        TITLE: line.title,
        DATE: line.document_date,
        LEVEL: "" if line.level in OPEN_LEVELS else LEVEL_WORDS[line.level].in_language(language),
        PERIOD: period_of(line.period, language),
        NOTE: note,
    }
    return tuple(cells[column] for column in columns)


def _case(number: int, case: Any, lines: list[Line], language: str) -> tuple[Cell, ...]:
    dates = sorted(line.document_date for line in lines)
    longest = min((line.period for line in lines), key=lambda period: ORDER.get(period, 3), default="")
    span = f"{dates[0]} – {dates[-1]}" if dates else ""
    return (number, case.case_no, case.title, case.enterprise, span, len(lines), period_of(longest, language), "")


def period_of(code: str, language: str) -> str:
    """Write a period out."""
    if not code:
        return ""
    if code == "Y":
        return Text("永久", "Permanent").in_language(language)
    return Text(f"{code[1:]} 年", f"{code[1:]} years").in_language(language)


def _say(language: str) -> Callable[[str, str], str]:
    return lambda zh, en: Text(zh, en).in_language(language)
