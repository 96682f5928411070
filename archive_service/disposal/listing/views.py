"""What pages and commands show of the queue and the lists; words of records only to those who may see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from archive_service.audit.ledger import Ledger
from archive_service.catalog.tables import ARCHIVED, components, fonds, records
from archive_service.disposal.checking.check import RetentionCheck
from archive_service.disposal.holds.holds import held
from archive_service.disposal.holds.views import holds_on
from archive_service.disposal.listing.deadlines import Turns, deadlines_passed
from archive_service.disposal.listing.freezing import Obstacle, items_of, obstacles
from archive_service.disposal.listing.group import Group, group_of
from archive_service.disposal.listing.next_hands import NextHands, next_action, next_hands
from archive_service.disposal.listing.supervising import (
    SUPERVISORS_NEEDED,
    present_hands,
    supervisions_of,
    unsigned_after,
)
from archive_service.disposal.model import CandidateState, ListState, Step
from archive_service.disposal.showing import Done, done_with, shown
from archive_service.disposal.tables import approvals, candidates, certificates, disposal_items, disposal_lists
from archive_service.errors import NotFound, Text
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, can, require
from retention_policies import Hold


@dataclass(frozen=True)
class QueueRow:
    """An entry of the queue with its record; the record's words are empty where the viewer may not see them."""

    row: Any
    record: Mapping[str, Any]
    held: bool
    visible: bool


@dataclass(frozen=True)
class ListRow:
    """A list as it stands among the others; ``may`` is what the viewer can do with it now."""

    list_no: str
    state: str
    fonds_no: str
    items: int
    appraised: int
    approvals: int
    row: Any
    certified: bool
    may: frozenset[Action]


@dataclass(frozen=True)
class ItemView:
    """An item with its record; the record's words are empty where the viewer may not see them.

    ``holds`` stand on it now; ``obstacle`` is why it may not be destroyed now; ``files`` and ``size`` are of its
    sealed objects (bytes).
    """

    row: Any
    record: Mapping[str, Any]
    candidate: Any
    visible: bool
    holds: tuple[Hold, ...] = ()
    obstacle: Text | None = None
    files: int = 0
    size: int = 0


@dataclass(frozen=True)
class ListView:
    """One list; ``approvals`` are those of this round, ``may`` what the viewer can do with it now.

    ``next`` is whose turn it is, ``done`` what the log bears of it.
    """

    row: Any
    fonds_no: str
    items: tuple[ItemView, ...]
    approvals: tuple[Any, ...]
    supervisions: tuple[Any, ...]
    obstacles: tuple[Obstacle, ...]
    may: frozenset[Action]
    may_send_back: bool
    certified: bool
    next: NextHands | None
    done: tuple[Done, ...]
    group: Group


def queue(ledger: Ledger, viewer: Person) -> list[QueueRow]:
    """Return what waits for a list, the longest due first."""
    require(viewer, Action.SEE_DISPOSAL)
    with ledger.read() as connection:
        wanted = select(candidates).where(candidates.c.state == CandidateState.QUEUED)
        rows = connection.execute(wanted.order_by(candidates.c.due_on, candidates.c.id)).all()
        waiting = select(candidates.c.record_id).where(candidates.c.state == CandidateState.QUEUED)
        found = connection.execute(select(records, held().label("held")).where(records.c.id.in_(waiting)))
        by_id = {record.id: record._asdict() for record in found}
    at = ledger.clock.stamp()
    found_rows = []
    for row in rows:
        record, visible = shown(viewer, by_id[row.record_id], at)
        found_rows.append(QueueRow(row, record, record["held"], visible))
    return found_rows


def queued(ledger: Ledger, viewer: Person) -> int:
    """Return how many records wait for a list."""
    require(viewer, Action.SEE_DISPOSAL)
    counted = select(func.count()).select_from(candidates).where(candidates.c.state == CandidateState.QUEUED)
    with ledger.read() as connection:
        return connection.execute(counted).scalar_one()


