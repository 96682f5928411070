"""Numbers without a record: reserved for papers, used by them, withdrawn or expired into the void ledger; no gap unexplained."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from archive_service.audit import acts
from archive_service.catalog.numbering.void_ledger import VoidLedger, Wanted
from archive_service.catalog.tables import sequences, void_numbers
from archive_service.errors import BadInput, Conflict, Forbidden, NotFound
from archive_service.search.doctor import continuity
from tests.support.disposal_world import APPRAISER, PROPOSER, World

SCOPE = "Q001-ZY·AX·2014-D10-YSH-"
BOX = Wanted("Q001", "YSH05", 2014, "D10", 3, "第 7 盒", date(2026, 6, 1))


def keeper(world: World) -> VoidLedger:
    return VoidLedger(world.ledger, world.schedules)


def codes(*numbers: int) -> list[str]:
    return [f"{SCOPE}{number:04d}" for number in numbers]


def test_a_reserved_number_is_used_by_the_paper_that_bears_it_and_by_nothing_else(world: World) -> None:
    assert keeper(world).reserve(world.person(PROPOSER), BOX) == codes(1, 2, 3)
    assert world.file().archival_code == codes(4)[0]
    assert world.file(code=codes(2)[0].replace("-", "－")).archival_code == codes(2)[0]
    with pytest.raises(Conflict):
        world.file(code=codes(2)[0])
    (block,) = keeper(world).blocks(world.person(PROPOSER))
    assert (block.first, block.last, block.left) == (codes(1)[0], codes(3)[0], 2)
    assert continuity(world.ledger) == []


def test_what_is_not_used_in_time_goes_into_the_void_ledger_by_itself_once(world: World) -> None:
    actor = world.person(PROPOSER)
    keeper(world).reserve(actor, BOX)
    world.file(code=codes(1)[0])
    world.set_date(2026, 6, 1)
    assert keeper(world).expire() == 0
    world.set_date(2026, 6, 2)
    assert keeper(world).expire() == 2
    assert keeper(world).expire() == 0
    assert [row.code for row in keeper(world).voided(actor)] == codes(2, 3)
    assert {row.voided_by for row in keeper(world).voided(actor)} == {actor.id}
    with pytest.raises(Conflict):
        world.file(code=codes(3)[0])
    assert world.file().archival_code == codes(4)[0]
    assert continuity(world.ledger) == []


def test_a_missing_number_is_named_and_closed_by_an_entry_in_the_ledger(world: World) -> None:
    """Scenario 22."""
    for _ in range(6):
        world.file()
    with world.ledger.work(None) as work:
        row = work.connection.execute(select(sequences).where(sequences.c.scope == SCOPE)).one()
        work.update(sequences, row.id, {"last_no": 7})
        work.act(acts.NUMBER_VOIDED, "number_sequence", row.id)
        work.commit()
    assert [finding.place for finding in continuity(world.ledger)] == codes(7)
    keeper(world).withdraw(world.person(PROPOSER), codes(7)[0], "录入有误")
    assert continuity(world.ledger) == []
    assert world.file().archival_code == codes(8)[0]


def test_a_number_not_reached_yet_is_passed_by_when_it_comes(world: World) -> None:
    keeper(world).withdraw(world.person(PROPOSER), f" {codes(2)[0].lower()} ", "纸上写坏")
    keeper(world).withdraw(world.person(PROPOSER), codes(1)[0], "纸上写坏")
    assert world.file().archival_code == codes(3)[0]
    assert continuity(world.ledger) == []


def test_a_number_that_a_record_bears_or_that_is_void_cannot_be_withdrawn(desk: World) -> None:
    actor, code = desk.person(PROPOSER), desk.file().archival_code
    keeper(desk).withdraw(actor, codes(9)[0], "误")
    for wanted in (code, codes(9)[0]):
        with pytest.raises(Conflict):
            keeper(desk).withdraw(actor, wanted, "误")
    with pytest.raises(BadInput, match="why"):
        keeper(desk).withdraw(actor, codes(8)[0], "  ")
    with pytest.raises(BadInput, match="is not a code"):
        keeper(desk).withdraw(actor, "甲-1", "误")
    with pytest.raises(NotFound, match="X999"):
        keeper(desk).withdraw(actor, codes(8)[0].replace("Q001", "X999"), "误")
    with pytest.raises(Forbidden):
        keeper(desk).withdraw(desk.person(APPRAISER), codes(8)[0], "误")
    with desk.ledger.read() as connection:
        assert connection.execute(select(void_numbers.c.code)).scalars().all() == codes(9)


def test_a_request_that_is_repeated_gets_the_first_block_and_takes_no_number(world: World) -> None:
    actor, wanted = world.person(PROPOSER), replace(BOX, key="form-1")
    first = keeper(world).reserve(actor, wanted)
    assert keeper(world).reserve(actor, wanted) == first == codes(1, 2, 3)
    assert keeper(world).reserve(actor, replace(wanted, key="form-2")) == codes(4, 5, 6)
    assert continuity(world.ledger) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"count": 0},
        {"count": 501},
        {"purpose": " "},
        {"expires_on": date(2026, 3, 2)},
        {"expires_on": date(2029, 3, 2)},
        {"type_code": "KCQ99"},
        {"retention": "30"},
    ],
)
def test_a_block_that_makes_no_sense_takes_no_number(desk: World, wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        keeper(desk).reserve(desk.person(PROPOSER), replace(BOX, **wrong))  # type: ignore[arg-type]
    assert desk.file().archival_code == codes(1)[0]


def test_a_sequence_that_begins_with_a_number_passed_by_is_vouched_for(world: World) -> None:
    """The world's end looks whether the log knows every row."""
    keeper(world).withdraw(world.person(PROPOSER), codes(9)[0], "误")
    world.file(code="Q001-ZY·AX·2014-D10-ZBG-0005", type_code="ZBG04")
