"""The registry of tables: one ``MetaData``, and the word for a table whose rows the audit log vouches for."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Boolean, Column, LargeBinary, MetaData, Select, String, Table, select, type_coerce
from sqlalchemy.types import NullType

STAMP = String(27)
"""An instant as :func:`archive_service.clock.to_stamp` writes it."""

ID = String(32)
"""An id of ours: 32 hexadecimal digits."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def vouched_table(name: str, *columns: Any) -> Table:
    """Declare a table with ``id`` and ``salt`` whose every row's digest stands in the audit log.

    The salt keeps a leaf from being a test for guessed contents (a name, a title); it is part of the row,
    so it cannot be changed unseen either. Rows of such tables are written through ``audit.Work`` only.
    """
    return Table(
        name,
        metadata,
        Column("id", ID, primary_key=True),
        *columns,
        Column("salt", String(32), nullable=False),
        info={"vouched": True},
    )


def vouched_tables() -> list[Table]:
    """Return the tables whose rows the audit log vouches for, by name."""
    return [table for _, table in sorted(metadata.tables.items()) if table.info.get("vouched")]


def new_salt() -> str:
    """Return a fresh salt of 128 bits."""
    return secrets.token_hex(16)


def row_digest(table: str, row: Mapping[Any, Any]) -> str:
    """Return the SHA-256 (hex) of a row's canonical form; the table's name is part of it.

    Empty columns are left out, so a column that a later version adds changes no digest that the log already holds.
    Such a column must therefore be nullable, and empty in the rows that are there.
    """
    filled = {name: _plain(value) for name, value in row.items() if value is not None}
    return hashlib.sha256(json.dumps([table, filled], **CANONICAL).encode()).hexdigest()


def select_as_stored(table: Table) -> Select[*tuple[Any, ...]]:
    """Return a query for a table's rows as they lie in the database, without the reading that each type would do.

    A type reads leniently (a date with something after it is still that date), a witness must not.
    """
    return select(*(type_coerce(column, NullType()).label(column.name) for column in table.columns))


def as_written(table: Table, stored: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a stored row in the form that was digested when it was written; what has another type stays another."""
    return {column.name: _as_type(column, stored[column.name]) for column in table.columns}


def _as_type(column: Column[Any], value: Any) -> Any:
    if isinstance(column.type, Boolean) and type(value) is int and value in (0, 1):
        return bool(value)  # SQLite knows no truth values
    if isinstance(value, bytes | memoryview) and not isinstance(column.type, LargeBinary):
        return {"bytes where text belongs": bytes(value).hex()}
    return value


CANONICAL: dict[str, Any] = {"ensure_ascii": False, "sort_keys": True, "separators": (",", ":")}
"""How JSON is written wherever its bytes are hashed."""


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return value
