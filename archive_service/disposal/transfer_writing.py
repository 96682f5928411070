"""Writing a prepared package to its target: in clear into a folder, or to the receiver's age key into one file.

The same package gives the same bag each time it is written, so one that was lost on the way is written again and the
receiver, who knows its number and digest, has no second one.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.audit.tables import entries
from archive_service.catalog.descriptions import describe
from archive_service.catalog.tables import ARCHIVED, components, fonds
from archive_service.clock import from_stamp
from archive_service.disposal.freezing import FROZEN_ROLES, record_of
from archive_service.disposal.tables import disposal_lists, transfer_packages
from archive_service.disposal.transfer_bag import FolderSink, Written, check_recipient, write_bag, write_encrypted
from archive_service.disposal.transfer_check import check_bag
from archive_service.disposal.transfer_contents import Handed, Head, payload, tag_files
from archive_service.disposal.transfer_custody import NATURES, PackageState
from archive_service.disposal.transfers import locked_package, package_items, require_readable
from archive_service.errors import BadInput, Conflict, Damaged
from archive_service.people.model import Person
from archive_service.people.policy import Action, require
from archive_service.vault import Vault


@dataclass(frozen=True)
class Delivery:
    """A package that lies at its target."""

    place: Path
    written: Written


@dataclass(frozen=True)
class TransferWriting:
    """Writes packages."""

    ledger: Ledger
    vault: Vault

    def write(self, person: Person, package_no: str, target: Path, recipient: str = "") -> Delivery:
        """Write a package into the folder ``target``, check it, and note that it was handed over.

        What is there already is not overwritten. A package whose records have changed since it was first written is
        refused (:class:`Conflict`): the receiver must not come to hold two that bear one number.
        """
        require(person, Action.TRANSFER)
        if recipient:
            check_recipient(recipient)
        if not target.is_dir():
            raise BadInput(f"没有目标文件夹 {target}。", f"There is no folder {target}.")
        row, head, handed = self._frozen(person, package_no)
        place = target / (f"{row.package_no}.tar.age" if recipient else row.package_no)
        if place.exists():
            raise Conflict(f"{place} 已存在，不覆盖。", f"{place} is there already and is not overwritten.")
        aside = target / f".{place.name}.partial"
        _clear(aside)
        try:
            written = self._put(aside, head, handed, recipient)
            self._hand_over(person, row, written)
            aside.rename(place)
        finally:
            _clear(aside)
        return Delivery(place, written)

    def _put(self, aside: Path, head: Head, handed: list[Handed], recipient: str) -> Written:
        parts, tags = payload(self.vault, head, handed), tag_files(head, handed)
        if recipient:
            with aside.open("xb") as file:
                written = write_encrypted(file, recipient, head.package_no, parts, _info(head), tags)
                file.flush()
                os.fsync(file.fileno())
            return written
        written = write_bag(FolderSink(aside), parts, _info(head), tags)
        report = check_bag(aside)
        if not report.valid or report.digest != written.digest:
            raise Damaged("写出的包未通过自检。", "The package that was written does not pass its own check.")
        return written

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
        return Handed(record, describe(self.vault, record), files, history)

    def _hand_over(self, person: Person, row: Any, written: Written) -> None:
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
            moved = {"state": PackageState.HANDED_OVER, "handed_over_at": work.at, "handed_over_by": person.id}
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


def _clear(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
