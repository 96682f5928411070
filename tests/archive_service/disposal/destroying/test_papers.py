"""The papers of a destroyed record: attested by both supervisors with the same facts, and no list closed before."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from archive_service.audit import acts
from archive_service.clock import to_stamp
from archive_service.custody.tables import boxes, loans, moves, record_places, rooms, shelves
from archive_service.disposal.model import ListState
from archive_service.disposal.tables import disposal_lists, paper_destructions
from archive_service.errors import BadInput, Conflict, Forbidden, Text
from archive_service.reports.destruction_register import destruction_register
from tests.support.disposal_world import APPROVERS, COOLING_OFF_DAYS, ORDERER, PROPOSER, SUPERVISORS, World

FACTS = {"done_on": "2026-03-09", "place": "市保密销毁中心", "way": "化浆"}


def boxed(world: World, record_id: str) -> None:
    """Put the papers of a record into a box."""
    by = world.person(PROPOSER).id
    one = lambda name: f"{name}{record_id}"[:32]  # noqa: E731
    with world.ledger.work(by) as work:
        limits = {"coldest": 1, "warmest": 2, "driest": 1, "dampest": 2, "reading_days": 1, "round_days": 1}
        work.insert(
            rooms, {"id": one("r"), "code": "R1", "name": "库房", **limits, "opened_at": work.at, "opened_by": by}
        )
        work.insert(shelves, {"id": one("s"), "room_id": one("r"), "code": "A", "holds": 9})
        about = {"fonds_no": "Q001", "year": 2014, "period": "D10", "number": 1, "problem": "", "millimetres": 30}
        made = {"shelf_id": one("s"), "note": "", "made_at": work.at, "made_by": by}
        work.insert(boxes, {"id": one("b"), "box_no": "Q001-2014-D10-001", **about, **made})
        place = {"record_id": record_id, "box_id": one("b"), "position": 1, "pages": 12}
        work.insert(record_places, {"id": one("p"), **place})
        work.act(acts.PAPER_MOVED, "record", record_id, box="Q001-2014-D10-001")
        work.commit()


def lent(world: World, record_id: str) -> str:
    """Lend the papers; return the id of the loan."""
    by, to = world.person(PROPOSER).id, world.person(APPROVERS[0]).id
    with world.ledger.work(by) as work:
        about = {"loan_no": "JY1", "year": 2026, "number": 1, "kind": "record", "object_id": record_id, "label": "x"}
        lending = {"borrower_id": to, "unit": "", "purpose": "查证", "lent_at": work.at, "lent_by": by}
        back = {"returned_at": None, "returned_by": None, "condition": None}
        loan = {**about, **lending, **back, "due_on": date(2026, 4, 1), "renewals": 0}
        work.insert(loans, {"id": "e" * 32, **loan})
        work.act(acts.PAPER_LENT, "record", record_id, loan="JY1")
        work.commit()
    return "e" * 32


def test_a_list_stays_open_until_two_supervisors_attest_the_same_of_its_papers(world: World):
    list_no = world.approved(2)
    whole, electronic = world.filed[0], world.filed[1]
    boxed(world, whole.record_id)
    world.supervise(list_no)
    world.wait(days=COOLING_OFF_DAYS)
    loan_id = lent(world, whole.record_id)
    with pytest.raises(Conflict, match=f"come back first: {whole.archival_code}"):
        world.destruction.order(world.person(ORDERER), list_no, list_no)
    with world.ledger.work(world.person(PROPOSER).id) as work:
        work.update(loans, loan_id, {"returned_at": work.at, "returned_by": world.person(PROPOSER).id})
        work.act(acts.PAPER_RETURNED, "record", whole.record_id, loan="JY1")
        work.commit()
    world.destruction.order(world.person(ORDERER), list_no, list_no)
    attest = lambda login, **other: world.destruction.attest_papers(world.person(login), list_no, {**FACTS, **other})  # noqa: E731
    with pytest.raises(Conflict, match="no papers that wait"):
        attest(SUPERVISORS[0])  # the electronic side goes first
    assert world.destruction.carry_on() == []
    assert (world.list_row(list_no).state, world.steps()) == ("ordered", ["destroyed", "destroyed"])
    assert world.everything_left(whole) == []
    with pytest.raises(Forbidden, match="supervisors who signed"):
        attest(APPROVERS[0])
    for wrong in ({"done_on": "2026-03-08"}, {"done_on": "2026-03-10"}, {"done_on": ""}, {"place": " "}, {"way": ""}):
        with pytest.raises(BadInput):
            attest(SUPERVISORS[0], **wrong)
    waiting = lambda: [world.destruction.papers_waiting(world.person(one)) for one in (*SUPERVISORS, APPROVERS[0])]  # noqa: E731
    assert waiting() == [1, 1, 0]
    assert not attest(SUPERVISORS[0], way="焚毁")
    assert waiting() == [0, 1, 0]
    assert not attest(SUPERVISORS[0], way="焚毁"), "one person is never two"
    assert not attest(SUPERVISORS[1]), "other facts begin anew"
    past_the_services(world, list_no)
    assert world.destruction.carry_on() == []
    assert attest(SUPERVISORS[0])
    assert (world.list_row(list_no).state, waiting()) == ("closed", [0, 0, 0])
    with world.ledger.read() as connection:
        assert connection.execute(record_places.select()).one().box_id is None
        assert connection.execute(moves.select()).one().came_from == "Q001-2014-D10-001"
    body = world.certificates.body(world.person(ORDERER), list_no)
    papers = {item["code"]: item["paper"] for item in body["items"]}
    assert papers[electronic.archival_code] is None
    said = papers[whole.archival_code]
    assert {name: said[name] for name in FACTS} == FACTS
    assert {one["id"] for one in said["supervisors"]} == {world.person(login).id for login in SUPERVISORS}
    register = destruction_register(body, Text("馆", "unit"), world.ledger.clock, "zh")
    row = next(row for row in register.rows if row[1] == whole.archival_code)
    assert "电子、纸质" in row
    assert "市保密销毁中心" in str(row[-1])


def past_the_services(world: World, list_no: str) -> None:
    """The database itself closes no list whose papers are not attested, and takes no stranger's word."""
    row, at, papers = world.list_row(list_no), to_stamp(world.ledger.clock.now()), paper_destructions
    closing: list[Any] = [
        disposal_lists.update().where(disposal_lists.c.id == row.id).values(state=ListState.CLOSED, closed_at=at),
        papers.update().values(second_id=world.person(APPROVERS[0]).id, second_at=at),
        papers.update().values(second_id=world.person(SUPERVISORS[1]).id, second_at=at),
        papers.delete(),
    ]
    for statement in closing:
        with pytest.raises(DBAPIError), world.engine.begin() as connection:
            connection.execute(statement)
