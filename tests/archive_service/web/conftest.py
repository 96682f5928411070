"""A whole archive in a temporary folder, with people who have their own passwords."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from archive_service.app import create_app
from archive_service.archive import Archive, found_archive, open_archive
from archive_service.config import ArchiveTable, Settings
from archive_service.people.model import (
    APPROVER,
    ARCHIVIST,
    AUDITOR,
    READER,
    SECURITY_ADMINISTRATOR,
    SYSTEM_ADMINISTRATOR,
)
from archive_service.people.service import NewPerson

PASSWORD = "a quiet reading room"
EVERYTHING = frozenset({"PUB", "INT", "TS", "PI"})

CAST = (
    NewPerson("admin", "系统管理员", frozenset({SYSTEM_ADMINISTRATOR})),
    NewPerson("security", "安全保密管理员", frozenset({SECURITY_ADMINISTRATOR})),
    NewPerson("auditor", "审计管理员", frozenset({AUDITOR})),
    NewPerson("lin", "林档案", frozenset({ARCHIVIST}), EVERYTHING),
    NewPerson("wang", "王读者", frozenset({READER}), frozenset({"PUB", "INT"})),
    NewPerson("zhao", "赵审批", frozenset({APPROVER}), EVERYTHING, "en"),
    NewPerson("newcomer", "新来者"),
)


@dataclass(frozen=True)
class House:
    """The application over its archive."""

    app: Flask
    archive: Archive
    one_time: dict[str, str]

    def client(self, login: str | None = None) -> FlaskClient:
        """Return a browser, signed in if a login is given."""
        client = self.app.test_client()
        if login:
            answer = client.post("/people/sign-in", data={"login": login, "password": PASSWORD})
            assert answer.status_code == 303
        return client


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Found an archive with the cast, a fonds and a case file."""
    folder: Path = tmp_path_factory.mktemp("house")
    settings = Settings(archive=ArchiveTable(data_dir=str(folder / "var")), base=folder)
    one_time = {login: password for login, _, password in found_archive(settings, CAST)}
    archive = open_archive(settings)
    for login, password in one_time.items():
        if login != "newcomer":
            archive.people.change_password(archive.people.by_login(login), password, PASSWORD)
    lin = archive.people.by_login("lin")
    archive.cases.open_fonds(lin, "Q001", "安全巡察中心", "Inspection centre", "enterprise")
    archive.cases.open_case(
        lin, fonds_no="Q001", case_no="AX2024-001", title="华东化工巡察", enterprise="华东化工", year=2024
    )
    app = create_app(archive)
    app.config["WTF_CSRF_ENABLED"] = False
    yield House(app, archive, one_time)
    archive.close()
