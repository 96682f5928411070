"""The appraisal group 鉴定小组: three parties, what each member says, and nothing submitted that they did not settle."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError

from archive_service.disposal.listing.group import Group, group_of
from archive_service.disposal.listing.leaving import remind
from archive_service.disposal.listing.lists import Appraisal
from archive_service.disposal.model import ListState, Opinion
from archive_service.disposal.tables import appraisal_votes, disposal_lists
from archive_service.errors import BadInput, Conflict, Forbidden
from archive_service.people.model import APPRAISER as ROLE
from archive_service.people.model import APPROVER
from archive_service.people.service import NewPerson
from tests.support.disposal_world import APPRAISER, APPROVERS, COOLING_OFF_DAYS, ORDERER, PROPOSER, World

EVERYTHING = frozenset({"PUB", "INT", "TS", "PI"})
GROUP = ((APPRAISER, "archives"), ("sun", "leader"), ("zhou", "business"))
DESTROY = Opinion.DESTROY


@pytest.fixture
def grouped(world: World) -> tuple[World, str]:
    """A list of two items with a group of three, the first opinion given."""
    for login in ("sun", "zhou", "late"):
        world.people.add(world.person("sun.xi"), NewPerson(login, login, frozenset(), frozenset()))
        rights = {"roles": frozenset({ROLE, APPROVER}), "clearance": EVERYTHING}
        world.people.set_rights(world.person("zhou.an"), login, **rights)
    list_no = world.drawn_up(2)
    world.disposal.name_group(world.person(PROPOSER), list_no, GROUP)
    return world, list_no


def standing(world: World, list_no: str) -> Group:
    with world.ledger.read() as connection:
        return group_of(connection, world.list_row(list_no).id)


def test_a_list_is_settled_by_its_group_and_the_certificate_names_it(grouped: tuple[World, str]):
    world, list_no = grouped
    disposal, who = world.disposal, world.person
    with pytest.raises(Forbidden, match="not a member"):
        disposal.appraise(who("late"), list_no, [Appraisal(1, DESTROY, "无价值")])
    world.appraise(list_no, Appraisal(1, DESTROY, "无价值"), Appraisal(2, DESTROY, "无价值"))
    with pytest.raises(Conflict, match="has not settled items 1, 2: 3 members"):
        disposal.submit(who(PROPOSER), list_no)
    with pytest.raises(Forbidden):
        disposal.say(who("late"), list_no, None)
    assert disposal.say(who("sun"), list_no, None) == 2
    with pytest.raises(BadInput, match="Say why"):
        disposal.say(who("zhou"), list_no, 2, agrees=False, reason=" ")
    assert disposal.say(who("zhou"), list_no, 2, agrees=False, reason="案情仍有参考价值") == 1
    assert disposal.turns(who("sun"), 30).waiting.total() == 0
    assert disposal.turns(who("zhou"), 30).waiting.total() == 1, "the first still waits for a word"
    world.wait(days=31)
    remind(world.ledger, 30)
    assert (len(world.told("list_overdue", "zhou")), len(world.told("list_overdue", "sun"))) == (1, 0)
    disposal.say(who("zhou"), list_no, None)
    with pytest.raises(Conflict, match="has not settled items 2"):
        disposal.submit(who(PROPOSER), list_no)
    past_the_services(world, list_no)
    disposal.appraise(who(APPRAISER), list_no, [Appraisal(2, DESTROY, "复议后仍无价值")])  # asks everybody anew
    for login in ("sun", "zhou"):
        disposal.say(who(login), list_no, 2)
    disposal.submit(who(PROPOSER), list_no)
    with pytest.raises(Forbidden):
        disposal.approve(who("sun"), list_no, world.list_row(list_no).digest)
    world.approve(list_no)
    world.supervise(list_no)
    world.wait(days=COOLING_OFF_DAYS)
    world.order(list_no)
    world.destruction.carry_on()
    told = world.certificates.body(who(ORDERER), list_no)["appraisal_group"]
    assert [(one["name"], one["capacity"]["code"]) for one in told[1:]] == [("sun", "leader"), ("zhou", "business")]
    assert [[said["agrees"] for said in one["said"]] for one in told] == [[True, True]] * 3


def past_the_services(world: World, list_no: str) -> None:
    """The database refuses what the services did not ask: an unsettled list, a stranger's word, a word changed."""
    row, vote = world.list_row(list_no), appraisal_votes.c
    member = world.person("sun").id
    with pytest.raises(DBAPIError), world.engine.begin() as connection:
        frozen = {"state": ListState.SUBMITTED, "digest": "0" * 64}
        connection.execute(disposal_lists.update().where(disposal_lists.c.id == row.id).values(**frozen))
    with pytest.raises(DBAPIError), world.engine.begin() as connection:
        connection.execute(appraisal_votes.update().where(vote.member_id == member).values(agrees=False, reason="x"))
    with pytest.raises(DBAPIError), world.engine.begin() as connection:
        connection.execute(appraisal_votes.delete().where(vote.member_id == member))
    with pytest.raises(DBAPIError), world.engine.begin() as connection:
        one = connection.execute(appraisal_votes.select().where(vote.member_id == member)).first()
        assert one is not None
        stranger = {**one._asdict(), "id": "f" * 32, "member_id": world.person(APPROVERS[0]).id}
        connection.execute(appraisal_votes.insert().values(**stranger))


def test_a_group_has_three_parties_of_people_who_may_appraise(grouped: tuple[World, str]):
    world, list_no = grouped
    name = lambda *members: world.disposal.name_group(world.person(PROPOSER), list_no, members)  # noqa: E731
    with pytest.raises(BadInput, match="at least 3"):
        name(*GROUP[:2])
    with pytest.raises(BadInput, match="three parties"):
        name((APPRAISER, "archives"), ("sun", "leader"), ("zhou", "expert"))
    with pytest.raises(Conflict, match="did not draw it up"):
        name((PROPOSER, "archives"), *GROUP[1:])
    with pytest.raises(Forbidden):
        world.disposal.name_group(world.person("sun"), list_no, GROUP)
    name(*GROUP, ("late", "expert"))
    assert list(standing(world, list_no).members.values()) == ["archives", "leader", "business", "expert"]
    needs = type(world.disposal)(world.ledger, world.schedules, world.check, COOLING_OFF_DAYS, group_needed=True)
    other = world.drawn_up()
    world.appraise(other)
    with pytest.raises(Conflict, match="Name the appraisal group first"):
        needs.submit(world.person(PROPOSER), other)
