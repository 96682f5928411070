"""Receipts told again from the catalogue: what was filed, and where the log says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.tables import entries, head
from archive_service.catalog.descriptions import describe
from archive_service.catalog.model import Receipt
from archive_service.catalog.tables import components, corrections
from archive_service.people.model import OPEN_LEVELS
from archive_service.vault import Vault


def receipt_of(connection: Connection, vault: Vault, row: Mapping[Any, Any], *, repeated: bool) -> Receipt:
    """Return the receipt of a row of ``record``, with the checkpoint of now; the caller has asked the policy."""
    entry = connection.execute(
        select(entries.c.seq, entries.c.leaf_hash).where(
            entries.c.object_type == "record",
            entries.c.object_id == row["id"],
            entries.c.act == acts.RECORD_FILED.name,
        )
    ).one()
    originals = connection.execute(
        select(components)
        .where(components.c.record_id == row["id"], components.c.role.in_(("original", "attachment")))
        .order_by(components.c.position)
    ).all()
    later = select(corrections.c.component_id).where(corrections.c.record_id == row["id"])
    corrected_later = set(connection.execute(later).scalars())
    originals = [item for item in originals if item.id not in corrected_later]
    sealed = {} if row["level"] in OPEN_LEVELS else describe(vault, row).files
    files = []
    for item in originals:
        words = sealed.get(item.id, {})
        files.append((item.file_name or words.get("name", ""), item.size, item.sha256 or words.get("sha256", "")))
    note = connection.execute(select(head.c.note)).scalar_one()
    kinds = tuple(item.media_type for item in originals)
    return Receipt(row["code"], row["id"], tuple(files), entry.seq, bytes(entry.leaf_hash).hex(), note, repeated, kinds)
