"""Access for a time: asked for by anybody, decided by another, once, and over at its instant."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from archive_service.audit import acts
from archive_service.catalog.model import Receipt
from archive_service.catalog.records.browse import Catalogue
from archive_service.catalog.tables import records
from archive_service.errors import BadInput, Conflict, Forbidden, NotFound, Text
from archive_service.people.policy import Action, Thing, can, visible
from archive_service.people.tables import grants
from archive_service.reading_room.access import ReadingRoom
from archive_service.reading_room.masked import Masked, MaskedEntries
from archive_service.reading_room.requests import Requests
from archive_service.reading_room.seats import LONGEST_DAYS
from archive_service.reading_room.use import UseRegister
from archive_service.reports.use_register import use_register
from archive_service.reports.xlsx import as_xlsx
from tests.support.disposal_world import PROPOSER, World, make_world

READER, ANOTHER_READER = "wang.yue", "chen.mi"
DECIDER, OTHER_DECIDER = "qian.pi", "feng.zhun"
ARCHIVIST = PROPOSER


@dataclass
class Room:
    """The reading room of a small archive with one trade secret."""

    world: World
    desk: ReadingRoom
    listed: Requests
    secret: Receipt

    def ask(self, code: str | None = None, days: int = 3, by: str = READER) -> str:
        return self.desk.ask(self.world.person(by), code or self.secret.archival_code, "核对数据", days)

    def granted(self, days: int = 3) -> str:
        request = self.ask(days=days)
        self.agree(request)
        return request

    def agree(self, request: str) -> None:
        """Have both agree whom a trade secret needs."""
        assert not self.desk.grant(self.world.person(ARCHIVIST), request)
        assert self.desk.grant(self.world.person(DECIDER), request)

    def reads(self, login: str = READER) -> bool:
        """Say whether the policy lets somebody read the secret now; the query must say the same."""
        person, at = self.world.person(login), self.world.ledger.clock.stamp()
        with self.world.ledger.read() as connection:
            row = connection.execute(select(records).where(records.c.id == self.secret.record_id)).one()
            seen = visible(person, records.c.level, records.c.id, at=at)
            found = connection.execute(select(records.c.id).where(records.c.id == row.id, seen)).first()
        thing = Thing(level=row.level, record_id=row.id)
        allowed = can(person, Action.READ_RECORD, thing, at=at).allowed
        assert allowed is (found is not None)
        return allowed

    def mine(self, login: str = READER) -> list[str]:
        return [row.state for row in self.listed.mine(self.world.person(login))]

    def waiting(self, login: str) -> list[str]:
        return [row.code for row in self.listed.waiting(self.world.person(login))]


@pytest.fixture
def room(free_url: str, tmp_path: Path) -> Iterator[Room]:
    world = make_world(free_url, tmp_path)
    world.open_case()
    secret = world.file(type_code="KCQ02", on=date(2024, 3, 1), level="TS", case_no="AX2024-001")
    yield Room(world, ReadingRoom(world.ledger), Requests(world.ledger), secret)
    report = world.verify()
    world.close()
    assert report.sound, report.findings


# ------------------------------------------------------------------------------------------------- asking


def test_what_is_asked_for_without_code_purpose_or_proper_term_is_refused(room: Room):
    reader = room.world.person(READER)
    for code, purpose, days in (
        ("", "核对", 3),
        ("Q001", " ", 3),
        ("Q001", "核对", 0),
        ("Q001", "核对", LONGEST_DAYS + 1),
        ("Q001\0", "核对", 3),
        ("Q001", "核\0对", 3),
    ):
        with pytest.raises(BadInput):
            room.desk.ask(reader, code, purpose, days)
    assert room.mine() == []


def test_asking_tells_nothing_of_what_is_there(room: Room):
    for code in (room.secret.archival_code, "Q001-ZY·AX·2024-D10-KCQ-9999", "no code at all"):
        assert len(room.ask(code)) == 32
    assert room.mine() == ["asked"] * 3


def test_a_code_typed_with_look_alikes_is_the_same_code(room: Room):
    request = room.ask(room.secret.archival_code.replace("·", "・").replace("-", "—").lower())
    room.agree(request)
    assert room.reads()


@pytest.mark.parametrize("login", ["zhao.shen", "sun.xi", "zhou.an"])
def test_administrators_neither_ask_nor_decide_nor_take_back(room: Room, login: str):
    administrator = room.world.person(login)
    with pytest.raises(Forbidden):
        room.ask(by=login)
    request = room.granted()
    other = room.ask()
    for act in (
        lambda: room.desk.grant(administrator, other),
        lambda: room.desk.refuse(administrator, other, "不"),
        lambda: room.desk.revoke(administrator, request, "不"),
    ):
        with pytest.raises((Forbidden, NotFound, Conflict)):
            act()
    assert room.listed.waiting(administrator) == []
    assert room.listed.in_force(administrator) == []


# ------------------------------------------------------------------------------------------------- deciding


def test_a_grant_opens_one_record_to_one_person(room: Room):
    assert not room.reads()
    room.granted()
    assert room.reads()
    assert room.mine() == ["granted"]
    assert not room.reads("zhao.shen")


def test_nobody_decides_on_their_own_request(room: Room):
    request = room.ask(by=DECIDER)
    with pytest.raises(Forbidden):
        room.desk.grant(room.world.person(DECIDER), request)
    with pytest.raises(Forbidden):
        room.desk.refuse(room.world.person(DECIDER), request, "不")
    assert room.waiting(DECIDER) == []
    assert room.waiting(OTHER_DECIDER) == [room.secret.archival_code]


def test_a_reader_does_not_decide(room: Room):
    request = room.ask()
    for login in (READER, ANOTHER_READER):
        with pytest.raises(Forbidden):
            room.desk.grant(room.world.person(login), request)


def test_one_who_is_not_cleared_for_the_level_neither_sees_nor_decides(room: Room):
    request = room.ask()
    security = room.world.person("zhou.an")
    decider = room.world.person(DECIDER)
    room.world.people.set_rights(security, DECIDER, roles=decider.roles, clearance=frozenset({"PUB", "INT"}))
    assert room.waiting(DECIDER) == []
    absent = room.ask("Q001-ZY·AX·2024-D10-KCQ-9999")
    said = []
    for one in (request, absent):
        with pytest.raises(NotFound) as refused:
            room.desk.grant(room.world.person(DECIDER), one)
        said.append(refused.value.text)
    assert said[0] == said[1]
    with pytest.raises(NotFound):
        room.desk.refuse(room.world.person(DECIDER), request, "不")
    assert not room.reads()


def test_a_request_for_what_is_not_there_can_only_be_refused(room: Room):
    request = room.ask("Q001-ZY·AX·2024-D10-KCQ-9999")
    with pytest.raises(NotFound):
        room.desk.grant(room.world.person(DECIDER), request)
    room.desk.refuse(room.world.person(DECIDER), request, "无此档号")
    assert room.mine() == ["refused"]


def test_a_sealed_item_takes_the_security_administrator_and_an_approver_and_is_opened_for_one_sitting(room: Room):
    """Scenario 14: reading needs two persons, of whom neither is an archivist."""
    sealed = room.world.file(type_code="KCQ02", on=date(2024, 3, 1), level="SEAL", case_no="AX2024-001")
    request = room.desk.ask(room.world.person(READER), sealed.archival_code, "核查", 14, actions=("print", "download"))
    with pytest.raises(NotFound):
        room.desk.grant(room.world.person(ARCHIVIST), request)
    assert not room.desk.grant(room.world.person("zhou.an"), request)
    with pytest.raises(Conflict):
        room.desk.grant(room.world.person("zhou.an"), request)
    assert room.desk.grant(room.world.person(DECIDER), request)
    thing = Thing(level="SEAL", record_id=sealed.record_id)

    def may(action: Action) -> bool:
        return can(room.world.person(READER), action, thing, at=room.world.ledger.clock.stamp()).allowed

    assert may(Action.READ_RECORD)
    assert not may(Action.DOWNLOAD_RECORD)
    catalogue = Catalogue(room.world.ledger, room.world.vault, room.world.schedules)
    file = catalogue.find(room.world.person(READER), sealed.archival_code).files[0]
    catalogue.open_component(room.world.person(READER), sealed.record_id, file.id, "page")
    room.world.wait(minutes=29)
    assert may(Action.READ_RECORD)
    room.world.wait(minutes=1)
    assert not may(Action.READ_RECORD)


def test_leave_to_open_a_sealed_item_ends_after_a_day_unused(room: Room):
    sealed = room.world.file(type_code="KCQ02", on=date(2024, 3, 1), level="SEAL", case_no="AX2024-001")
    request = room.ask(sealed.archival_code, days=14)
    room.desk.grant(room.world.person("zhou.an"), request)
    room.desk.grant(room.world.person(DECIDER), request)
    room.world.wait(days=1)
    thing = Thing(level="SEAL", record_id=sealed.record_id)
    at = room.world.ledger.clock.stamp()
    assert not can(room.world.person(READER), Action.READ_RECORD, thing, at=at).allowed


def test_the_security_administrator_has_no_say_in_what_is_not_sealed(room: Room):
    request = room.ask()
    assert room.waiting("zhou.an") == []
    with pytest.raises(NotFound):
        room.desk.grant(room.world.person("zhou.an"), request)


def test_a_trade_secret_takes_two_from_two_seats(room: Room):
    request = room.ask()
    assert not room.desk.grant(room.world.person(DECIDER), request)
    for login in (DECIDER, OTHER_DECIDER):
        with pytest.raises(Conflict):
            room.desk.grant(room.world.person(login), request)
    assert room.waiting(DECIDER) == room.waiting(OTHER_DECIDER) == []
    assert not room.reads()
    assert room.waiting(ARCHIVIST) == [room.secret.archival_code]
    assert room.desk.grant(room.world.person(ARCHIVIST), request)
    assert room.reads()


def test_an_agreement_does_not_survive_a_raise_of_the_level(room: Room):
    request = room.ask()
    room.desk.grant(room.world.person(ARCHIVIST), request)
    _raise_the_level(room)
    assert not room.desk.grant(room.world.person(DECIDER), request)
    assert room.desk.grant(room.world.person(ARCHIVIST), request)


def test_more_time_is_asked_for_anew_and_follows_on_the_present_leave(room: Room):
    request = room.granted(days=2)
    more = room.desk.extend(room.world.person(READER), request, "尚未核完", 3)
    with pytest.raises(NotFound):
        room.desk.extend(room.world.person(ANOTHER_READER), request, "冒用", 3)
    room.agree(more)
    room.world.wait(days=5, seconds=-1)
    assert room.reads()
    room.world.wait(seconds=1)
    assert not room.reads()
    with pytest.raises(Conflict):
        room.desk.extend(room.world.person(READER), request, "再续", 3)


def test_leave_is_given_back_with_what_it_was_good_for(room: Room):
    request = room.granted()
    room.desk.finish(room.world.person(READER), request, "核对一致")
    assert not room.reads()
    assert [(row.state, row.effect) for row in room.listed.mine(room.world.person(READER))] == [
        ("returned", "核对一致")
    ]


def test_a_request_is_withdrawn_by_the_one_who_asked_and_before_it_is_decided(room: Room):
    request = room.ask()
    with pytest.raises(NotFound):
        room.desk.withdraw(room.world.person(DECIDER), request)
    room.desk.withdraw(room.world.person(READER), request)
    assert room.mine() == ["withdrawn"]
    with pytest.raises(Conflict):
        room.desk.grant(room.world.person(DECIDER), request)


def test_a_request_is_talked_over_by_those_concerned_alone(room: Room):
    request = room.ask()
    room.desk.say(room.world.person(DECIDER), request, "请说明用途")
    room.world.wait(seconds=1)
    room.desk.say(room.world.person(READER), request, "核对配方编号")
    with pytest.raises(NotFound):
        room.desk.say(room.world.person(ANOTHER_READER), request, "插话")
    told = room.listed.one(room.world.person(READER), request)
    assert [row.body for row in told.talk] == ["请说明用途", "核对配方编号"]
    assert (told.level, told.needed) == ("", ()), "the level of what one may not see is not told"
    assert room.listed.one(room.world.person(DECIDER), request).level == "TS"
    with pytest.raises(NotFound):
        room.listed.one(room.world.person(ANOTHER_READER), request)


def test_a_masked_entry_says_the_code_and_nothing_else_and_only_where_the_level_is_discoverable(room: Room):
    reader = room.world.person(READER)
    shown = MaskedEntries(room.world.ledger, frozenset({"TS"}))
    found = shown.find(reader, room.secret.archival_code.lower())
    assert found == Masked(room.secret.archival_code, "TS")
    for typed in ("", room.secret.archival_code[:-1], "配方", "x" * 300, "\0"):
        assert shown.find(reader, typed) is None
    assert MaskedEntries(room.world.ledger, frozenset({"PI"})).find(reader, room.secret.archival_code) is None
    for login in (DECIDER, "zhao.shen"):
        assert shown.find(room.world.person(login), room.secret.archival_code) is None
    room.granted()
    assert shown.find(room.world.person(READER), room.secret.archival_code) is None


def test_the_register_of_use_holds_each_use_with_its_request_and_only_what_one_may_see(room: Room):
    room.granted()
    catalogue = Catalogue(room.world.ledger, room.world.vault, room.world.schedules)
    reader = room.world.person(READER)
    file = catalogue.find(reader, room.secret.archival_code).files[0]
    for page in (1, 2, 2):
        catalogue.enter_use(reader, room.secret.record_id, file.id, "page", page=page)
    with pytest.raises(Forbidden):
        catalogue.open_component(reader, room.secret.record_id, file.id, "download")
    register = UseRegister(room.world.ledger, catalogue)
    today = room.world.ledger.clock.today()
    [used] = register.used(room.world.person(ARCHIVIST), today, today)
    assert (used.use.person_id, used.line.code, len(used.use.pages)) == (reader.id, room.secret.archival_code, 2)
    assert used.request.purpose == "核对数据"
    assert used.agreed == [room.world.person(ARCHIVIST).id, room.world.person(DECIDER).id]
    figures = register.statistics(room.world.person(ARCHIVIST), today, today)
    assert (figures.visits, figures.records, figures.pages) == (1, 1, 2)
    drawn = use_register(
        register, room.world.people, room.world.person(ARCHIVIST), today, today, Text("馆", "House"), "zh"
    )
    assert len(drawn.rows[0]) == len(drawn.columns) == 20
    assert as_xlsx(drawn).startswith(b"PK")
    with pytest.raises(Forbidden):
        register.used(reader, today, today)
    decider, security = room.world.person(DECIDER), room.world.person("zhou.an")
    room.world.people.set_rights(security, DECIDER, roles=decider.roles, clearance=frozenset({"PUB", "INT"}))
    assert register.used(room.world.person(DECIDER), today, today) == []


def test_a_refusal_has_a_reason_that_the_person_reads(room: Room):
    request = room.ask()
    with pytest.raises(BadInput):
        room.desk.refuse(room.world.person(DECIDER), request, "  ")
    room.desk.refuse(room.world.person(DECIDER), request, "目的不明")
    assert [row.reason for row in room.listed.mine(room.world.person(READER))] == ["目的不明"]
    assert not room.reads()


def test_a_request_is_decided_once(room: Room):
    request = room.granted()
    for act in (
        lambda: room.desk.grant(room.world.person(OTHER_DECIDER), request),
        lambda: room.desk.refuse(room.world.person(OTHER_DECIDER), request, "不"),
    ):
        with pytest.raises(Conflict):
            act()
    with pytest.raises(NotFound):
        room.desk.grant(room.world.person(DECIDER), "f" * 32)


def test_of_several_who_decide_at_once_one_decides(room: Room):
    internal = room.world.file(on=date(2024, 3, 1), level="INT", case_no="AX2024-001")
    request = room.ask(internal.archival_code)
    deciders = [room.world.person(login) for login in (DECIDER, OTHER_DECIDER, "he.fu", PROPOSER)]
    gate = threading.Barrier(len(deciders))

    def decide(number: int) -> str:
        gate.wait()
        try:
            if number % 2:
                room.desk.refuse(deciders[number], request, "不")
            else:
                room.desk.grant(deciders[number], request)
        except Conflict:
            return "late"
        return "decided"

    with ThreadPoolExecutor(len(deciders)) as pool:
        assert sorted(pool.map(decide, range(len(deciders)))) == ["decided", "late", "late", "late"]
    with room.world.ledger.read() as connection:
        given = connection.execute(select(func.count()).select_from(grants)).scalar_one()
    assert (room.mine(), given) in ((["granted"], 1), (["refused"], 0))


@pytest.mark.parametrize("gone", ["disabled", "no role"])
def test_leave_is_not_given_to_one_who_no_longer_reads(room: Room, gone: str):
    request = room.ask()
    if gone == "disabled":
        room.world.people.disable(room.world.person("sun.xi"), READER)
    else:
        room.world.people.set_rights(room.world.person("zhou.an"), READER, roles=frozenset(), clearance=frozenset())
    with pytest.raises(Conflict):
        room.desk.grant(room.world.person(DECIDER), request)


# ------------------------------------------------------------------------------------------------- the end of a grant


def test_a_grant_ends_by_the_clock_to_the_second_though_no_job_ran(room: Room):
    """Scenario 16."""
    room.granted(days=3)
    room.world.wait(days=3, seconds=-1)
    assert room.reads()
    room.world.wait(seconds=1)
    assert not room.reads()
    room.world.wait(seconds=1)
    assert not room.reads()


def test_leave_runs_from_the_grant_and_not_from_the_request(room: Room):
    request = room.ask(days=2)
    room.world.wait(days=5)
    room.agree(request)
    room.world.wait(days=2, seconds=-1)
    assert room.reads()


def test_a_grant_that_is_taken_back_no_longer_opens(room: Room):
    request = room.granted()
    room.desk.revoke(room.world.person(OTHER_DECIDER), request, "用途改变")
    assert not room.reads()
    assert room.mine() == ["revoked"]
    with pytest.raises(Conflict):
        room.desk.revoke(room.world.person(DECIDER), request, "再次")


def test_only_one_who_may_decide_takes_a_grant_back(room: Room):
    request = room.granted()
    for login in (READER, ANOTHER_READER):
        with pytest.raises(Forbidden):
            room.desk.revoke(room.world.person(login), request, "不")
    with pytest.raises(Conflict):
        room.desk.revoke(room.world.person(DECIDER), "f" * 32, "不")
    assert room.reads()


def _take_the_role(room: Room) -> None:
    reader = room.world.person(READER)
    security = room.world.person("zhou.an")
    room.world.people.set_rights(security, READER, roles=reader.roles | {"appraiser"}, clearance=reader.clearance)


def _raise_the_level(room: Room) -> None:
    with room.world.ledger.work(None) as work:
        work.update(records, room.secret.record_id, {"level": "PI"})
        work.act(acts.RECORD_DUE_SET, "record", room.secret.record_id)
        work.commit()


def _disable(room: Room) -> None:
    room.world.people.disable(room.world.person("sun.xi"), READER)


def _reset(room: Room) -> None:
    room.world.people.reset_password(room.world.person("sun.xi"), READER)


@pytest.mark.parametrize("change", [_take_the_role, _raise_the_level, _disable, _reset])
def test_leave_does_not_survive(room: Room, change: Callable[[Room], None]):
    room.granted()
    change(room)
    assert not room.reads()


def test_leave_survives_a_change_of_clearance_alone(room: Room):
    room.granted()
    reader = room.world.person(READER)
    room.world.people.set_rights(room.world.person("zhou.an"), READER, roles=reader.roles, clearance=frozenset({"PUB"}))
    assert room.reads()


def test_grants_in_force_are_shown_to_those_who_may_take_them_back(room: Room):
    room.granted(days=1)
    assert [row.code for row in room.listed.in_force(room.world.person(DECIDER))] == [room.secret.archival_code]
    assert room.listed.in_force(room.world.person(READER)) == []
    assert room.listed.in_force(room.world.person(ANOTHER_READER)) == []
    room.world.wait(days=1)
    assert room.listed.in_force(room.world.person(DECIDER)) == []


def test_a_grant_prolonged_by_hand_is_found(room: Room):
    room.granted()
    with room.world.engine.begin() as connection:
        connection.execute(update(grants).values(until="2099-01-01T00:00:00.000000Z"))
    findings = room.world.verify().findings
    assert len(findings) == 1
    assert findings[0].place.startswith("access_grant/")
    with room.world.engine.begin() as connection:
        until = room.world.ledger.clock.now() + timedelta(days=3)
        connection.execute(update(grants).values(until=until.strftime("%Y-%m-%dT%H:%M:%S.%fZ")))
