"""What the log says of one row: the digest that was noted when it was last written."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, Table, select

from archive_service.audit.tables import entries
from archive_service.database.tables import as_written, row_digest, select_as_stored


def is_vouched(connection: Connection, table: Table, row_id: str, object_id: str) -> bool:
    """Say whether a row is, byte for byte, what the log says of it; ``object_id`` is what the acts on it are about.

    The digests of a transaction's rows stand in the last of its acts, which may be about another object (an import
    files many records together): so from each act on this object the next entry with digests is looked at.
    """
    stored = connection.execute(select_as_stored(table).where(table.c.id == row_id)).mappings().one_or_none()
    if stored is None:
        return False
    digest = row_digest(table.name, as_written(table, stored))
    return any(noted == digest for noted in _noted(connection, f"{table.name}/{row_id}", object_id))


def _noted(connection: Connection, name: str, object_id: str) -> list[str]:
    """Return the newest digest that the log holds of a row, or nothing."""
    about = select(entries.c.seq).where(entries.c.object_id == object_id).order_by(entries.c.seq.desc())
    for seq in connection.execute(about).scalars().all():
        rows = _rows_of(connection, seq)
        if name in rows:
            return [str(rows[name])]
    return []


def _rows_of(connection: Connection, seq: int) -> dict[str, Any]:
    """Return the digests of the transaction that an entry belongs to."""
    following = select(entries.c.body).where(entries.c.seq >= seq).order_by(entries.c.seq).limit(1000)
    for body in connection.execute(following).scalars():
        try:
            said = json.loads(body)
        except ValueError:
            return {}
        if "rows" in said:
            return dict(said["rows"])
    return {}
