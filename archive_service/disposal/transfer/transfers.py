"""Transfer 移交: a package of what a list decided to hand over, and the receipt that alone moves custody.

prepared (frozen) -> handed over (written, checked) -> receipt entered by one, confirmed by another -> custody moved
-> removal opened; or returned by the receiver. Content is removed by nothing here: once removal is opened, what is
kept goes through a disposal list like everything else.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.properties.items import Stage
from archive_service.catalog.properties.service import Properties
from archive_service.catalog.tables import ARCHIVED
from archive_service.disposal.listing.freezing import items_of, locked_list, record_of
from archive_service.disposal.listing.lists import Disposal, DrawnUp
from archive_service.disposal.model import CandidateState, Step
from archive_service.disposal.numbers import next_number, numbered
from archive_service.disposal.tables import (
    candidates,
    transfer_items,
    transfer_packages,
)
from archive_service.disposal.transfer import views as transfer_views
from archive_service.disposal.transfer.views import PackageView, unknown_package
from archive_service.disposal.transfer_custody import NATURES, NEVER_SENT, PACKAGE_WORDS, PackageState, kept_until
from archive_service.errors import BadInput, Conflict, Forbidden
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, can, require

LATER = (
    "digest",
    "payload_files",
    "payload_bytes",
    "handed_over_at",
    "handed_over_by",
    "delivered_to",
    "receipt_no",
    "received_on",
    "receipt_digest",
    "receipt_by",
    "receiver_key_id",
    "receipt_note",
    "confirmed_at",
    "confirmed_by",
    "returned_at",
    "returned_by",
    "returned_reason",
    "removal_opened_at",
)


@dataclass(frozen=True)
class Prepared:
    """A package that was frozen, and the codes of what may not be sent and stays."""

    package_no: str
    items: int
    left_out: tuple[str, ...]
    to_sign: tuple[str, ...] = ()
    """Codes of those whose four-property check still waits for a person's signature."""


