"""Writing a prepared package to its target: in clear into a folder, or to the receiver's age key into one file.

The same package gives the same bag each time it is written, so one that was lost on the way is written again and the
receiver, who knows its number and digest, has no second one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.audit.tables import entries
from archive_service.catalog.descriptions import describe
from archive_service.catalog.properties.items import Stage
from archive_service.catalog.properties.tables import property_reports
from archive_service.catalog.tables import ARCHIVED, case_files, components, fonds
from archive_service.clock import from_stamp
from archive_service.disposal.listing.freezing import FROZEN_ROLES, record_of
from archive_service.disposal.tables import disposal_lists, transfer_packages
from archive_service.disposal.transfer.bag import (
    NoSink,
    Piped,
    Written,
    check_recipient,
    write_bag,
    write_encrypted,
    write_tar,
)
from archive_service.disposal.transfer.contents import payload, tag_files
from archive_service.disposal.transfer.delivery import delivery_at
from archive_service.disposal.transfer.shape import Handed, Head
from archive_service.disposal.transfer.transfers import locked_package, package_items, require_readable
from archive_service.disposal.transfer_custody import NATURES, PackageState
from archive_service.errors import Conflict
from archive_service.people.model import Person
from archive_service.people.policy import Action, require
from archive_service.vault import Outlet, Vault


@dataclass(frozen=True)
class Delivered:
    """A package that lies at its target."""

    place: str
    written: Written


@dataclass(frozen=True)
class TransferWriting:
    """Writes packages."""

    ledger: Ledger
    vault: Vault

    def write(self, person: Person, package_no: str, target: Path | Outlet, recipient: str = "") -> Delivered:
        """Write a package to the target, check it, and note that it was handed over.

        What is there already is not overwritten. A package whose records have changed since it was first written is
        refused (:class:`Conflict`): the receiver must not come to hold two that bear one number.
        """
        require(person, Action.TRANSFER)
        if recipient:
            check_recipient(recipient)
        row, head, handed = self._frozen(person, package_no)
        parts, tags, info = payload(self.vault, head, handed), tag_files(head, handed), _info(head)
        delivery = delivery_at(target)
        place = str(target) if isinstance(target, Path) else target.place

        def told(written: Written) -> None:
            self._hand_over(person, row, written, place)

        if recipient:
            name, root = f"{row.package_no}.tar.age", head.package_no
            found, written = delivery.file(
                name, lambda file: write_encrypted(file, recipient, root, parts, info, tags), told
            )
        else:
            found, written = delivery.bag(row.package_no, lambda sink: write_bag(sink, parts, info, tags), told)
        return Delivered(found, written)

    def download(self, person: Person, package_no: str, recipient: str = "") -> tuple[str, Iterator[bytes]]:
        """Return the name and the bytes of a package in one file, made while it is read; it counts as handed over.

        Its digest is taken first, so that it stands in the log before the first byte leaves.
        """
        require(person, Action.TRANSFER)
        if recipient:
            check_recipient(recipient)
        row, head, handed = self._frozen(person, package_no)
        parts, tags, info = payload(self.vault, head, handed), tag_files(head, handed), _info(head)
        self._hand_over(person, row, write_bag(NoSink(), parts, info, tags), _DOWNLOADED)

        def fill(stream: IO[bytes]) -> Written:
            if recipient:
                return write_encrypted(stream, recipient, head.package_no, parts, info, tags)
            return write_tar(stream, head.package_no, parts, info, tags)

        def pieces() -> Iterator[bytes]:
            with Piped(fill) as stream:
                while piece := stream.read(_PIECE):
                    yield piece

        return f"{row.package_no}.tar{'.age' if recipient else ''}", pieces()

    def _frozen(self, person: Person, package_no: str) -> tuple[Any, Head, list[Handed]]:
        with self.ledger.work(person.id) as work:
            row = locked_package(work, package_no)
            if row.state not in (PackageState.PREPARED, PackageState.HANDED_OVER):
                raise Conflict(
                    f"移交包 {row.package_no} 已办结，不再制作。",
                    f"Package {row.package_no} is settled and is not written again.",
                )
            listed = work.connection.execute(select(disposal_lists).where(disposal_lists.c.id == row.list_id)).one()
            handed = [
                self._handed(work.connection, person, row, item) for item in package_items(work.connection, row.id)
            ]
            sender = work.connection.execute(select(fonds).where(fonds.c.id == listed.fonds_id)).one()
        prepared = from_stamp(row.prepared_at).astimezone(self.ledger.clock.zone).date().isoformat()
        head = Head(
            package_no=row.package_no,
            list_no=listed.list_no,
            list_digest=listed.digest,
            nature=NATURES[row.nature].zh,
            prepared_on=prepared,
            sender=sender.name_zh,
            fonds_no=sender.fonds_no,
            receiver=row.receiver,
        )
        return row, head, handed

    def _handed(self, connection: Connection, person: Person, package: Any, item: Any) -> Handed:
        record = record_of(connection, item.record_id)
        require_readable(person, record, self.ledger.clock.stamp())
        if record["status"] != ARCHIVED:
            raise Conflict(f"{record['code']} 已不在库中。", f"{record['code']} is no longer in the archive.")
        files = connection.execute(
            select(components)
            .where(components.c.record_id == item.record_id, components.c.role.in_(FROZEN_ROLES))
            .order_by(components.c.role.desc(), components.c.position)
        ).all()
        # What happened until the package was frozen: so it says the same whenever it is written.
        history = connection.execute(
            select(entries)
            .where(entries.c.object_type == "record", entries.c.object_id == item.record_id)
            .where(entries.c.at < package.prepared_at, entries.c.act.not_in(_OF_READERS))
            .order_by(entries.c.seq)
        ).all()
        case = select(case_files.c.case_no).where(case_files.c.id == record["case_id"])
        case_no = connection.execute(case).scalar_one_or_none() or ""
        checked = select(property_reports).where(
            property_reports.c.record_id == item.record_id,
            property_reports.c.stage == Stage.TRANSFER.value,
            property_reports.c.made_at <= package.prepared_at,
        )
        last = connection.execute(checked.order_by(property_reports.c.made_at.desc()).limit(1)).one_or_none()
        return Handed(record, describe(self.vault, record), files, history, case_no, last)

    def _hand_over(self, person: Person, row: Any, written: Written, place: str) -> None:
        with self.ledger.work(person.id) as work:
            now = locked_package(work, row.package_no)
            if now.digest is not None and now.digest != written.digest:
                raise Conflict(
                    "包内档案在首次交出后有改动。请登记退回，另行编包。",
                    "Records of the package have changed since it was first handed over. Note it as returned and prepare another.",
                )
            if now.state not in (PackageState.PREPARED, PackageState.HANDED_OVER):
                raise Conflict("此包已办结。", "This package is settled.")
            counted = {"digest": written.digest, "payload_files": written.files, "payload_bytes": written.size}
            moved = {
                "state": PackageState.HANDED_OVER,
                "handed_over_at": work.at,
                "handed_over_by": person.id,
                "delivered_to": place[:300],
            }
            work.update(transfer_packages, row.id, {**counted, **moved})
            work.act(
                acts.TRANSFER_HANDED_OVER,
                "transfer_package",
                row.id,
                package_no=row.package_no,
                digest=written.digest,
                files=written.files,
                bytes=written.size,
            )
            work.commit()


_DOWNLOADED = "browser"
_PIECE = 1 << 16
_OF_READERS = (acts.RECORD_READ.name, acts.RECORD_READ_REFUSED.name)
"""Who read what here is not the receiver's business."""


def _info(head: Head) -> dict[str, str]:
    return {
        "Source-Organization": head.sender,
        "Bagging-Date": head.prepared_on,
        "External-Identifier": head.package_no,
        "Bag-Group-Identifier": head.list_no,
        "Internal-Sender-Identifier": head.fonds_no,
    }
