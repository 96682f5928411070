"""Capsules follow the catalogue: after each change of a record its capsule is written again from the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from archive_service.audit.ledger import Ledger
from archive_service.catalog.tables import ARCHIVED, case_files, components, fonds, outbox, records
from archive_service.errors import ArchiveError
from archive_service.vault import Capsule, CapsuleComponent, Vault

HANDS = 16
"""Capsules written at the same time; see :mod:`archive_service.catalog.stowing`."""


def write_capsule(ledger: Ledger, vault: Vault, record_id: str) -> None:
    """Write a record's capsule and settle what the outbox asks for it. Can be repeated."""
    asked, capsules = _read(ledger, [record_id])
    for capsule in capsules:
        vault.write_capsule(capsule)
    _settle(ledger, [row.seq for row in asked])


def write_capsules(ledger: Ledger, vault: Vault, record_ids: Sequence[str]) -> None:
    """Write the capsules of records that have just been filed.

    They are filed, whatever happens here: a capsule that cannot be written now stays asked for in the outbox.
    """
    if not record_ids:
        return
    with suppress(ArchiveError, DBAPIError):
        asked, capsules = _read(ledger, record_ids)
        with ThreadPoolExecutor(min(HANDS, len(record_ids))) as hands:
            written = set(hands.map(lambda capsule: _written(vault, capsule), capsules))
        _settle(ledger, [row.seq for row in asked if row.record_id in written])


def _written(vault: Vault, capsule: Capsule) -> str | None:
    with suppress(ArchiveError, OSError):
        vault.write_capsule(capsule)
        return capsule.record_id
    return None


def _read(ledger: Ledger, record_ids: Sequence[str]) -> tuple[Sequence[Any], list[Capsule]]:
    """Return the outbox rows that ask for these capsules, and the capsules of those records that are still here."""
    with ledger.read() as connection:
        asked = connection.execute(
            select(outbox.c.seq, outbox.c.record_id).where(
                outbox.c.topic == "capsule", outbox.c.record_id.in_(record_ids)
            )
        ).all()
        rows = connection.execute(
            select(records, fonds.c.fonds_no, case_files.c.case_no)
            .join(fonds, fonds.c.id == records.c.fonds_id)
            .outerjoin(case_files, case_files.c.id == records.c.case_id)
            .where(records.c.id.in_(record_ids), records.c.status == ARCHIVED)
        ).mappings()
        found = list(rows)
        files: dict[str, list[Any]] = {row["id"]: [] for row in found}
        wanted = select(components).where(components.c.record_id.in_(files)).order_by(components.c.position)
        for file in connection.execute(wanted):
            files[file.record_id].append(file)
    return asked, [_capsule(row, files[row["id"]]) for row in found]


def _settle(ledger: Ledger, seqs: Sequence[int]) -> None:
    if seqs:
        with ledger.work(None) as work:
            work.connection.execute(outbox.delete().where(outbox.c.seq.in_(seqs)))
            work.commit()


def _capsule(row: Mapping[Any, Any], files: Sequence[Any]) -> Capsule:
    sealed = row["sealed_description"]
    words = {"title": row["title"], "author": row["author"], "document_no": row["document_no"], "note": row["note"]}
    names = {file.id: {"name": file.file_name, "sha256": file.sha256} for file in files}
    return Capsule(
        record_id=row["id"],
        archival_code=row["code"],
        fonds=row["fonds_no"],
        class_code=row["type_code"],
        level=row["level"],
        rule=row["rule_code"],
        schedule_version=row["schedule_version"],
        dates={
            "document_date": row["document_date"].isoformat(),
            "filed_at": row["filed_at"],
            "trigger_date": row["trigger_date"].isoformat() if row["trigger_date"] else None,
            "due_on": row["due_on"].isoformat() if row["due_on"] else None,
        },
        period=row["period"],
        status=row["status"],
        case_id=row["case_no"],
        components=tuple(
            CapsuleComponent(file.id, file.version, file.role, file.media_type, file.sealed_size, file.sealed_sha256)
            for file in files
        ),
        description=None if sealed else {**words, "files": names},
        sealed_description=bytes(sealed) if sealed else None,
    )
