"""Separation of duties, each way: in the services and in the database itself."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError

from archive_service.disposal.listing.lists import Appraisal
from archive_service.disposal.model import Opinion
from archive_service.disposal.tables import approvals, disposal_items, disposal_lists
from archive_service.errors import BadInput, Conflict, Forbidden
from archive_service.people.model import APPRAISER as APPRAISER_ROLE
from archive_service.people.model import APPROVER, ARCHIVIST
from archive_service.people.policy import Action
from tests.support.disposal_world import (
    APPRAISER,
    APPROVERS,
    COOLING_OFF_DAYS,
    ORDERER,
    PROPOSER,
    THIRD_APPROVER,
    World,
)

EVERY_ROLE = frozenset({ARCHIVIST, APPRAISER_ROLE, APPROVER})
DESTROY = Appraisal(1, Opinion.DESTROY, "保管期满")


def all_roles(world: World, login: str) -> None:
    """Give somebody every role that works on lists, so that only their own hands bar them."""
    person = world.person(login)
    world.people.set_rights(world.person("zhou.an"), login, roles=EVERY_ROLE, clearance=person.clearance)


def test_the_proposer_does_not_appraise(world: World):
    all_roles(world, PROPOSER)
    list_no = world.drawn_up()
    with pytest.raises(Forbidden):
        world.disposal.appraise(world.person(PROPOSER), list_no, [DESTROY])


def test_the_proposer_does_not_approve(world: World):
    all_roles(world, PROPOSER)
    list_no = world.submitted()
    with pytest.raises(Forbidden):
        world.approve(list_no, PROPOSER)


def test_an_appraiser_does_not_approve(world: World):
    all_roles(world, APPRAISER)
    list_no = world.submitted()
    with pytest.raises(Forbidden):
        world.approve(list_no, APPRAISER)


def test_nobody_approves_twice(world: World):
    list_no = world.submitted()
    world.approve(list_no, APPROVERS[0])
    with pytest.raises(Forbidden):
        world.approve(list_no, APPROVERS[0])
    assert world.list_row(list_no).state == "submitted"


def test_one_approval_is_not_enough(world: World):
    list_no = world.submitted()
    world.approve(list_no, APPROVERS[0])
    world.wait(days=COOLING_OFF_DAYS)
    with pytest.raises(Conflict):
        world.order(list_no)


@pytest.mark.parametrize("login", [PROPOSER, APPRAISER, *APPROVERS])
def test_none_of_those_who_decided_orders_the_destruction(world: World, login: str):
    all_roles(world, login)
    list_no = world.approved()
    world.wait(days=COOLING_OFF_DAYS)
    with pytest.raises(Forbidden):
        world.order(list_no, by=login)
    assert world.destruction.unfinished() == []


def test_one_who_approved_in_an_earlier_round_does_not_order_either(world: World):
    all_roles(world, THIRD_APPROVER)
    list_no = world.submitted()
    world.approve(list_no, THIRD_APPROVER)
    world.disposal.send_back(world.person(APPROVERS[0]), list_no, "请补充理由")
    world.disposal.submit(world.person(PROPOSER), list_no)
    world.approve(list_no)
    world.wait(days=COOLING_OFF_DAYS)
    with pytest.raises(Forbidden):
        world.order(list_no, by=THIRD_APPROVER)


@pytest.mark.parametrize("login", ["wang.yue", "zhao.shen", "sun.xi", "zhou.an"])
def test_neither_readers_nor_administrators_work_on_lists(world: World, login: str):
    list_no = world.drawn_up()
    person = world.person(login)
    for attempt in (
        lambda: world.disposal.draw_up(person, ["0" * 32]),
        lambda: world.disposal.appraise(person, list_no, [DESTROY]),
        lambda: world.disposal.submit(person, list_no),
        lambda: world.disposal.approve(person, list_no, "0" * 64),
        lambda: world.disposal.send_back(person, list_no, "理由"),
        lambda: world.disposal.withdraw(person, list_no, "理由"),
        lambda: world.disposal.strike(person, list_no, 1, "理由"),
        lambda: world.destruction.order(person, list_no, list_no),
    ):
        with pytest.raises(Forbidden):
            attempt()


def test_the_cooling_off_ends_to_the_second(world: World):
    list_no = world.approved()
    world.wait(days=COOLING_OFF_DAYS, seconds=-1)
    with pytest.raises(Conflict):
        world.order(list_no)
    world.wait(seconds=1)
    world.order(list_no)
    assert world.destruction.unfinished() == [list_no]


def test_the_number_must_be_typed_right(world: World):
    list_no = world.approved()
    world.wait(days=COOLING_OFF_DAYS)
    with pytest.raises(BadInput):
        world.destruction.order(world.person(ORDERER), list_no, "CZ2026-002")
    world.supervise(list_no)
    world.destruction.order(world.person(ORDERER), list_no, " cz2026-001 ")


def test_what_is_approved_is_what_was_shown(world: World):
    list_no = world.submitted()
    shown = world.list_row(list_no).digest
    world.disposal.send_back(world.person(APPROVERS[0]), list_no, "请补充理由")
    world.appraise(list_no, Appraisal(1, Opinion.EXTEND, "尚有价值", 5))
    world.disposal.submit(world.person(PROPOSER), list_no)
    with pytest.raises(Conflict):
        world.disposal.approve(world.person(APPROVERS[0]), list_no, shown)


def test_an_opinion_cannot_be_changed_behind_the_services_once_the_list_is_frozen(world: World):
    world.approved()
    with pytest.raises(DBAPIError), world.engine.begin() as connection:
        connection.execute(update(disposal_items).values(reason="改动"))


def test_the_database_refuses_what_the_services_refuse(world: World):
    list_no = world.submitted()
    row = world.list_row(list_no)
    approval = {
        "id": uuid.uuid4().hex,
        "list_id": row.id,
        "round": 1,
        "digest": row.digest,
        "approved_at": "x",
        "salt": "x",
    }
    proposer, other = row.proposer_id, world.person(APPROVERS[0]).id
    for statement in (
        insert(approvals).values(**approval, proposer_id=proposer, approver_id=proposer),
        insert(approvals).values(**approval, proposer_id=other, approver_id=proposer),
        update(disposal_items).values(appraiser_id=proposer),
        update(disposal_items).values(proposer_id=other),
        update(disposal_lists).values(state="ordered", ordered_by=proposer, ordered_at="x", cooling_until="w"),
        update(disposal_lists).values(state="ordered", ordered_by=other, ordered_at="a", cooling_until="b"),
        update(disposal_lists).values(state="ordered"),
        update(disposal_lists).values(digest=None),
        update(disposal_items).values(step="key_going", opinion="EXTEND", extension_years=1),
        update(disposal_items).values(opinion="DESTROY", reason=""),
    ):
        with pytest.raises(DBAPIError), world.engine.begin() as connection:
            connection.execute(statement)


def test_the_database_refuses_a_second_approval_by_the_same_person(world: World):
    list_no = world.submitted()
    world.approve(list_no, APPROVERS[0])
    with world.ledger.read() as connection:
        given = connection.execute(select(approvals)).one()._asdict()
    with pytest.raises(DBAPIError), world.engine.begin() as connection:
        connection.execute(insert(approvals).values(**{**given, "id": uuid.uuid4().hex}))


def test_a_list_says_what_each_may_do_with_it(world: World):
    def may(login: str) -> set[Action]:
        return set(world.disposal.view(world.person(login), list_no).may)

    list_no = world.drawn_up()
    assert (may(PROPOSER), may(APPRAISER), may(APPROVERS[0])) == ({Action.DRAW_UP_LIST}, {Action.APPRAISE}, set())
    world.appraise(list_no)
    world.disposal.submit(world.person(PROPOSER), list_no)
    assert (may(APPRAISER), may(APPROVERS[0]), may(APPROVERS[1])) == (set(), {Action.APPROVE}, {Action.APPROVE})
    world.approve(list_no, APPROVERS[0])
    assert (may(APPROVERS[0]), may(APPROVERS[1])) == (set(), {Action.APPROVE})
    assert world.disposal.view(world.person(APPROVERS[0]), list_no).may_send_back
    assert not world.disposal.view(world.person(PROPOSER), list_no).may_send_back
    assert world.disposal.all(world.person(APPROVERS[1]))[0].may == {Action.APPROVE}
    world.approve(list_no, APPROVERS[1])
    assert Action.ORDER_DESTRUCTION not in may(ORDERER)
    assert Action.SUPERVISE in may(ORDERER)
    assert Action.SUPERVISE not in may(PROPOSER)
    world.supervise(list_no)
    world.wait(days=COOLING_OFF_DAYS)
    assert Action.ORDER_DESTRUCTION in may(ORDERER)
    assert Action.ORDER_DESTRUCTION not in may(PROPOSER)
