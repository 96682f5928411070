"""The paper side of a destruction: two supervisors say where, when and how the papers of a record were destroyed.

A record of which papers lie in a box is destroyed whole or not: its list stays open until both supervisors who signed
before the run have attested the same facts. The first enters them, the second confirms by entering the same; who
enters others puts them in the place of the first and the other one confirms. Then the papers leave their box.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, or_, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.tables import records
from archive_service.clock import from_stamp
from archive_service.custody.model import words
from archive_service.custody.tables import boxes, loans, moves, record_places
from archive_service.disposal.listing.freezing import locked_list
from archive_service.disposal.listing.supervising import BEFORE, supervisions_of
from archive_service.disposal.model import ListState, Step
from archive_service.disposal.tables import disposal_items, disposal_lists, paper_destructions
from archive_service.errors import BadInput, Conflict, Forbidden, Text
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, require

GONE = "销毁 destroyed"
"""Where the register of moves says that destroyed papers went."""


@dataclass(frozen=True)
class Paper:
    """The papers of an item that was destroyed: where they lay, and what was attested of them so far, if anything."""

    item: Any
    code: str
    box_no: str
    row: Any | None

    @property
    def attested(self) -> bool:
        """Say whether both supervisors have attested it."""
        return self.row is not None and self.row.second_id is not None


def papers_of(connection: Connection, list_id: str, *, destroyed_only: bool = True) -> list[Paper]:
    """Return the papers of a list's items: of those destroyed, or before the order of all that are to be."""
    wanted = (
        select(disposal_items, records.c.code, boxes.c.box_no)
        .join(records, records.c.id == disposal_items.c.record_id)
        .outerjoin(record_places, record_places.c.record_id == records.c.id)
        .outerjoin(boxes, boxes.c.id == record_places.c.box_id)
        .where(disposal_items.c.list_id == list_id, disposal_items.c.opinion == "DESTROY")
        .order_by(disposal_items.c.position)
    )
    steps = [Step.DESTROYED] if destroyed_only else [Step.WAITING]
    rows = connection.execute(wanted.where(disposal_items.c.step.in_(steps))).all()
    said = connection.execute(select(paper_destructions).where(paper_destructions.c.list_id == list_id)).all()
    by_item = {one.item_id: one for one in said}
    return [
        Paper(row, row.code, by_item[row.id].box_no if row.id in by_item else row.box_no, by_item.get(row.id))
        for row in rows
        if row.box_no or row.id in by_item
    ]


def unattested(connection: Connection, list_id: str) -> list[Paper]:
    """Return the papers that keep a list open."""
    return [one for one in papers_of(connection, list_id) if not one.attested]


def waiting_for(connection: Connection, person_id: str) -> int:
    """Return of how many ordered lists the papers wait for the word of a supervisor."""
    ordered = connection.execute(select(disposal_lists).where(disposal_lists.c.state == ListState.ORDERED)).all()
    signed = [
        row
        for row in ordered
        if any(one.phase == BEFORE and one.supervisor_id == person_id for one in supervisions_of(connection, row))
    ]
    return sum(
        any(one.row is None or one.row.first_id != person_id for one in unattested(connection, row.id))
        for row in signed
    )


def refuse_lent(connection: Connection, list_id: str) -> None:
    """Raise :class:`Conflict` while papers that are to be destroyed are lent out, by themselves or with their box."""
    papers = papers_of(connection, list_id, destroyed_only=False)
    out = [one.code for one in papers if _lent(connection, one.item.record_id)]
    if out:
        raise Conflict(
            f"纸质件借出未还，须先归还：{'、'.join(out)}。",
            f"Their papers are lent out and have to come back first: {', '.join(out)}.",
        )


def _lent(connection: Connection, record_id: str) -> bool:
    box = select(record_places.c.box_id).where(record_places.c.record_id == record_id)
    taken = or_(loans.c.object_id == record_id, loans.c.object_id.in_(box))
    return connection.execute(select(loans.c.id).where(taken, loans.c.returned_at.is_(None))).first() is not None


