"""Supervision 监销 (scenario 7), and the limits of destruction as they stand in the database itself."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from archive_service.errors import Conflict, Forbidden
from tests.support.disposal_world import (
    APPRAISER,
    APPROVERS,
    COOLING_OFF_DAYS,
    ORDERER,
    PROPOSER,
    SUPERVISORS,
    THIRD_APPROVER,
    World,
)


def test_two_supervisors_who_are_neither_proposer_nor_orderer_sign_before_and_after(world: World):
    list_no = world.approved()
    world.wait(days=COOLING_OFF_DAYS)
    order = lambda by: world.destruction.order(world.person(by), list_no, list_no)  # noqa: E731
    with pytest.raises(Conflict, match="0 so far"):
        order(ORDERER)
    with pytest.raises(Forbidden):
        world.supervise(list_no, PROPOSER)
    digest = world.list_row(list_no).digest
    world.disposal.supervise(world.person(THIRD_APPROVER), list_no, digest)
    with pytest.raises(Forbidden):
        world.disposal.supervise(world.person(THIRD_APPROVER), list_no, digest)
    with pytest.raises(Conflict, match="1 so far"):
        order(ORDERER)
    with pytest.raises(Conflict):
        world.disposal.supervise(world.person(APPRAISER), list_no, "0" * 64)
    world.disposal.supervise(world.person(ORDERER), list_no, digest)
    with pytest.raises(Forbidden):
        order(ORDERER)
    world.disposal.supervise(world.person(APPRAISER), list_no, digest)
    world.disposal.send_back(world.person(APPROVERS[0]), list_no, "重新核对")
    world.disposal.submit(world.person(PROPOSER), list_no)
    world.approve(list_no)
    world.wait(days=COOLING_OFF_DAYS)
    with pytest.raises(Conflict, match="0 so far"):
        order(ORDERER)  # what was signed before the list came back no longer counts
    world.supervise(list_no)
    with pytest.raises(Conflict):
        world.disposal.sign_off(world.person(SUPERVISORS[0]), list_no)
    order(ORDERER)
    world.destruction.carry_on()
    with pytest.raises(Conflict):
        world.disposal.sign_off(world.person(APPROVERS[0]), list_no)
    assert not world.disposal.sign_off(world.person(SUPERVISORS[0]), list_no)
    with pytest.raises(Forbidden):
        world.disposal.sign_off(world.person(SUPERVISORS[0]), list_no)
    assert world.disposal.sign_off(world.person(SUPERVISORS[1]), list_no)


def refused(world: World, statement: str, **values: object) -> None:
    with pytest.raises(DBAPIError), world.engine.begin() as connection:
        done = connection.execute(text(statement), values)
        assert done.rowcount, "nothing was there to be changed"


def test_no_hand_in_the_database_orders_what_two_have_not_approved_and_two_not_supervised(world: World):
    list_no = world.submitted()
    orderer = world.person(ORDERER).id
    order = (
        "UPDATE disposal_list SET state = 'ordered', ordered_by = :who, cooling_until = '2026-01-01T',"
        " ordered_at = '2026-12-01T'"
    )
    refused(world, order, who=orderer)
    refused(world, "UPDATE disposal_list SET state = 'approved'")
    world.approve(list_no)
    refused(world, order, who=orderer)
    refused(world, "UPDATE disposal_list SET cooling_until = '2000-01-01T'")
    world.supervise(list_no)
    refused(world, order, who=world.person(SUPERVISORS[0]).id)
    refused(world, order, who=world.person(APPROVERS[0]).id)
    refused(world, "UPDATE disposal_item SET opinion = 'HOLD'")
    refused(world, "UPDATE disposal_item SET step = 'key_going'")
    refused(world, "UPDATE disposal_item SET step = 'destroyed'")
    refused(world, "UPDATE record SET status = 'destroyed'")


def test_no_hand_in_the_database_hides_a_record_that_is_on_no_approved_list(world: World):
    world.file()
    refused(world, "UPDATE record SET status = 'destroying'")


@pytest.mark.parametrize(
    "spoilt",
    [
        "UPDATE record SET due_on = '2099-01-01'",
        "UPDATE record SET due_on = NULL",
        "UPDATE record SET period = 'Y'",
    ],
)
def test_no_hand_in_the_database_lets_a_key_go_early(world: World, spoilt: str):
    world.ordered()
    with pytest.raises(DBAPIError), world.engine.connect() as connection:
        connection.execute(text("UPDATE disposal_item SET step = 'index_purged'"))
        connection.execute(text(spoilt))
        connection.execute(text("UPDATE disposal_item SET step = 'key_going'"))


def test_a_hold_stops_a_hand_in_the_database_too(world: World):
    world.ordered()
    world.hold(world.filed[0].archival_code)
    with pytest.raises(DBAPIError), world.engine.connect() as connection:
        connection.execute(text("UPDATE disposal_item SET step = 'index_purged'"))
        connection.execute(text("UPDATE disposal_item SET step = 'key_going'"))


def test_after_the_point_of_no_return_there_is_only_forward(world: World):
    world.ordered()
    with pytest.raises(DBAPIError), world.engine.connect() as connection:
        for step in ("index_purged", "key_going", "stopped"):
            connection.execute(text(f"UPDATE disposal_item SET step = '{step}'"))
