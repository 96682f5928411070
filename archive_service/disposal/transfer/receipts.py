"""Receipts of transfer: what alone moves custody.

Either two signed-in people enter what stands on the paper, one after the other, or a receipt comes that a registered
key of the receiver signed. Each must name the digest of the package as it was handed over; what names another is
refused, and the log notes that it came.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.audit.notes import read_vkey
from archive_service.clock import from_stamp
from archive_service.disposal.tables import transfer_packages
from archive_service.disposal.transfer.receipt_note import ReceiptNote, read_note, require_signed
from archive_service.disposal.transfer.receiver_keys import keys_in_use
from archive_service.disposal.transfer.transfers import locked_package, not_now
from archive_service.disposal.transfer_custody import PackageState
from archive_service.errors import BadInput, Conflict, Damaged
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, require


@dataclass(frozen=True)
class TransferReceipts:
    """Takes receipts in."""

    ledger: Ledger

    def tell(self, person: Person, package_no: str, receipt_no: str, received_on: date, digest: str) -> None:
        """Enter what the receiver's receipt says; it counts once another person has confirmed it."""
        require(person, Action.TRANSFER)
        with self.ledger.work(person.id) as work:
            row = self._awaiting(work, package_no)
            self._check(row, receipt_no, received_on)
            if row.receipt_by is not None:
                raise Conflict(
                    "回执已登记，请由另一人核对确认。", "A receipt is entered already; let another person confirm it."
                )
            self._require_named(work, row, digest)
            values = {"receipt_no": receipt_no.strip(), "received_on": received_on, "receipt_digest": row.digest}
            work.update(transfer_packages, row.id, {**values, "receipt_by": person.id})
            work.act(acts.TRANSFER_RECEIPT_TOLD, "transfer_package", row.id, package_no=row.package_no)
            work.commit()

    def confirm(self, person: Person, package_no: str, receipt_no: str, digest: str) -> None:
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
            _custody_moved(work, row)
            work.commit()

    def take_signed(self, person: Person, note: str) -> str:
        """Take in a receipt that the receiver's registered key signed; custody moves. Returns the package's number.

        Who brings it makes no difference: it is believed for its signature.
        """
        require(person, Action.TRANSFER)
        said = read_note(note)
        with self.ledger.work(person.id) as work:
            row = self._awaiting(work, said.package_no)
            self._check(row, said.receipt_no, said.received_on)
            key = self._signing_key(work, row, said, note)
            self._require_named(work, row, said.digest)
            receipt = {"receipt_no": said.receipt_no, "received_on": said.received_on, "receipt_digest": row.digest}
            signed = {"receiver_key_id": key.id, "receipt_note": note, "receipt_by": person.id}
            moved = {"state": PackageState.CUSTODY_MOVED, "confirmed_at": work.at}
            work.update(transfer_packages, row.id, {**receipt, **signed, **moved})
            _custody_moved(work, row)
            work.commit()
        return str(row.package_no)

    def _signing_key(self, work: Work, row: Any, said: ReceiptNote, note: str) -> Any:
        keys = keys_in_use(work.connection, row.receiver)
        if said.receiver == row.receiver:
            for key in keys:
                try:
                    require_signed(note, read_vkey(key.vkey))
                except Damaged:
                    continue
                return key
        self._refuse(work, row)
        raise BadInput(
            "回执不是由该接收单位已登记的公钥签名，不予登记。请先由两人登记其公钥，或向接收单位核实。",
            "No registered key of this receiver signed the receipt; it is not taken. Have two people register its key, or"
            " ask the receiver.",
        )

    def strike(self, person: Person, package_no: str) -> None:
        """Take back an entry that was not confirmed, so that it can be entered rightly."""
        require(person, Action.TRANSFER)
        with self.ledger.work(person.id) as work:
            row = self._awaiting(work, package_no)
            if row.receipt_by is None:
                raise Conflict("还没有登记回执。", "No receipt has been entered yet.")
            empty = dict.fromkeys(("receipt_no", "received_on", "receipt_digest", "receipt_by"))
            work.update(transfer_packages, row.id, empty)
            work.act(acts.TRANSFER_RECEIPT_STRUCK, "transfer_package", row.id, package_no=row.package_no)
            work.commit()

    def _awaiting(self, work: Work, package_no: str) -> Any:
        row = locked_package(work, package_no)
        if row.state != PackageState.HANDED_OVER:
            raise not_now(row)
        return row

    def _check(self, row: Any, receipt_no: str, received_on: date) -> None:
        if not receipt_no.strip() or len(receipt_no) > 100:
            raise BadInput("请填写回执编号（最多 100 字）。", "Give the receipt's number (at most 100 characters).")
        prepared = from_stamp(row.prepared_at).astimezone(self.ledger.clock.zone).date()
        if not prepared <= received_on <= self.ledger.clock.today():
            raise BadInput(
                f"接收日期应在编包之日（{prepared}）与今天之间。",
                f"The date of receipt lies between the day the package was prepared ({prepared}) and today.",
            )

    def _require_named(self, work: Work, row: Any, digest: str) -> None:
        """Refuse a receipt that names another package, and log that there was one."""
        if digest.strip().lower() != row.digest:
            self._refuse(work, row)
            raise BadInput(
                "回执所写的摘要不是这个包的，不予登记。请向接收单位核实。",
                "The digest on the receipt is not this package's; it is not entered. Ask the receiver.",
            )

    def _refuse(self, work: Work, row: Any) -> None:
        work.act(acts.TRANSFER_RECEIPT_REFUSED, "transfer_package", row.id, package_no=row.package_no)
        work.commit()


def _custody_moved(work: Work, row: Any) -> None:
    work.act(acts.TRANSFER_CUSTODY_MOVED, "transfer_package", row.id, package_no=row.package_no, digest=row.digest)
