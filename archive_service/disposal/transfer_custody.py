"""Whose a record is while it is being handed over: ours, until two people have entered the receipt for its package."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from sqlalchemy import Connection, and_, exists, select

from archive_service.disposal.model import Step
from archive_service.disposal.tables import disposal_items, transfer_items, transfer_packages
from archive_service.errors import Text


class PackageState(StrEnum):
    """Where a transfer package stands (DOMAIN 2.6); receiving and checking are the receiver's."""

    PREPARED = "prepared"
    HANDED_OVER = "handed_over"
    RETURNED = "returned"
    CUSTODY_MOVED = "custody_moved"


PACKAGE_WORDS: dict[PackageState, Text] = {
    PackageState.PREPARED: Text("已编定，待制作", "Prepared, not written yet"),
    PackageState.HANDED_OVER: Text("已交出，待回执", "Handed over, receipt awaited"),
    PackageState.RETURNED: Text("已退回，仍归本馆保管", "Returned; custody stays here"),
    PackageState.CUSTODY_MOVED: Text("移交完成", "Custody moved"),
}

NEVER_SENT = ("SEAL",)
"""Who reported something is told to nobody, another archive included (scenario 14)."""

NATURES: dict[str, Text] = {
    "transfer": Text("移交", "Transfer"),
    "deposit": Text("寄存", "Deposit"),
    "gift": Text("捐赠", "Gift"),
    "purchase": Text("征购", "Purchase"),
}


def kept_for_transfer(connection: Connection, record_id: str) -> Text | None:
    """Return why a record that was to be transferred may not be destroyed: nothing is removed without a receipt."""
    approved = exists().where(disposal_items.c.record_id == record_id, disposal_items.c.step == Step.AWAITING_TRANSFER)
    opened = exists().where(
        and_(
            transfer_items.c.record_id == record_id,
            transfer_items.c.package_id == transfer_packages.c.id,
            transfer_packages.c.removal_opened_at.is_not(None),
        )
    )
    if connection.execute(select(approved & ~opened)).scalar_one():
        return Text(
            "已批准移交，尚未凭回执准予处置留存件",
            "its transfer was approved, and no receipt has opened its removal yet",
        )
    return None


def kept_until(received_on: date, years: int) -> date:
    """Return the day from which what was transferred may be removed here."""
    try:
        return received_on.replace(year=received_on.year + years)
    except ValueError:  # 29 February
        return date(received_on.year + years, 3, 1)
