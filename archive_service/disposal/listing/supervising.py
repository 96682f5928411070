"""Supervision of a destruction 监销: two people hold the records against the register before it runs, and sign after it.

A supervisor neither drew up the list nor orders its destruction, and two signatures are of two people (DOMAIN 2.5).
The schema holds the same limits.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.disposal.listing.freezing import digest_of, hands_of, locked_list
from archive_service.disposal.model import STATE_WORDS, ListState
from archive_service.disposal.tables import disposal_lists, supervisions
from archive_service.errors import Conflict
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, require

SUPERVISORS_NEEDED = 2
BEFORE, AFTER = "before", "after"


def supervisions_of(connection: Connection, list_row: Any) -> Sequence[Any]:
    """Return the signatures of this round's supervisors, in the order of their times."""
    wanted = select(supervisions).where(supervisions.c.list_id == list_row.id, supervisions.c.round == list_row.round)
    return connection.execute(wanted.order_by(supervisions.c.signed_at, supervisions.c.id)).all()


def sign_before(ledger: Ledger, person: Person, list_no: str, digest: str) -> int:
    """Sign that the records were held against the approved register that was shown; return how many supervisors have."""
    with ledger.work(person.id) as work:
        row = locked_list(work, list_no)
        signed = [one for one in supervisions_of(work.connection, row) if one.phase == BEFORE]
        hands = hands_of(work.connection, row)
        given = frozenset(one.supervisor_id for one in signed)
        require(person, Action.SUPERVISE, Thing(hands={**hands, "supervisor": given}))
        if row.state != ListState.APPROVED:
            words = STATE_WORDS[ListState(row.state)]
            raise Conflict(
                f"清册 {list_no} 现为“{words.zh}”；监销人在批准之后、下达之前核对签字。",
                f"List {list_no} is “{words.en}”; supervisors sign after approval and before the order.",
            )
        if digest != row.digest or digest_of(work.connection, row) != row.digest:
            raise Conflict(
                "清册内容与您所见的不同，请重新核对。", "The list is not what you were shown; please check it again."
            )
        values = {"id": uuid.uuid4().hex, "list_id": row.id, "proposer_id": row.proposer_id, "round": row.round}
        signature = {"supervisor_id": person.id, "phase": BEFORE, "digest": digest, "signed_at": work.at}
        work.insert(supervisions, {**values, **signature})
        said = {"list_no": row.list_no, "round": row.round, "digest": digest}
        work.act(acts.SUPERVISED_BEFORE, "disposal_list", row.id, **said)
        work.commit()
    return len(given) + 1


def sign_after(ledger: Ledger, person: Person, list_no: str) -> bool:
    """Sign that the destruction was supervised to its end; say whether all supervisors have signed off now."""
    with ledger.work(person.id) as work:
        row = locked_list(work, list_no)
        signed = supervisions_of(work.connection, row)
        before = {one.supervisor_id for one in signed if one.phase == BEFORE}
        after = {one.supervisor_id for one in signed if one.phase == AFTER}
        require(person, Action.SUPERVISE, Thing(hands={"supervisor": frozenset(after)}))
        if row.state != ListState.CLOSED or row.ordered_by is None:
            raise Conflict(f"清册 {list_no} 尚未销毁完毕。", f"The destruction of list {list_no} is not finished yet.")
        if person.id not in before:
            raise Conflict(
                "只有销毁前核对签字的监销人才能在销毁后签字。",
                "Only those who signed as supervisors before the destruction sign after it.",
            )
        values = {"id": uuid.uuid4().hex, "list_id": row.id, "proposer_id": row.proposer_id, "round": row.round}
        signature = {"supervisor_id": person.id, "phase": AFTER, "digest": row.digest, "signed_at": work.at}
        work.insert(supervisions, {**values, **signature})
        whole = len(after | {person.id}) >= SUPERVISORS_NEEDED
        work.act(acts.SUPERVISED_AFTER, "disposal_list", row.id, list_no=row.list_no, signed_off=whole)
        work.commit()
    return whole


def unsigned_after(connection: Connection, person: Person) -> int:
    """Return how many finished destructions wait for the second signature of this supervisor."""
    signed = supervisions.alias()
    again = select(signed.c.id).where(
        signed.c.list_id == disposal_lists.c.id,
        signed.c.round == disposal_lists.c.round,
        signed.c.supervisor_id == person.id,
    )
    counted = select(func.count()).where(
        disposal_lists.c.state == ListState.CLOSED,
        disposal_lists.c.ordered_by.is_not(None),
        again.where(signed.c.phase == BEFORE).exists(),
        ~again.where(signed.c.phase == AFTER).exists(),
    )
    return connection.execute(counted.select_from(disposal_lists)).scalar_one()


def require_supervised(connection: Connection, row: Any) -> frozenset[str]:
    """Return the supervisors of an approved list, or raise :class:`Conflict` while there are not two."""
    signed = supervisions_of(connection, row)
    good = frozenset(one.supervisor_id for one in signed if one.phase == BEFORE and one.digest == row.digest)
    if len(good - {row.proposer_id}) < SUPERVISORS_NEEDED:
        raise Conflict(
            f"须由 {SUPERVISORS_NEEDED} 名监销人对照清册核对并签字后才能下达（已有 {len(good)} 名）。",
            f"{SUPERVISORS_NEEDED} supervisors must check the records against the list and sign before the order"
            f" ({len(good)} so far).",
        )
    return good


def present_hands(connection: Connection, row: Any) -> dict[str, frozenset[str]]:
    """Return whose hands bar them from the next act: an order bars approvers of every round, an approval those of this one."""
    hands = hands_of(connection, row, every_round=row.state == ListState.APPROVED)
    signed = {one.supervisor_id for one in supervisions_of(connection, row) if one.phase == BEFORE}
    return {**hands, "supervisor": frozenset(signed)}
