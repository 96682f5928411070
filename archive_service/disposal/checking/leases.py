"""A lease with a fencing number: one worker at a time, and one that lost its turn can no longer write."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import or_, select, update

from archive_service.audit.ledger import Ledger, Work
from archive_service.clock import to_stamp
from archive_service.database.engine import insert_if_absent
from archive_service.disposal.tables import leases
from archive_service.errors import Unavailable

LEASE_SECONDS = 60
"""How long a lease lives without being renewed; a killed holder blocks the next one for no longer."""


@dataclass(frozen=True)
class Lease:
    """A turn that was taken; ``fence`` is higher than that of every turn before it."""

    name: str
    holder: str
    fence: int


def take(ledger: Ledger, name: str) -> Lease | None:
    """Take the lease of a name, or return ``None`` while another holder's is alive."""
    holder = uuid.uuid4().hex
    now = ledger.clock.now()
    until = to_stamp(now + timedelta(seconds=LEASE_SECONDS))
    with ledger.work(None) as work:
        insert_if_absent(work.connection, leases, {"name": name, "holder": "", "until": "", "fence": 0}, "name")
        free = or_(leases.c.holder == "", leases.c.until <= to_stamp(now))
        change = (
            update(leases)
            .where(leases.c.name == name, free)
            .values(holder=holder, until=until, fence=leases.c.fence + 1)
        )
        if not work.connection.execute(change).rowcount:
            return None
        fence = work.connection.execute(select(leases.c.fence).where(leases.c.name == name)).scalar_one()
        work.commit()
    return Lease(name, holder, fence)


def renew(work: Work, lease: Lease, ledger: Ledger) -> None:
    """Hold the lease's row until this transaction ends and prolong it; :class:`Unavailable` if it has passed on."""
    until = to_stamp(ledger.clock.now() + timedelta(seconds=LEASE_SECONDS))
    mine = update(leases).where(
        leases.c.name == lease.name, leases.c.fence == lease.fence, leases.c.holder == lease.holder
    )
    if not work.connection.execute(mine.values(until=until)).rowcount:
        raise Unavailable("另一进程已接手此项工作。", "Another process has taken over this work.")


def give_back(ledger: Ledger, lease: Lease) -> None:
    """Free the lease for the next one at once."""
    with ledger.work(None) as work:
        mine = update(leases).where(leases.c.name == lease.name, leases.c.fence == lease.fence)
        work.connection.execute(mine.values(holder="", until=""))
        work.commit()
