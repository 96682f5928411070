"""The frame of the catalogue, kept outside the database: all vouched rows that no capsule tells of.

Fonds, case files and their events, people, plans, holds, lists, certificates, numbers, what stays of destroyed records,
and records whose capsule is still to be written. Sealed with a key of the keyring; every row as it stands, so that the log vouches for it when it comes back.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Date, LargeBinary, Table, select

from archive_service.audit.ledger import Ledger
from archive_service.audit.tables import head
from archive_service.catalog.tables import ARCHIVED, components, outbox, record_parents, records
from archive_service.database.tables import CANONICAL, vouched_tables
from archive_service.errors import ArchiveError, Damaged
from archive_service.vault import Vault

FILE = "frame.sealed"
FRAME = "f" * 32
"""The id under which the frame is sealed; no record has it."""

OF_RECORDS: Mapping[str, Any] = {
    "record": records.c.id,
    "component": components.c.record_id,
    "record_parent": record_parents.c.record_id,
}
"""Tables whose rows stand in capsules once these are written, as long as their record is in the archive, and the column of its id."""


@dataclass(frozen=True)
class Frame:
    """The rows by table, as they stood when the log had ``size`` entries."""

    size: int
    rows: Mapping[str, Sequence[Mapping[str, Any]]]


def write(ledger: Ledger, vault: Vault, folders: Sequence[Path]) -> int:
    """Keep the frame of this moment in every folder; return the size of the log that it belongs to."""
    with ledger.read() as connection:
        size = int(connection.execute(select(head.c.size)).scalar_one())
        rows = {table.name: _rows(connection, table) for table in vouched_tables()}
    told = json.dumps({"size": size, "rows": rows}, **CANONICAL).encode()
    sealed = vault.seal_small(FRAME, FRAME, zlib.compress(told, 6))
    for folder in folders:
        _put(folder / FILE, sealed)
    return size


def _rows(connection: Connection, table: Table) -> list[dict[str, Any]]:
    query = select(table)
    if table.name in OF_RECORDS:
        pending = select(outbox.c.record_id).where(outbox.c.topic == "capsule")
        gone = select(records.c.id).where((records.c.status != ARCHIVED) | records.c.id.in_(pending))
        query = query.where(OF_RECORDS[table.name].in_(gone))
    return [to_plain(row) for row in connection.execute(query).mappings()]


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def read(vault: Vault, folders: Sequence[Path]) -> Frame:
    """Return the newest frame that can be opened; ``Damaged`` with the last reason if none can."""
    found, reason = list[Frame](), Damaged("没有目录框架文件。", "There is no frame of the catalogue.")
    for folder in folders:
        path = folder / FILE
        if not path.is_file():
            continue
        try:
            told = json.loads(zlib.decompress(vault.open_small(FRAME, FRAME, path.read_bytes())))
            found.append(Frame(told["size"], told["rows"]))
        except (ArchiveError, OSError, ValueError, KeyError, zlib.error):
            reason = Damaged(f"目录框架文件无法打开：{path}", f"The frame of the catalogue cannot be opened: {path}")
    if not found:
        raise reason
    return max(found, key=lambda one: one.size)


def to_plain(row: Any) -> dict[str, Any]:
    """Return a row, or its mapping, as JSON can hold it; empty columns are left out."""
    told = row if isinstance(row, Mapping) else row._asdict()
    return {str(name): _plain(value) for name, value in told.items() if value is not None}


def from_plain(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row again, with a value for every column of the table."""
    return {column.name: _typed(column.type, row.get(column.name)) for column in table.columns}


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value


def _typed(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    return bytes.fromhex(value) if isinstance(kind, LargeBinary) else value
