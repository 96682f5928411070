"""A record that was numbered amiss: four hands give it another number, the old one is void, and nothing else changes."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from archive_service.catalog.codes.numbers import codes_issued
from archive_service.catalog.numbering.renumbering import Renumbering
from archive_service.catalog.records.browse import Catalogue
from archive_service.catalog.tables import outbox, records, void_numbers
from archive_service.disposal.standing import standing
from archive_service.errors import ArchiveError, BadInput, Conflict, Forbidden, NotFound
from archive_service.search.doctor import continuity
from tests.support.disposal_world import APPRAISER, ORDERER, PROPOSER, World

OLD, WANTED = "Q001-ZY·AX·2014-D10-YSH-0001", "Q001-ZY·AX·2013-D10-YSH-0001"


def hands(world: World) -> Renumbering:
    return Renumbering(world.ledger, world.schedules, standing)


def row_of(world: World, record_id: str) -> dict[str, object]:
    with world.ledger.read() as connection:
        return dict(connection.execute(select(records).where(records.c.id == record_id)).mappings().one())


def test_a_wrong_number_is_corrected_by_two_people_and_is_void_for_good(world: World) -> None:
    record_id = world.file().record_id
    before = row_of(world, record_id)
    with pytest.raises(Forbidden):
        hands(world).propose(world.person(APPRAISER), OLD, "年度编错")
    with pytest.raises(BadInput):
        hands(world).propose(world.person(PROPOSER), OLD, " ")
    assert hands(world).propose(world.person(PROPOSER), OLD, "年度编错", 2013) == WANTED
    with pytest.raises(Conflict):
        hands(world).propose(world.person(ORDERER), OLD, "又一次", 2012)
    (one,) = hands(world).waiting(world.person(ORDERER))
    assert (one.old_code, one.new_code, row_of(world, record_id)) == (OLD, WANTED, before)
    with pytest.raises(Forbidden):
        hands(world).carry_out(world.person(PROPOSER), one.id)
    assert hands(world).carry_out(world.person(ORDERER), one.id) == (OLD, WANTED)
    with pytest.raises(NotFound):
        hands(world).carry_out(world.person(ORDERER), one.id)

    after = row_of(world, record_id)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"code", "scope", "year", "salt"}  # neither class nor level nor when it may go
    with world.ledger.read() as connection:
        (void,) = connection.execute(select(void_numbers)).all()
        assert codes_issued(connection, [OLD, WANTED]) == {OLD, WANTED}
        topics = set(connection.execute(select(outbox.c.topic).where(outbox.c.record_id == record_id)).scalars())
    assert (void.code, void.voided_by) == (OLD, world.person(PROPOSER).id)
    assert void.reason.endswith("年度编错")
    assert {"capsule", "index"} <= topics
    assert continuity(world.ledger) == []
    with pytest.raises(Conflict):
        world.file(code=OLD)
    catalogue = Catalogue(world.ledger, world.vault, world.schedules)
    assert catalogue.find(world.person(PROPOSER), OLD.lower()).line.code == WANTED


def test_what_is_on_hold_stays_as_it_is_and_a_proposal_that_is_let_go_changed_nothing(world: World) -> None:
    world.file()
    paper = "Q001-ZY·AX·2014-D10-YSH-0007"
    assert hands(world).propose(world.person(PROPOSER), OLD, "纸上是七号", given=paper.lower()) == paper
    (one,) = hands(world).waiting(world.person(PROPOSER))
    assert hands(world).strike(world.person(PROPOSER), one.id) == OLD
    assert hands(world).waiting(world.person(PROPOSER)) == []
    hands(world).propose(world.person(PROPOSER), OLD, "纸上是七号", given=paper)
    world.hold(OLD)
    (one,) = hands(world).waiting(world.person(ORDERER))
    assert one.fault is not None
    with pytest.raises(ArchiveError, match="hold"):
        hands(world).carry_out(world.person(ORDERER), one.id)
