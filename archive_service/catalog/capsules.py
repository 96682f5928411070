"""Capsules follow the catalogue: after each change of a record its capsule is written again from the rows."""

from __future__ import annotations

from sqlalchemy import select

from archive_service.audit.ledger import Ledger
from archive_service.catalog.schedules import Schedules
from archive_service.catalog.tables import ARCHIVED, case_files, components, fonds, outbox, records
from archive_service.vault import Capsule, CapsuleComponent, Vault


def write_capsule(ledger: Ledger, vault: Vault, schedules: Schedules, record_id: str) -> None:
    """Write a record's capsule and settle what the outbox asks for it. Can be repeated."""
    with ledger.read() as connection:
        asked = connection.execute(select(outbox.c.seq).where(outbox.c.topic == "capsule", outbox.c.record_id == record_id)).scalars().all()
        found = connection.execute(
            select(records, fonds.c.fonds_no, case_files.c.case_no)
            .join(fonds, fonds.c.id == records.c.fonds_id)
            .outerjoin(case_files, case_files.c.id == records.c.case_id)
            .where(records.c.id == record_id)
        ).mappings().one()
        files = connection.execute(select(components).where(components.c.record_id == record_id).order_by(components.c.position)).all()
    if found["status"] == ARCHIVED:
        vault.write_capsule(_capsule(found, files))
    if asked:
        with ledger.work(None) as work:
            work.connection.execute(outbox.delete().where(outbox.c.seq.in_(asked)))
            work.commit()
