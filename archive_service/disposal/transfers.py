"""Transfer 移交: a package of what a list decided to hand over, and the receipt that alone moves custody.

prepared (frozen) -> handed over (written, checked) -> receipt entered by one, confirmed by another -> custody moved
-> removal opened; or returned by the receiver. Content is removed by nothing here: once removal is opened, what is
kept goes through a disposal list like everything else.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.tables import ARCHIVED, records
from archive_service.disposal.freezing import items_of, locked_list, record_of
from archive_service.disposal.lists import Disposal, DrawnUp
from archive_service.disposal.model import CandidateState, Step
from archive_service.disposal.numbers import next_number, numbered
from archive_service.disposal.tables import (
    candidates,
    disposal_lists,
    transfer_items,
    transfer_packages,
)
from archive_service.disposal.transfer_custody import NATURES, PACKAGE_WORDS, PackageState
from archive_service.errors import BadInput, Conflict, Forbidden, NotFound
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, can, require

NEVER_SENT = ("SEAL",)
"""Who reported something is told to nobody, another archive included (scenario 14)."""

LATER = (
    "digest",
    "payload_files",
    "payload_bytes",
    "handed_over_at",
    "handed_over_by",
    "receipt_no",
    "received_on",
    "receipt_digest",
    "receipt_by",
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


@dataclass(frozen=True)
class PackageView:
    """A package with its list and the codes of its records; ``may`` is what the viewer can do with it now."""

    row: Any
    list_no: str
    codes: tuple[str, ...]
    may: frozenset[Action]


@dataclass(frozen=True)
class Transfers:
    """The life of transfer packages; writing them is :mod:`archive_service.disposal.transfer_writing`."""

    ledger: Ledger

    def prepare(self, person: Person, list_no: str, receiver: str, nature: str = "transfer") -> Prepared:
        """Freeze what a list decided to hand over into a package; what is sealed off or was sent already is left out."""
        require(person, Action.TRANSFER)
        if nature not in NATURES:
            raise BadInput(f"移交性质应为 {'、'.join(NATURES)} 之一。", f"The nature is one of {', '.join(NATURES)}.")
        if not receiver.strip() or len(receiver) > 200:
            raise BadInput("请写明接收单位（最多 200 字）。", "Name the receiver (at most 200 characters).")
        return numbered(lambda: self._prepare(person, list_no, receiver.strip(), nature))

    def _prepare(self, person: Person, list_no: str, receiver: str, nature: str) -> Prepared:
        with self.ledger.work(person.id) as work:
            row = locked_list(work, list_no)
            items, left_out = self._sendable(work, person, row)
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
        return Prepared(package_no, len(items), tuple(left_out))

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

    def tell_receipt(self, person: Person, package_no: str, receipt_no: str, received_on: date, digest: str) -> None:
        """Enter what the receiver's receipt says; it counts once another person has confirmed it."""
        require(person, Action.TRANSFER)
        if not receipt_no.strip() or len(receipt_no) > 100:
            raise BadInput("请填写回执编号（最多 100 字）。", "Give the receipt's number (at most 100 characters).")
        if received_on > self.ledger.clock.today():
            raise BadInput("接收日期在将来。", "The date of receipt lies in the future.")
        with self.ledger.work(person.id) as work:
            row = self._awaiting(work, package_no)
            if row.receipt_by is not None:
                raise Conflict(
                    "回执已登记，请由另一人核对确认。", "A receipt is entered already; let another person confirm it."
                )
            self._require_named(work, row, digest)
            values = {"receipt_no": receipt_no.strip(), "received_on": received_on, "receipt_digest": row.digest}
            work.update(transfer_packages, row.id, {**values, "receipt_by": person.id})
            work.act(acts.TRANSFER_RECEIPT_TOLD, "transfer_package", row.id, package_no=row.package_no)
            work.commit()

    def confirm_receipt(self, person: Person, package_no: str, receipt_no: str, digest: str) -> None:
        """Confirm a receipt that another entered, from the paper itself; custody moves."""
        with self.ledger.work(person.id) as work:
            row = self._awaiting(work, package_no)
            hands = {"receipt_by": frozenset({row.receipt_by} if row.receipt_by else ())}
            require(person, Action.CONFIRM_RECEIPT, Thing(hands=hands))
            if row.receipt_by is None:
                raise Conflict("还没有登记回执。", "No receipt has been entered yet.")
            self._require_named(work, row, digest)
            if receipt_no.strip() != row.receipt_no:
                raise BadInput(
                    "回执编号与登记的不同，请两人核对原件。",
                    "The receipt's number is not the one entered; look at the paper together.",
                )
            values = {"state": PackageState.CUSTODY_MOVED, "confirmed_at": work.at, "confirmed_by": person.id}
            work.update(transfer_packages, row.id, values)
            work.act(
                acts.TRANSFER_CUSTODY_MOVED, "transfer_package", row.id, package_no=row.package_no, digest=row.digest
            )
            work.commit()

    def strike_receipt(self, person: Person, package_no: str) -> None:
        """Take back an entry that was not confirmed, so that it can be entered rightly."""
        require(person, Action.TRANSFER)
        with self.ledger.work(person.id) as work:
            row = self._awaiting(work, package_no)
            if row.receipt_by is None:
                raise Conflict("还没有登记回执。", "No receipt has been entered yet.")
            work.update(
                transfer_packages,
                row.id,
                dict.fromkeys(("receipt_no", "received_on", "receipt_digest", "receipt_by")),
            )
            work.act(acts.TRANSFER_RECEIPT_STRUCK, "transfer_package", row.id, package_no=row.package_no)
            work.commit()

    def take_back(self, person: Person, package_no: str, reason: str) -> None:
        """Note that the receiver returned a package, with the reason: custody stays here, and it can be sent anew."""
        require(person, Action.TRANSFER)
        if not reason.strip() or len(reason) > 500:
            raise BadInput("请说明退回理由（最多 500 字）。", "Give the reason (at most 500 characters).")
        with self.ledger.work(person.id) as work:
            row = locked_package(work, package_no)
            if row.state not in (PackageState.PREPARED, PackageState.HANDED_OVER):
                raise _not_now(row)
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
                raise _not_now(row)
            until = _years_after(row.received_on, keep_years)
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
        require(viewer, Action.SEE_DISPOSAL)
        with self.ledger.read() as connection:
            wanted = select(transfer_packages.c.package_no).order_by(
                transfer_packages.c.year.desc(), transfer_packages.c.number.desc()
            )
            return [self._view(connection, viewer, one) for one in connection.execute(wanted).scalars().all()]

    def view(self, viewer: Person, package_no: str) -> PackageView:
        """Return one package."""
        require(viewer, Action.SEE_DISPOSAL)
        with self.ledger.read() as connection:
            return self._view(connection, viewer, package_no)

    def _view(self, connection: Connection, viewer: Person, package_no: str) -> PackageView:
        wanted = (
            select(transfer_packages, disposal_lists.c.list_no)
            .join(disposal_lists, disposal_lists.c.id == transfer_packages.c.list_id)
            .where(transfer_packages.c.package_no == package_no.strip())
        )
        row = connection.execute(wanted).one_or_none()
        if row is None:
            raise _unknown(package_no)
        codes = connection.execute(
            select(records.c.code)
            .join(transfer_items, transfer_items.c.record_id == records.c.id)
            .where(transfer_items.c.package_id == row.id)
            .order_by(transfer_items.c.position)
        ).scalars()
        hands = {"receipt_by": frozenset({row.receipt_by} if row.receipt_by else ())}
        may = {
            action
            for action in (Action.TRANSFER, Action.CONFIRM_RECEIPT)
            if can(viewer, action, Thing(hands=hands)).allowed
        }
        return PackageView(row, row.list_no, tuple(codes), frozenset(may))

    def _awaiting(self, work: Work, package_no: str) -> Any:
        row = locked_package(work, package_no)
        if row.state != PackageState.HANDED_OVER:
            raise _not_now(row)
        return row

    def _require_named(self, work: Work, row: Any, digest: str) -> None:
        """Refuse a receipt that names another package, and log that there was one."""
        if digest.strip().lower() != row.digest:
            work.act(acts.TRANSFER_RECEIPT_REFUSED, "transfer_package", row.id, package_no=row.package_no)
            work.commit()
            raise BadInput(
                "回执所写的摘要不是这个包的，不予登记。请向接收单位核实。",
                "The digest on the receipt is not this package's; it is not entered. Ask the receiver.",
            )


def locked_package(work: Work, package_no: str) -> Any:
    """Return a package's row and keep others from changing it until this transaction ends."""
    wanted = select(transfer_packages).where(transfer_packages.c.package_no == package_no.strip()).with_for_update()
    row = work.connection.execute(wanted).one_or_none()
    if row is None:
        raise _unknown(package_no)
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


def _not_now(row: Any) -> Conflict:
    words = PACKAGE_WORDS[PackageState(row.state)]
    return Conflict(
        f"移交包 {row.package_no} 现为“{words.zh}”，不能这样做。",
        f"Package {row.package_no} is “{words.en}”; this cannot be done now.",
    )


def _unknown(package_no: str) -> NotFound:
    return NotFound(f"没有移交包 {package_no}。", f"There is no transfer package {package_no}.")


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return date(day.year + years, 3, 1)
