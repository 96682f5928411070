"""A ledger on both databases, and an archive that has a row in every table that the log vouches for."""

from __future__ import annotations

import shutil
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from sqlalchemy import Column, Connection, make_url, select

from archive_service.audit import acts, anchors
from archive_service.audit.ledger import Ledger
from archive_service.audit.notes import Signer
from archive_service.audit.verify import Report, verify
from archive_service.catalog.tables import void_numbers
from archive_service.clock import Clock
from archive_service.database.engine import open_engine
from archive_service.database.migrate import migrate
from archive_service.database.tables import metadata, vouched_tables
from archive_service.people.factors import Factors
from archive_service.people.tokens import Tokens
from archive_service.reading_room.access import ReadingRoom
from tests.support import postgres
from tests.support.disposal_world import LOG_SEED, PROPOSER, World, make_world

SIGNER = Signer("archive-service/test", LOG_SEED)


@dataclass
class Desk:
    """A ledger on an empty database, with a clock that is set by hand."""

    url: str
    ledger: Ledger
    anchor_file: Path
    now: list[datetime]

    def verify(self) -> Report:
        return verify(self.ledger.engine, self.ledger.signer.verifier, self.anchor_file)

    def note(self, number: int = 1) -> None:
        """Log some acts."""
        for _ in range(number):
            self.ledger.note(None, acts.ACTION_REFUSED, "page", "x")

    def keep(self) -> str:
        """Keep a checkpoint as the archive does: in the database, then outside."""
        note = self.ledger.checkpoint()
        anchors.append(self.anchor_file, note)
        return note


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    engine = open_engine(database_url)
    migrate(engine)
    now = [datetime(2026, 3, 2, 1, tzinfo=UTC)]
    ledger = Ledger(engine, SIGNER, Clock(ZoneInfo("Asia/Shanghai"), lambda: now[0]))
    yield Desk(database_url, ledger, tmp_path / "anchors" / "checkpoints.txt", now)
    engine.dispose()


