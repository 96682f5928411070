"""The guards that stand in the database, and the one occasion on which they step aside.

They hold changes to the moves that a living archive makes. A database that is being made again takes rows as the log
vouches for them, several moves later than they stand: within that transaction alone the guards of one table are off.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Table, text


@contextmanager
def without_guards(connection: Connection, table: Table) -> Iterator[None]:
    """Let the guards of one table step aside; they stand again before the transaction can be committed."""
    if connection.dialect.name == "postgresql":
        quoted = connection.dialect.identifier_preparer.format_table(table)
        connection.exec_driver_sql(f"ALTER TABLE {quoted} DISABLE TRIGGER USER")
        yield
        connection.exec_driver_sql(f"ALTER TABLE {quoted} ENABLE TRIGGER USER")
        return
    wanted = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table")
    guards = connection.execute(wanted, {"table": table.name}).all()
    quote = connection.dialect.identifier_preparer.quote
    for name, _ in guards:
        connection.exec_driver_sql(f"DROP TRIGGER {quote(name)}")
    yield
    for _, sql in guards:
        connection.exec_driver_sql(sql)
