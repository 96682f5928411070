"""Files that are here already: told to those only who may see the record that holds the other one."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from archive_service.audit.ledger import Ledger
from archive_service.catalog.tables import ARCHIVED, components, records
from archive_service.people.model import Person
from archive_service.people.policy import Action, require, visible

IN_A_QUERY = 500


def already_filed(ledger: Ledger, person: Person, digests: Collection[str]) -> dict[str, str]:
    """Return, by SHA-256 of its content, the archival code of a visible record that holds the same file.

    Only files of open levels have their digest in the catalogue; of the others nobody is told anything.
    """
    require(person, Action.BROWSE)
    wanted, found = sorted(set(digests)), {}
    with ledger.read() as connection:
        for start in range(0, len(wanted), IN_A_QUERY):
            rows = connection.execute(
                select(components.c.sha256, records.c.code)
                .join(records, records.c.id == components.c.record_id)
                .where(components.c.sha256.in_(wanted[start : start + IN_A_QUERY]), records.c.status == ARCHIVED)
                .where(visible(person, records.c.level, records.c.id, at=ledger.clock.stamp()))
                .order_by(records.c.code.desc())
            )
            found.update({row.sha256: row.code for row in rows})
    return found
