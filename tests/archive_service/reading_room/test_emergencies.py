"""Reading in an emergency: one record, one hour, told at once, reviewed by another; and applications for several records."""

from __future__ import annotations

import pytest

from archive_service.catalog.records.browse import Catalogue
from archive_service.errors import BadInput, Conflict, Forbidden, NotFound
from archive_service.people.policy import Action, Thing, can
from archive_service.reading_room.drafts import Drafts
from archive_service.reading_room.emergencies import Emergencies
from tests.archive_service.reading_room.test_access import ARCHIVIST, DECIDER, READER, Room, room  # noqa: F401

REASON = "储罐泄漏处置中，须立即核对物料"


def test_an_emergency_opens_one_record_for_an_hour_and_everybody_who_watches_knows_at_once(room: Room):  # noqa: F811
    world, desk = room.world, Emergencies(room.world.ledger, frozenset({"reader"}))
    reader = world.person(READER)
    with pytest.raises(BadInput):
        desk.open(reader, room.secret.archival_code, "急")
    assert not room.reads()
    assert desk.open(reader, room.secret.archival_code.lower(), REASON) == room.secret.archival_code
    assert room.reads()
    for watcher in ("zhao.shen", "sun.xi", "zhou.an", ARCHIVIST, DECIDER):
        assert len(world.told("emergency_opened", watcher)) == 1, watcher
    at, thing = world.ledger.clock.stamp(), Thing(level="TS", record_id=room.secret.record_id)
    before, now = reader, world.person(READER)
    opened = {action for action in Action if can(now, action, thing, at=at) != can(before, action, thing, at=at)}
    assert opened == {Action.SEE_RECORD, Action.READ_RECORD}, "it shows, and opens nothing else"
    catalogue = Catalogue(world.ledger, world.vault, world.schedules)
    catalogue.enter_use(now, room.secret.record_id, catalogue.find(now, room.secret.archival_code).files[0].id, "page")
    [row] = desk.all(world.person("zhao.shen"))
    assert desk.uses([row.id]) == {row.id: 1}
    world.wait(minutes=60)
    assert not room.reads()
    with pytest.raises(Forbidden):
        desk.review(world.person(READER), row.id, "属实")
    desk.review(world.person("zhao.shen"), row.id, "属实")
    with pytest.raises(Conflict):
        desk.review(world.person("zhou.an"), row.id, "再看一次")
    assert len(world.told("emergency_reviewed", READER)) == 1


def test_what_is_sealed_or_not_there_is_refused_in_the_same_words_and_too_many_wait(room: Room):  # noqa: F811
    world, desk = room.world, Emergencies(room.world.ledger, frozenset({"reader"}))
    sealed = world.file(type_code="JBJ02", level="SEAL")
    said = set()
    for code in (sealed.archival_code, "Q001-ZY·AX·2024-D10-KCQ-9999"):
        with pytest.raises(NotFound) as refused:
            desk.open(world.person(READER), code, REASON)
        said.add(refused.value.text)
    assert len(said) == 1
    assert world.acts("emergency:refused") == 2
    with pytest.raises(Conflict):
        desk.open(world.person(DECIDER), room.secret.archival_code, REASON)  # who may read it as it is
    for login in ("zhao.shen", "sun.xi"):
        with pytest.raises(Forbidden):
            desk.open(world.person(login), room.secret.archival_code, REASON)
    for _ in range(3):
        secret = world.file(type_code="KCQ02", level="TS", case_no="AX2024-001")
        desk.open(world.person(READER), secret.archival_code, REASON)
    with pytest.raises(Conflict):
        desk.open(world.person(READER), room.secret.archival_code, REASON)
    desk.review(world.person("zhao.shen"), desk.all(world.person(READER))[0].id, "不属实，结束")
    desk.open(world.person(READER), room.secret.archival_code, REASON)
    world.people.set_rights(world.person("zhou.an"), READER, roles=frozenset({"appraiser"}), clearance=frozenset())
    assert not room.reads(), "a change of role ends it"


def test_one_application_for_several_records_goes_its_several_ways(room: Room):  # noqa: F811
    world, reader = room.world, room.world.person(READER)
    other = world.file(type_code="KCQ02", level="PI", case_no="AX2024-001")
    codes = [room.secret.archival_code, other.archival_code.lower(), room.secret.archival_code]
    ids = room.desk.ask_for_all(reader, codes, "核对数据", 3)
    assert len(ids) == 2
    assert len(world.told("access_waits", DECIDER)) == 1, "one application, one notice"
    world.people.set_rights(
        world.person("zhou.an"), DECIDER, roles=frozenset({"approver"}), clearance=frozenset({"PUB", "INT", "TS"})
    )
    assert [one.code for one in room.listed.one(reader, ids[0]).together] == [other.archival_code]
    assert room.listed.one(world.person(DECIDER), ids[0]).together == [], "what is not one's to decide is not shown"
    assert room.listed.together(world.person(ARCHIVIST), ids[0]) == ids
    with pytest.raises(BadInput):
        room.desk.ask_for_all(reader, [f"Q001-{number}" for number in range(31)], "核对", 3)


def test_a_draft_asks_nothing_and_is_its_writers_alone(room: Room):  # noqa: F811
    drafts, reader = Drafts(room.world.ledger), room.world.person(READER)
    kept = drafts.save(reader, "Q001", "", None, "", ["print", "nonsense"])
    assert room.mine() == []
    assert drafts.one(reader, kept).actions == "print"
    with pytest.raises(NotFound):
        drafts.one(room.world.person(ARCHIVIST), kept)
    drafts.drop(room.world.person(ARCHIVIST), kept)
    drafts.drop(reader, kept)
    assert drafts.of(reader) == []
