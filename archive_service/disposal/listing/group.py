"""The appraisal group 鉴定小组: three people or more who are named, and what each of them says to each opinion (DOMAIN 2.4).

A list may be given a group; then only its members appraise, and the list is submitted once three of them and more than
half agree to every opinion. What a member says stands until the opinion itself is changed, which asks everybody anew.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.disposal.listing.freezing import hands_of, items_of, locked_list, record_of
from archive_service.disposal.model import STATE_WORDS, ListState, Step
from archive_service.disposal.tables import CAPACITIES, appraisal_members, appraisal_votes, disposal_lists
from archive_service.errors import BadInput, Conflict, Forbidden, NotFound, Text
from archive_service.people.model import Person
from archive_service.people.notices import everybody
from archive_service.people.policy import Action, Thing, can, require
from archive_service.people.service import person_from_row
from archive_service.people.tables import people

LEAST = 3
CAPACITY_WORDS: Mapping[str, Text] = {
    "leader": Text("分管负责人（组长）", "Responsible leader (chair)"),
    "archives": Text("档案人员", "Archives"),
    "business": Text("业务部门", "Business department"),
    "expert": Text("专家", "Expert"),
}
PARTIES = ("leader", "archives", "business")
"""The three parties of a group; experts come beside them."""


@dataclass(frozen=True)
class Group:
    """The members of a list's group by id, with their capacities, and what they said to the opinions as they stand now."""

    members: Mapping[str, str]
    votes: Mapping[str, tuple[Any, ...]]

    def agreed(self, item: Any) -> frozenset[str]:
        """Return the members who hold with an item's opinion; who gave it does."""
        said = {one.member_id for one in self.votes.get(item.id, ()) if one.agrees}
        return frozenset(said | ({item.appraiser_id} & set(self.members)))

    def short(self, items: Sequence[Any]) -> list[int]:
        """Return the positions to whose opinion too few members agree; none where the list has no group."""
        if not self.members:
            return []
        enough = max(LEAST, len(self.members) // 2 + 1)
        return [item.position for item in items if len(self.agreed(item)) < enough]

    def owing(self, items: Sequence[Any]) -> frozenset[str] | None:
        """Return the members who have something left to say; ``None`` where the list has no group."""
        if not self.members:
            return None
        if any(item.opinion is None for item in items):
            return frozenset(self.members)
        return frozenset(one for one in self.members if any(self.asked(one, item) for item in items))

    def asked(self, member_id: str, item: Any) -> bool:
        """Say whether a member has not said yet what he holds of an item's opinion."""
        if member_id not in self.members or item.opinion is None or item.appraiser_id == member_id:
            return False
        return all(one.member_id != member_id for one in self.votes.get(item.id, ()))


def group_of(connection: Connection, list_id: str) -> Group:
    """Return the group that was named last, and its words on the opinions as they stand now."""
    last = select(func.max(appraisal_members.c.naming)).where(appraisal_members.c.list_id == list_id).scalar_subquery()
    named = connection.execute(
        select(appraisal_members)
        .where(appraisal_members.c.list_id == list_id, appraisal_members.c.naming == last)
        .order_by(appraisal_members.c.position)
    ).all()
    if not named:
        return Group({}, {})
    members = {one.person_id: one.capacity for one in named}
    standing = {item.id: item for item in items_of(connection, list_id)}
    votes: dict[str, tuple[Any, ...]] = {}
    wanted = select(appraisal_votes).where(appraisal_votes.c.list_id == list_id)
    for vote in connection.execute(wanted.order_by(appraisal_votes.c.given_at, appraisal_votes.c.id)):
        item = standing[vote.item_id]
        same = (vote.opinion, vote.extension_years, vote.appraised_at)
        if vote.member_id in members and same == (item.opinion, item.extension_years, item.appraised_at):
            votes[item.id] = (*votes.get(item.id, ()), vote)
    return Group(members, votes)


def name_group(ledger: Ledger, person: Person, list_no: str, members: Sequence[tuple[str, str]]) -> None:
    """Name the group of a list by logins and capacities; one named later takes the place of the earlier."""
    require(person, Action.DRAW_UP_LIST)
    _check_parties(members)
    with ledger.work(person.id) as work:
        row = locked_list(work, list_no)
        _require_drawn_up(row)
        thing = Thing(hands=hands_of(work.connection, row))
        found = [_member(work, login, thing) for login, _ in members]
        wanted = select(func.max(appraisal_members.c.naming)).where(appraisal_members.c.list_id == row.id)
        naming = (work.connection.execute(wanted).scalar_one() or 0) + 1
        common = {"list_id": row.id, "proposer_id": row.proposer_id, "naming": naming, "named_at": work.at}
        for position, (member, (_, capacity)) in enumerate(zip(found, members, strict=True), 1):
            which = {"id": uuid.uuid4().hex, "position": position, "person_id": member.id, "capacity": capacity}
            work.insert(appraisal_members, {**common, **which, "named_by": person.id})
        ids = [one.id for one in found]
        work.act(acts.GROUP_NAMED, "disposal_list", row.id, list_no=row.list_no, naming=naming, members=ids)
        work.commit()


def _check_parties(members: Sequence[tuple[str, str]]) -> None:
    logins, capacities = [login for login, _ in members], {capacity for _, capacity in members}
    if len(set(logins)) < LEAST or len(set(logins)) != len(logins):
        raise BadInput(
            f"鉴定小组至少 {LEAST} 人，每人只列一次。",
            f"An appraisal group has at least {LEAST} members, each named once.",
        )
    if not capacities <= set(CAPACITIES) or not capacities >= set(PARTIES):
        raise BadInput(
            "鉴定小组须有分管负责人、档案人员和业务部门三方。",
            "An appraisal group needs all three parties: the responsible leader, archives and the business department.",
        )


def _member(work: Work, login: str, thing: Thing) -> Person:
    row = work.connection.execute(select(people).where(people.c.login == login)).one_or_none()
    if row is None or row.disabled_at is not None:
        raise NotFound(f"没有在用的账号 {login}。", f"There is no account {login} in use.")
    member = person_from_row(work.connection, row, work.at)
    if not can(member, Action.APPRAISE, thing, at=work.at).allowed:
        raise Conflict(
            f"{row.name} 不能鉴定此清册：须有鉴定人角色，且不是编制人。",
            f"{row.name} cannot appraise this list: a member has the role of appraiser and did not draw it up.",
        )
    return member


def able_members(ledger: Ledger, viewer: Person, list_no: str) -> list[tuple[str, str]]:
    """Return login and name of everybody who could be in the group of a list."""
    require(viewer, Action.DRAW_UP_LIST)
    at = ledger.clock.stamp()
    with ledger.read() as connection:
        row = connection.execute(select(disposal_lists).where(disposal_lists.c.list_no == list_no)).one()
        thing = Thing(hands=hands_of(connection, row))
        return [
            (one.login, one.name)
            for one in everybody(connection, at)
            if can(one, Action.APPRAISE, thing, at=at).allowed
        ]


def say(
    ledger: Ledger, person: Person, list_no: str, position: int | None, *, agrees: bool = True, reason: str = ""
) -> int:
    """Say as a member what one holds of one opinion, or agree to all that one may see and has not judged; return how many."""
    if not agrees and (position is None or not reason.strip()):
        raise BadInput("不同意须写明理由。", "Say why you do not agree.")
    with ledger.work(person.id) as work:
        row = locked_list(work, list_no)
        require(person, Action.APPRAISE, Thing(hands=hands_of(work.connection, row)))
        _require_drawn_up(row)
        group = group_of(work.connection, row.id)
        require_member(group, person)
        asked = [item for item in items_of(work.connection, row.id, Step.WAITING) if group.asked(person.id, item)]
        if position is None:
            asked = [item for item in asked if seen(work, person, item)]
        else:
            asked = [item for item in asked if item.position == position]
            for item in asked:
                require_seen(work, person, item)
        if not asked:
            raise Conflict("没有等您表态的意见。", "There is no opinion that waits for your word.")
        for item in asked:
            _insert_vote(work, row, item, person.id, agrees=agrees, reason=reason.strip())
        said = {"positions": [item.position for item in asked], "agrees": agrees}
        work.act(acts.GROUP_SAID, "disposal_list", row.id, list_no=row.list_no, **said)
        work.commit()
    return len(asked)


def _insert_vote(work: Work, row: Any, item: Any, member_id: str, *, agrees: bool, reason: str) -> None:
    about = {"id": uuid.uuid4().hex, "list_id": row.id, "proposer_id": row.proposer_id, "item_id": item.id}
    opinion = {name: getattr(item, name) for name in ("opinion", "extension_years", "appraised_at")}
    said = {"member_id": member_id, "agrees": agrees, "reason": reason or None, "given_at": work.at}
    work.insert(appraisal_votes, {**about, **opinion, **said})


def require_member(group: Group, person: Person) -> None:
    """Refuse whoever is not in the group of a list that has one."""
    if group.members and person.id not in group.members:
        raise Forbidden(
            "此清册由鉴定小组鉴定，您不是小组成员。",
            "This list is appraised by its appraisal group, and you are not a member.",
        )


def require_quorum(connection: Connection, row: Any, items: Sequence[Any], *, needed: bool) -> None:
    """Raise :class:`Conflict` unless enough members agree to every opinion; without a group only where one is asked for."""
    group = group_of(connection, row.id)
    if not group.members and needed:
        raise Conflict("请先指定鉴定小组。", "Name the appraisal group first.")
    outside = [item.position for item in items if group.members and item.appraiser_id not in group.members]
    short = sorted({*group.short(items), *outside})
    if short:
        enough = max(LEAST, len(group.members) // 2 + 1)
        raise Conflict(
            f"鉴定小组对第 {'、'.join(map(str, short))} 项尚未形成意见：每项须有 {enough} 名成员同意。",
            f"The appraisal group has not settled items {', '.join(map(str, short))}: {enough} members must agree to each.",
        )


def seen(work: Work, person: Person, item: Any) -> bool:
    """Say whether a person may see the record of an item."""
    record = record_of(work.connection, item.record_id)
    return can(person, Action.SEE_RECORD, Thing(level=record["level"], record_id=record["id"]), at=work.at).allowed


def require_seen(work: Work, person: Person, item: Any) -> None:
    """Refuse an opinion on what the appraiser may not see: nobody judges the value of a paper by its number."""
    if not seen(work, person, item):
        raise Forbidden(
            f"您无权查看第 {item.position} 项，不能鉴定。请由有权限的鉴定人鉴定。",
            f"You may not see item {item.position}, so you cannot appraise it; leave it to one who is cleared for it.",
        )


def _require_drawn_up(row: Any) -> None:
    if row.state != ListState.DRAWN_UP:
        words = STATE_WORDS[ListState(row.state)]
        raise Conflict(
            f"清册 {row.list_no} 现为“{words.zh}”，不能再鉴定。",
            f"List {row.list_no} is “{words.en}” and is not appraised any more.",
        )
