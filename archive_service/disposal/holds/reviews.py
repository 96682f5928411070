"""The day on which a hold is to be looked at again; it stands until somebody releases it, whatever the day."""

from __future__ import annotations

from sqlalchemy import select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.disposal.tables import holds
from archive_service.people.notices import able, tell, told_already
from archive_service.people.policy import Action, Thing


def remind_of_reviews(ledger: Ledger) -> int:
    """Tell of every standing hold whose day of review has come, once; return of how many.

    Told are those who may release it, and the one who placed it as long as that person still sees holds.
    """
    due = holds.c.released_at.is_(None) & (holds.c.review_on <= ledger.clock.today())
    with ledger.read() as connection:
        rows = connection.execute(select(holds).where(due).order_by(holds.c.year, holds.c.number)).all()
        rows = [row for row in rows if not told_already(connection, "hold_review", row.id)]
    for row in rows:
        with ledger.work(None) as work:
            hands = {"placed_by": frozenset({row.placed_by})}
            to = able(work.connection, work.at, Action.RELEASE_HOLD, Thing(hands=hands))
            to += [one for one in able(work.connection, work.at, Action.PLACE_HOLD) if one == row.placed_by]
            tell(work, to, "hold_review", row.id, row.hold_no)
            work.act(acts.HOLD_REVIEW_DUE, "hold", row.id, hold_no=row.hold_no)
            work.commit()
    return len(rows)
