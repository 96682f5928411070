"""What pages show of holds: each with its scope, one with everything that it covers and what was done with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, or_, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.catalog.tables import case_files, records
from archive_service.disposal.model import FINISHED
from archive_service.disposal.showing import Done, done_with, known, shown
from archive_service.disposal.tables import disposal_items, disposal_lists, hold_records, hold_scopes, holds
from archive_service.errors import NotFound
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, Verdict, can, require, visible
from retention_policies import Hold

MOST_SHOWN = 200
"""Records of a hold that its page names; a hold over a large case file covers the others just as well."""

IN_A_QUERY = 500

FACTS = (
    "hold_no",
    "mandate",
    "reason",
    "review_on",
    "placed_at",
    "placed_by",
    "released_at",
    "released_by",
    "released_reason",
)


@dataclass(frozen=True)
class HoldView:
    """A hold as a page shows it; people by id."""

    hold_no: str
    mandate: str
    reason: str
    review_on: date
    placed_at: str
    placed_by: str
    released_at: str | None
    released_by: str | None
    released_reason: str | None
    codes: tuple[str, ...]
    case_nos: tuple[str, ...]
    classes: tuple[str, ...] = ()
    words: str = ""


@dataclass(frozen=True)
class Covered:
    """A record under a hold; its words are empty where the viewer may not see them. ``list_no``: the open list it is on."""

    record: Mapping[str, Any]
    visible: bool
    list_no: str | None


@dataclass(frozen=True)
class HoldPage:
    """One hold with what it covers, its history, and whether the viewer may release it, and why not.

    ``covered`` names only records that the viewer may know of; ``more`` says that there are more than are named.
    """

    hold: HoldView
    covered: tuple[Covered, ...]
    more: bool
    done: tuple[Done, ...]
    release: Verdict


def all_holds(ledger: Ledger, viewer: Person, *, standing_only: bool = False) -> list[HoldView]:
    """Return the holds, the newest first."""
    require(viewer, Action.SEE_DISPOSAL)
    wanted = select(holds).order_by(holds.c.year.desc(), holds.c.number.desc())
    if standing_only:
        wanted = wanted.where(holds.c.released_at.is_(None))
    at = ledger.clock.stamp()
    with ledger.read() as connection:
        rows = connection.execute(wanted).all()
        scopes: dict[str, list[Any]] = {row.id: [] for row in rows}
        for scope in connection.execute(_scopes(viewer, at)):
            if scope.hold_id in scopes:
                scopes[scope.hold_id].append(scope)
        wider = connection.execute(select(hold_scopes)).all()
    return [_view(row, scopes[row.id], [one for one in wider if one.hold_id == row.id]) for row in rows]


def one_hold(ledger: Ledger, viewer: Person, hold_no: str) -> HoldPage:
    """Return one hold by its number."""
    require(viewer, Action.SEE_DISPOSAL)
    at = ledger.clock.stamp()
    with ledger.read() as connection:
        row = connection.execute(select(holds).where(holds.c.hold_no == hold_no.strip().upper())).one_or_none()
        if row is None:
            raise NotFound(f"没有冻结 {hold_no}。", f"There is no hold {hold_no}.")
        scopes = connection.execute(_scopes(viewer, at).where(hold_records.c.hold_id == row.id)).all()
        wider = connection.execute(select(hold_scopes).where(hold_scopes.c.hold_id == row.id)).all()
        covered = _covered(connection, viewer, row.id, at)
        done = _told(connection, viewer, row.id, at)
    thing = Thing(hands={"placed_by": frozenset({row.placed_by})})
    return HoldPage(
        hold=_view(row, scopes, wider),
        covered=tuple(covered[:MOST_SHOWN]),
        more=len(covered) > MOST_SHOWN,
        done=done,
        release=can(viewer, Action.RELEASE_HOLD, thing),
    )


def holds_on(connection: Connection, list_id: str) -> dict[str, tuple[Hold, ...]]:
    """Return the holds that stand on the records of a list at this moment, by record, their case files' included."""
    found = connection.execute(
        select(records.c.id, holds.c.hold_no, holds.c.reason)
        .join(disposal_items, disposal_items.c.record_id == records.c.id)
        .join(holds, or_(holds.c.id.in_(_singly), holds.c.id.in_(_by_class)))
        .where(disposal_items.c.list_id == list_id, holds.c.released_at.is_(None))
        .order_by(holds.c.year, holds.c.number)
    )
    by_record: dict[str, dict[str, Hold]] = {}
    for row in found:
        by_record.setdefault(row.id, {})[row.hold_no] = Hold(row.hold_no, row.reason)
    return {record_id: tuple(standing.values()) for record_id, standing in by_record.items()}