def attest(ledger: Ledger, person: Person, list_no: str, said: Mapping[str, str]) -> bool:
    """Attest as a supervisor that the papers of a list were destroyed; say whether both have attested all of them."""
    with ledger.work(person.id) as work:
        row = locked_list(work, list_no)
        require(person, Action.SUPERVISE, Thing(hands={"proposer": frozenset({row.proposer_id})}))
        signed = {one.supervisor_id for one in supervisions_of(work.connection, row) if one.phase == BEFORE}
        if person.id not in signed:
            raise Forbidden(
                "只有销毁前核对签字的监销人才能见证纸质件的销毁。",
                "Only the supervisors who signed before the destruction attest that of the papers.",
            )
        open_papers = unattested(work.connection, row.id)
        if row.state != ListState.ORDERED or not open_papers:
            raise Conflict(
                f"清册 {list_no} 没有等待见证的纸质件。", f"List {list_no} has no papers that wait to be attested."
            )
        facts = _facts(said, from_stamp(row.ordered_at).astimezone(ledger.clock.zone).date(), ledger.clock.today())
        for paper in open_papers:
            _attest_one(work, row, paper, person.id, facts)
        told = {**facts, "done_on": facts["done_on"].isoformat(), "codes": [one.code for one in open_papers]}
        work.act(acts.PAPER_ATTESTED, "disposal_list", row.id, list_no=row.list_no, **told)
        whole = not unattested(work.connection, row.id)
        work.commit()
    return whole


def _facts(said: Mapping[str, str], ordered_on: date, today: date) -> dict[str, Any]:
    try:
        done_on = date.fromisoformat(said.get("done_on", "").strip())
    except ValueError as error:
        raise BadInput("请填写销毁日期（年-月-日）。", "Give the day of the destruction as year-month-day.") from error
    if not ordered_on <= done_on <= today:
        raise BadInput(
            f"纸质件的销毁日期应在下达之日 {ordered_on} 与今日之间。",
            f"The papers were destroyed between the order on {ordered_on} and today.",
        )
    place = words(said.get("place", ""), Text("销毁地点", "The place"), 2, 200)
    return {"done_on": done_on, "place": place, "way": words(said.get("way", ""), Text("销毁方式", "The way"), 2, 200)}


def _attest_one(work: Work, row: Any, paper: Paper, person_id: str, facts: Mapping[str, Any]) -> None:
    first = {**facts, "first_id": person_id, "first_at": work.at}
    if paper.row is None:
        identity = {"id": uuid.uuid4().hex, "list_id": row.id, "proposer_id": row.proposer_id, "item_id": paper.item.id}
        empty = {"box_no": paper.box_no, "second_id": None, "second_at": None}
        work.insert(paper_destructions, {**identity, **empty, **first})
    elif paper.row.first_id == person_id or any(getattr(paper.row, name) != value for name, value in facts.items()):
        work.update(paper_destructions, paper.row.id, first)
    else:
        work.update(paper_destructions, paper.row.id, {"second_id": person_id, "second_at": work.at})
        _leave_box(work, paper, str(row.list_no))


def _leave_box(work: Work, paper: Paper, list_no: str) -> None:
    """Take destroyed papers off the shelf list; the register of moves keeps where they lay."""
    place = work.connection.execute(
        select(record_places).where(record_places.c.record_id == paper.item.record_id).with_for_update()
    ).one()
    work.update(record_places, place.id, {"box_id": None, "position": 0})
    moved = {"kind": "record", "object_id": paper.item.record_id, "came_from": paper.box_no, "went_to": GONE}
    when = {"reason": list_no, "moved_at": work.at, "moved_by": work.person_id}
    work.insert(moves, {"id": uuid.uuid4().hex, **moved, **when})


def on_certificate(connection: Connection, list_id: str, names: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return by item what the certificate says of its papers."""
    found: Sequence[Paper] = papers_of(connection, list_id)
    return {
        one.item.id: {
            "box_no": one.box_no,
            "done_on": one.row.done_on.isoformat(),
            "place": one.row.place,
            "way": one.row.way,
            "supervisors": [
                {"id": who, "name": names[who], "at": at}
                for who, at in ((one.row.first_id, one.row.first_at), (one.row.second_id, one.row.second_at))
            ],
        }
        for one in found
        if one.row is not None and one.attested
    }
