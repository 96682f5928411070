"""What nearly every test needs and none is about is made once for each process: the schema, plan and schedule, compiled SQL.

A test that is about migrating or founding itself switches this off: :func:`for_real`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Connection, Engine, create_engine, event, make_url

from archive_service.catalog.classification import schedules
from archive_service.catalog.classification.plan import SHIPPED, Plan, load_plan
from archive_service.database import engine, migrate
from retention_policies import Schedule, default_schedule_path, load_schedule

Statement = tuple[str, Any]
LOOKS = ("SELECT", "PRAGMA", "SHOW")
"""Statements that change nothing begin with these."""


class Remembered:
    """Stands for Alembic's commands: migrates the first empty database of a kind, and repeats its statements on the others."""

    def __init__(self) -> None:
        self._kept: dict[str, list[Statement]] = {}

    def upgrade(self, config: Config, revision: str) -> None:
        """Bring the database of the connection to ``revision``."""
        connection: Connection = config.attributes["connection"]
        if revision != "head" or MigrationContext.configure(connection).get_current_revision() is not None:
            command.upgrade(config, revision)
        elif (kept := self._kept.get(connection.dialect.name)) is not None:
            _repeat(connection, kept)
        else:
            with _listening(connection) as heard:
                command.upgrade(config, revision)
            self._kept[connection.dialect.name] = heard


@contextmanager
def _listening(connection: Connection) -> Iterator[list[Statement]]:
    heard: list[Statement] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        assert not many, statement
        if not statement.lstrip().upper().startswith(LOOKS):
            heard.append((statement, parameters))

    event.listen(connection, "after_cursor_execute", hear)
    yield heard
    event.remove(connection, "after_cursor_execute", hear)


def _repeat(connection: Connection, statements: list[Statement]) -> None:
    cursor = connection.connection.cursor()
    for statement, parameters in statements:
        cursor.execute(statement, parameters)
    cursor.close()


class Compiled(dict[Any, Any]):
    """Compiled statements of one kind of database, for all its engines: a new engine need not compile what another has."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(key[1:], default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key[1:], value)  # the first part is the dialect of the one engine


COMPILED: defaultdict[str, Compiled] = defaultdict(Compiled)


def new_engine(url: Any, **given: Any) -> Engine:
    """Make an engine that shares what is compiled."""
    shared = COMPILED[make_url(url).get_backend_name()]
    return create_engine(url, execution_options={"compiled_cache": shared}, **given)


@cache
def _shipped_schedule(_text: bytes) -> Schedule:
    return load_schedule(default_schedule_path())


@cache
def _shipped_plan(_text: bytes, schedule_text: bytes) -> Plan:
    return load_plan(SHIPPED, _shipped_schedule(schedule_text))


def read_schedule(path: Path, minimums: Mapping[str, Any] | None = None) -> Schedule:
    """Load a schedule; the shipped one, which nothing can change, only once."""
    if path == default_schedule_path() and minimums is None:
        return _shipped_schedule(path.read_bytes())
    return load_schedule(path, minimums)


def read_plan(path: Path, schedule: Schedule) -> Plan:
    """Load a plan; the shipped one beside the shipped schedule only once."""
    schedule_text = default_schedule_path().read_bytes()
    if path == SHIPPED and schedule is _shipped_schedule(schedule_text):
        return _shipped_plan(path.read_bytes(), schedule_text)
    return load_plan(path, schedule)


class Translated(BytecodeCache):
    """Page templates as compiled for the first application: the next ones need not compile them again."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._kept[bucket.key, bucket.checksum] = bucket.code


@contextmanager
def in_use() -> Iterator[None]:
    """Let everything in this process that migrates a database or loads plan and schedule take what was made before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "create_engine", new_engine)
        patch.setattr(migrate, "command", Remembered())
        patch.setattr(Flask, "jinja_options", {**Flask.jinja_options, "bytecode_cache": Translated()})
        patch.setattr(schedules, "load_schedule", read_schedule)
        patch.setattr(schedules, "load_plan", read_plan)
        yield


@contextmanager
def for_real() -> Iterator[None]:
    """Migrate and load as the service does, with nothing made before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "create_engine", create_engine)
        patch.setattr(migrate, "command", command)
        patch.setattr(schedules, "load_schedule", load_schedule)
        patch.setattr(schedules, "load_plan", load_plan)
        yield
