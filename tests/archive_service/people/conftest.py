"""A register of people on both databases, with a clock that is set by hand and passwords that are quick to check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from argon2 import PasswordHasher

from archive_service.audit import log
from archive_service.audit.ledger import Ledger
from archive_service.audit.notes import Signer
from archive_service.clock import Clock
from archive_service.database.engine import open_engine
from archive_service.database.migrate import migrate
from archive_service.people.model import (
    APPROVER,
    ARCHIVIST,
    AUDITOR,
    READER,
    SECURITY_ADMINISTRATOR,
    SYSTEM_ADMINISTRATOR,
    Person,
)
from archive_service.people.service import NewPerson, People
from archive_service.people.sign_in import SignIn

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
IDLE, ABSOLUTE = timedelta(minutes=30), timedelta(hours=10)

CAST = (
    NewPerson("sun.xi", "孙系", frozenset({SYSTEM_ADMINISTRATOR})),
    NewPerson("zhou.an", "周安", frozenset({SECURITY_ADMINISTRATOR})),
    NewPerson("zhao.shen", "赵审", frozenset({AUDITOR})),
    NewPerson("zhang.dang", "张档", frozenset({ARCHIVIST}), frozenset({"PUB", "INT", "TS"})),
    NewPerson("qian.pi", "钱批", frozenset({APPROVER}), frozenset({"PUB", "INT", "TS"})),
    NewPerson("wang.yue", "王阅", frozenset({READER}), frozenset({"PUB", "INT"})),
    NewPerson("xin.lai", "新来"),
)


@dataclass
class Register:
    """People and their sign-in."""

    people: People
    sign_in: SignIn
    now: list[datetime]
    one_time: dict[str, str]

    def who(self, login: str) -> Person:
        return self.people.by_login(login)

    def wait(self, **how_long: float) -> None:
        self.now[0] += timedelta(**how_long)

    def acts(self, name: str) -> int:
        return len(log.newest(self.people.ledger, log.Wanted(act=name), page=1000).rows)


@pytest.fixture
def register(database_url: str) -> Iterator[Register]:
    engine = open_engine(database_url)
    migrate(engine)
    now = [datetime(2026, 3, 2, 1, tzinfo=UTC)]
    ledger = Ledger(engine, Signer("archive-service/test", bytes(32)), Clock(ZoneInfo("Asia/Shanghai"), lambda: now[0]))
    people = People(ledger, QUICK)
    one_time = people.found(CAST)
    yield Register(people, SignIn(ledger, QUICK, IDLE, ABSOLUTE), now, one_time)
    engine.dispose()
