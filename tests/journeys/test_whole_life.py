"""One archive through its whole life, every part real: file, seal, index, find, due, list, approve, destroy, prove."""

from __future__ import annotations

import shutil
from datetime import date, timedelta

import pytest

from archive_service.disposal.holds.holds import NewHold
from archive_service.errors import ArchiveError, BadInput, Conflict, Forbidden, NotFound
from tests.journeys.conftest import CANARY, Life


def test_a_record_is_filed_found_becomes_due_is_destroyed_and_proved(life: Life):
    """Scenarios 1 and 8."""
    archive = life.archive
    receipt = life.file("KCQ02", "工艺文件复制件", f"本企业配方：{CANARY}，安全生產要点。")
    kept = life.file("KCQ03", "现场检查记录", "罐区安全生产检查，动火作业审批缺失。")
    assert receipt.archival_code == "Q001-ZY·AX·2024-D10-KCQ-0001"
    assert [hit.line.code for hit in archive.search.find(life.who("archivist"), CANARY).hits] == [receipt.archival_code]
    assert {hit.line.code for hit in archive.search.find(life.who("archivist"), "安全生产").hits} == {
        receipt.archival_code,
        kept.archival_code,
    }
    assert not archive.search.find(life.who("reader"), CANARY).hits
    assert life.bytes_with(CANARY) == []

    life.on(2024, 12, 31)
    archive.cases.record_event(life.who("archivist"), "AX2024-001", "CASE_CLOSED", date(2024, 12, 31), exception="测试")
    life.on(2034, 12, 31)
    assert archive.chores.check_retention().queued == 0
    life.on(2035, 1, 1)
    assert archive.chores.check_retention().queued == 1
    assert archive.chores.check_retention().queued == 0

    list_no = life.approved_list()
    with pytest.raises(Conflict):
        archive.destruction.order(life.who("second"), list_no, list_no)
    life.now[0] += timedelta(days=8)
    archive.destruction.order(life.who("second"), list_no, list_no)
    assert archive.chores.carry_on_destructions() == [list_no]

    assert life.bytes_with(CANARY) == []
    assert not archive.search.find(life.who("archivist"), CANARY).hits
    with pytest.raises(NotFound):
        archive.catalogue.open_component(life.who("archivist"), receipt.record_id, "0" * 32, "test")
    assert archive.catalogue.find(life.who("archivist"), receipt.archival_code).line.status == "destroyed"
    assert archive.certificates is not None
    assert archive.proof.verify_audit().findings == []
    assert archive.proof.examine() == []


def test_yesterdays_backup_of_the_store_brings_nothing_back(life: Life, tmp_path_factory: pytest.TempPathFactory):
    """Scenario 8: the objects come back, their keys do not."""
    archive, store = life.archive, life.folder / "var" / "store"
    receipt = life.file("YSH05", "整改情况月报", CANARY, on=date(2014, 6, 1), case_no=None)
    component = archive.catalogue.find(life.who("archivist"), receipt.archival_code).files[0]
    backup = tmp_path_factory.mktemp("backup") / "store"
    shutil.copytree(store, backup)
    life.on(2025, 1, 1)
    archive.chores.check_retention()
    list_no = life.approved_list()
    life.now[0] += timedelta(days=8)
    archive.destruction.order(life.who("second"), list_no, list_no)
    assert archive.chores.carry_on_destructions() == [list_no]
    shutil.copytree(backup, store, dirs_exist_ok=True)
    with pytest.raises(ArchiveError):
        b"".join(archive.vault.open(receipt.record_id, component.id, component.version))
    assert life.bytes_with(CANARY) == []


def test_a_hold_after_approval_sends_the_list_back(life: Life):
    """Scenario 4."""
    archive = life.archive
    receipt = life.file("KCQ02", "工艺文件复制件", "内容")
    archive.cases.record_event(life.who("archivist"), "AX2024-001", "CASE_CLOSED", date(2024, 3, 4), exception="测试")
    life.on(2035, 1, 1)
    archive.chores.check_retention()
    list_no = life.approved_list()
    life.now[0] += timedelta(days=8)
    hold = NewHold("检察建议书", "诉讼未结", date(2036, 1, 1), codes=(receipt.archival_code,))
    archive.holds.place(life.who("archivist"), hold)
    with pytest.raises(Conflict):
        archive.destruction.order(life.who("second"), list_no, list_no)
    assert archive.catalogue.find(life.who("archivist"), receipt.archival_code).line.status == "archived"
    assert archive.disposal.view(life.who("archivist"), list_no).row.state == "submitted"


def test_a_number_of_a_destroyed_record_is_never_issued_again(life: Life):
    """Scenario 9."""
    archive = life.archive
    first = life.file("KCQ02", "一", "甲")
    archive.cases.record_event(life.who("archivist"), "AX2024-001", "CASE_CLOSED", date(2024, 3, 4), exception="测试")
    life.on(2035, 1, 1)
    archive.chores.check_retention()
    list_no = life.approved_list()
    life.now[0] += timedelta(days=8)
    archive.destruction.order(life.who("second"), list_no, list_no)
    archive.chores.carry_on_destructions()
    second = life.file("KCQ02", "二", "乙")
    assert (first.archival_code[-4:], second.archival_code[-4:]) == ("0001", "0002")
    with pytest.raises((Conflict, BadInput)):
        life.file("KCQ02", "三", "丙", code=first.archival_code)


def test_a_code_typed_with_look_alike_separators_finds_the_record(life: Life):
    """Scenario 12."""
    receipt = life.file("KCQ03", "现场检查记录", "内容")
    typed = receipt.archival_code.replace("·", "・").replace("-", "—")
    found = life.archive.search.find(life.who("archivist"), typed)
    assert found.hits[0].line.code == receipt.archival_code
    assert "·" in receipt.archival_code


def test_a_state_secret_is_refused_at_the_door(life: Life):
    for level in ("秘密", "机密", "绝密"):
        with pytest.raises(BadInput, match="state secret"):
            life.file("KCQ03", "题名", "内容", level)


def test_a_grant_ends_by_the_clock_and_the_refusal_is_logged(life: Life):
    """Scenario 16."""
    archive = life.archive
    receipt = life.file("KCQ02", "工艺文件复制件", "内容")
    request = archive.reading_room.ask(life.who("reader"), receipt.archival_code, "核对整改", 1)
    archive.reading_room.grant(life.who("archivist"), request)
    archive.reading_room.grant(life.who("approver1"), request)
    whole = archive.catalogue.find(life.who("reader"), receipt.archival_code)
    _, chunks = archive.catalogue.open_component(life.who("reader"), receipt.record_id, whole.files[0].id, "核对")
    assert b"".join(chunks) == "内容".encode()
    life.now[0] += timedelta(days=1, seconds=1)
    with pytest.raises((NotFound, Forbidden)):
        archive.catalogue.open_component(life.who("reader"), receipt.record_id, whole.files[0].id, "核对")
    acts = [event.words.en for event in archive.catalogue.history(life.who("archivist"), receipt.record_id)]
    assert acts[-2:] == ["Read", "Reading refused"]


def test_a_row_changed_by_hand_is_named(life: Life):
    receipt = life.file("KCQ03", "现场检查记录", "内容")
    with life.archive.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE record SET title = '现场检查纪录'")
    findings = life.archive.proof.verify_audit().findings
    assert [finding.place for finding in findings] == [f"record/{receipt.record_id}"]
