"""Photographs and recordings are kept as the record that they belong to, or as the papers of their case file."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from archive_service.catalog.model import Receipt
from archive_service.catalog.records.due import decide_record, decide_row, recompute
from archive_service.catalog.records.facts import triggers_of_case
from archive_service.catalog.records.linking import set_parent
from archive_service.catalog.tables import outbox, record_parents, records
from archive_service.database.guards import without_guards
from archive_service.disposal.holds.holds import holds_of
from archive_service.errors import BadInput, Conflict, NotFound
from retention_policies import State
from tests.support.disposal_world import PROPOSER, World

DAY = date(2014, 6, 1)
CASE = "AX2024-001"


def photo(world: World, parent: Receipt | str | None = None, on: date = DAY, **more: Any) -> Receipt:
    code = parent.archival_code if isinstance(parent, Receipt) else parent
    return world.file("SXD01", on, parent=code, **{"level": "INT", **more})


def kept(world: World, receipt: Receipt) -> tuple[str, date | None]:
    row = world.record(receipt)
    return row.period, row.due_on


def change(world: World, receipt: Receipt, **values: Any) -> None:
    """Change what a record's retention rests on, as an appraisal does."""
    with world.ledger.work(None) as work:
        work.update(records, receipt.record_id, values)
        schedule = world.schedules.version(world.record(receipt).schedule_version)
        recompute(work, schedule, [receipt.record_id], world.ledger.clock.today(), "appraisal")
        work.commit()


# --------------------------------------------------------------------------------------------- the record it belongs to


def test_a_photograph_is_kept_as_long_as_the_record_it_belongs_to(world: World) -> None:
    report = world.file("YSH05", DAY)
    assert kept(world, photo(world, report)) == kept(world, report) == ("D10", date(2025, 1, 1))
    result = world.file("PGF02", DAY)
    assert kept(world, photo(world, result)) == ("Y", None)


def test_a_photograph_of_its_own_is_kept_30_years_from_when_it_was_made(desk: World) -> None:
    assert kept(desk, photo(desk)) == ("D30", date(2045, 1, 1))


def test_a_photograph_taken_later_than_its_record_is_kept_from_its_own_year(desk: World) -> None:
    report = desk.file("YSH05", DAY)
    assert kept(desk, photo(desk, report, on=date(2016, 1, 1))) == ("D10", date(2027, 1, 1))


def test_the_archival_code_of_a_photograph_says_the_period_of_its_record(desk: World) -> None:
    assert "-D10-SXD-" in photo(desk, desk.file("YSH05", DAY)).archival_code
    assert "-Y-SXD-" in photo(desk, desk.file("PGF02", DAY)).archival_code


def test_a_photograph_of_an_open_case_waits_with_its_record(world: World) -> None:
    world.open_case()
    check = world.file("KCQ03", DAY, case_no=CASE)
    picture = photo(world, check, case_no=CASE)
    assert kept(world, picture) == ("D30", None)
    world.cases.record_event(world.person(PROPOSER), CASE, "RECT_ACCEPTED", date(2020, 5, 5))
    assert kept(world, picture) == kept(world, check) == ("D30", date(2051, 1, 1))
    event = world.cases.events(world.cases.case(CASE).id)[0]
    world.cases.revoke_event(world.person(PROPOSER), event.id, "误登")
    assert kept(world, picture) == ("D30", None)


def test_an_event_of_the_records_case_reaches_a_photograph_outside_of_it(world: World) -> None:
    world.open_case()
    check = world.file("KCQ03", DAY, case_no=CASE)
    picture = photo(world, check)
    world.cases.record_event(world.person(PROPOSER), CASE, "RECT_ACCEPTED", date(2020, 5, 5))
    assert kept(world, picture) == ("D30", date(2051, 1, 1))


@pytest.mark.parametrize(("values", "period"), [({"extension_years": 20}, "D30"), ({"period_override": "Y"}, "Y")])
def test_what_is_decided_of_a_record_reaches_its_photographs(world: World, values: dict[str, Any], period: str) -> None:
    report = world.file("YSH05", DAY)
    pictures = [photo(world, report), photo(world, report), photo(world)]
    change(world, report, **values)
    assert [kept(world, picture)[0] for picture in pictures] == [period, period, "D30"]
    assert kept(world, pictures[0]) == kept(world, report)
    assert world.acts("record:due:set") == 3
    codes = {picture.archival_code for picture in pictures[:2]}
    assert all("-D10-SXD-" in code for code in codes)  # a code once issued stays as it is


