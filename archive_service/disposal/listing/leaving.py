"""What may no longer be destroyed leaves its list by itself, with the reason that everybody sees; slow lists are called.

A list that was frozen is frozen anew without what left it, and goes back for approval: what two people approved is
then another list. A deadline only reminds, and after twice the time escalates; it never decides anything.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.audit.tables import entries
from archive_service.clock import to_stamp
from archive_service.disposal.checking.check import RetentionCheck, withdraw_listed
from archive_service.disposal.listing.approving import void_approvals
from archive_service.disposal.listing.deadlines import deadlines_passed, waiting_since
from archive_service.disposal.listing.freezing import (
    Obstacle,
    digest_of,
    in_words,
    items_of,
    locked_list,
    record_of,
    why_not,
)
from archive_service.disposal.listing.group import group_of
from archive_service.disposal.listing.next_hands import next_action
from archive_service.disposal.listing.supervising import present_hands
from archive_service.disposal.model import ListState, Opinion, Step
from archive_service.disposal.tables import disposal_items, disposal_lists
from archive_service.errors import Text
from archive_service.people.notices import able, tell
from archive_service.people.policy import Action, Thing

OPEN = (ListState.DRAWN_UP, ListState.SUBMITTED, ListState.APPROVED)


def leave_lists(ledger: Ledger, check: RetentionCheck) -> list[tuple[str, Obstacle]]:
    """Let every item that is held, or due no longer, leave its open list; return list and item with the reason."""
    with ledger.read() as connection:
        open_lists = select(disposal_lists.c.list_no).where(disposal_lists.c.state.in_(OPEN))
        numbers = list(connection.execute(open_lists.order_by(disposal_lists.c.list_no)).scalars())
    return [(list_no, one) for list_no in numbers for one in _leave(ledger, check, list_no)]


def _leave(ledger: Ledger, check: RetentionCheck, list_no: str) -> list[Obstacle]:
    with ledger.work(None) as work:
        row = locked_list(work, list_no)
        if row.state not in OPEN:
            return []
        left = [
            found for item in items_of(work.connection, row.id, Step.WAITING) if (found := _left(work, check, item))
        ]
        if left:
            for obstacle in left:
                said = {"list_no": row.list_no, "code": obstacle.code, "reason": obstacle.text.en}
                work.act(acts.ITEM_LEFT, "disposal_list", row.id, **said)
            _freeze_anew(work, row, left)
            work.commit()
    return left


def _left(work: Work, check: RetentionCheck, item: Any) -> Obstacle | None:
    if item.opinion not in (None, Opinion.DESTROY):
        return None  # an opinion that keeps the record needs no period to be over
    record = record_of(work.connection, item.record_id)
    text = why_not(work.connection, check, record, check.today())
    if text is None:
        return None
    work.update(disposal_items, item.id, {"step": Step.STRUCK, "finding_zh": text.zh, "finding_en": text.en})
    withdraw_listed(work, item.candidate_id, text.en)
    return Obstacle(str(record["code"]), text)


def _freeze_anew(work: Work, row: Any, left: list[Obstacle]) -> None:
    found = in_words(left)
    reason = Text(f"已自动移出清册：{found.zh}", f"Left the list by itself: {found.en}")
    if not items_of(work.connection, row.id, Step.WAITING):
        closed = {"state": ListState.WITHDRAWN, "closed_at": work.at, "cooling_until": None}
        work.update(disposal_lists, row.id, {**closed, "reason_zh": reason.zh, "reason_en": reason.en})
        work.act(acts.LIST_WITHDRAWN, "disposal_list", row.id, list_no=row.list_no)
    elif row.state == ListState.DRAWN_UP:
        work.update(disposal_lists, row.id, {"reason_zh": reason.zh, "reason_en": reason.en})
    else:
        void_approvals(work, row, ListState.SUBMITTED, reason)
        work.update(disposal_lists, row.id, {"digest": digest_of(work.connection, row)})


def remind(ledger: Ledger, deadline_days: int) -> list[str]:
    """Remind of every list that has waited longer than the deadline, once for each further deadline; return their numbers.

    From the second deadline on the log says *escalated*, and besides those whose turn it is also who drew the list up and
    all approvers are told; the desk marks a late list for everybody who sees it.
    """
    now, reminded = ledger.clock.now(), []
    with ledger.read() as connection:
        rows = connection.execute(select(disposal_lists).where(disposal_lists.c.state.in_(OPEN))).all()
    for row in rows:
        since, passed = waiting_since(row), deadlines_passed(row, now, deadline_days)
        if passed < 1:
            continue
        act = acts.LIST_REMINDED if passed == 1 else acts.LIST_ESCALATED
        told = entries.c.at >= to_stamp(since + passed * timedelta(days=deadline_days))
        with ledger.work(None) as work:
            already = select(entries.c.seq).where(entries.c.object_id == row.id, entries.c.act == act.name, told)
            if work.connection.execute(already).first() is None:
                days = (now - since).days
                work.act(act, "disposal_list", row.id, list_no=row.list_no, days=days, state=row.state)
                hands = _next_hands(work, row)
                tell(work, hands, "list_overdue", row.id, row.list_no)
                if act is acts.LIST_ESCALATED:
                    tell(work, _answerable(work, row) - set(hands), "list_escalated", row.id, row.list_no)
                work.commit()
                reminded.append(row.list_no)
    return reminded


def _next_hands(work: Work, row: Any) -> list[str]:
    """Return the ids of those who could take the list on."""
    hands = present_hands(work.connection, row)
    items, group = items_of(work.connection, row.id, Step.WAITING), group_of(work.connection, row.id)
    action = next_action(row.state, items, hands, group)
    found = able(work.connection, work.at, action, Thing(hands=hands)) if action else []
    among = group.owing(items) if action is Action.APPRAISE else None
    return found if among is None else [one for one in found if one in among]


def _answerable(work: Work, row: Any) -> set[str]:
    """Return the ids of those who answer for a list that nobody takes on: who drew it up, and all who approve."""
    return {row.proposer_id, *able(work.connection, work.at, Action.APPROVE)}
