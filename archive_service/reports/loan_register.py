"""The register of loans 借阅登记簿: what went out, to whom, when it was due and how it came back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from archive_service.audit import acts
from archive_service.clock import from_stamp
from archive_service.custody.loans import BOX, Lent, Loans
from archive_service.errors import Text
from archive_service.people.model import Person
from archive_service.reports.register import Cell, Column, Kind, Register

COLUMNS = (
    Column(Text("借阅号", "Loan"), 7, Kind.CODE),
    Column(Text("借出日期", "Lent on"), 6, Kind.DATE),
    Column(Text("借阅人", "Borrower"), 7),
    Column(Text("单位/部门", "Unit"), 8),
    Column(Text("用途", "Purpose"), 12),
    Column(Text("案盒或件", "What"), 5),
    Column(Text("档号或盒号", "Code or box"), 16, Kind.CODE),
    Column(Text("应归还日期", "Due back"), 6, Kind.DATE),
    Column(Text("续借次数", "Renewed"), 4, Kind.NUMBER),
    Column(Text("实际归还日期", "Back on"), 6, Kind.DATE),
    Column(Text("归还状况", "Condition"), 9),
    Column(Text("经办人", "Handled by"), 8),
    Column(Text("借阅人签字", "Borrower's signature"), 8),
)


def loan_register(loans: Loans, actor: Person, first: date, last: date, unit: Text, language: str) -> Register:
    """Draw up the register of a span of days; the log notes who took it."""
    lines = loans.all(actor, first, last)
    people = [person for one in lines for person in (one.row.borrower_id, one.row.lent_by, one.row.returned_by)]
    names = loans.people.names(people)
    ledger = loans.ledger
    span = f"{first.isoformat()}/{last.isoformat()}"
    ledger.note(actor.id, acts.REGISTER_WRITTEN, "archive", "loans", records=len(lines), as_of=span)

    def day(stamp: str | None) -> str:
        return from_stamp(stamp).astimezone(ledger.clock.zone).date().isoformat() if stamp else ""

    def row(one: Lent) -> list[Cell]:
        return _row(one, names, day(one.row.lent_at), day(one.row.returned_at), language)

    return Register(
        title="借阅登记簿" if language == "zh" else "Register of loans",
        unit=unit.in_language(language),
        drawn_up_on=ledger.clock.today().isoformat(),
        fields=[("期间" if language == "zh" else "From and to", f"{first.isoformat()} – {last.isoformat()}")],
        columns=COLUMNS,
        rows=[row(one) for one in lines],
        language=language,
    )


def _row(one: Lent, names: Mapping[str, str], lent: str, back: str, language: str) -> list[Cell]:
    loan = one.row
    what = Text("盒", "Box") if loan.kind == BOX else Text("件", "Record")
    hands = "、".join(dict.fromkeys(names.get(who, "") for who in (loan.lent_by, loan.returned_by) if who))
    return [
        loan.loan_no,
        lent,
        names.get(loan.borrower_id, ""),
        loan.unit,
        loan.purpose,
        what.in_language(language),
        loan.label,
        loan.due_on.isoformat(),
        loan.renewals or "",
        back,
        loan.condition or "",
        hands,
        "",
    ]
