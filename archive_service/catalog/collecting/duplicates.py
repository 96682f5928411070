"""Files that are here already: told to those only who may see the record that holds the other one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select

from archive_service.audit.ledger import Ledger
from archive_service.catalog.model import Receipt
from archive_service.catalog.tables import ARCHIVED, components, records
from archive_service.errors import Text
from archive_service.people.model import Person
from archive_service.people.policy import Action, require, visible

IN_A_QUERY = 500


def already_filed(ledger: Ledger, person: Person, digests: Collection[str]) -> dict[str, str]:
    """Return, by SHA-256 of its content, the archival code of a visible record that holds the same file.

    Only files of open levels have their digest in the catalogue; of the others nobody is told anything.
    """
    return {row.sha256: row.code for row in reversed(_holders(ledger, person, digests))}


def same_elsewhere(ledger: Ledger, person: Person, receipts: Sequence[Receipt]) -> dict[str, str]:
    """Return, by record id, the code of another visible record that holds one of the files of a receipt."""
    files = {receipt.record_id: {digest for _, _, digest in receipt.files} for receipt in receipts}
    holders: dict[str, list[tuple[str, str]]] = {}
    for row in _holders(ledger, person, set[str]().union(*files.values())):
        holders.setdefault(row.sha256, []).append((row.code, row.record_id))
    found: dict[str, str] = {}
    for record_id, digests in files.items():
        others = [code for one in digests for code, holder in holders.get(one, ()) if holder != record_id]
        if others:
            found[record_id] = min(others)
    return found


def told_of(code: str) -> Text:
    """Say that another record holds the same file."""
    return Text(
        f"内容与 {code} 中的文件相同，请核对是否重复归档。",
        f"The same file is held by {code}; look whether it was filed twice.",
    )


def _holders(ledger: Ledger, person: Person, digests: Collection[str]) -> list[Any]:
    """Return digest, code and record id of every visible record that holds one of some files, by code."""
    require(person, Action.BROWSE)
    wanted = sorted(digests)
    found: list[Any] = []
    with ledger.read() as connection:
        for start in range(0, len(wanted), IN_A_QUERY):
            found += connection.execute(
                select(components.c.sha256, records.c.code, components.c.record_id)
                .join(records, records.c.id == components.c.record_id)
                .where(components.c.sha256.in_(wanted[start : start + IN_A_QUERY]), records.c.status == ARCHIVED)
                .where(visible(person, records.c.level, records.c.id, at=ledger.clock.stamp()))
            ).all()
    return sorted(found, key=lambda row: str(row.code))
