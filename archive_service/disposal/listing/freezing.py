"""What stands between a list and its execution: the frozen digest, the hands it went through, fresh obstacles."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit.ledger import Work
from archive_service.catalog.tables import ARCHIVED, components, records
from archive_service.database.tables import CANONICAL
from archive_service.disposal.checking.check import RetentionCheck
from archive_service.disposal.model import Opinion, Step
from archive_service.disposal.tables import (
    appraisal_members,
    appraisal_votes,
    approvals,
    disposal_items,
    disposal_lists,
)
from archive_service.disposal.transfer_custody import kept_for_transfer
from archive_service.errors import NotFound, Text
from retention_policies import State

FROZEN_ROLES = ("original", "attachment")
"""Files that a person filed; text taken out of them may still be added while a list waits."""


@dataclass(frozen=True)
class Obstacle:
    """Why an item may not be destroyed now."""

    code: str
    text: Text


def locked_list(work: Work, list_no: str) -> Any:
    """Return a list's row and keep others from changing it until this transaction ends."""
    wanted = select(disposal_lists).where(disposal_lists.c.list_no == list_no.strip()).with_for_update()
    row = work.connection.execute(wanted).one_or_none()
    if row is None:
        raise NotFound(f"没有清册 {list_no}。", f"There is no disposal list {list_no}.")
    return row


def items_of(connection: Connection, list_id: str, *steps: Step) -> Sequence[Any]:
    """Return a list's items in their order, those at the given steps only if any are given."""
    wanted = select(disposal_items).where(disposal_items.c.list_id == list_id).order_by(disposal_items.c.position)
    if steps:
        wanted = wanted.where(disposal_items.c.step.in_(steps))
    return connection.execute(wanted).all()


def record_of(connection: Connection, record_id: str) -> Mapping[str, Any]:
    """Return a record's row."""
    return connection.execute(select(records).where(records.c.id == record_id)).one()._asdict()


def digest_of(connection: Connection, list_row: Any) -> str:
    """Return the SHA-256 over everything that is approved: the items, their files' hashes, opinions and reasons.

    Items that were taken off the list are no part of it.
    """
    items = [item for item in items_of(connection, list_row.id) if item.step != Step.STRUCK]
    sealed: dict[str, list[list[Any]]] = {item.record_id: [] for item in items}
    files = connection.execute(
        select(components)
        .join(disposal_items, disposal_items.c.record_id == components.c.record_id)
        .where(disposal_items.c.list_id == list_row.id, components.c.role.in_(FROZEN_ROLES))
        .order_by(components.c.record_id, components.c.role, components.c.position)
    )
    for file in files:
        if file.record_id in sealed:
            sealed[file.record_id].append([file.id, file.version, file.sealed_sha256])
    body = [
        [
            item.position,
            item.record_id,
            item.candidate_id,
            item.opinion,
            item.reason,
            item.extension_years,
            item.appraiser_id,
            sealed[item.record_id],
        ]
        for item in items
    ]
    of_group = _said_by_group(connection, list_row.id, {item.id for item in items})
    whole = [list_row.list_no, list_row.proposer_id, body, *([of_group] if of_group else [])]
    return hashlib.sha256(json.dumps(whole, **CANONICAL).encode()).hexdigest()


def _said_by_group(connection: Connection, list_id: str, items: Collection[str]) -> list[list[Any]]:
    """Return the members of the appraisal group and what they said, for the digest; nothing without a group."""
    members = connection.execute(
        select(appraisal_members)
        .where(appraisal_members.c.list_id == list_id)
        .order_by(appraisal_members.c.naming, appraisal_members.c.position)
    )
    votes = connection.execute(
        select(appraisal_votes)
        .where(appraisal_votes.c.list_id == list_id)
        .order_by(appraisal_votes.c.given_at, appraisal_votes.c.id)
    )
    said = [[one.item_id, one.member_id, one.opinion, one.appraised_at, one.agrees, one.reason] for one in votes]
    named = [[one.naming, one.person_id, one.capacity] for one in members]
    return named + [one for one in said if one[0] in items]


def hands_of(connection: Connection, list_row: Any, *, every_round: bool = False) -> dict[str, frozenset[str]]:
    """Return who proposed, appraised and approved a list; approvals of this round only unless all are asked for."""
    appraisers = {item.appraiser_id for item in items_of(connection, list_row.id) if item.appraiser_id}
    said = select(appraisal_votes.c.member_id).where(appraisal_votes.c.list_id == list_row.id)
    appraisers |= set(connection.execute(said).scalars())
    wanted = select(approvals.c.approver_id).where(approvals.c.list_id == list_row.id)
    if not every_round:
        wanted = wanted.where(approvals.c.round == list_row.round)
    return {
        "proposer": frozenset({list_row.proposer_id}),
        "appraiser": frozenset(appraisers),
        "approver": frozenset(connection.execute(wanted).scalars()),
    }


def obstacles(
    connection: Connection, check: RetentionCheck, list_row: Any, items: Sequence[Any] | None = None
) -> list[Obstacle]:
    """Decide anew about everything that is to be destroyed; return what may not be, each with the reason."""
    today = check.today()
    found = []
    for item in items_of(connection, list_row.id, Step.WAITING) if items is None else items:
        if item.opinion == Opinion.DESTROY:
            record = record_of(connection, item.record_id)
            text = why_not(connection, check, record, today)
            if text is None and record["status"] != ARCHIVED:
                text = Text("档案不在库中", "the record is not in the archive")
            if text is not None:
                found.append(Obstacle(record["code"], text))
    return found


def why_not(connection: Connection, check: RetentionCheck, record: Mapping[str, Any], today: Any) -> Text | None:
    """Return why a record may not be destroyed at this moment, or ``None`` if its period is over and no hold stands."""
    decision = check.decide(connection, record, today)
    if decision.holds:
        numbers = [hold.reference for hold in decision.holds]
        return Text(f"因 {'、'.join(numbers)} 冻结", f"on hold: {', '.join(numbers)}")
    if decision.state is State.DUE:
        return kept_for_transfer(connection, record["id"])
    return Text(f"未到期：{decision.sentence.zh}", f"not due: {decision.sentence.en}")


def in_words(found: Sequence[Obstacle]) -> Text:
    """Return all obstacles as one sentence."""
    zh = "；".join(f"{one.code} {one.text.zh}" for one in found)
    en = "; ".join(f"{one.code} {one.text.en}" for one in found)
    return Text(zh, en)
