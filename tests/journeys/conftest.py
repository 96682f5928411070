"""A whole archive whose clock the test turns, with people of every role."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from archive_service.archive import Archive, found_archive, open_archive
from archive_service.catalog.model import NewRecord, Receipt, SourceFile
from archive_service.clock import Clock
from archive_service.config import load_settings
from archive_service.disposal.listing.lists import Appraisal
from archive_service.disposal.model import Opinion
from archive_service.people.model import Person
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

    def who(self, login: str) -> Person:
        return self.archive.people.by_login(login)

    def on(self, year: int, month: int, day: int) -> None:
        self.now[0] = datetime(year, month, day, 4, tzinfo=UTC)

    def file(
        self,
        type_code: str,
        title: str,
        text: str,
        level: str | None = None,
        *,
        on: date = date(2024, 3, 1),
        case_no: str | None = "AX2024-001",
        code: str | None = None,
    ) -> Receipt:
        source = SourceFile(f"{title}.txt", lambda: [text.encode()])
        new = NewRecord("Q001", type_code, title, on, (source,), case_no=case_no, level=level, code=code)
        receipt = self.archive.accession.file_record(self.who("archivist"), new)
        self.archive.chores.settle_outbox()
        return receipt

    def approved_list(self) -> str:
        queue = self.archive.disposal.queue(self.who("archivist"))
        drawn = self.archive.disposal.draw_up(self.who("archivist"), [one.row.id for one in queue])
        opinions = [Appraisal(n, Opinion.DESTROY, "已无保存价值") for n in range(1, drawn.items + 1)]
        self.archive.disposal.appraise(self.who("appraiser"), drawn.list_no, opinions)
        digest = self.archive.disposal.submit(self.who("archivist"), drawn.list_no)
        for approver in ("approver1", "approver2"):
            self.archive.disposal.approve(self.who(approver), drawn.list_no, digest)
        for supervisor in ("appraiser", "approver1"):
            self.archive.disposal.supervise(self.who(supervisor), drawn.list_no, digest)
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
