"""The engine: SQLite in its safest mode, or PostgreSQL; one way to open a writing transaction on both."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from archive_service.errors import BadSettings, Unavailable

WAIT_SECONDS = 60
"""How long a writer waits for the one before it."""

PRAGMAS: Mapping[str, tuple[str, Any]] = {
    "journal_mode": ("WAL", "wal"),
    "synchronous": ("FULL", 2),
    "secure_delete": ("ON", 1),
    "foreign_keys": ("ON", 1),
    "recursive_triggers": ("ON", 1),  # else INSERT OR REPLACE deletes rows past the guards
    "trusted_schema": ("OFF", 0),
}
"""What every connection to SQLite is set to, and what it must then answer."""

BUSY_STATES = frozenset({"40001", "40P01", "55P03", "57P01", "57P03"})
"""PostgreSQL's codes for: could not be put in order, deadlock, lock not had in time, server going down or coming up."""


def open_engine(url: str) -> Engine:
    """Return an engine for the address; SQLite is set to lose nothing on a power cut and to wipe what it deletes."""
    try:
        backend = make_url(url).get_backend_name()
    except ArgumentError as error:
        raise BadSettings([f"[database] url: {error}"]) from error
    if backend == "sqlite":
        engine = create_engine(
            url, connect_args={"timeout": WAIT_SECONDS, "check_same_thread": False}, pool_size=32, max_overflow=64
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if backend == "postgresql":
        engine = create_engine(
            _with_psycopg(url), pool_pre_ping=True, pool_size=10, max_overflow=64, pool_timeout=WAIT_SECONDS
        )
        event.listen(engine, "connect", _prepare_postgresql)
        return engine
    raise BadSettings([f"[database] url: SQLite and PostgreSQL are supported, not {backend}"])


def _with_psycopg(url: str) -> Any:
    return make_url(url).set(drivername="postgresql+psycopg")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin or commit behind our back
    cursor = connection.cursor()
    for name, (wanted, found) in PRAGMAS.items():
        cursor.execute(f"PRAGMA {name}={wanted}")
        if cursor.execute(f"PRAGMA {name}").fetchone()[0] != found:
            # Some file systems cannot hold a write-ahead log, some builds of SQLite leave a pragma out: they say nothing.
            raise BadSettings([f"[database] url: this SQLite or its file system does not take PRAGMA {name}={wanted}"])
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A reader that turns writer half-way fails at once with SQLITE_BUSY; a writer therefore says so at the start.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writing") else "BEGIN")


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
        cursor.execute(f"SET lock_timeout = '{WAIT_SECONDS}s'")
    connection.commit()


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a writing transaction; leaving the block without ``commit()`` saves nothing."""
    with _busy_is_unavailable(), engine.connect() as plain:
        connection = plain.execution_options(writing=True)
        transaction = connection.begin()
        try:
            yield connection
        finally:
            if transaction.is_active:
                transaction.rollback()


@contextmanager
def _busy_is_unavailable() -> Iterator[None]:
    """Say of whatever another try may cure that it may be tried again: nothing of the transaction was saved."""
    try:
        yield
    except (OperationalError, PoolTimeout) as error:
        if isinstance(error, OperationalError) and not _busy(error):
            raise
        raise Unavailable("数据库正忙，请稍后再试。", "The database is busy; please try again in a moment.") from error


def _busy(error: OperationalError) -> bool:
    driver = error.orig
    if isinstance(driver, sqlite3.OperationalError):
        return driver.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    state = getattr(driver, "sqlstate", None)
    return state is None or state in BUSY_STATES  # no state: the server could not be reached


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction for reading: one consistent view, nothing is ever written."""
    with engine.connect() as plain:
        # SQLite reads a snapshot anyway; PostgreSQL would by default let each statement see a newer one.
        view = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        connection = plain if engine.dialect.name == "sqlite" else plain.execution_options(**view)
        transaction = connection.begin()
        try:
            yield connection
        finally:
            transaction.rollback()


@contextmanager
def examining(engine: Engine) -> Iterator[Connection]:
    """Open a view like :func:`reading` that also reads text which is no UTF-8, escaped: a witness must not stumble."""
    with reading(engine) as connection:
        driver: Any = connection.connection.driver_connection
        if engine.dialect.name != "sqlite":
            yield connection
            return
        driver.text_factory = lambda raw: raw.decode("utf-8", "backslashreplace")
        try:
            yield connection
        finally:
            driver.text_factory = str


def insert_if_absent(connection: Connection, table: Table, values: Mapping[str, Any], *keys: str) -> None:
    """Insert a row unless one with these keys is there; two that come at once wait for each other and none fails."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(table).values(dict(values)).on_conflict_do_nothing(index_elements=list(keys)))
