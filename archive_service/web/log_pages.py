"""Reading the log page by page, for those who watch over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from archive_service.audit.ledger import Ledger
from archive_service.audit.tables import entries
from archive_service.errors import NotFound

PAGE = 50


def newest(ledger: Ledger, *, act: str = "", object_id: str = "", before: int | None = None) -> Sequence[Any]:
    """Return entries from the newest back, at most a page; ``before`` is the number to go on from."""
    query = select(entries).order_by(entries.c.seq.desc()).limit(PAGE)
    if act:
        query = query.where(entries.c.act == act)
    if object_id:
        query = query.where(entries.c.object_id == object_id)
    if before is not None:
        query = query.where(entries.c.seq < before)
    with ledger.read() as connection:
        return connection.execute(query).all()


def entry(ledger: Ledger, seq: int) -> Any:
    """Return one entry."""
    with ledger.read() as connection:
        row = connection.execute(select(entries).where(entries.c.seq == seq)).one_or_none()
    if row is None:
        raise NotFound(f"审计日志中没有第 {seq} 条。", f"The audit log has no entry {seq}.")
    return row