_singly = (
    select(hold_records.c.hold_id)
    .where(or_(hold_records.c.record_id == records.c.id, hold_records.c.case_id == records.c.case_id))
    .correlate(records)
)
_by_class = select(hold_scopes.c.hold_id).where(hold_scopes.c.class_code == records.c.class_code).correlate(records)


def _scopes(viewer: Person, at: str) -> Any:
    return (
        select(hold_records.c.hold_id, records.c.code, case_files.c.case_no)
        .select_from(hold_records)
        .outerjoin(records, (records.c.id == hold_records.c.record_id) & _may_be_named(viewer, at))
        .outerjoin(case_files, case_files.c.id == hold_records.c.case_id)
    )


_by_words = (
    select(hold_scopes.c.id)
    .where(hold_scopes.c.hold_id == hold_records.c.hold_id, hold_scopes.c.words.is_not(None))
    .correlate(hold_records)
)


def _may_be_named(viewer: Person, at: str) -> ColumnElement[bool]:
    """Return the SQL condition that a single record of a hold may be named to a viewer.

    Where the hold has a search, being held tells that the record holds its words: that is for those alone who may see
    the record. Elsewhere whoever knows of it on the desk may know that it is held.
    """
    sees = visible(viewer, records.c.level, records.c.id, at=at)
    return or_(sees, known(viewer, at) & ~exists(_by_words))


def _told(connection: Connection, viewer: Person, hold_id: str, at: str) -> tuple[Done, ...]:
    """Return what was done with a hold; that its search caught something only where the viewer may see some of it."""
    done = done_with(connection, "hold", hold_id)
    caught = {one for act in done if act.act == acts.HOLD_CAUGHT.name for one in act.detail.get("records", ())}
    sees = visible(viewer, records.c.level, records.c.id, at=at)
    every, seen = sorted(caught), set[str]()
    for start in range(0, len(every), IN_A_QUERY):
        some = records.c.id.in_(every[start : start + IN_A_QUERY])
        seen.update(connection.execute(select(records.c.id).where(some, sees)).scalars())
    return tuple(one for one in done if one.act != acts.HOLD_CAUGHT.name or seen & set(one.detail.get("records", ())))


def _covered(connection: Connection, viewer: Person, hold_id: str, at: str) -> list[Covered]:
    scope = hold_records.c.hold_id == hold_id
    singly = (
        select(hold_records.c.id)
        .where(scope, hold_records.c.record_id == records.c.id, _may_be_named(viewer, at))
        .correlate(records)
    )
    by_case = select(hold_records.c.case_id).where(scope, hold_records.c.case_id.is_not(None))
    by_class = select(hold_scopes.c.class_code).where(
        hold_scopes.c.hold_id == hold_id, hold_scopes.c.class_code.is_not(None)
    )
    found = connection.execute(
        select(records)
        .where(
            or_(
                exists(singly),
                or_(records.c.case_id.in_(by_case), records.c.class_code.in_(by_class)) & known(viewer, at),
            )
        )
        .order_by(records.c.code)
        .limit(MOST_SHOWN + 1)
    ).all()
    listed = connection.execute(
        select(disposal_items.c.record_id, disposal_lists.c.list_no)
        .join(disposal_lists, disposal_lists.c.id == disposal_items.c.list_id)
        .where(disposal_items.c.record_id.in_([row.id for row in found]), disposal_items.c.step.not_in(FINISHED))
    )
    lists = {row.record_id: row.list_no for row in listed}
    return [Covered(*shown(viewer, row._asdict(), at), lists.get(row.id)) for row in found]


def _view(row: Any, scopes: Sequence[Any], wider: Sequence[Any]) -> HoldView:
    codes = tuple(sorted(scope.code for scope in scopes if scope.code))
    case_nos = tuple(sorted(scope.case_no for scope in scopes if scope.case_no))
    classes = tuple(sorted(one.class_code for one in wider if one.class_code))
    words = next((one.words for one in wider if one.words), "")
    facts = {name: getattr(row, name) for name in FACTS}
    return HoldView(**facts, codes=codes, case_nos=case_nos, classes=classes, words=words)
