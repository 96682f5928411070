"""The appraisal group on the page of a list: who is in it, what each said, and the forms by which it is named and speaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from archive_service.disposal.listing.group import CAPACITY_WORDS, PARTIES
from archive_service.disposal.listing.views import ListView
from archive_service.disposal.model import ListState, Step
from archive_service.people.policy import Action
from archive_service.web.here import archive, local_time, person, t, words

Names = Mapping[str, str]
FURTHER = 4
"""Rows for members beside the three parties."""


def group_shown(view: ListView, names: Names) -> dict[str, Any]:
    """Return what the page says of the group, and what the viewer may do in it now."""
    group, me = view.group, person().id
    waiting = [item.row for item in view.items if item.row.step == Step.WAITING]
    seen = {item.row.position for item in view.items if item.visible}
    drawn_up = view.row.state == ListState.DRAWN_UP
    mine = [row.position for row in waiting if group.asked(me, row) and row.position in seen]
    names_it = drawn_up and Action.DRAW_UP_LIST in view.may
    return {
        "members": [_member(view, one, code, names) for one, code in group.members.items()],
        "short": group.short([row for row in waiting if row.opinion]) if drawn_up else [],
        "names_it": names_it,
        "people": archive().disposal.able_members(person(), view.row.list_no) if names_it else [],
        "parties": [(code, words(CAPACITY_WORDS[code])) for code in PARTIES],
        "capacities": [(code, words(text)) for code, text in CAPACITY_WORDS.items()],
        "further": range(1, FURTHER + 1),
        "mine": mine if drawn_up and Action.APPRAISE in view.may else [],
    }


def _member(view: ListView, member: str, capacity: str, names: Names) -> dict[str, Any]:
    of_list = [item.row for item in view.items if item.row.step != Step.STRUCK and item.row.opinion]
    said = [vote for row in of_list for vote in view.group.votes.get(row.id, ()) if vote.member_id == member]
    agreed = sum(1 for row in of_list if member in view.group.agreed(row))
    where = {row.id: row.position for row in of_list}
    times = [vote.given_at for vote in said] + [row.appraised_at for row in of_list if row.appraiser_id == member]
    return {
        "name": names.get(member, ""),
        "capacity": words(CAPACITY_WORDS[capacity]),
        "agreed": t(f"同意 {agreed} / {len(of_list)} 件", f"agrees to {agreed} of {len(of_list)}"),
        "dissents": [(where[vote.item_id], vote.reason) for vote in said if not vote.agrees],
        "when": local_time(max(times)) if times else "",
    }


def members_typed() -> list[tuple[str, str]]:
    """Return the members as the form names them: the three parties, then further ones with a capacity each."""
    form = request.form
    named = [(form.get(code, ""), code) for code in PARTIES]
    named += [(form.get(f"more-{n}", ""), form.get(f"as-{n}", "expert")) for n in range(1, FURTHER + 1)]
    return [(login, code) for login, code in named if login]
