"""Whose turn it is with a list: the next act, who could do it, and why the one who looks at it may not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from archive_service.disposal.listing.group import Group
from archive_service.disposal.listing.supervising import SUPERVISORS_NEEDED
from archive_service.disposal.model import ListState
from archive_service.people.model import Person
from archive_service.people.policy import TABLE, Action, Thing, Verdict, can
from archive_service.people.service import person_from_row
from archive_service.people.tables import people


@dataclass(frozen=True)
class NextHands:
    """The act that takes a list on, the names of all who could do it now, and the answer for the viewer.

    ``barred`` says that the viewer has the role for it and yet may not, because of an earlier hand in this list.
    """

    action: Action
    names: tuple[str, ...]
    verdict: Verdict
    barred: bool


def next_action(
    state: str, items: Sequence[Any], hands: Mapping[str, frozenset[str]], group: Group | None = None
) -> Action | None:
    """Return what a list in this state waits for; nothing once it was ordered, closed or withdrawn."""
    if state == ListState.DRAWN_UP:
        open_items = [item for item in items if item.opinion is None]
        short = group is not None and group.short(items) and group.owing(items)
        return Action.APPRAISE if open_items or short else Action.DRAW_UP_LIST
    if state == ListState.APPROVED and len(hands.get("supervisor", ())) < SUPERVISORS_NEEDED:
        return Action.SUPERVISE
    return {ListState.SUBMITTED: Action.APPROVE, ListState.APPROVED: Action.ORDER_DESTRUCTION}.get(ListState(state))


def next_hands(
    connection: Connection,
    viewer: Person,
    action: Action | None,
    hands: Mapping[str, frozenset[str]],
    at: str,
    among: frozenset[str] | None = None,
) -> NextHands | None:
    """Ask the policy about everybody, or about those ``among`` whom it must be; ``None`` for a list that waits for nobody."""
    if action is None:
        return None
    thing = Thing(hands=hands)
    everybody = connection.execute(select(people).where(people.c.disabled_at.is_(None)).order_by(people.c.login)).all()
    asked = [row for row in everybody if among is None or row.id in among]
    able = [row.name for row in asked if can(person_from_row(connection, row, at), action, thing).allowed]
    verdict = can(viewer, action, thing)
    barred = not verdict.allowed and bool(viewer.roles & TABLE[action].roles)
    return NextHands(action, tuple(able), verdict, barred)