def test_a_change_asks_for_new_capsules_of_all_that_changed(desk: World) -> None:
    report = desk.file("YSH05", DAY)
    picture = photo(desk, report)
    change(desk, report, extension_years=20)
    with desk.ledger.read() as connection:
        asked = connection.execute(select(outbox.c.record_id).where(outbox.c.topic == "capsule")).scalars()
        assert set(asked) == {report.record_id, picture.record_id}


def test_the_link_is_vouched_for_by_the_log(world: World) -> None:
    report = world.file("YSH05", DAY)
    picture = photo(world, report)
    with world.ledger.read() as connection:
        row = connection.execute(select(record_parents)).one()
    assert (row.record_id, row.parent_id) == (picture.record_id, report.record_id)
    assert world.verify().sound
    with world.engine.begin() as connection:
        connection.execute(record_parents.update().values(linked_at=""))
    assert not world.verify().sound
    with world.engine.begin() as connection:
        connection.execute(record_parents.update().values(linked_at=row.linked_at))


# --------------------------------------------------------------------------------------------------- the level


def test_a_photograph_has_the_level_of_its_record_unless_it_is_said(desk: World) -> None:
    secret = desk.file("YSH05", DAY, level="TS")
    assert desk.record(photo(desk, secret, level=None)).level == "TS"
    assert desk.record(photo(desk, secret, level="SEAL")).level == "SEAL"
    with pytest.raises(BadInput, match="may not be filed as INT"):
        photo(desk, secret, level="INT")


def test_a_photograph_without_record_must_say_its_level(desk: World) -> None:
    with pytest.raises(BadInput, match="no default level"):
        photo(desk, level=None)


# ------------------------------------------------------------------------------------------------ what is refused


def test_a_record_that_does_not_exist_or_may_not_be_seen_is_no_parent(desk: World) -> None:
    secret = desk.file("YSH05", DAY, level="TS")
    person = replace(desk.person(PROPOSER), clearance=frozenset({"INT"}))
    said = []
    for code in (secret.archival_code, "Q001-ZY·AX·2014-D10-YSH-0099"):
        new = photo_of(desk, code)
        with pytest.raises(NotFound) as caught:
            desk.accession.file_record(person, new)
        said.append(caught.value.text.en.replace(code, "CODE"))
    assert said[0] == said[1]


def photo_of(world: World, code: str) -> Any:
    from archive_service.catalog.model import NewRecord, SourceFile

    return NewRecord("Q001", "SXD01", "照片", DAY, (SourceFile("a.jpg", lambda: [b"x"]),), level="INT", parent=code)


def test_a_photograph_does_not_belong_to_another_photograph(desk: World) -> None:
    with pytest.raises(BadInput, match="itself kept as another record"):
        photo(desk, photo(desk))


def test_a_destroyed_record_gets_no_more_photographs_and_those_it_has_share_its_fate(world: World) -> None:
    report = world.file("YSH05", DAY)
    picture = photo(world, report)
    world.check.run()
    (queued,) = [one for one in world.disposal.queue(world.person(PROPOSER)) if one.row.record_id == report.record_id]
    list_no = world.disposal.draw_up(world.person(PROPOSER), [queued.row.id]).list_no
    world.appraise(list_no)
    world.disposal.submit(world.person(PROPOSER), list_no)
    world.approve(list_no)
    world.wait(days=8)
    world.order(list_no)
    world.destruction.carry_on()
    assert world.record(report).status == "destroyed"
    with pytest.raises(Conflict, match="no longer held"):
        photo(world, report)
    assert kept(world, picture) == ("D10", date(2025, 1, 1))


def test_a_parent_that_goes_while_a_photograph_is_filed_stops_the_filing(desk: World) -> None:
    report = desk.file("YSH05", DAY)
    new = photo_of(desk, report.archival_code)

    def going() -> list[bytes]:
        with desk.ledger.work(None) as work:
            with without_guards(work.connection, records):
                work.update(records, report.record_id, {"status": "destroying"})
            work.act(_any_act(), "record", report.record_id)
            work.commit()
        return [b"x"]

    with pytest.raises(Conflict):
        desk.accession.file_record(desk.person(PROPOSER), replace(new, files=(replace(new.files[0], chunks=going),)))
    assert desk.vault.record_ids() == {report.record_id}


def _any_act() -> Any:
    from archive_service.audit import acts

    return acts.DESTRUCTION_BEGUN


# ---------------------------------------------------------------------------------------------------- the case file


