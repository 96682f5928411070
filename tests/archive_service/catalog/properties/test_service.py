"""The four-property check: its items with evidence, what a scanner says, what stops at the door and who may let it in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from archive_service.audit import acts
from archive_service.catalog.classification.checklist import load_case_kind
from archive_service.catalog.filing.corrections import Corrections
from archive_service.catalog.filing.rows import component_id
from archive_service.catalog.model import Receipt
from archive_service.catalog.properties.doors import refused
from archive_service.catalog.properties.gathering import gather
from archive_service.catalog.properties.items import Result, Stage
from archive_service.catalog.properties.scanner import Scanner
from archive_service.catalog.properties.service import Properties, Report
from archive_service.catalog.records.browse import Catalogue
from archive_service.catalog.tables import index_states, records
from archive_service.errors import Conflict, Forbidden, NotFound
from archive_service.people.tables import grants
from tests.support.clamd import closed_port, scanner
from tests.support.disposal_world import APPROVERS, ORDERER, PROPOSER, World


def properties(world: World, address: str = "") -> Properties:
    catalogue = Catalogue(world.ledger, world.vault, world.schedules)
    return Properties(world.ledger, world.vault, world.schedules, catalogue, Scanner(address, 5))


def results(report) -> dict[str, Result]:
    return {one.number: one.result for one in report.outcomes}


@pytest.fixture
def clamd() -> Iterator[str]:
    with scanner() as address:
        yield address


def test_a_sound_record_passes_every_must_item_and_the_report_stays_with_it(world: World):
    receipt = world.file(author="示例巡察组")
    desk = properties(world)
    report = desk.run(world.person(PROPOSER), receipt.archival_code, Stage.FILING)
    found = results(report)
    assert {number for number, result in found.items() if result is Result.FAIL} == set()
    for number in ("A1", "A7", "A9", "A10", "I2", "I4", "I5", "I6", "I8"):
        assert found[number] is Result.PASS, number
    assert (found["SE1"], found["SE2"], found["I7"], found["A12"]) == (
        Result.WARN,
        Result.WARN,
        Result.MANUAL,
        Result.NA,
    )
    assert report.verdict is Result.MANUAL
    signing = desk.signing
    said = partial(signing.sign, world.person(PROPOSER), receipt.archival_code, report.id, note="核对至末页")
    with pytest.raises(Conflict):
        said("A1", passed=True)
    waiting = [one.number for one in report.outcomes if one.signable]
    assert {"I7", "U6"} <= set(waiting)
    assert [said(number, passed=True) for number in waiting][-2:] == [Result.MANUAL, Result.PASS]
    with pytest.raises(Conflict):
        said("I7", passed=False)
    [kept] = desk.reports(world.person(PROPOSER), receipt.archival_code)
    assert (kept.verdict, results(kept)["I7"]) == (Result.PASS, Result.PASS)
    assert [one.signed.note for one in kept.outcomes if one.signed] == ["核对至末页"] * len(waiting)


def test_what_stands_twice_is_told_within_a_level_and_to_no_guest(desk: World):
    first, _ = desk.file("KCQ02", level="TS"), desk.file("KCQ02", level="TS")
    assert results(checked(desk, first, Stage.FILING))["A8"] is Result.WARN
    open_one = desk.file(title="整改情况月报", on=date(2015, 1, 1))
    assert results(checked(desk, open_one, Stage.FILING))["A8"] is Result.PASS
    guest = replace(desk.person(PROPOSER), clearance=frozenset({"INT"}))
    leave = {"person_id": guest.id, "record_id": first.record_id, "level": "TS", "revoked_at": None, "actions": "view"}
    given = {"granted_by": desk.person(ORDERER).id, "granted_at": desk.ledger.clock.stamp(), "until": "9999"}
    with desk.ledger.work(desk.person(ORDERER).id) as work:
        work.insert(grants, {"id": "a" * 32, "request_id": "b" * 32, **leave, **given})
        work.act(acts.ACCESS_GRANTED, "request", "b" * 32)
        work.commit()
    [shown] = properties(desk).reports(guest, first.archival_code)
    assert "A8" not in results(shown)


def test_a_failed_check_stops_a_declaration_until_another_person_lets_it_through(desk: World):
    receipt, service = desk.file("KCQ02", level="TS", author="示例组"), properties(desk)
    proposer, other = desk.person(PROPOSER), desk.person(ORDERER)
    gate = partial(service.require_passed, stage=Stage.FILING)
    corrections = Corrections(desk.ledger, desk.vault, 1000, load_case_kind(), lambda actor, row: gate(actor, [row]))
    for copy in (desk.folder / "store").rglob(f"{component_id(receipt.record_id, 0)}.*"):
        copy.unlink()
    for _ in range(2):
        with pytest.raises(Conflict, match="A10"):
            corrections.declare(proposer, receipt.archival_code)
    [asked] = service.doors.exceptions(other)
    assert (asked.code, asked.row.stage) == (receipt.archival_code, "GD")
    narrow = replace(other, clearance=frozenset({"INT"}))
    assert service.doors.exceptions(narrow) == []
    decide = partial(service.doors.decide, exception_id=asked.row.id, granted=True, reason="原件另有纸质，先行固化")
    for actor, error in ((narrow, NotFound), (proposer, Forbidden)):
        with pytest.raises(error):
            decide(actor)
    decide(other)
    corrections.declare(proposer, receipt.archival_code)
    assert corrections.of(receipt.record_id)[1]


def test_a_missing_number_fails_continuity_by_name(desk: World):
    first, second = desk.file(), desk.file()
    with desk.engine.begin() as connection:
        row = connection.execute(select(records).where(records.c.id == second.record_id)).mappings().one()
        connection.execute(update(records).where(records.c.id == second.record_id).values(number=row["number"] + 1))
    with desk.ledger.read() as connection:
        row = connection.execute(select(records).where(records.c.id == second.record_id)).mappings().one()
        subject = gather(connection, desk.vault, desk.schedules, row, desk.ledger.clock.today())
    assert list(subject.missing_numbers) == [2]
    assert first.archival_code.endswith("0001")
    with desk.engine.begin() as connection:
        connection.execute(update(records).where(records.c.id == second.record_id).values(number=2))


def test_a_changed_object_fails_the_check(desk: World):
    receipt = desk.file()
    sealed = [path for path in (desk.folder / "store").rglob("*") if path.is_file() and receipt.record_id in str(path)]
    objects = [path for path in sealed if path.suffix != ".json" and path.stat().st_size < 5000] or sealed
    for path in objects:
        data = bytearray(path.read_bytes())
        if b"{" not in data[:2]:
            data[-1] ^= 1
            path.chmod(0o600)
            path.write_bytes(data)
    report = properties(desk).run(desk.person(PROPOSER), receipt.archival_code, Stage.KEEPING)
    assert results(report)["A1"] is Result.FAIL
    assert report.verdict is Result.FAIL


def test_what_one_may_not_see_cannot_be_checked_and_readers_check_nothing(desk: World):
    receipt = desk.file("GZD01", level="TS")
    narrow = replace(desk.person(PROPOSER), clearance=frozenset({"PUB", "INT"}))
    with pytest.raises(NotFound):
        properties(desk).run(narrow, receipt.archival_code, Stage.FILING)
    with pytest.raises(Forbidden):
        properties(desk).run(desk.person(APPROVERS[0]), receipt.archival_code, Stage.FILING)


def indexed(desk: World, *record_ids: str) -> None:
    state = {"state": "indexed", "reason_zh": "", "reason_en": "", "analysis": "", "at": ""}
    with desk.engine.begin() as connection:
        for record_id in record_ids:
            connection.execute(insert(index_states).values(record_id=record_id, **state))


def test_an_object_that_no_entry_names_is_told(desk: World):
    receipt = desk.file()
    assert results(checked(desk, receipt))["SE3"] is Result.PASS
    desk.vault.put(receipt.record_id, "f" * 32, 1, [b"nobody's"])
    assert results(checked(desk, receipt))["SE3"] is Result.WARN


def checked(desk: World, receipt: Receipt, stage: Stage = Stage.KEEPING) -> Report:
    return properties(desk).run(desk.person(PROPOSER), receipt.archival_code, stage)


def test_a_record_whose_entry_cannot_be_read_fails_and_keeps_no_other_from_being_checked(desk: World):
    lost, sound = desk.file(type_code="KCQ02", level="TS"), desk.file()
    indexed(desk, lost.record_id, sound.record_id)
    desk.vault.destroy_keys(lost.record_id, desk.vault.keys_of(lost.record_id))
    service = properties(desk)
    assert (service.check_filed(), service.check_filed()) == (2, 0)
    with desk.engine.connect() as connection:
        report = service.latest(connection, lost.record_id, Stage.FILING)
        assert service.latest(connection, sound.record_id, Stage.FILING)
    assert report is not None
    assert report.verdict is Result.FAIL
    assert {number for number, result in results(report).items() if result is Result.PASS} == set()


def test_the_service_checks_once_what_was_filed(desk: World):
    receipt = desk.file()
    indexed(desk, receipt.record_id)
    service = properties(desk)
    assert (service.check_filed(), service.check_filed()) == (1, 0)
    [report] = service.reports(desk.person(PROPOSER), receipt.archival_code)
    assert report.made_by is None
    assert results(report)["U4"] is Result.PASS


# ------------------------------------------------------------------------------------------------------- the scanner


def test_a_scanner_tells_clean_from_infected_over_both_kinds_of_sockets(clamd: str, tmp_path: Path):
    with scanner(tmp_path) as unix:
        for address in (clamd, unix):
            assert Scanner(address, 5).scan([b"x" * 600_000, b"quiet"]).clean is True
            found = Scanner(address, 5).scan([b"x" * 300_000, b"EVIL"])
            assert (found.clean, found.found) == (False, "Test.Evil")


def test_a_scanner_that_is_not_there_gives_no_verdict():
    scanned = Scanner(f"tcp:127.0.0.1:{closed_port()}", 5).scan([b"x"])
    assert scanned.clean is None
    assert scanned.trouble is not None


def test_with_a_scanner_the_items_of_security_pass_and_old_signatures_are_told(desk: World, clamd: str):
    receipt = desk.file()
    found = results(properties(desk, clamd).run(desk.person(PROPOSER), receipt.archival_code, Stage.FILING))
    assert (found["SE1"], found["SE2"]) == (Result.PASS, Result.PASS)
    with scanner(version=b"ClamAV 1.4.1/27000/Wed Jan  1 09:00:00 2025") as old:
        found = results(properties(desk, old).run(desk.person(PROPOSER), receipt.archival_code, Stage.FILING))
    assert (found["SE1"], found["SE2"]) == (Result.WARN, Result.PASS)


def test_an_infected_file_is_not_filed_until_a_second_person_grants_it(world: World, clamd: str):
    service = properties(world, clamd)
    guarded = replace(world.accession, gate=partial(refused, doors=service.doors))
    world = replace(world, accession=guarded)
    proposer, other = world.person(PROPOSER), world.person(ORDERER)
    for _ in range(2):
        with pytest.raises(Conflict, match=r"Test\.Evil"):
            world.file(text="EVIL 内容")
    [found] = service.doors.exceptions(other)
    asked = found.row
    with pytest.raises(Forbidden):
        service.doors.decide(proposer, asked.id, granted=True, reason="自己批准自己")
    service.doors.decide(other, asked.id, granted=True, reason="病毒样本，作为证据留存")
    assert world.file(text="EVIL 内容").archival_code.endswith("0001"), "what was refused burnt no number"
    with pytest.raises(Conflict):
        world.file(text="EVIL 别的内容")
    world.wait(days=15)
    with pytest.raises(Conflict):
        world.file(text="EVIL 内容")
