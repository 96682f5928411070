"""Lending paper originals: to who may read all of it, once at a time, until a day, and called for when that is past."""

from __future__ import annotations

from datetime import date

import pytest

from archive_service.custody.loans import Loans, remind_of_loans
from archive_service.errors import BadInput, Conflict, Text
from archive_service.reading_room.access import ReadingRoom
from archive_service.reports.loan_register import loan_register
from tests.archive_service.custody.conftest import Store
from tests.support.disposal_world import ORDERER, PROPOSER

READER = "wang.yue"


def desk(store: Store) -> Loans:
    return Loans(store.world.ledger, store.places.catalogue, store.world.people)


def said(**more: str) -> dict[str, str]:
    return {"borrower": READER, "purpose": "核对原件签章", "days": "14", **more}


def test_a_box_goes_out_once_comes_back_and_is_called_for_when_it_is_late(store: Store):
    world, loans, box = store.world, desk(store), store.box()
    paper = world.file(on=date(2014, 3, 1))
    store.places.put(store.keeper, box, [paper.archival_code], "装盒")
    loan = loans.lend(store.keeper, said(box=box))
    assert loan == "JY2026-001"
    out = loans.of(world.person(READER), paper.record_id)
    assert out is not None, "the record's page says that its paper is out, with its box"
    assert (out.row.loan_no, out.late) == (loan, False)
    for twice in ({"box": box}, {"record": paper.archival_code}):
        with pytest.raises(Conflict, match="not come back"):
            loans.lend(store.keeper, said(**twice))
    world.wait(days=14)
    assert remind_of_loans(world.ledger) == 0, "it is due today"
    world.wait(days=1)
    assert (remind_of_loans(world.ledger), remind_of_loans(world.ledger)) == (1, 0)
    for login in (READER, PROPOSER, ORDERER):
        assert [one.number for one in world.told("loan_overdue", login)] == [loan]
    assert [one.late for one in loans.out(store.keeper)] == [True]
    world.wait(days=7)
    assert remind_of_loans(world.ledger) == 1, "again after a week"
    assert loans.renew(store.keeper, loan, "7") == date(2026, 3, 31)
    loans.renew(store.keeper, loan, "14")
    with pytest.raises(Conflict, match="come back first"):
        loans.renew(store.keeper, loan, "14")
    loans.take_back(store.keeper, loan, "第 3 页轻微破损")
    with pytest.raises(Conflict):
        loans.take_back(store.keeper, loan, "完好")
    assert (loans.out(store.keeper), loans.of(store.keeper, paper.record_id)) == ([], None)
    assert loans.lend(store.keeper, said(record=paper.archival_code)) == "JY2026-002"
    register = loan_register(loans, store.keeper, date(2026, 3, 1), date(2026, 12, 31), Text("档案室", "Archive"), "zh")
    assert [(row[0], row[6], row[10]) for row in register.rows] == [
        (loan, box, "第 3 页轻微破损"),
        ("JY2026-002", paper.archival_code, ""),
    ]


def test_what_the_borrower_may_not_read_is_not_lent_not_even_in_a_box_and_nothing_sealed_ever(store: Store):
    world, loans, box = store.world, desk(store), store.box()
    secret = world.file(type_code="GZD01", level="TS")
    store.places.put(store.keeper, box, [secret.archival_code], "装盒")
    for what in ({"box": box}, {"record": secret.archival_code}):
        with pytest.raises(Conflict, match="may not read all of it"):
            loans.lend(store.keeper, said(**what))
    room = ReadingRoom(world.ledger)
    request = room.ask(world.person(READER), secret.archival_code, "核对", 3)
    for login in (PROPOSER, "qian.pi"):
        room.grant(world.person(login), request)
    loan = loans.lend(store.keeper, said(record=secret.archival_code))
    [out] = loans.out(store.keeper)
    assert (out.row.loan_no, out.row.due_on) == (loan, date(2026, 3, 5)), "no longer than the leave to read"
    sealed = world.file(type_code="JBJ02", level="SEAL")
    with pytest.raises(Conflict):
        loans.lend(store.keeper, said(record=sealed.archival_code, borrower=ORDERER))
    with pytest.raises(Conflict):
        loans.lend(store.keeper, said(record=secret.archival_code, borrower=PROPOSER))
    for wrong in ({}, {"record": "x", "box": "y"}, {"box": box, "days": "15"}, {"box": box, "purpose": ""}):
        with pytest.raises(BadInput):
            loans.lend(store.keeper, said(**wrong))
