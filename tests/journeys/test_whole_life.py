"""One archive through its whole life, every part real: file, seal, index, find, due, list, approve, destroy, prove."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from archive_service.archive import Archive, found_archive, open_archive
from archive_service.catalog.model import NewRecord, Receipt, SourceFile
from archive_service.clock import Clock
from archive_service.config import load_settings
from archive_service.disposal.holds import NewHold
from archive_service.disposal.lists import Appraisal
from archive_service.disposal.model import Opinion
from archive_service.errors import BadInput, Conflict, Forbidden, NotFound
from archive_service.people.service import NewPerson

CANARY = "绝不外泄的配方编号柒叁玖"
ALL = frozenset({"PUB", "INT", "TS", "PI", "SEAL"})
CAST = (
    NewPerson("archivist", "张档", frozenset({"archivist"}), ALL),
    NewPerson("second", "李整", frozenset({"archivist"}), ALL),
    NewPerson("appraiser", "郑鉴", frozenset({"appraiser"}), ALL),
    NewPerson("approver1", "钱批", frozenset({"approver"}), ALL),
    NewPerson("approver2", "冯准", frozenset({"approver"}), ALL),
    NewPerson("reader", "王阅", frozenset({"reader"}), frozenset({"PUB", "INT"})),
)


@dataclass
class Life:
    """An archive whose clock the test turns."""

    archive: Archive
    folder: Path
    now: list[datetime] = field(default_factory=list)

    def who(self, login: str):
        return self.archive.people.by_login(login)

    def on(self, year: int, month: int, day: int) -> None:
        self.now[0] = datetime(year, month, day, 4, tzinfo=UTC)

    def file(self, type_code: str, title: str, text: str, level: str | None = None) -> Receipt:
        source = SourceFile(f"{title}.txt", lambda: [text.encode()])
        new = NewRecord("Q001", type_code, title, date(2024, 3, 1), (source,), case_no="AX2024-001", level=level)
        receipt = self.archive.accession.file_record(self.who("archivist"), new)
        self.archive.settle_outbox()
        return receipt

    def approved_list(self) -> str:
        queue = self.archive.disposal.queue(self.who("archivist"))
        drawn = self.archive.disposal.draw_up(self.who("archivist"), [one.row.id for one in queue])
        opinions = [Appraisal(n, Opinion.DESTROY, "已无保存价值") for n in range(1, drawn.items + 1)]
        self.archive.disposal.appraise(self.who("appraiser"), drawn.list_no, opinions)
        digest = self.archive.disposal.submit(self.who("archivist"), drawn.list_no)
        for approver in ("approver1", "approver2"):
            self.archive.disposal.approve(self.who(approver), drawn.list_no, digest)
        return drawn.list_no

    def bytes_with(self, text: str) -> list[Path]:
        wanted = [text.encode(encoding) for encoding in ("utf-8", "gb18030", "utf-16-le")]
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return [path for path in files if any(value in path.read_bytes() for value in wanted)]


@pytest.fixture
def life(tmp_path: Path, database_url: str) -> Iterator[Life]:
    (tmp_path / "config.toml").write_text(f'[database]\nurl = "{database_url}"\n', encoding="utf-8")
    settings = load_settings(tmp_path / "config.toml")
    now = [datetime(2024, 3, 5, 4, tzinfo=UTC)]
    clock = Clock(ZoneInfo("Asia/Shanghai"), lambda: now[0])
    found_archive(settings, CAST, clock)
    archive = open_archive(settings, clock)
    life = Life(archive, tmp_path, now)
    archive.cases.open_fonds(life.who("archivist"), "Q001", "示例集团", "Sample group", "enterprise")
    opened = {"fonds_no": "Q001", "case_no": "AX2024-001", "title": "示例巡察", "enterprise": "示例化工", "year": 2024}
    archive.cases.open_case(life.who("archivist"), **opened)
    yield life
    archive.close()


def test_a_record_is_filed_found_becomes_due_is_destroyed_and_proved(life: Life):
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
    archive.cases.record_event(life.who("archivist"), "AX2024-001", "CASE_CLOSED", date(2024, 12, 31))
    life.on(2034, 12, 31)
    assert archive.check_retention().queued == 0
    life.on(2035, 1, 1)
    assert archive.check_retention().queued == 1
    assert archive.check_retention().queued == 0

    list_no = life.approved_list()
    with pytest.raises(Conflict):
        archive.destruction.order(life.who("second"), list_no, list_no)
    life.now[0] += timedelta(days=8)
    archive.destruction.order(life.who("second"), list_no, list_no)
    assert archive.carry_on_destructions() == [list_no]

    assert life.bytes_with(CANARY) == []
    assert not archive.search.find(life.who("archivist"), CANARY).hits
    with pytest.raises(NotFound):
        archive.catalogue.open_component(life.who("archivist"), receipt.record_id, "0" * 32, "test")
    assert archive.catalogue.find(life.who("archivist"), receipt.archival_code).line.status == "destroyed"
    assert archive.certificates is not None
    assert archive.verify_audit().findings == []
    assert archive.examine() == []


def test_a_hold_after_approval_sends_the_list_back(life: Life):
    archive = life.archive
    receipt = life.file("KCQ02", "工艺文件复制件", "内容")
    archive.cases.record_event(life.who("archivist"), "AX2024-001", "CASE_CLOSED", date(2024, 3, 4))
    life.on(2035, 1, 1)
    archive.check_retention()
    list_no = life.approved_list()
    life.now[0] += timedelta(days=8)
    hold = NewHold("检察建议书", "诉讼未结", date(2036, 1, 1), codes=(receipt.archival_code,))
    archive.holds.place(life.who("archivist"), hold)
    with pytest.raises(Conflict):
        archive.destruction.order(life.who("second"), list_no, list_no)
    assert archive.catalogue.find(life.who("archivist"), receipt.archival_code).line.status == "archived"
    assert archive.disposal.view(life.who("archivist"), list_no).row.state == "submitted"


def test_a_number_of_a_destroyed_record_is_never_issued_again(life: Life):
    archive = life.archive
    first = life.file("KCQ02", "一", "甲")
    archive.cases.record_event(life.who("archivist"), "AX2024-001", "CASE_CLOSED", date(2024, 3, 4))
    life.on(2035, 1, 1)
    archive.check_retention()
    list_no = life.approved_list()
    life.now[0] += timedelta(days=8)
    archive.destruction.order(life.who("second"), list_no, list_no)
    archive.carry_on_destructions()
    second = life.file("KCQ02", "二", "乙")
    assert (first.archival_code[-4:], second.archival_code[-4:]) == ("0001", "0002")


def test_a_code_typed_with_look_alike_separators_finds_the_record(life: Life):
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
    archive = life.archive
    receipt = life.file("KCQ02", "工艺文件复制件", "内容")
    request = archive.reading_room.ask(life.who("reader"), receipt.archival_code, "核对整改", 1)
    archive.reading_room.grant(life.who("archivist"), request)
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
    findings = life.archive.verify_audit().findings
    assert [finding.place for finding in findings] == [f"record/{receipt.record_id}"]