class Dba:
    """Whoever holds the database and goes past the service: guards and keys are no hindrance."""

    def __init__(self, url: str) -> None:
        self._sqlite = url.startswith("sqlite")
        if self._sqlite:
            self._connection: Any = sqlite3.connect(str(make_url(url).database), isolation_level=None)
            for (name,) in self("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
                self._connection.execute(f"DROP TRIGGER {name}")
            self._connection.execute("PRAGMA ignore_check_constraints = ON")
        else:
            self._connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
            self._connection.execute("SET session_replication_role = replica")
            for table, name in self(
                "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
            ):
                self._connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")

    def __call__(self, sql: str, *values: Any) -> list[Any]:
        cursor = self._connection.execute(sql if self._sqlite else sql.replace("?", "%s"), values)
        return list(cursor.fetchall()) if cursor.description else []

    def close(self) -> None:
        self._connection.close()


@dataclass
class Copy:
    """A copy of the full archive, to be tampered with."""

    url: str
    anchor_file: Path
    dba: Dba

    def verify(self) -> Report:
        engine = open_engine(self.url)
        try:
            return verify(engine, SIGNER.verifier, self.anchor_file)
        finally:
            engine.dispose()

    def places(self) -> set[str]:
        """Return the places that a verification finds fault with."""
        return {finding.place for finding in self.verify().findings}


@dataclass
class Full:
    """The full archive; every test takes a copy."""

    url: str
    folder: Path
    new_url: Callable[[], str]
    copies: list[Copy] = field(default_factory=list)

    def copy(self) -> Copy:
        url, folder = self.new_url(), self.folder / uuid.uuid4().hex
        shutil.copytree(self.folder / "anchors", folder)
        made = Copy(url, folder / "checkpoints.txt", Dba(url))
        self.copies.append(made)
        return made

    def drop_copies(self) -> None:
        while self.copies:
            copy = self.copies.pop()
            copy.dba.close()
            if not copy.url.startswith("sqlite"):
                postgres.drop_database(copy.url)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def kept_full(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Full:
    """Build the full archive once for each database; copying it is cheap on both."""
    folder = tmp_path_factory.mktemp("full")
    server = request.getfixturevalue("postgres_server") if request.param == "postgresql" else ""
    url = postgres.fresh_address(server) if server else f"sqlite:///{folder / 'catalogue.db'}"
    world = make_world(url, folder)
    live_a_whole_life(world, folder / "anchors" / "checkpoints.txt", fill_the_rest)
    world.close()

    def new_sqlite() -> str:
        copied = folder / f"{uuid.uuid4().hex}.db"
        shutil.copy(folder / "catalogue.db", copied)
        return f"sqlite:///{copied}"

    def new_postgresql() -> str:
        return postgres.new_database(server, url)

    return Full(url, folder, new_postgresql if server else new_sqlite)


@pytest.fixture
def full(kept_full: Full) -> Iterator[Full]:
    yield kept_full
    kept_full.drop_copies()


class _Open:
    """A box that seals nothing: what is sealed in it is looked at elsewhere."""

    def seal(self, clear: bytes, context: str) -> bytes:
        return clear

    def open(self, sealed: bytes, context: str) -> bytes:
        return sealed


def live_a_whole_life(world: World, anchor_file: Path, at_the_end: Callable[[World], None] = lambda _: None) -> None:
    """File, hold, ask, grant, destroy: until every vouched table holds rows; keep checkpoints on the way."""

    def keep() -> None:
        anchors.append(anchor_file, world.ledger.checkpoint())

    room = ReadingRoom(world.ledger)
    world.open_case()
    keep()
    held = world.file(on=date(2015, 6, 1), case_no="AX2024-001")
    world.cases.record_event(world.person(PROPOSER), "AX2024-001", "CASE_CLOSED", date(2024, 12, 31), exception="测试")
    world.hold(held.archival_code)
    secret = world.file(type_code="KCQ02", on=date(2024, 3, 1), level="TS", case_no="AX2024-001")
    request = room.ask(world.person("wang.yue"), secret.archival_code, "核对", 3)
    room.say(world.person(PROPOSER), request, "请说明用途")
    room.grant(world.person(PROPOSER), request)
    room.grant(world.person("qian.pi"), request)
    Tokens(world.ledger).make(world.person("qian.pi"), "程序", frozenset({"read"}), 3)
    Factors(world.ledger, _Open(), "archive", world.people.hasher).begin_code(world.person("qian.pi"))
    keep()
    list_no = world.ordered(2)
    assert world.destruction.carry_on() == [list_no]
    with world.ledger.work(world.person(PROPOSER).id) as work:
        person = world.person(PROPOSER).id
        number = {"scheme": "DAT22_ITEM", "scope": "Q001-ZY", "number": 9, "code": "Q001-ZY·AX·2024-D10-KCQ-0009"}
        why = {"reason": "误编", "voided_at": work.at, "voided_by": person}
        work.insert(void_numbers, {"id": uuid.uuid4().hex, **number, **why})
        pair = {"record_id": secret.record_id, "parent_id": held.record_id}
        if (parents := metadata.tables.get("record_parent")) is not None:
            work.insert(parents, {"id": uuid.uuid4().hex, **pair, "linked_at": work.at, "linked_by": person})
        work.act(acts.NUMBER_VOIDED, "record", secret.record_id)
        work.commit()
    at_the_end(world)
    keep()


def fill_the_rest(world: World) -> None:
    """Put a row into every other vouched table: the log vouches for rows, whatever act they came from."""
    Dba(world.engine.url.render_as_string(hide_password=False)).close()  # the guards know what an act must look like
    with world.ledger.work(world.person(PROPOSER).id) as work:
        if world.engine.dialect.name == "sqlite":
            work.connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        else:
            work.connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for table in metadata.sorted_tables:
            if table in vouched_tables() and work.connection.execute(select(table).limit(1)).first() is None:
                work.insert(table, {column.name: any_value(work.connection, column) for column in table.c})
        work.act(acts.ACTION_REFUSED, "page", "rest")
        work.commit()
    with world.engine.connect() as connection:
        if world.engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA ignore_check_constraints = OFF")


def any_value(connection: Connection, column: Column[Any]) -> Any:
    """Return something that a column may hold: what it points to, if it points anywhere."""
    for key in column.foreign_keys:
        return connection.execute(select(key.column).limit(1)).scalar()
    kinds: dict[type, Any] = {int: 1, bool: True, date: date(2026, 1, 1), bytes: b"x"}
    length = getattr(column.type, "length", None)
    return kinds.get(column.type.python_type, uuid.uuid4().hex[: length or 32])
