"""Scenarios 1, 2, 3, 5, 10 and 23: periods that others count wrongly, papers that never go, papers that never come in."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from archive_service.audit.tables import entries
from archive_service.catalog.filing.pointers import Pointer, record_of
from archive_service.disposal.listing.lists import Appraisal
from archive_service.disposal.model import Opinion
from archive_service.disposal.tables import candidates
from archive_service.errors import BadInput, Conflict, NotFound
from tests.journeys.conftest import Life

LATE = 2300


def test_ten_years_are_counted_from_the_year_after_the_paper(life: Life):
    """Scenario 3: others count from the day of filing, or end ten years to the day after the paper's own date."""
    receipt = life.file("YSH05", "整改情况月报", "十年前的月报", on=date(2014, 6, 1), case_no=None)
    decision, _ = life.archive.explain(life.who("archivist"), receipt.archival_code)
    assert decision.due_on == date(2025, 1, 1)
    life.on(2024, 6, 2)
    assert life.archive.chores.check_retention().queued == 0
    life.on(2024, 12, 31)
    assert life.archive.chores.check_retention().queued == 0
    life.on(2025, 1, 1)
    assert life.archive.chores.check_retention().queued == 1


def test_the_clock_of_a_case_starts_when_it_is_closed(life: Life):
    """Scenario 1, and the trap beside it: while the case is open nothing is ever due."""
    receipt = life.file("KCQ02", "工艺文件复制件", "内容")
    life.on(LATE, 1, 1)
    assert life.archive.chores.check_retention().queued == 0
    life.on(2025, 1, 10)
    life.archive.cases.record_event(
        life.who("archivist"), "AX2024-001", "CASE_CLOSED", date(2024, 12, 31), exception="测试"
    )
    life.on(2034, 12, 31)
    assert life.archive.chores.check_retention().queued == 0
    life.on(2035, 1, 1)
    assert life.archive.chores.check_retention().queued == 1
    assert life.archive.chores.check_retention().queued == 0
    assert life.archive.explain(life.who("archivist"), receipt.archival_code)[0].due_on == date(2035, 1, 1)


def test_a_case_that_is_reopened_stops_the_clock_and_leaves_the_queue(life: Life):
    """Scenario 2: closing revoked, the entry is withdrawn; closed again, another date counts."""
    archive, archivist = life.archive, life.who("archivist")
    receipt = life.file("KCQ02", "工艺文件复制件", "内容")
    life.on(2025, 1, 10)
    archive.cases.record_event(archivist, "AX2024-001", "CASE_CLOSED", date(2024, 12, 31), exception="测试")
    life.on(2035, 1, 1)
    assert archive.chores.check_retention().queued == 1
    case_id = archive.cases.case("AX2024-001").id
    (closed,) = [one for one in archive.cases.events(case_id) if one.trigger == "CASE_CLOSED"]
    archive.cases.revoke_event(archivist, closed.id, "复查后重开")
    assert archive.explain(archivist, receipt.archival_code)[0].due_on is None
    report = archive.chores.check_retention()
    assert (report.queued, report.withdrawn) == (0, 1)
    assert archive.disposal.queue(archivist) == []
    archive.cases.record_event(archivist, "AX2024-001", "CASE_CLOSED", date(2034, 6, 30), exception="测试")
    assert archive.explain(archivist, receipt.archival_code)[0].due_on == date(2045, 1, 1)
    assert archive.chores.check_retention().queued == 0