def turns(ledger: Ledger, viewer: Person, deadline_days: int) -> Turns:
    """Return for each step the lists that wait for it and on which the viewer can take it now, and the late among them."""
    require(viewer, Action.SEE_DISPOSAL)
    now, at = ledger.clock.now(), ledger.clock.stamp()
    with ledger.read() as connection:
        found = Turns(unsigned=unsigned_after(connection, viewer))
        for row in connection.execute(select(disposal_lists).where(disposal_lists.c.state.in_(_BEFORE_ORDER))).all():
            hands = present_hands(connection, row)
            items, group = items_of(connection, row.id, Step.WAITING), group_of(connection, row.id)
            action = next_action(row.state, items, hands, group)
            among = group.owing(items) if action is Action.APPRAISE else None
            if action in _may(viewer, row, hands, at) and (among is None or viewer.id in among):
                found.waiting[action] += 1
                found.late[action] += deadlines_passed(row, now, deadline_days) > 0
    return found


def all_lists(ledger: Ledger, viewer: Person) -> list[ListRow]:
    """Return every list, the newest first."""
    require(viewer, Action.SEE_DISPOSAL)
    counted = (
        select(disposal_items.c.list_id, func.count(), func.count(disposal_items.c.opinion))
        .join(disposal_lists, disposal_lists.c.id == disposal_items.c.list_id)
        .where((disposal_items.c.step != Step.STRUCK) | (disposal_lists.c.state == ListState.WITHDRAWN))
        .group_by(disposal_items.c.list_id)
    )
    approved = (
        select(approvals.c.list_id, func.count().label("approved"))
        .join(disposal_lists, disposal_lists.c.id == approvals.c.list_id)
        .where(approvals.c.round == disposal_lists.c.round)
        .group_by(approvals.c.list_id)
    )
    newest = disposal_lists.c.year.desc(), disposal_lists.c.number.desc()
    with ledger.read() as connection:
        rows = connection.execute(
            select(disposal_lists, fonds.c.fonds_no)
            .join(fonds, fonds.c.id == disposal_lists.c.fonds_id)
            .order_by(*newest)
        ).all()
        counts = {list_id: (items, opinions) for list_id, items, opinions in connection.execute(counted)}
        given = {row.list_id: row.approved for row in connection.execute(approved)}
        certified = set(connection.execute(select(certificates.c.list_id)).scalars())
        hands = {row.id: present_hands(connection, row) for row in rows if row.state in _BEFORE_ORDER}
    at = ledger.clock.stamp()
    return [
        ListRow(
            list_no=row.list_no,
            state=row.state,
            fonds_no=row.fonds_no,
            items=counts.get(row.id, (0, 0))[0],
            appraised=counts.get(row.id, (0, 0))[1],
            approvals=given.get(row.id, 0),
            row=row,
            certified=row.id in certified,
            may=_may(viewer, row, hands.get(row.id, {}), at),
        )
        for row in rows
    ]


def one_list(ledger: Ledger, check: RetentionCheck, viewer: Person, list_no: str) -> ListView:
    """Return one list with its items."""
    require(viewer, Action.SEE_DISPOSAL)
    at = ledger.clock.stamp()
    with ledger.read() as connection:
        row = _list_row(connection, list_no)
        hands = present_hands(connection, row)
        given = connection.execute(
            select(approvals)
            .where(approvals.c.list_id == row.id, approvals.c.round == row.round)
            .order_by(approvals.c.approved_at)
        ).all()
        blocked = obstacles(connection, check, row) if row.state in _BEFORE_ORDER else []
        items = _items(connection, viewer, row.id, {one.code: one.text for one in blocked}, at)
        certified = connection.execute(select(certificates.c.id).where(certificates.c.list_id == row.id)).first()
        waiting = [item.row for item in items if item.row.step == Step.WAITING]
        group = group_of(connection, row.id)
        action = next_action(row.state, waiting, hands, group)
        among = group.owing(waiting) if action is Action.APPRAISE else None
        return ListView(
            row=row,
            fonds_no=row.fonds_no,
            items=tuple(items),
            approvals=tuple(given),
            supervisions=tuple(supervisions_of(connection, row)),
            obstacles=tuple(blocked),
            may=_may(viewer, row, hands, at),
            may_send_back=may_send_back(viewer, row, hands),
            certified=certified is not None,
            next=next_hands(connection, viewer, action, hands, at, among),
            group=group,
            done=done_with(connection, "disposal_list", row.id),
        )


