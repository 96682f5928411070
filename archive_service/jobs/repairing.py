"""What ``doctor --repair`` does: only what cannot lose anything.

Copies are made again from good ones, the index from the catalogue, and what unfinished writes have left is cleared away.
Rows, keys, the log and objects that nobody expects are told of and never touched.
"""

from __future__ import annotations

from dataclasses import dataclass

from archive_service.archive import LEFT_BEHIND, Archive
from archive_service.audit import acts
from archive_service.audit.verify import Finding
from archive_service.people.model import Person
from archive_service.people.policy import Action, require


@dataclass(frozen=True)
class Repaired:
    """What was repaired, by number, and what is left for people."""

    copies: int
    cleared: int
    indexed: int
    left: list[Finding]


def repair(archive: Archive, actor: Person) -> Repaired:
    """Repair what is safe, look again, and note it in the log; can be repeated."""
    require(actor, Action.RUN_SYSTEM)
    cleared = archive.vault.sweep_staging(archive.clock.now() - LEFT_BEHIND)
    archive.chores.plan_copies()
    archive.chores.settle_outbox()
    while archive.chores.renew_capsules():
        archive.chores.settle_outbox()
    found = archive.fixity.everything().found
    archive.copies.note(found)
    archive.chores.settle_outbox()  # a lost capsule is written again from the catalogue
    made = archive.chores.keep_copies()
    compared = archive.indexer.reconcile()
    archive.chores.settle_outbox()
    left = archive.proof.examine()
    numbers = {"copies": made, "findings": len(left)}
    archive.ledger.note(actor.id, acts.ARCHIVE_REPAIRED, "archive", "archive", **numbers)
    return Repaired(made, cleared, compared.asked + compared.removed, left)
