"""From the queue to the certificate."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from archive_service.catalog.keeping import known_stores
from archive_service.catalog.tables import components
from archive_service.disposal.destroying.proofs import verify_certificate
from archive_service.errors import Conflict, Unavailable
from archive_service.people.model import SYSTEM_ADMINISTRATOR
from archive_service.vault import KeyDestroyed
from tests.support.disposal_world import ORDERER, PROPOSER, SECRET, World


def test_a_list_goes_its_whole_way_to_a_certificate(world: World):
    list_no = world.ordered(2)
    done = world.destruction.carry_out(list_no)
    assert done.closed
    assert len(done.destroyed) == 2
    assert world.list_row(list_no).state == "closed"
    assert list_no == "CZ2026-001"
    assert verify_certificate(world.certificates.body(world.person("zhao.shen"), list_no)) == []


def test_destruction_leaves_nothing_that_can_be_read(world: World):
    list_no = world.ordered()
    (receipt,) = world.filed
    assert world.everything_left(receipt)
    world.destruction.carry_out(list_no)
    assert world.everything_left(receipt) == []
    with pytest.raises(KeyDestroyed):
        world.content(receipt)
    for path in world.folder.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes()
            assert receipt.record_id not in path.name


def test_yesterdays_store_does_not_bring_the_content_back(world: World):
    receipt = world.file()
    kept = {path: path.read_bytes() for path in (world.folder / "store").rglob("*") if path.is_file()}
    list_no = world.ordered(0)
    world.destruction.carry_out(list_no)
    for path, content in kept.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    with pytest.raises(KeyDestroyed):
        world.content(receipt)


def test_the_stub_keeps_number_sizes_hashes_and_an_open_title(world: World):
    receipt = world.file()
    with world.ledger.read() as connection:
        before = connection.execute(select(components)).all()
    world.destruction.carry_out(world.ordered(0))
    stub = world.record(receipt)
    assert (stub.status, stub.code, stub.title) == ("destroyed", receipt.archival_code, "整改情况月报")
    assert stub.destroyed_at
    with world.ledger.read() as connection:
        after = connection.execute(select(components)).all()
    assert [(row.size, row.sealed_sha256) for row in after] == [(row.size, row.sealed_sha256) for row in before]


def test_a_confidential_stub_and_its_certificate_bear_no_title(world: World):
    world.open_case("AX2014-001")
    receipt = world.file("KCQ02", case_no="AX2014-001")
    world.cases.record_event(
        world.person(PROPOSER), "AX2014-001", "CASE_CLOSED", on=world.record(receipt).document_date, exception="测试"
    )
    list_no = world.ordered(0)
    world.destruction.carry_out(list_no)
    stub = world.record(receipt)
    assert (stub.title, stub.sealed_description) == (None, None)
    text = world.certificates.text(world.person(ORDERER), list_no)
    assert "整改情况月报" not in text
    assert json.loads(text)["items"][0]["title"] is None


def test_the_number_of_a_destroyed_record_is_not_given_again(world: World):
    first = world.file()
    world.destruction.carry_out(world.ordered(0))
    assert world.file().archival_code != first.archival_code


def test_a_destroyed_record_cannot_be_filed_again_with_its_request_key(world: World):
    first = world.file(key="month-report")
    world.destruction.carry_out(world.ordered(0))
    again = world.file(key="month-report")
    assert again.repeated
    assert again.record_id == first.record_id
    assert world.everything_left(first) == ["index/shelf"]  # what this test itself put there


def test_the_database_itself_refuses_to_call_a_record_destroyed_out_of_order(world: World):
    from archive_service.catalog.tables import records

    receipt = world.file()
    with pytest.raises(DBAPIError), world.engine.begin() as connection:
        connection.execute(update(records).where(records.c.id == receipt.record_id).values(status="destroyed"))


def test_carrying_out_again_changes_nothing(world: World):
    list_no = world.ordered()
    world.destruction.carry_out(list_no)
    entries = world.acts("destruction:done", "certificate:issued", "disposal:list:closed")
    again = world.destruction.carry_out(list_no)
    assert again.closed
    assert world.acts("destruction:done", "certificate:issued", "disposal:list:closed") == entries == 3
    assert world.destruction.unfinished() == []


def test_lists_are_numbered_without_a_gap_and_anew_each_year(world: World):
    assert [world.drawn_up() for _ in range(3)] == ["CZ2026-001", "CZ2026-002", "CZ2026-003"]
    world.file()
    world.check.run()
    world.hold(*[receipt.archival_code for receipt in world.filed])
    with pytest.raises(Conflict):
        world.disposal.draw_up(world.person(PROPOSER), world.candidate_ids())
    world.set_date(2027, 1, 4)
    assert world.drawn_up() == "CZ2027-001"


def test_nothing_is_destroyed_while_a_store_with_copies_is_out_of_the_settings(world: World):
    world.file()
    with world.ledger.work(None) as work:
        known_stores.take_into_use(work, {"second"})
        work.commit()
    list_no = world.approved(0)
    world.supervise(list_no)
    world.wait(days=8)
    with pytest.raises(Unavailable, match="second"):
        world.destruction.order(world.person(ORDERER), list_no, list_no)
    assert world.steps() == ["waiting"]
    system = replace(world.person("zhao.shen"), roles=frozenset({SYSTEM_ADMINISTRATOR}))
    with pytest.raises(Conflict):
        known_stores.give_up(world.ledger, system, "second", "硬盘粉碎", {"primary", "second"})
    known_stores.give_up(world.ledger, system, "second", "硬盘粉碎", world.vault.stores)
    world.destruction.order(world.person(ORDERER), list_no, list_no)
    assert world.destruction.carry_out(list_no).closed
    stores = world.certificates.body(world.person("zhao.shen"), list_no)["stores"]
    assert stores["looked_into"] == ["primary"]
    assert [(one["name"], one["reason"]) for one in stores["given_up"]] == [("second", "硬盘粉碎")]


def test_a_store_that_leaves_the_settings_after_the_order_stops_every_further_step(world: World):
    world.file()
    list_no = world.ordered(0)
    with world.ledger.work(None) as work:
        known_stores.take_into_use(work, {"second"})
        work.commit()
    done = world.destruction.carry_out(list_no)
    assert not done.closed
    assert "second" in done.unfinished[0][1].en
    assert world.steps() == ["begun"]
    assert world.content(world.filed[0])