def test_a_photograph_in_a_case_file_is_kept_as_its_longest_paper_from_the_latest_trigger(world: World) -> None:
    world.open_case()
    world.file("YSH05", date(2014, 6, 1), case_no=CASE)
    picture = photo(world, case_no=CASE)
    assert kept(world, picture) == ("D10", date(2025, 1, 1))
    world.file("YSH05", date(2019, 6, 1), case_no=CASE)
    assert kept(world, picture) == ("D10", date(2030, 1, 1))
    world.file("GKX01", date(2015, 6, 1), case_no=CASE)
    assert kept(world, picture) == ("D30", date(2050, 1, 1))
    world.file("KCQ02", date(2015, 6, 1), case_no=CASE)
    assert kept(world, picture) == ("D30", None)  # it waits for the case to be closed
    world.cases.record_event(world.person(PROPOSER), CASE, "CASE_CLOSED", date(2021, 1, 1), exception="测试")
    assert kept(world, picture) == ("D30", date(2052, 1, 1))
    world.file("PGF02", date(2015, 6, 1), case_no=CASE)
    assert kept(world, picture) == ("Y", None)


def test_the_order_in_which_papers_and_photographs_come_does_not_matter(desk: World) -> None:
    papers = [("YSH05", date(2014, 6, 1)), ("GKX01", date(2016, 6, 1)), ("YSH05", date(2019, 6, 1))]
    results = set()
    for turn in range(4):
        case_no = f"AX2024-01{turn}"
        desk.open_case(case_no)
        for place, (code, on) in enumerate(papers):
            if place == turn:
                picture = photo(desk, case_no=case_no)
            desk.file(code, on, case_no=case_no)
        if turn == 3:
            picture = photo(desk, case_no=case_no)
        results.add(kept(desk, picture))
    assert results == {("D30", date(2050, 1, 1))}


def test_a_batch_that_brings_photographs_before_their_papers_ends_the_same(desk: World) -> None:
    from archive_service.catalog.model import NewRecord, SourceFile

    desk.open_case()
    one = (SourceFile("a.txt", lambda: [b"x"]),)
    batch = [
        NewRecord("Q001", "SXD01", "照片", DAY, one, case_no=CASE, level="INT"),
        NewRecord("Q001", "GKX01", "公开", date(2016, 6, 1), one, case_no=CASE),
    ]
    outcomes = desk.accession.file_records(desk.person(PROPOSER), batch)
    picture = outcomes[0]
    assert isinstance(picture, Receipt)
    assert kept(desk, picture) == ("D30", date(2047, 1, 1))


def test_a_named_record_comes_before_the_case_file(desk: World) -> None:
    desk.open_case()
    report = desk.file("YSH05", DAY, case_no=CASE)
    desk.file("PGF02", DAY, case_no=CASE)
    picture = photo(desk, report, case_no=CASE)
    assert kept(desk, picture) == ("D10", date(2025, 1, 1))
    desk.file("ZBG01", DAY, case_no=CASE)
    assert kept(desk, picture) == ("D10", date(2025, 1, 1))


# ------------------------------------------------------------------------------------------- one calculator for all


def test_the_date_stored_is_the_date_decided_anew(world: World) -> None:
    world.open_case()
    report = world.file("YSH05", DAY, case_no=CASE)
    receipts = [report, photo(world, report), photo(world, case_no=CASE), photo(world)]
    with world.ledger.read() as connection:
        for receipt in receipts:
            row = world.record(receipt)._mapping
            decision = decide_row(connection, world.schedules, row, world.hands.now.date())
            assert (decision.period.code if decision.period else None, decision.due_on) == kept(world, receipt)
            assert decision.sentence.zh == row["retention_zh"]


def test_whoever_does_not_look_for_parents_keeps_the_photograph(world: World) -> None:
    row = world.record(photo(world, world.file("YSH05", DAY)))._mapping
    with world.ledger.read() as connection:
        triggers = triggers_of_case(connection, row["case_id"])
    schedule = world.schedules.version(row["schedule_version"])
    assert decide_record((schedule,), row, triggers, date(2099, 1, 1)).state is State.KEEP_UNSURE


def test_a_hold_on_a_record_holds_its_photographs(world: World) -> None:
    report = world.file("YSH05", DAY)
    picture = photo(world, report)
    with world.ledger.read() as connection:
        row = world.record(picture)._mapping

        def state() -> State:
            def holds(conn: Any, of: Any) -> Any:
                return holds_of(conn, of["id"], of["case_id"], of["class_code"])

            return decide_row(connection, world.schedules, row, world.hands.now.date(), holds).state

        assert state() is State.DUE
    world.hold(report.archival_code)
    with world.ledger.read() as connection:
        assert state() is State.HELD


# ------------------------------------------------------------------------------------------------------------ races