@dataclass(frozen=True)
class Transfers:
    """The life of transfer packages; writing them is :mod:`archive_service.disposal.transfer.writing`."""

    ledger: Ledger
    properties: Properties

    def prepare(self, person: Person, list_no: str, receiver: str, nature: str = "transfer") -> Prepared:
        """Freeze what a list decided to hand over into a package; what is sealed off or was sent already is left out.

        Every record goes through the four-property check of the transfer stage first; one failed must-item stops all.
        """
        require(person, Action.TRANSFER)
        if nature not in NATURES:
            raise BadInput(f"移交性质应为 {'、'.join(NATURES)} 之一。", f"The nature is one of {', '.join(NATURES)}.")
        if not receiver.strip() or len(receiver) > 200:
            raise BadInput("请写明接收单位（最多 200 字）。", "Name the receiver (at most 200 characters).")
        to_sign = self._checked(person, list_no)
        return numbered(lambda: self._prepare(person, list_no, receiver.strip(), nature, to_sign))

    def _checked(self, person: Person, list_no: str) -> dict[str, str]:
        """Check what is to be sent, outside any transaction; return id and code of all, the code empty where all is signed."""
        with self.ledger.work(person.id) as work:  # nothing is written: the list is looked at as it will be
            items, _ = self._sendable(work, person, locked_list(work, list_no))
            rows = [record_of(work.connection, item.record_id) for item in items]
        to_sign = set(self.properties.require_passed(person, rows, Stage.TRANSFER))
        return {row["id"]: row["code"] if row["code"] in to_sign else "" for row in rows}

    def _prepare(self, person: Person, list_no: str, receiver: str, nature: str, checked: dict[str, str]) -> Prepared:
        with self.ledger.work(person.id) as work:
            row = locked_list(work, list_no)
            items, left_out = self._sendable(work, person, row)
            if any(item.record_id not in checked for item in items):
                raise Conflict("清册刚刚有变动，请再试一次。", "The list has just changed; please try again.")
            if not items:
                raise Conflict(
                    f"清册 {list_no} 没有可移交的档案。", f"List {list_no} has nothing that can be handed over now."
                )
            year = self.ledger.clock.today().year
            number = next_number(work.connection, transfer_packages, year)
            package_id, package_no = uuid.uuid4().hex, f"YJ{year}-{number:03d}"
            identity = {"id": package_id, "package_no": package_no, "year": year, "number": number, "list_id": row.id}
            said = {"state": PackageState.PREPARED, "receiver": receiver, "nature": nature}
            begun = {"prepared_at": work.at, "prepared_by": person.id}
            work.insert(transfer_packages, {**identity, **said, **begun, **dict.fromkeys(LATER)})
            for position, item in enumerate(items, 1):
                values = {"record_id": item.record_id, "candidate_id": item.candidate_id, "returned": False}
                work.insert(
                    transfer_items, {"id": uuid.uuid4().hex, "package_id": package_id, "position": position, **values}
                )
            sent = [item.record_id for item in items]
            work.act(acts.TRANSFER_PREPARED, "transfer_package", package_id, package_no=package_no, records=sent)
            work.commit()
        to_sign = tuple(checked[item] for item in sent if checked[item])
        return Prepared(package_no, len(items), tuple(left_out), to_sign)

    def _sendable(self, work: Work, person: Person, row: Any) -> tuple[list[Any], list[str]]:
        wanted = select(transfer_items.c.record_id).where(~transfer_items.c.returned)
        sent = set(work.connection.execute(wanted).scalars())
        items, left_out = [], []
        for item in items_of(work.connection, row.id, Step.AWAITING_TRANSFER):
            record = record_of(work.connection, item.record_id)
            if item.record_id in sent:
                continue
            if record["level"] in NEVER_SENT or record["status"] != ARCHIVED:
                left_out.append(str(record["code"]))
                continue
            require_readable(person, record, work.at)
            items.append(item)
        return items, left_out

    def take_back(self, person: Person, package_no: str, reason: str) -> None:
        """Note that the receiver returned a package, with the reason: custody stays here, and it can be sent anew."""
        require(person, Action.TRANSFER)
        if not reason.strip() or len(reason) > 500:
            raise BadInput("请说明退回理由（最多 500 字）。", "Give the reason (at most 500 characters).")
        with self.ledger.work(person.id) as work:
            row = locked_package(work, package_no)
            if row.state not in (PackageState.PREPARED, PackageState.HANDED_OVER):
                raise not_now(row)
            values = {"state": PackageState.RETURNED, "returned_at": work.at, "returned_by": person.id}
            work.update(transfer_packages, row.id, {**values, "returned_reason": reason.strip()})
            for item in package_items(work.connection, row.id):
                work.update(transfer_items, item.id, {"returned": True})
            work.act(acts.TRANSFER_RETURNED, "transfer_package", row.id, package_no=row.package_no)
            work.commit()

    def open_removal(self, person: Person, package_no: str, keep_years: int, disposal: Disposal) -> DrawnUp:
        """Draw up the separate list of what was transferred and is kept here, ``keep_years`` after its receipt.

        The list is appraised, approved and carried out like every other. Raises :class:`Conflict` before the time.
        """
        require(person, Action.TRANSFER)
        require(person, Action.DRAW_UP_LIST)
        with self.ledger.work(person.id) as work:
            row = locked_package(work, package_no)
            if row.state != PackageState.CUSTODY_MOVED or row.removal_opened_at is not None:
                raise not_now(row)
            until = kept_until(row.received_on, keep_years)
            if self.ledger.clock.today() < until:
                raise Conflict(
                    f"移交后须留存至 {until.isoformat()}。",
                    f"What was transferred is kept here until {until.isoformat()}.",
                )
            work.update(transfer_packages, row.id, {"removal_opened_at": work.at})
            items = package_items(work.connection, row.id)
            for item in items:
                closed = candidates.c.state == CandidateState.CLOSED
                work.update(candidates, item.candidate_id, {"state": CandidateState.QUEUED}, closed)
            work.act(acts.TRANSFER_REMOVAL_OPENED, "transfer_package", row.id, package_no=row.package_no)
            work.commit()
        return disposal.draw_up(person, [item.candidate_id for item in items])

    def all(self, viewer: Person) -> list[PackageView]:
        """Return every package, the newest first."""
        return transfer_views.all_packages(self.ledger, viewer)

    def open(self, viewer: Person) -> list[PackageView]:
        """Return the packages that wait for somebody here or for a receipt, without what they hold."""
        return transfer_views.open_packages(self.ledger, viewer)

    def view(self, viewer: Person, package_no: str) -> PackageView:
        """Return one package."""
        return transfer_views.one_package(self.ledger, viewer, package_no)

    def waiting(self, viewer: Person) -> list[tuple[str, int]]:
        """Return each list that has records to be handed over in no package yet, with how many."""
        return transfer_views.waiting_lists(self.ledger, viewer)


def locked_package(work: Work, package_no: str) -> Any:
    """Return a package's row and keep others from changing it until this transaction ends."""
    wanted = select(transfer_packages).where(transfer_packages.c.package_no == package_no.strip()).with_for_update()
    row = work.connection.execute(wanted).one_or_none()
    if row is None:
        raise unknown_package(package_no)
    return row


def package_items(connection: Connection, package_id: str) -> Sequence[Any]:
    """Return a package's items in their order."""
    wanted = select(transfer_items).where(transfer_items.c.package_id == package_id)
    return connection.execute(wanted.order_by(transfer_items.c.position)).all()


def require_readable(person: Person, record: Any, at: str) -> None:
    """Refuse whoever may not read what would be written out in clear."""
    thing = Thing(level=record["level"], record_id=record["id"])
    if not can(person, Action.READ_RECORD, thing, at=at).allowed:
        raise Forbidden(
            "包内有您无权阅览的档案，请由有权限的档案员移交。",
            "The package holds records that you may not read; leave it to an archivist who may.",
        )


def not_now(row: Any) -> Conflict:
    """Return the refusal of what a package's state does not allow."""
    words = PACKAGE_WORDS[PackageState(row.state)]
    return Conflict(
        f"移交包 {row.package_no} 现为“{words.zh}”，不能这样做。",
        f"Package {row.package_no} is “{words.en}”; this cannot be done now.",
    )