def test_what_is_kept_longer_keeps_its_code_and_its_date_moves_by_as_many_years(life: Life):
    """Scenario 5."""
    archive, archivist = life.archive, life.who("archivist")
    receipt = life.file("YSH05", "整改情况月报", "月报", on=date(2014, 6, 1), case_no=None)
    life.on(2025, 1, 1)
    archive.chores.check_retention()
    drawn = archive.disposal.draw_up(archivist, [archive.disposal.queue(archivist)[0].row.id])
    archive.disposal.appraise(life.who("appraiser"), drawn.list_no, [Appraisal(1, Opinion.EXTEND, "仍有凭证价值", 20)])
    digest = archive.disposal.submit(archivist, drawn.list_no)
    for approver in ("approver1", "approver2"):
        archive.disposal.approve(life.who(approver), drawn.list_no, digest)
    found, _ = archive.explain(archivist, receipt.archival_code)
    assert found.due_on == date(2045, 1, 1)
    assert "-D10-" in archive.catalogue.find(archivist, receipt.archival_code).line.code
    with archive.ledger.read() as connection:
        wanted = select(entries.c.body).where(
            entries.c.act == "disposal:item:decided", entries.c.object_id == receipt.record_id
        )
        (told,) = connection.execute(wanted).scalars()
    assert drawn.list_no in told
    life.on(2044, 12, 31)
    assert archive.chores.check_retention().queued == 0
    life.on(2045, 1, 1)
    assert archive.chores.check_retention().queued == 1


def test_what_is_permanent_comes_onto_no_list_by_any_way(life: Life):
    """Scenario 10: the daily check, a confirmed check, a forged request, and a hand in the database."""
    archive = life.archive
    kept = life.file("GZD01", "巡察办法", "本单位制发", "INT", case_no=None)
    gone = life.file("YSH05", "整改情况月报", "月报", on=date(2014, 6, 1), case_no=None)
    life.on(LATE, 1, 1)
    assert archive.chores.check_retention().queued == 1
    archive.retention_check.run(confirmed_by=life.who("approver1"))
    with pytest.raises(NotFound):
        archive.disposal.draw_up(life.who("archivist"), [kept.record_id])

    with archive.engine.begin() as connection:
        row = connection.execute(select(candidates).where(candidates.c.record_id == gone.record_id)).one()
        forged = {**row._asdict(), "id": uuid.uuid4().hex, "record_id": kept.record_id}
        connection.execute(candidates.insert().values(**forged))
    with pytest.raises(Conflict, match=kept.archival_code):
        archive.disposal.draw_up(life.who("archivist"), [forged["id"]])
    assert f"candidate/{forged['id']}" in {finding.place for finding in archive.proof.verify_audit().findings}
    assert archive.disposal.all(life.who("archivist")) == []


def test_what_becomes_permanent_after_approval_is_not_destroyed(life: Life):
    """Scenario 10 at the last gate: the decision is made anew when the key is to be destroyed."""
    archive = life.archive
    receipt = life.file("YSH05", "整改情况月报", "月报", on=date(2014, 6, 1), case_no=None)
    life.on(2025, 1, 1)
    archive.chores.check_retention()
    list_no = life.approved_list()
    life.now[0] += timedelta(days=8)
    with archive.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE record SET rule_code = 'GZD01' WHERE type_code = 'YSH05'")
    with pytest.raises(Conflict):
        archive.destruction.order(life.who("second"), list_no, list_no)
    assert archive.chores.carry_on_destructions() == []
    assert archive.catalogue.find(life.who("archivist"), receipt.archival_code).line.status == "archived"


@pytest.mark.parametrize("mark", ["秘密", "机密", "绝密", "机密★10年"])
def test_a_state_secret_does_not_come_in_and_a_pointer_to_it_does(life: Life, mark: str):
    """Scenario 23."""
    before = life.file("YSH05", "其前", "甲", case_no=None)
    with pytest.raises(BadInput, match="pointer without content"):
        life.file("YSH05", "密件", "密件的内容不得入库", mark, case_no=None)
    assert life.bytes_with("密件的内容不得入库") == []
    about = Pointer("Q001", "YSH05", date(2024, 3, 1), "密登 2024-7", "保密室")
    pointer = life.archive.accession.file_record(life.who("archivist"), record_of(about))
    assert int(pointer.archival_code[-4:]) == int(before.archival_code[-4:]) + 1
