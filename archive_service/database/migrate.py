"""Bring a database to this version's schema; the steps lie in ``migrations/versions``."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from archive_service.errors import Conflict

SCRIPTS = Path(__file__).parent / "migrations"


def migrate(engine: Engine) -> None:
    """Run every migration that this database does not have yet, in one transaction."""
    config = _config()
    with engine.connect() as plain:
        connection = plain.execution_options(writing=True)
        with connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def require_current(engine: Engine) -> None:
    """Refuse a database whose schema is not the one that this version was written for."""
    wanted = ScriptDirectory.from_config(_config()).get_current_head()
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found != wanted:
        raise Conflict(
            f"数据库结构版本为 {found}，本程序需要 {wanted}。请运行 archive-service init 升级。",
            f"The database has schema {found}, this program needs {wanted}. Run archive-service init to upgrade it.",
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config
