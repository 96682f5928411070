"""The migrations make what the code expects, can be run again, and refuse what they do not know."""

from __future__ import annotations

import importlib
import pkgutil
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Engine, inspect, text

import archive_service
from archive_service.database.engine import open_engine
from archive_service.database.migrate import migrate, require_current
from archive_service.database.tables import metadata
from archive_service.errors import Conflict


@pytest.fixture(scope="module", autouse=True)
def every_table() -> None:
    """Load every module that declares tables; a folder that comes later is not forgotten."""
    for module in pkgutil.walk_packages(archive_service.__path__, "archive_service."):
        if module.name.endswith(".tables"):
            importlib.import_module(module.name)


@pytest.fixture
def engine(database_url: str) -> Any:
    opened = open_engine(database_url)
    yield opened
    opened.dispose()


def test_the_migrations_make_exactly_the_tables_of_the_code(engine: Engine):
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_the_migrations_make_every_check_of_the_code(engine: Engine):
    """Alembic's comparison passes over them."""
    migrate(engine)
    found = inspect(engine)
    for name, table in metadata.tables.items():
        wanted = {str(one.name) for one in table.constraints if isinstance(one, CheckConstraint)}
        assert {str(one["name"]) for one in found.get_check_constraints(name)} == wanted, name


def test_migrating_again_changes_nothing(engine: Engine):
    migrate(engine)
    before = _everything(engine)
    migrate(engine)
    assert _everything(engine) == before
    require_current(engine)


def _everything(engine: Engine) -> Any:
    if engine.dialect.name == "sqlite":
        query = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
    else:
        query = """
            SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'
            UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
            UNION ALL SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger ORDER BY 1, 2, 3
        """
    with engine.connect() as connection:
        return connection.execute(text(query)).all()


def test_two_who_migrate_at_once_do_not_disturb_each_other(engine: Engine):
    gate = threading.Barrier(2)

    def run(_: int) -> None:
        gate.wait()
        migrate(engine)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, range(2)))
    require_current(engine)


def test_a_migration_that_fails_leaves_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    from alembic import op

    real = op.create_table

    def create_table(name: str, *columns: Any, **named: Any) -> Any:
        if name == "record":
            raise RuntimeError("in between")
        return real(name, *columns, **named)

    with monkeypatch.context() as patch, pytest.raises(RuntimeError, match="in between"):
        patch.setattr(op, "create_table", create_table)
        migrate(engine)
    assert inspect(engine).get_table_names() == []
    migrate(engine)
    require_current(engine)


def test_an_empty_database_is_refused_with_what_to_do(engine: Engine):
    with pytest.raises(Conflict) as refused:
        require_current(engine)
    assert "archive-service init" in refused.value.text.en
    assert "None" not in refused.value.text.en + refused.value.text.zh


def test_an_older_schema_is_refused_with_what_to_do(engine: Engine):
    migrate(engine)
    _set_version(engine, "0001")
    with pytest.raises(Conflict) as refused:
        require_current(engine)
    assert "0001" in refused.value.text.en
    assert "upgrade" in refused.value.text.en


def test_a_newer_schema_is_neither_opened_nor_migrated(engine: Engine):
    migrate(engine)
    _set_version(engine, "9999")
    for refuse in (require_current, migrate):
        with pytest.raises(Conflict) as refused:
            refuse(engine)
        assert "9999" in refused.value.text.en
        assert "later" in refused.value.text.en
        assert "较新" in refused.value.text.zh or "新" in refused.value.text.zh


def test_a_database_of_something_else_is_left_alone(engine: Engine):
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE their_own (id INTEGER PRIMARY KEY)"))
    for refuse in (require_current, migrate):
        with pytest.raises(Conflict):
            refuse(engine)
    assert inspect(engine).get_table_names() == ["their_own"]


def _set_version(engine: Engine, version: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
