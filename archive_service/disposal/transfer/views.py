"""What pages and commands show of transfer packages; words of records only to those who may see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from archive_service.audit.ledger import Ledger
from archive_service.catalog.tables import ARCHIVED, records
from archive_service.disposal.listing.next_hands import NextHands, next_hands
from archive_service.disposal.model import Step
from archive_service.disposal.showing import Done, done_with, shown
from archive_service.disposal.tables import disposal_items, disposal_lists, transfer_items, transfer_packages
from archive_service.disposal.transfer_custody import NEVER_SENT, PackageState
from archive_service.errors import NotFound
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, can, require

_PACKAGES = select(transfer_packages, disposal_lists.c.list_no).join(
    disposal_lists, disposal_lists.c.id == transfer_packages.c.list_id
)


@dataclass(frozen=True)
class SentRecord:
    """A record of a package; its words are empty where the viewer may not see them."""

    position: int
    record: Mapping[str, Any]
    visible: bool


@dataclass(frozen=True)
class PackageView:
    """A package with its list and records; ``may`` is what the viewer can do with it now.

    ``next`` is whose turn it is, ``done`` what the log bears of it.
    """

    row: Any
    list_no: str
    items: tuple[SentRecord, ...]
    may: frozenset[Action]
    next: NextHands | None = None
    done: tuple[Done, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of its records, in their order."""
        return tuple(str(item.record["code"]) for item in self.items)


def all_packages(ledger: Ledger, viewer: Person) -> list[PackageView]:
    """Return every package, the newest first."""
    require(viewer, Action.SEE_DISPOSAL)
    at = ledger.clock.stamp()
    newest = _PACKAGES.order_by(transfer_packages.c.year.desc(), transfer_packages.c.number.desc())
    with ledger.read() as connection:
        return [
            PackageView(row, row.list_no, _items(connection, viewer, row.id, at), _may(viewer, row))
            for row in connection.execute(newest).all()
        ]


def open_packages(ledger: Ledger, viewer: Person) -> list[PackageView]:
    """Return the packages that wait for somebody here or for a receipt, without what they hold."""
    require(viewer, Action.SEE_DISPOSAL)
    wanted = _PACKAGES.where(transfer_packages.c.state.in_((PackageState.PREPARED, PackageState.HANDED_OVER)))
    with ledger.read() as connection:
        rows = connection.execute(wanted).all()
    return [PackageView(row, row.list_no, (), _may(viewer, row)) for row in rows]


def one_package(ledger: Ledger, viewer: Person, package_no: str) -> PackageView:
    """Return one package with its history."""
    require(viewer, Action.SEE_DISPOSAL)
    at = ledger.clock.stamp()
    with ledger.read() as connection:
        wanted = _PACKAGES.where(transfer_packages.c.package_no == package_no.strip())
        row = connection.execute(wanted).one_or_none()
        if row is None:
            raise unknown_package(package_no)
        return PackageView(
            row,
            row.list_no,
            _items(connection, viewer, row.id, at),
            _may(viewer, row),
            next_hands(connection, viewer, next_step(row), _hands(row), at),
            done_with(connection, "transfer_package", row.id),
        )


def waiting_lists(ledger: Ledger, viewer: Person) -> list[tuple[str, int]]:
    """Return each list that has records to be handed over in no package yet, with how many."""
    require(viewer, Action.SEE_DISPOSAL)
    sent = select(transfer_items.c.record_id).where(~transfer_items.c.returned)
    wanted = (
        select(disposal_lists.c.list_no, func.count())
        .join(disposal_items, disposal_items.c.list_id == disposal_lists.c.id)
        .join(records, records.c.id == disposal_items.c.record_id)
        .where(disposal_items.c.step == Step.AWAITING_TRANSFER, disposal_items.c.record_id.not_in(sent))
        .where(records.c.status == ARCHIVED, records.c.level.not_in(NEVER_SENT))
        .group_by(disposal_lists.c.list_no)
        .order_by(disposal_lists.c.list_no)
    )
    with ledger.read() as connection:
        return [(list_no, count) for list_no, count in connection.execute(wanted).all()]


def next_step(row: Any) -> Action | None:
    """Return what a package waits for; nothing once removal was opened or it came back."""
    if row.state == PackageState.HANDED_OVER and row.receipt_by is not None:
        return Action.CONFIRM_RECEIPT
    if row.state == PackageState.RETURNED or row.removal_opened_at is not None:
        return None
    return Action.TRANSFER


def unknown_package(package_no: str) -> NotFound:
    """Return the refusal of a number that no package has."""
    return NotFound(f"没有移交包 {package_no}。", f"There is no transfer package {package_no}.")


def _items(connection: Connection, viewer: Person, package_id: str, at: str) -> tuple[SentRecord, ...]:
    wanted = (
        select(transfer_items.c.position, records)
        .join(records, records.c.id == transfer_items.c.record_id)
        .where(transfer_items.c.package_id == package_id)
        .order_by(transfer_items.c.position)
    )
    return tuple(SentRecord(row.position, *shown(viewer, row._asdict(), at)) for row in connection.execute(wanted))


def _hands(row: Any) -> dict[str, frozenset[str]]:
    return {"receipt_by": frozenset({row.receipt_by} if row.receipt_by else ())}


def _may(viewer: Person, row: Any) -> frozenset[Action]:
    thing = Thing(hands=_hands(row))
    return frozenset(one for one in (Action.TRANSFER, Action.CONFIRM_RECEIPT) if can(viewer, one, thing).allowed)