def test_an_event_recorded_while_a_record_is_filed_reaches_it(world: World) -> None:
    """The accession holds the case file: the event comes before or after it, never in between unseen."""
    world.open_case()
    started = threading.Event()
    threads = []

    def recording() -> None:
        started.set()
        world.cases.record_event(world.person(PROPOSER), CASE, "RECT_ACCEPTED", date(2020, 5, 5))

    filed = []
    for _ in range(6):
        thread = threading.Thread(target=lambda: filed.append(world.file("KCQ03", DAY, case_no=CASE)))
        threads.append(thread)
    threads.insert(3, threading.Thread(target=recording))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert started.is_set()
    assert len(filed) == 6
    assert {kept(world, receipt) for receipt in filed} == {("D30", date(2051, 1, 1))}


# --------------------------------------------------------------------------------------------- what is said of it


def said(world: World, receipt: Receipt) -> tuple[str, str]:
    row = world.record(receipt)
    return row.retention_zh, row.retention_en


def test_what_is_permanent_through_another_says_through_what(desk: World) -> None:
    desk.open_case()
    loose = photo(desk, case_no=CASE)
    result = desk.file("PGF02", DAY, case_no=CASE)
    linked = photo(desk, result, case_no=CASE)
    assert said(desk, linked)[0].startswith("随主件永久保管，永不到期")
    assert said(desk, linked)[1].startswith("Kept permanently with its main record, never due")
    assert said(desk, loose)[0].startswith("随案卷永久保管，永不到期")
    assert said(desk, loose)[1].startswith("Kept permanently with its case file, never due")
    assert said(desk, result)[0].startswith("永久保管，永不到期")


def test_what_was_made_permanent_itself_says_so(desk: World) -> None:
    picture = photo(desk, desk.file("YSH05", DAY))
    change(desk, picture, period_override="Y")
    assert said(desk, picture)[0] == "改定为永久保管，永不到期"


def test_a_hold_on_the_main_record_is_told_beside_what_is_inherited(desk: World) -> None:
    result = desk.file("PGF02", DAY)
    picture = photo(desk, result)
    desk.hold(result.archival_code)
    with desk.ledger.read() as connection:
        row = connection.execute(select(records).where(records.c.id == picture.record_id)).mappings().one()
        sentence = decide_row(
            connection,
            desk.schedules,
            row,
            date(2026, 3, 2),
            lambda c, one: holds_of(c, one["id"], one["case_id"], one["class_code"]),
        ).sentence
    assert sentence.zh.startswith("随主件永久保管")
    assert "冻结" in sentence.zh


def test_a_date_that_the_case_file_gave_is_told_as_its_own(desk: World) -> None:
    desk.open_case()
    desk.file("YSH05", DAY, case_no=CASE)
    assert said(desk, photo(desk, case_no=CASE))[0].startswith("随案卷：")
    assert said(desk, photo(desk, desk.file("YSH05", DAY)))[0].startswith("随主件：")


# --------------------------------------------------------------------------------------------- saying it afterwards


def point(world: World, picture: Receipt, parent: Receipt) -> None:
    actor = world.person(PROPOSER)
    set_parent(world.ledger, world.schedules, actor, picture.archival_code, parent.archival_code)


def test_a_record_named_afterwards_decides_at_once_and_can_be_named_otherwise(world: World) -> None:
    picture, report, result = photo(world), world.file("YSH05", DAY), world.file("PGF02", DAY)
    assert kept(world, picture) == ("D30", date(2045, 1, 1))
    point(world, picture, report)
    assert kept(world, picture) == ("D10", date(2025, 1, 1))
    point(world, picture, result)
    assert kept(world, picture) == ("Y", None)
    change(world, report, extension_years=20)
    assert kept(world, picture) == ("Y", None)
    point(world, picture, report)
    assert kept(world, picture) == ("D30", date(2045, 1, 1))
    assert world.record(picture).code == picture.archival_code


def test_what_cannot_be_linked_is_refused(desk: World) -> None:
    picture, report, secret = photo(desk), desk.file("YSH05", DAY), desk.file("YSH05", DAY, level="TS")
    with pytest.raises(BadInput, match="period of its own"):
        point(desk, report, secret)
    with pytest.raises(BadInput, match="itself kept"):
        point(desk, picture, photo(desk))
    with pytest.raises(BadInput, match="may not be filed as INT"):
        point(desk, picture, secret)
    with pytest.raises(NotFound):
        point(desk, replace(picture, archival_code="Q001-ZP·AX·2014-D30-SXD-0099"), report)
    assert kept(desk, picture) == ("D30", date(2045, 1, 1))
