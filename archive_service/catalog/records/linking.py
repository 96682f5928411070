"""Saying afterwards, or otherwise, which record a photograph or recording belongs to."""

from __future__ import annotations

from sqlalchemy import select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.classification.schedules import Schedules
from archive_service.catalog.model import check_level
from archive_service.catalog.outbox import enqueue
from archive_service.catalog.records.amending import must_be_open, to_amend
from archive_service.catalog.records.due import recompute
from archive_service.catalog.records.parents import find_parent, inherits, link, lock_parent
from archive_service.catalog.tables import record_parents
from archive_service.errors import BadInput
from archive_service.people.model import Person


def set_parent(ledger: Ledger, schedules: Schedules, actor: Person, code: str, parent_code: str) -> None:
    """Let a record belong to another; its period and due date are computed anew at once, its code stays.

    ``NotFound`` for what the person may not see, ``BadInput`` for a type that has a period of its own, for a main
    record that is itself kept as another, and where the record would be more open than its main record.
    """
    with ledger.work(actor.id) as work:
        row = to_amend(work, actor, code)
        must_be_open(work.connection, row["id"])
        if not inherits(schedules, row):
            raise BadInput(
                f"{row['code']} 有自己的保管期限，不随主件保管。",
                f"{row['code']} has a period of its own and is not kept as another record.",
            )
        parent = find_parent(work.connection, schedules, actor, parent_code, work.at)
        check_level(row["level"], parent["level"], ())
        lock_parent(work.connection, schedules, parent["id"])
        _point(work, row["id"], parent["id"], actor)
        said = {"code": row["code"], "parent": parent["code"], "reason": "main record named"}
        work.act(acts.RECORD_DUE_SET, "record", row["id"], **said)
        recompute(work, schedules, [row["id"]], ledger.clock.today(), "main record named")
        enqueue(work, "capsule", row["id"])
        work.commit()


def _point(work: Work, record_id: str, parent_id: str, actor: Person) -> None:
    found = select(record_parents.c.id).where(record_parents.c.record_id == record_id)
    link_id = work.connection.execute(found).scalar_one_or_none()
    if link_id is None:
        link(work, record_id, parent_id, actor)
    else:
        values = {"parent_id": parent_id, "linked_at": work.at, "linked_by": actor.id}
        work.update(record_parents, link_id, values)
