"""Approval by two people or more, and what the last one sets going at once: everything but destruction."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.classification.schedules import Schedules
from archive_service.catalog.outbox import enqueue
from archive_service.catalog.records.due import recompute
from archive_service.catalog.tables import records
from archive_service.clock import to_stamp
from archive_service.disposal.checking.check import RetentionCheck
from archive_service.disposal.holds.holds import NewHold, insert_hold
from archive_service.disposal.listing.freezing import (
    Obstacle,
    digest_of,
    hands_of,
    in_words,
    items_of,
    locked_list,
    obstacles,
    record_of,
)
from archive_service.disposal.model import (
    APPROVALS_NEEDED,
    STATE_WORDS,
    CandidateState,
    ListState,
    Opinion,
    Step,
    check_move,
)
from archive_service.disposal.numbers import numbered
from archive_service.disposal.tables import approvals, candidates, disposal_items, disposal_lists
from archive_service.errors import Conflict, Text
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, require
from retention_policies import PERMANENT

REVIEW_AFTER = timedelta(days=365)
"""When a hold that an appraisal asked for is looked at again."""


def approve(
    ledger: Ledger,
    schedules: Schedules,
    check: RetentionCheck,
    cooling_off_days: int,
    person: Person,
    list_no: str,
    digest: str,
) -> ListState:
    """Give one approval of a submitted list; see :meth:`archive_service.disposal.listing.lists.Disposal.approve`."""

    def attempt() -> ListState:
        with ledger.work(person.id) as work:
            row = locked_list(work, list_no)
            hands = hands_of(work.connection, row)
            require(person, Action.APPROVE, Thing(hands=hands))
            if row.state != ListState.SUBMITTED:
                words = STATE_WORDS[ListState(row.state)]
                raise Conflict(
                    f"清册 {list_no} 现为“{words.zh}”，无须审批。",
                    f"List {list_no} is “{words.en}” and awaits no approval.",
                )
            _require_same(row, digest, digest_of(work.connection, row))
            refuse_obstacles(obstacles(work.connection, check, row))
            values = {"id": uuid.uuid4().hex, "list_id": row.id, "proposer_id": row.proposer_id, "round": row.round}
            work.insert(approvals, {**values, "approver_id": person.id, "digest": digest, "approved_at": work.at})
            count = len(hands["approver"]) + 1
            work.act(
                acts.LIST_APPROVED,
                "disposal_list",
                row.id,
                list_no=row.list_no,
                round=row.round,
                digest=digest,
                approval=count,
            )
            state = ListState.SUBMITTED
            if count >= (row.approvals_needed or APPROVALS_NEEDED):
                state = _carry_out_opinions(work, ledger, schedules, cooling_off_days, row)
            work.commit()
        return state

    return numbered(attempt)


def _require_same(row: Any, shown: str, now: str) -> None:
    if shown != row.digest or now != row.digest:
        raise Conflict(
            "清册内容与您所见的不同，请重新查看后再审批。",
            "The list is not what you were shown; please look at it again before approving.",
        )


def refuse_obstacles(found: Sequence[Obstacle]) -> None:
    """Raise :class:`Conflict` when something that is to be destroyed is held or not due."""
    if found:
        text = in_words(found)
        raise Conflict(
            f"以下各件不得销毁，请改变鉴定意见或移出清册：{text.zh}。",
            f"These may not be destroyed; change the opinion or take them off the list: {text.en}.",
        )


def _carry_out_opinions(work: Work, ledger: Ledger, schedules: Schedules, cooling_off_days: int, row: Any) -> ListState:
    today = ledger.clock.today()
    waiting = items_of(work.connection, row.id, Step.WAITING)
    for item in waiting:
        if item.opinion != Opinion.DESTROY:
            _carry_out(work, schedules, today, row, item)
    destroys = any(item.opinion == Opinion.DESTROY for item in waiting)
    state = ListState.APPROVED if destroys else ListState.CLOSED
    check_move(row.list_no, row.state, state)
    until = to_stamp(ledger.clock.now() + timedelta(days=cooling_off_days)) if destroys else None
    closed = None if destroys else work.at
    work.update(disposal_lists, row.id, {"state": state, "cooling_until": until, "closed_at": closed})
    if not destroys:
        work.act(acts.LIST_CLOSED, "disposal_list", row.id, list_no=row.list_no)
    return state


def _carry_out(work: Work, schedules: Schedules, today: date, row: Any, item: Any) -> None:
    """Carry out one opinion that keeps the record; its archival code never changes."""
    record = record_of(work.connection, item.record_id)
    step, candidate = Step.DECIDED, CandidateState.CLOSED
    if item.opinion == Opinion.EXTEND:
        work.update(records, record["id"], {"extension_years": record["extension_years"] + item.extension_years})
    elif item.opinion == Opinion.PERMANENT:
        work.update(records, record["id"], {"period_override": PERMANENT.code})
    elif item.opinion == Opinion.HOLD:
        new = NewHold(mandate=row.list_no, reason=item.reason, review_on=today + REVIEW_AFTER)
        insert_hold(work, new, item.appraiser_id, today, record_ids=[record["id"]], case_ids=[])
        candidate = CandidateState.WITHDRAWN  # so that it is queued again once the hold is released
    else:
        step = Step.AWAITING_TRANSFER
    if item.opinion in (Opinion.EXTEND, Opinion.PERMANENT):
        recompute(work, schedules, [record["id"]], today, row.list_no)
        enqueue(work, "capsule", record["id"])
    work.update(disposal_items, item.id, {"step": step})
    work.update(candidates, item.candidate_id, {"state": candidate})
    said = {"opinion": item.opinion, "years": item.extension_years}
    work.act(acts.ITEM_DECIDED, "record", record["id"], list_no=row.list_no, code=record["code"], **said)


def send_back(ledger: Ledger, person: Person, list_no: str, reason: str) -> None:
    """Return a list to appraisal; see :meth:`archive_service.disposal.listing.lists.Disposal.send_back`."""
    with ledger.work(person.id) as work:
        row = locked_list(work, list_no)
        hands = hands_of(work.connection, row)
        require(person, Action.APPROVE, Thing(hands={**hands, "approver": frozenset()}))
        check_move(row.list_no, row.state, ListState.DRAWN_UP)
        void_approvals(work, row, ListState.DRAWN_UP, Text(reason, reason))
        work.commit()


def void_approvals(work: Work, row: Any, state: ListState, reason: Text) -> None:
    """Put a list back; a new round begins, in which the approvals of the old one no longer count."""
    values = {
        "state": state,
        "round": row.round + 1,
        "cooling_until": None,
        "reason_zh": reason.zh,
        "reason_en": reason.en,
    }
    if state is ListState.DRAWN_UP:
        values |= {"digest": None, "submitted_at": None, "submitted_by": None}
    work.update(disposal_lists, row.id, values)
    voided = work.connection.execute(
        select(approvals.c.approver_id).where(approvals.c.list_id == row.id, approvals.c.round == row.round)
    ).scalars()
    work.act(
        acts.LIST_RETURNED,
        "disposal_list",
        row.id,
        list_no=row.list_no,
        round=row.round,
        to=str(state),
        voided=list(voided),
    )
