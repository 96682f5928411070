"""Disposal lists 处置清册: drawn up by one, appraised by a second, approved by two others."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.classification.schedules import Schedules
from archive_service.disposal.checking.check import RetentionCheck
from archive_service.disposal.listing import approving, group, supervising, views
from archive_service.disposal.listing.deadlines import Turns
from archive_service.disposal.listing.freezing import (
    Obstacle,
    digest_of,
    hands_of,
    in_words,
    items_of,
    locked_list,
    obstacles,
    record_of,
    why_not,
)
from archive_service.disposal.model import APPROVALS_NEEDED, CandidateState, ListState, Opinion, Step, check_move
from archive_service.disposal.numbers import next_number, numbered
from archive_service.disposal.tables import candidates, disposal_items, disposal_lists
from archive_service.errors import BadInput, Conflict, NotFound
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, require

LONGEST_EXTENSION = 99
LONGEST_REASON = 500
UNTOUCHED: Mapping[str, Any] = {
    "opinion": None,
    "reason": None,
    "extension_years": 0,
    "appraiser_id": None,
    "appraised_at": None,
    "step": Step.WAITING,
    "finding_zh": None,
    "finding_en": None,
}


@dataclass(frozen=True)
class DrawnUp:
    """A new list, and what did not come onto it with the reasons."""

    list_no: str
    items: int
    left_out: tuple[Obstacle, ...] = ()


@dataclass(frozen=True)
class Appraisal:
    """The opinion on one item, by its position in the list; ``extension_years`` for ``EXTEND`` only."""

    position: int
    opinion: Opinion
    reason: str
    extension_years: int = 0


@dataclass(frozen=True)
class Disposal:
    """The work on lists, up to the order to destroy."""

    ledger: Ledger
    schedules: Schedules
    check: RetentionCheck
    cooling_off_days: int
    approvals_needed: int = APPROVALS_NEEDED
    group_needed: bool = False

    def draw_up(self, person: Person, candidate_ids: Sequence[str]) -> DrawnUp:
        """Draw up a list from entries of the queue, all of one fonds; what is held or not due is left out and named."""
        require(person, Action.DRAW_UP_LIST)
        wanted = list(dict.fromkeys(candidate_ids))
        if not wanted:
            raise BadInput("请至少选择一件到期档案。", "Please choose at least one record that is due.")
        return numbered(lambda: self._draw_up(person, wanted))

    def _draw_up(self, person: Person, candidate_ids: Sequence[str]) -> DrawnUp:
        with self.ledger.work(person.id) as work:
            taken, left_out = self._take(work, candidate_ids)
            if not taken:
                text = in_words(left_out)
                raise Conflict(f"没有可列入清册的档案：{text.zh}。", f"Nothing can go onto the list: {text.en}.")
            fonds_ids = {record["fonds_id"] for _, record in taken}
            if len(fonds_ids) > 1:
                raise BadInput("一份清册只能包含一个全宗的档案。", "A list holds records of one fonds only.")
            list_id, list_no = self._insert_list(work, person, fonds_ids.pop())
            for position, (candidate_id, record) in enumerate(taken, 1):
                identity = {"id": uuid.uuid4().hex, "list_id": list_id, "proposer_id": person.id, "position": position}
                work.insert(
                    disposal_items, {**identity, "record_id": record["id"], "candidate_id": candidate_id, **UNTOUCHED}
                )
            codes = [record["code"] for _, record in taken]
            work.act(acts.LIST_DRAWN_UP, "disposal_list", list_id, list_no=list_no, records=codes)
            work.commit()
        return DrawnUp(list_no, len(taken), tuple(left_out))

    def _take(
        self, work: Work, candidate_ids: Sequence[str]
    ) -> tuple[list[tuple[str, Mapping[str, Any]]], list[Obstacle]]:
        """Claim entries of the queue for a new list; one that is held or no longer due stays in the queue."""
        taken, left_out = [], []
        for candidate_id in sorted(candidate_ids):  # one order for all, so that two drawers cannot block each other
            entry = work.connection.execute(select(candidates).where(candidates.c.id == candidate_id)).one_or_none()
            if entry is None:
                raise NotFound("待鉴定队列中没有这一项。", "There is no such entry in the queue.")
            record = record_of(work.connection, entry.record_id)
            reason = why_not(work.connection, self.check, record, self.check.today())
            if reason is not None:
                left_out.append(Obstacle(record["code"], reason))
                continue
            values = {"state": CandidateState.LISTED}
            if not work.update(candidates, candidate_id, values, candidates.c.state == CandidateState.QUEUED):
                raise Conflict(f"{record['code']} 已不在待鉴定队列中。", f"{record['code']} is no longer in the queue.")
            taken.append((candidate_id, record))
        return sorted(taken, key=lambda one: str(one[1]["code"])), left_out

    def _insert_list(self, work: Work, person: Person, fonds_id: str) -> tuple[str, str]:
        year = self.ledger.clock.today().year
        number = next_number(work.connection, disposal_lists, year)
        list_id, list_no = uuid.uuid4().hex, f"CZ{year}-{number:03d}"
        identity = {"id": list_id, "list_no": list_no, "year": year, "number": number, "fonds_id": fonds_id}
        begun = {"state": ListState.DRAWN_UP, "round": 1, "proposer_id": person.id, "drawn_up_at": work.at}
        empty = (
            "submitted_at",
            "submitted_by",
            "digest",
            "cooling_until",
            "ordered_at",
            "ordered_by",
            "closed_at",
            "reason_zh",
            "reason_en",
            "approvals_needed",
        )
        work.insert(disposal_lists, {**identity, **begun, **dict.fromkeys(empty)})
        return list_id, list_no

    def appraise(self, person: Person, list_no: str, opinions: Sequence[Appraisal]) -> None:
        """Give opinions on items; they may be changed until the list is submitted. Never by the proposer."""
        for one in opinions:
            _check_appraisal(one)
        with self.ledger.work(person.id) as work:
            row = locked_list(work, list_no)
            require(person, Action.APPRAISE, Thing(hands=hands_of(work.connection, row)))
            _require_state(row, ListState.DRAWN_UP)
            group.require_member(group.group_of(work.connection, row.id), person)
            items = {item.position: item for item in items_of(work.connection, row.id, Step.WAITING)}
            for one in opinions:
                if one.position not in items:
                    raise NotFound(
                        f"清册中没有第 {one.position} 项待鉴定的档案。",
                        f"The list has no item {one.position} to be appraised.",
                    )
                item = items[one.position]
                group.require_seen(work, person, item)
                words = {"opinion": one.opinion, "reason": one.reason.strip(), "extension_years": one.extension_years}
                work.update(disposal_items, item.id, {**words, "appraiser_id": person.id, "appraised_at": work.at})
                said = {"opinion": str(one.opinion), "years": one.extension_years}
                work.act(
                    acts.ITEM_APPRAISED, "disposal_list", row.id, list_no=row.list_no, record=item.record_id, **said
                )
            work.commit()

    def name_group(self, person: Person, list_no: str, members: Sequence[tuple[str, str]]) -> None:
        """Name the appraisal group of a list by logins and capacities."""
        group.name_group(self.ledger, person, list_no, members)

    def able_members(self, viewer: Person, list_no: str) -> list[tuple[str, str]]:
        """Return login and name of everybody who could be in the appraisal group of a list."""
        return group.able_members(self.ledger, viewer, list_no)

    def say(self, person: Person, list_no: str, position: int | None, *, agrees: bool = True, reason: str = "") -> int:
        """Say as a member of the group what one holds of an opinion, or agree to all; return to how many."""
        return group.say(self.ledger, person, list_no, position, agrees=agrees, reason=reason)

    def strike(self, person: Person, list_no: str, position: int, reason: str) -> None:
        """Take an item off a list that is being appraised; its record goes back into the queue."""
        require(person, Action.DRAW_UP_LIST)
        _check_reason(reason)
        with self.ledger.work(person.id) as work:
            row = locked_list(work, list_no)
            _require_state(row, ListState.DRAWN_UP)
            waiting = items_of(work.connection, row.id, Step.WAITING)
            for item in waiting:
                if item.position == position:
                    _strike(work, item)
                    work.act(
                        acts.ITEM_STRUCK,
                        "disposal_list",
                        row.id,
                        list_no=row.list_no,
                        record=item.record_id,
                        reason=reason.strip(),
                    )
                    work.commit()
                    return
        raise NotFound(f"清册中没有第 {position} 项待鉴定的档案。", f"The list has no item {position} to be appraised.")

    def submit(self, person: Person, list_no: str) -> str:
        """Freeze a list whose items all have an opinion and put it up for approval; return its digest."""
        require(person, Action.DRAW_UP_LIST)
        with self.ledger.work(person.id) as work:
            row = locked_list(work, list_no)
            check_move(row.list_no, row.state, ListState.SUBMITTED)
            _require_state(row, ListState.DRAWN_UP)
            items = items_of(work.connection, row.id, Step.WAITING)
            missing = [str(item.position) for item in items if item.opinion is None]
            if missing or not items:
                raise Conflict(
                    f"还有未鉴定的项目：第 {'、'.join(missing) or '—'} 项。",
                    f"Items without an opinion: {', '.join(missing) or 'none left'}.",
                )
            approving.refuse_obstacles(obstacles(work.connection, self.check, row))
            group.require_quorum(work.connection, row, items, needed=self.group_needed)
            digest = digest_of(work.connection, row)
            values = {
                "state": ListState.SUBMITTED,
                "submitted_at": work.at,
                "submitted_by": person.id,
                "digest": digest,
                "approvals_needed": max(self.approvals_needed, APPROVALS_NEEDED),
            }
            work.update(disposal_lists, row.id, {**values, "reason_zh": None, "reason_en": None})
            work.act(acts.LIST_SUBMITTED, "disposal_list", row.id, list_no=row.list_no, round=row.round, digest=digest)
            work.commit()
        return digest

    def approve(self, person: Person, list_no: str, digest: str) -> ListState:
        """Approve what was shown with this digest; the last approval carries out what is not destruction.

        Neither proposer nor appraiser may, and nobody twice. Returns the list's new state.
        """
        return approving.approve(
            self.ledger, self.schedules, self.check, self.cooling_off_days, person, list_no, digest
        )

    def supervise(self, person: Person, list_no: str, digest: str) -> int:
        """Sign as a supervisor 监销人 before the run: the records were held against the register that was shown."""
        return supervising.sign_before(self.ledger, person, list_no, digest)

    def sign_off(self, person: Person, list_no: str) -> bool:
        """Sign as a supervisor after the run; say whether the destruction is signed off by all."""
        return supervising.sign_after(self.ledger, person, list_no)

    def send_back(self, person: Person, list_no: str, reason: str) -> None:
        """Return a submitted or approved list to appraisal, with the reason; approvals given so far are void."""
        _check_reason(reason)
        approving.send_back(self.ledger, person, list_no, reason.strip())

    def withdraw(self, person: Person, list_no: str, reason: str) -> None:
        """Give a list up before it is ordered; what was not carried out goes back into the queue."""
        require(person, Action.DRAW_UP_LIST)
        _check_reason(reason)
        with self.ledger.work(person.id) as work:
            row = locked_list(work, list_no)
            check_move(row.list_no, row.state, ListState.WITHDRAWN)
            for item in items_of(work.connection, row.id, Step.WAITING):
                _strike(work, item)
            words = {"reason_zh": reason.strip(), "reason_en": reason.strip()}
            work.update(disposal_lists, row.id, {"state": ListState.WITHDRAWN, "closed_at": work.at, **words})
            work.act(acts.LIST_WITHDRAWN, "disposal_list", row.id, list_no=row.list_no)
            work.commit()

    def queue(self, viewer: Person) -> list[views.QueueRow]:
        """Return what waits for a list, the longest due first."""
        return views.queue(self.ledger, viewer)

    def queued(self, viewer: Person) -> int:
        """Return how many records wait for a list."""
        return views.queued(self.ledger, viewer)

    def turns(self, viewer: Person, deadline_days: int) -> Turns:
        """Return for each step the lists that wait for it and on which the viewer can take it now, and the late ones."""
        return views.turns(self.ledger, viewer, deadline_days)

    def all(self, viewer: Person) -> list[views.ListRow]:
        """Return every list, the newest first."""
        return views.all_lists(self.ledger, viewer)

    def view(self, viewer: Person, list_no: str) -> views.ListView:
        """Return one list with its items, approvals and what the viewer may do with it now."""
        return views.one_list(self.ledger, self.check, viewer, list_no)

    def forecast(self, viewer: Person, years: int) -> list[tuple[str, str, int]]:
        """Return month, class and number of records that become due within some years, what is overdue included."""
        return views.forecast(self.ledger, viewer, years)


def _strike(work: Work, item: Any) -> None:
    work.update(disposal_items, item.id, {"step": Step.STRUCK})
    work.update(
        candidates, item.candidate_id, {"state": CandidateState.QUEUED}, candidates.c.state == CandidateState.LISTED
    )


def _require_state(row: Any, *states: ListState) -> None:
    if row.state not in states:
        raise Conflict(f"清册 {row.list_no} 已不在鉴定中。", f"List {row.list_no} is no longer being appraised.")


def _check_reason(reason: str) -> None:
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise BadInput(
            f"请说明理由（最多 {LONGEST_REASON} 字）。", f"Please give a reason (at most {LONGEST_REASON} characters)."
        )


def _check_appraisal(one: Appraisal) -> None:
    _check_reason(one.reason)
    if one.opinion is Opinion.EXTEND and not 1 <= one.extension_years <= LONGEST_EXTENSION:
        raise BadInput(
            f"续存年数为 1 至 {LONGEST_EXTENSION}。", f"A record is kept 1 to {LONGEST_EXTENSION} years longer."
        )
    if one.opinion is not Opinion.EXTEND and one.extension_years:
        raise BadInput("只有“续存”可填年数。", "Only the opinion “keep longer” has a number of years.")