def _items(
    connection: Connection, viewer: Person, list_id: str, blocked: Mapping[str, Text], at: str
) -> list[ItemView]:
    of_list = select(disposal_items.c.record_id).where(disposal_items.c.list_id == list_id)
    entries = select(disposal_items.c.candidate_id).where(disposal_items.c.list_id == list_id)
    rows = connection.execute(select(records).where(records.c.id.in_(of_list)))
    by_record = {record.id: record._asdict() for record in rows}
    found = connection.execute(select(candidates).where(candidates.c.id.in_(entries)))
    by_candidate = {entry.id: entry for entry in found}
    standing = holds_on(connection, list_id)
    counted = connection.execute(
        select(components.c.record_id, func.count().label("files"), func.sum(components.c.sealed_size).label("size"))
        .where(components.c.record_id.in_(of_list))
        .group_by(components.c.record_id)
    )
    sizes = {row.record_id: (row.files, int(row.size)) for row in counted}
    items = []
    for item in items_of(connection, list_id):
        record, visible = shown(viewer, by_record[item.record_id], at)
        files, size = sizes.get(item.record_id, (0, 0))
        items.append(
            ItemView(
                item,
                record,
                by_candidate[item.candidate_id],
                visible,
                standing.get(item.record_id, ()),
                blocked.get(record["code"]),
                files,
                size,
            )
        )
    return items


_BEFORE_ORDER = (ListState.DRAWN_UP, ListState.SUBMITTED, ListState.APPROVED)


def _list_row(connection: Connection, list_no: str) -> Any:
    wanted = select(disposal_lists, fonds.c.fonds_no).join(fonds, fonds.c.id == disposal_lists.c.fonds_id)
    row = connection.execute(wanted.where(disposal_lists.c.list_no == list_no.strip())).one_or_none()
    if row is None:
        raise NotFound(f"没有清册 {list_no}。", f"There is no disposal list {list_no}.")
    return row


def may_send_back(viewer: Person, row: Any, hands: Mapping[str, frozenset[str]]) -> bool:
    """Say whether a person may return a list to appraisal; who has approved it may still think again."""
    open_to = row.state in (ListState.SUBMITTED, ListState.APPROVED)
    return open_to and can(viewer, Action.APPROVE, Thing(hands={**hands, "approver": frozenset()})).allowed


def _may(viewer: Person, row: Any, hands: Mapping[str, frozenset[str]], at: str) -> frozenset[Action]:
    """Return what the viewer can do with a list in its present state; the services ask the same policy again."""
    actions: dict[str, Sequence[Action]] = {
        ListState.DRAWN_UP: (Action.APPRAISE, Action.DRAW_UP_LIST),
        ListState.SUBMITTED: (Action.APPROVE, Action.DRAW_UP_LIST),
        ListState.APPROVED: (Action.DRAW_UP_LIST, *_before_order(row, hands, at)),
    }
    thing = Thing(hands=hands)
    return frozenset(action for action in actions.get(row.state, ()) if can(viewer, action, thing).allowed)


def _before_order(row: Any, hands: Mapping[str, frozenset[str]], at: str) -> tuple[Action, ...]:
    """Return what comes between approval and order: two supervisors sign, and the cooling-off ends."""
    supervised = len(hands.get("supervisor", ())) >= SUPERVISORS_NEEDED
    cooled = bool(row.cooling_until and row.cooling_until <= at)
    return ((Action.ORDER_DESTRUCTION,) if supervised and cooled else ()) + (() if supervised else (Action.SUPERVISE,))


def forecast(ledger: Ledger, viewer: Person, years: int) -> list[tuple[str, str, int]]:
    """Return month (``2027-01``), class and number of records that become due; what is overdue stands in its own month."""
    require(viewer, Action.SEE_DISPOSAL)
    today = ledger.clock.today()
    horizon = date(min(today.year + max(years, 0), 9998), 12, 31)
    counted = (
        select(records.c.due_on, records.c.class_code, func.count())
        .where(records.c.status == ARCHIVED, records.c.due_on <= horizon)
        .group_by(records.c.due_on, records.c.class_code)
    )
    months: dict[tuple[str, str], int] = {}
    with ledger.read() as connection:
        for due_on, class_code, count in connection.execute(counted):
            month = (due_on.strftime("%Y-%m"), class_code)
            months[month] = months.get(month, 0) + count
    return [(month, class_code, count) for (month, class_code), count in sorted(months.items())]
