"""Connections are really set as asked, transactions are what they say, and a busy database is said to be busy."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, OperationalError

from archive_service.database import engine as engines
from archive_service.database.engine import examining, insert_if_absent, open_engine, reading, writing
from archive_service.errors import BadSettings, Unavailable

NOTES = Table("note", MetaData(), Column("id", Integer, primary_key=True), Column("text", String(20)))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url)
    NOTES.create(opened)
    yield opened
    opened.dispose()


def keep(engine: Engine, number: int, words: str = "x") -> None:
    with writing(engine) as connection:
        connection.execute(insert(NOTES).values(id=number, text=words))
        connection.get_transaction().commit()  # type: ignore[union-attr]


def count(engine: Engine) -> int:
    with reading(engine) as connection:
        return int(connection.execute(select(func.count()).select_from(NOTES)).scalar_one())


# ------------------------------------------------------------------------------------------------- how connections are set


def test_every_connection_to_sqlite_is_durable_wipes_and_holds_its_keys(tmp_path: Path):
    engine = open_engine(f"sqlite:///{tmp_path / 'a.db'}")
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "secure_delete": 1,
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "trusted_schema": 0,
        "busy_timeout": engines.WAIT_SECONDS * 1000,
    }
    connections = [engine.connect() for _ in range(3)]
    for connection in connections:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted}
        assert found == wanted
        connection.close()
    engine.dispose()


def test_a_sqlite_that_does_not_take_a_pragma_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(engines.PRAGMAS, "journal_mode", ("MEMORY", "wal"))  # type: ignore[attr-defined]
    with pytest.raises(BadSettings) as refused:
        open_engine(f"sqlite:///{tmp_path / 'a.db'}").connect()
    assert "journal_mode" in refused.value.faults[0]


def test_what_is_deleted_from_sqlite_is_in_no_file(tmp_path: Path):
    engine = open_engine(f"sqlite:///{tmp_path / 'a.db'}")
    NOTES.create(engine)
    keep(engine, 1, "canary-7f3a9c")
    keep(engine, 2)
    with writing(engine) as connection:
        connection.execute(NOTES.delete().where(NOTES.c.id == 1))
        connection.get_transaction().commit()  # type: ignore[union-attr]
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    assert not [path for path in tmp_path.iterdir() if b"canary-7f3a9c" in path.read_bytes()]


@pytest.mark.postgres
def test_every_connection_to_postgresql_is_durable_and_waits_no_longer_than_it_may(postgres_server: str):
    engine = open_engine(f"{postgres_server}/postgres")
    for _ in range(3):
        with engine.connect() as connection:
            assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"
            assert connection.execute(text("SHOW lock_timeout")).scalar() == "1min"
    engine.dispose()


@pytest.mark.parametrize("url", ["", "no address", "mysql://host/name", "oracle://"])
def test_an_address_of_another_kind_is_refused_as_a_setting(url: str):
    with pytest.raises(BadSettings):
        open_engine(url)


# ------------------------------------------------------------------------------------------------- transactions


def test_what_is_not_committed_is_not_there(engine: Engine):
    with writing(engine) as connection:
        connection.execute(insert(NOTES).values(id=1))
    with pytest.raises(RuntimeError), writing(engine) as connection:
        connection.execute(insert(NOTES).values(id=2))
        raise RuntimeError
    assert count(engine) == 0


def test_a_reader_sees_one_state_whatever_is_written_meanwhile(engine: Engine):
    keep(engine, 1)
    with reading(engine) as connection:
        query = select(func.count()).select_from(NOTES)
        assert connection.execute(query).scalar_one() == 1
        keep(engine, 2)
        assert connection.execute(query).scalar_one() == 1
    assert count(engine) == 2


@pytest.mark.parametrize("opened", [reading, examining])
def test_a_reader_leaves_nothing_written(engine: Engine, opened: object):
    try:
        with opened(engine) as connection:  # type: ignore[operator]
            connection.execute(insert(NOTES).values(id=1))
            assert engine.dialect.name == "sqlite"
    except DBAPIError:
        assert engine.dialect.name == "postgresql"  # refused at once
    assert count(engine) == 0
    keep(engine, 1)  # and the connection went back to the pool as it was
    assert count(engine) == 1


def test_writers_wait_for_each_other(engine: Engine):
    keep(engine, 1, "0")

    def add_one() -> None:
        with writing(engine) as connection:
            row = connection.execute(select(NOTES.c.text).where(NOTES.c.id == 1).with_for_update()).scalar_one()
            connection.execute(update(NOTES).values(text=str(int(row) + 1)))
            connection.get_transaction().commit()  # type: ignore[union-attr]

    threads = [threading.Thread(target=add_one) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(engine) as connection:
        assert connection.execute(select(NOTES.c.text)).scalar_one() == "12"


def test_a_writer_that_waits_too_long_is_told_to_try_again(database_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(engines, "WAIT_SECONDS", 1)
    engine = open_engine(database_url)
    NOTES.create(engine)
    keep(engine, 1)
    with writing(engine) as first:
        first.execute(update(NOTES).values(text="held"))
        with pytest.raises(Unavailable) as busy, writing(engine) as second:
            second.execute(update(NOTES).values(text="waits"))
        assert busy.value.retry
    engine.dispose()


@pytest.mark.postgres
def test_of_two_that_wait_for_each_other_one_is_told_to_try_again(postgres_server: str):
    from tests.support import postgres

    engine = open_engine(postgres.new_database(postgres_server))
    NOTES.create(engine)
    keep(engine, 1)
    keep(engine, 2)
    gate, told = threading.Barrier(2), []

    def take(first: int, second: int) -> None:
        try:
            with writing(engine) as connection:
                connection.execute(update(NOTES).where(NOTES.c.id == first).values(text="x"))
                gate.wait()
                connection.execute(update(NOTES).where(NOTES.c.id == second).values(text="x"))
        except Unavailable as error:
            told.append(error)

    threads = [threading.Thread(target=take, args=pair) for pair in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()
    assert len(told) == 1


def test_a_fault_that_waiting_does_not_cure_is_not_called_busy(engine: Engine):
    with pytest.raises(DBAPIError) as fault, writing(engine) as connection:
        connection.execute(text("SELECT * FROM no_such_table"))
    assert not isinstance(fault.value, Unavailable)
    assert engine.dialect.name == "postgresql" or isinstance(fault.value, OperationalError)


def test_an_insert_of_what_is_there_leaves_it_as_it_is(engine: Engine):
    for words in ("first", "second"):
        with writing(engine) as connection:
            insert_if_absent(connection, NOTES, {"id": 1, "text": words}, "id")
            connection.get_transaction().commit()  # type: ignore[union-attr]
    with reading(engine) as connection:
        assert connection.execute(select(NOTES.c.text)).scalars().all() == ["first"]


def test_a_witness_reads_text_that_is_no_utf8_and_others_are_not_changed_by_it(tmp_path: Path):
    engine = open_engine(f"sqlite:///{tmp_path / 'a.db'}")
    NOTES.create(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO note VALUES (1, CAST(x'e5ff' AS TEXT))")
    with examining(engine) as connection:
        assert connection.execute(select(NOTES.c.text)).scalar_one() == "\\xe5\\xff"
    with pytest.raises(OperationalError), reading(engine) as connection:
        connection.execute(select(NOTES.c.text)).scalar_one()
    engine.dispose()
