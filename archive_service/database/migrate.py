"""Bring a database to this version's schema; the steps lie in ``migrations/versions``."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect

from archive_service.database.engine import writing
from archive_service.errors import Conflict

SCRIPTS = Path(__file__).parent / "migrations"

ONE_AT_A_TIME = 0x61726368
"""The number of PostgreSQL's advisory lock that a migration holds; SQLite has a single writer anyway."""


def migrate(engine: Engine) -> None:
    """Run every migration that this database does not have yet, in one transaction.

    Raises :class:`Conflict` for a database of a later version of this program, or of another program.
    """
    config = _config()
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})")
        _refuse_foreign(connection, _scripts())
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        transaction = connection.get_transaction()
        assert transaction is not None
        transaction.commit()


def require_current(engine: Engine) -> None:
    """Refuse a database whose schema is not the one that this version was written for."""
    scripts = _scripts()
    wanted = scripts.get_current_head()
    with engine.connect() as connection:
        found = _refuse_foreign(connection, scripts)
    if found is None:
        raise Conflict(
            "数据库中还没有档案库的表。请运行 archive-service init。",
            "The database holds no tables of an archive yet. Run archive-service init.",
        )
    if found != wanted:
        raise Conflict(
            f"数据库结构版本为 {found}，本程序需要 {wanted}。请运行 archive-service init 升级。",
            f"The database has schema {found}, this program needs {wanted}. Run archive-service init to upgrade it.",
        )


def _refuse_foreign(connection: Connection, scripts: ScriptDirectory) -> str | None:
    """Return the schema's version; refuse one that this program does not know, and tables that are not ours."""
    found = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    if found is not None and found not in known:
        raise Conflict(
            f"数据库结构版本为 {found}，比本程序所知的（{scripts.get_current_head()}）新。请使用建立它的程序版本或更新的版本。",
            f"The database has schema {found}, which is later than this program knows ({scripts.get_current_head()}). "
            "Use the version of the program that made it, or a later one.",
        )
    if found is None and inspect(connection).get_table_names():
        raise Conflict(
            "这个数据库里有别的表，不是空的，也不是档案库。请另给一个空的数据库。",
            "This database has tables of something else: it is neither empty nor an archive's. Give an empty one.",
        )
    return found


@cache
def _scripts() -> ScriptDirectory:
    """Return the migrations of this program; reading them is slow, and they stay as they are while it runs."""
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config
