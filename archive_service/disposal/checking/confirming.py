"""Confirming a check that stopped itself: two approvers, each of whom was shown how many records would be queued."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.disposal.tables import check_confirmations, check_runs
from archive_service.errors import Conflict
from archive_service.people.model import Person

CONFIRMATIONS_NEEDED = 2


def confirm(ledger: Ledger, person: Person, shown: int | None) -> tuple[int, int]:
    """Note that an approver confirms the last check, which stopped; return how many have now, and for how many records.

    (0, 0) when the last check did not stop, so that there is nothing to confirm. Nobody confirms twice
    (:class:`Conflict`). Of the numbers that were shown to the confirming people the smallest holds.
    The caller has asked the policy. ``shown`` is the number that the person saw; without one that of the run holds.
    """
    with ledger.work(person.id) as work:
        last = select(check_runs).order_by(check_runs.c.at.desc()).limit(1).with_for_update()
        run = work.connection.execute(last).one_or_none()
        if run is None or run.state != "stopped":
            return 0, 0
        mine = check_confirmations.c.run_id == run.id
        found = work.connection.execute(select(check_confirmations).where(mine)).all()
        if any(one.approver_id == person.id for one in found):
            raise Conflict(
                "您已确认过这次检查；还须另一位审批人确认。",
                "You have confirmed this check already; another approver must confirm it too.",
            )
        row = {"id": uuid.uuid4().hex, "run_id": run.id, "approver_id": person.id, "confirmed_at": work.at}
        seen = run.would_queue if shown is None else shown
        work.insert(check_confirmations, {**row, "shown": seen})
        number = len(found) + 1
        work.act(acts.CHECK_CONFIRMED, "check_run", run.id, confirmation=number, records=seen)
        work.commit()
    return number, min(seen, *(one.shown for one in found)) if found else seen


def confirmations(ledger: Ledger, run_id: str) -> int:
    """Return how many people have confirmed a run."""
    counted = select(func.count()).select_from(check_confirmations).where(check_confirmations.c.run_id == run_id)
    with ledger.read() as connection:
        return int(connection.execute(counted).scalar_one())
