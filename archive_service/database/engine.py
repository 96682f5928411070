"""The engine: SQLite in its safest mode, or PostgreSQL; one way to open a writing transaction on both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from archive_service.errors import BadSettings, Unavailable

WAIT_SECONDS = 60
"""How long a writer waits for the one before it."""


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
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON", "trusted_schema=OFF"):
        cursor.execute(f"PRAGMA {pragma}")
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
    with engine.connect() as plain:
        connection = plain.execution_options(writing=True)
        try:
            transaction = connection.begin()
        except OperationalError as error:
            raise Unavailable(
                "数据库正忙，请稍后再试。", "The database is busy; please try again in a moment."
            ) from error
        try:
            yield connection
        finally:
            if transaction.is_active:
                transaction.rollback()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction for reading: one consistent view, nothing is ever written."""
    with engine.connect() as plain:
        # SQLite reads a snapshot anyway; PostgreSQL would by default let each statement see a newer one.
        view = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        connection = plain.execution_options(**view)
        transaction = connection.begin()
        try:
            yield connection
        finally:
            transaction.rollback()


def insert_if_absent(connection: Connection, table: Table, values: Mapping[str, Any], *keys: str) -> None:
    """Insert a row unless one with these keys is there; two that come at once wait for each other and none fails."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(table).values(dict(values)).on_conflict_do_nothing(index_elements=list(keys)))
