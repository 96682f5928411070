"""Capsules follow the catalogue: after each change of a record its capsule is written again from the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from archive_service.audit.ledger import Ledger
from archive_service.catalog.tables import ARCHIVED, case_files, components, fonds, outbox, records
from archive_service.vault import Capsule, CapsuleComponent, Vault


def write_capsule(ledger: Ledger, vault: Vault, record_id: str) -> None:
    """Write a record's capsule and settle what the outbox asks for it. Can be repeated."""
    with ledger.read() as connection:
        asked = (
            connection.execute(select(outbox.c.seq).where(outbox.c.topic == "capsule", outbox.c.record_id == record_id))
            .scalars()
            .all()
        )
        found = (
            connection.execute(
                select(records, fonds.c.fonds_no, case_files.c.case_no)
                .join(fonds, fonds.c.id == records.c.fonds_id)
                .outerjoin(case_files, case_files.c.id == records.c.case_id)
                .where(records.c.id == record_id)
            )
            .mappings()
            .one()
        )
        files = connection.execute(
            select(components).where(components.c.record_id == record_id).order_by(components.c.position)
        ).all()
    if found["status"] == ARCHIVED:
        vault.write_capsule(_capsule(found, files))
    if asked:
        with ledger.work(None) as work:
            work.connection.execute(outbox.delete().where(outbox.c.seq.in_(asked)))
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
