"""What makes records stay as they are: a hold, a disposal list, a transfer. Whoever would change them asks here first."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from archive_service.catalog.tables import records
from archive_service.disposal.holds.holds import held
from archive_service.disposal.model import OPEN_STEPS, Step
from archive_service.disposal.tables import disposal_items, disposal_lists
from archive_service.errors import Text

LISTED = (*OPEN_STEPS, Step.AWAITING_TRANSFER)


def standing(connection: Connection, ids: Sequence[str]) -> dict[str, Text]:
    """Return, of some records, why they must not be changed now: those under a hold, on a list, or being transferred."""
    under = select(records.c.id).where(records.c.id.in_(ids), held())
    found = {
        one: Text("在冻结之下，解冻之前不作更改", "it is under a hold and stays as it is until that is released")
        for one in connection.execute(under).scalars()
    }
    listed = (
        select(disposal_items.c.record_id, disposal_lists.c.list_no)
        .join(disposal_lists, disposal_lists.c.id == disposal_items.c.list_id)
        .where(disposal_items.c.record_id.in_(ids), disposal_items.c.step.in_(LISTED))
    )
    for row in connection.execute(listed):
        found.setdefault(
            row.record_id,
            Text(f"在处置清册 {row.list_no} 上，不作更改", f"it is on list {row.list_no} and stays as it is"),
        )
    return found
