"""A house for tests of the disposal desk: a clock that is set by hand, enough people for every hand, records that are due."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from flask.testing import FlaskClient

from archive_service.app import create_app
from archive_service.archive import Archive, found_archive, open_archive
from archive_service.catalog.model import NewRecord, Receipt, SourceFile
from archive_service.clock import Clock
from archive_service.config import ArchiveTable, Settings
from archive_service.disposal.listing.lists import Appraisal
from archive_service.disposal.model import Opinion
from archive_service.people.model import APPRAISER, APPROVER, ARCHIVIST, AUDITOR, READER, Person
from archive_service.people.service import NewPerson

PASSWORD = "a quiet reading room"
WRONG = "a loud reading room"
EVERYTHING = frozenset({"PUB", "INT", "TS", "PI"})
CAST = (
    NewPerson("zhang", "张档", frozenset({ARCHIVIST, APPROVER}), EVERYTHING),
    NewPerson("li", "李整", frozenset({ARCHIVIST}), EVERYTHING),
    NewPerson("zheng", "郑鉴", frozenset({APPRAISER}), EVERYTHING),
    NewPerson("qian", "钱批", frozenset({APPROVER}), EVERYTHING),
    NewPerson("feng", "冯准", frozenset({APPROVER}), EVERYTHING),
    NewPerson("narrow", "窄审", frozenset({APPRAISER, APPROVER}), frozenset({"PUB", "INT"})),
    NewPerson("sun", "孙鉴", frozenset({APPRAISER}), EVERYTHING),
    NewPerson("wang", "王阅", frozenset({READER}), frozenset({"PUB", "INT"})),
    NewPerson("zhao", "赵审", frozenset({AUDITOR}), frozenset({"PUB", "INT"})),
)


@dataclass
class DisposalHouse:
    """The application over its archive, and the hands of its clock."""

    app: Flask
    archive: Archive
    now: list[datetime]
    filed: int = 0
    codes: list[str] = field(default_factory=list)

    def who(self, login: str) -> Person:
        return self.archive.people.by_login(login)

    def wait(self, **how_long: float) -> None:
        self.now[0] += timedelta(**how_long)

    def client(self, login: str, language: str = "zh") -> FlaskClient:
        """Return a browser in which this person has signed in and reads this language."""
        self.archive.people.set_language(self.who(login), language)
        client = self.app.test_client()
        answer = client.post("/people/sign-in", data={"login": login, "password": PASSWORD})
        assert answer.status_code == 303
        return client

    def file(self, title: str = "整改情况月报", level: str | None = None, case_no: str | None = None) -> Receipt:
        """File a record whose ten years are long over."""
        self.filed += 1
        source = SourceFile("记录.txt", lambda: [f"{title} {self.filed}".encode()])
        new = NewRecord("Q001", "YSH05", title, date(2014, 6, 1), (source,), case_no=case_no, level=level)
        return self.archive.accession.file_record(self.who("zhang"), new)

    def drawn_up(self, count: int = 1, receipts: Sequence[Receipt] | None = None) -> str:
        """Draw up a list of fresh records that are due, as 张档; return its number."""
        made = list(receipts) if receipts is not None else [self.file() for _ in range(count)]
        if self.archive.retention_check.run().stopped:
            for approver in ("qian", "feng"):
                self.archive.retention_check.run(confirmed_by=self.who(approver))
        wanted = {receipt.record_id for receipt in made}
        queue = self.archive.disposal.queue(self.who("zhang"))
        self.codes = [receipt.archival_code for receipt in made]
        chosen = [one.row.id for one in queue if one.row.record_id in wanted]
        return self.archive.disposal.draw_up(self.who("zhang"), chosen).list_no

    def appraised(self, count: int = 1, receipts: Sequence[Receipt] | None = None) -> str:
        list_no = self.drawn_up(count, receipts)
        items = self.archive.disposal.view(self.who("zhang"), list_no).items
        given = [Appraisal(item.row.position, Opinion.DESTROY, "已无保存价值") for item in items]
        self.archive.disposal.appraise(self.who("zheng"), list_no, given)
        return list_no

    def submitted(self, count: int = 1, receipts: Sequence[Receipt] | None = None) -> str:
        list_no = self.appraised(count, receipts)
        self.archive.disposal.submit(self.who("zhang"), list_no)
        return list_no

    def approved(self, count: int = 1, receipts: Sequence[Receipt] | None = None) -> str:
        list_no = self.submitted(count, receipts)
        digest = self.archive.disposal.view(self.who("zhang"), list_no).row.digest
        for login in ("qian", "feng"):
            self.archive.disposal.approve(self.who(login), list_no, digest)
        for login in ("zheng", "feng"):
            self.archive.disposal.supervise(self.who(login), list_no, digest)
        return list_no

    def cooled(self, count: int = 1, receipts: Sequence[Receipt] | None = None) -> str:
        list_no = self.approved(count, receipts)
        self.wait(days=8)
        return list_no

    def certified(self, count: int = 1, receipts: Sequence[Receipt] | None = None) -> str:
        list_no = self.cooled(count, receipts)
        self.archive.destruction.order(self.who("li"), list_no, list_no)
        self.archive.chores.carry_on_destructions()
        return list_no

    def steps(self, list_no: str) -> list[str]:
        return [item.row.step for item in self.archive.disposal.view(self.who("zhang"), list_no).items]

    def state(self, list_no: str) -> str:
        return str(self.archive.disposal.view(self.who("zhang"), list_no).row.state)


def make_house(folder: Path, **tables: Any) -> DisposalHouse:
    """Found an archive with the cast, a fonds and a case file; ``tables`` are further settings."""
    settings = Settings(archive=ArchiveTable(data_dir=str(folder / "var")), base=folder, **tables)
    now = [datetime(2035, 3, 5, 4, tzinfo=UTC)]
    clock = Clock(ZoneInfo("Asia/Shanghai"), lambda: now[0])
    one_time = {login: password for login, _, password in found_archive(settings, CAST, clock)}
    archive = open_archive(settings, clock)
    for login, password in one_time.items():
        archive.people.change_password(archive.people.by_login(login), password, PASSWORD)
    zhang = archive.people.by_login("zhang")
    archive.cases.open_fonds(zhang, "Q001", "安全巡察中心", "Inspection centre", "enterprise")
    for case_no in ("AX2014-001", "AX2014-002"):
        archive.cases.open_case(
            zhang, fonds_no="Q001", case_no=case_no, title="华东化工巡察", enterprise="华东化工", year=2014
        )
    app = create_app(archive)
    app.config["WTF_CSRF_ENABLED"] = False
    return DisposalHouse(app, archive, now)


def hidden(page: str, name: str) -> str:
    """Return the value of a hidden field on a page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, f"no field {name} on the page"
    return found[1]
