"""Destruction: ordered by a person after everything was checked again, then carried out in steps that can be repeated.

begun (hidden) -> index purged -> **key going** (the commit of this claim is the point of no return) -> key destroyed
-> objects deleted -> looked for again -> stub. Each step does its slow work first, holding no lock, and then notes
in one short transaction that it is done, provided that the item still stands where it stood. So a crash anywhere is
completed by carrying out again, and two processes at once do not disturb each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.keeping import known_stores
from archive_service.catalog.tables import ARCHIVED, DESTROYING, records
from archive_service.clock import from_stamp
from archive_service.disposal.checking.check import RetentionCheck
from archive_service.disposal.destroying import papers
from archive_service.disposal.destroying.certificates import Certificates
from archive_service.disposal.destroying.steps import Purger, Steps
from archive_service.disposal.listing.approving import void_approvals
from archive_service.disposal.listing.freezing import digest_of, hands_of, in_words, items_of, locked_list, obstacles
from archive_service.disposal.listing.supervising import require_supervised
from archive_service.disposal.model import APPROVALS_NEEDED, FINISHED, ListState, Step, check_move
from archive_service.disposal.tables import approvals, disposal_items, disposal_lists
from archive_service.errors import ArchiveError, BadInput, Conflict, Text
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, require
from archive_service.vault import Vault


@dataclass(frozen=True)
class CarriedOut:
    """What a run over one list came to, by archival code; ``unfinished`` items say what was found or went wrong."""

    list_no: str
    closed: bool
    destroyed: tuple[str, ...]
    stopped: tuple[str, ...]
    unfinished: tuple[tuple[str, Text], ...]


@dataclass(frozen=True)
class Destruction:
    """The only way in which content leaves the archive."""

    ledger: Ledger
    vault: Vault
    purger: Purger
    check: RetentionCheck
    certificates: Certificates

    def _local(self, stamp: str | None) -> str:
        return from_stamp(stamp).astimezone(self.ledger.clock.zone).strftime("%Y-%m-%d %H:%M") if stamp else "?"

    def order(self, person: Person, list_no: str, typed: str) -> None:
        """Order what a list proposes to destroy: cooled off, everything checked again, its number typed by hand.

        By an archivist who neither proposed nor appraised nor approved it. A hold or a period that is not over,
        found now, sends the whole list back to approval with the reason and voids the approvals (:class:`Conflict`).
        """
        if typed.strip().upper() != list_no.strip().upper():
            raise BadInput(
                f"请输入清册号 {list_no} 以确认销毁。",
                f"Type the list's number, {list_no}, to confirm the destruction.",
            )
        with self.ledger.work(person.id) as work:
            row = locked_list(work, list_no)
            hands = hands_of(work.connection, row, every_round=True)
            require(person, Action.ORDER_DESTRUCTION, Thing(hands=hands))
            check_move(row.list_no, row.state, ListState.ORDERED)
            if row.cooling_until is None or self.check.clock.stamp() < row.cooling_until:
                raise Conflict(
                    f"冷静期至 {self._local(row.cooling_until)} 方满。",
                    f"The cooling-off lasts until {self._local(row.cooling_until)}.",
                )
            _require_approvals(work, row)
            supervisors = require_supervised(work.connection, row)
            require(person, Action.ORDER_DESTRUCTION, Thing(hands={**hands, "supervisor": supervisors}))
            known_stores.require_all(work.connection, self.vault.stores)
            papers.refuse_lent(work.connection, row.id)
            found = obstacles(work.connection, self.check, row)
            if found:
                text = in_words(found)
                void_approvals(work, row, ListState.SUBMITTED, text)
                work.commit()
                raise Conflict(
                    f"未销毁任何档案，清册退回审批：{text.zh}。",
                    f"Nothing was destroyed; the list goes back for approval: {text.en}.",
                )
            self._begin(work, row, person)
            work.commit()

    def _begin(self, work: Work, row: Any, person: Person) -> None:
        """Hide everything that is to be destroyed; from here on no search, page or export shows it."""
        for item in items_of(work.connection, row.id, Step.WAITING):
            hidden = work.update(records, item.record_id, {"status": DESTROYING}, records.c.status == ARCHIVED)
            if not hidden:
                raise Conflict("清册中有档案已不在库中。", "A record on the list is no longer in the archive.")
            work.update(disposal_items, item.id, {"step": Step.BEGUN})
            work.act(acts.DESTRUCTION_BEGUN, "record", item.record_id, list_no=row.list_no)
        values = {"state": ListState.ORDERED, "ordered_at": work.at, "ordered_by": person.id}
        work.update(disposal_lists, row.id, {**values, "reason_zh": None, "reason_en": None})
        work.act(acts.LIST_ORDERED, "disposal_list", row.id, list_no=row.list_no, round=row.round, digest=row.digest)

    def attest_papers(self, person: Person, list_no: str, said: Mapping[str, str]) -> bool:
        """Attest the destruction of a list's papers (``done_on``, ``place``, ``way``); say whether both supervisors have.

        Then the list closes, once nothing else keeps it open.
        """
        whole = papers.attest(self.ledger, person, list_no, said)
        if whole:
            self._finish(list_no)
        return whole

    def papers(self, viewer: Person, list_no: str) -> list[papers.Paper]:
        """Return the papers of what a list destroyed."""
        require(viewer, Action.SEE_DISPOSAL)
        with self.ledger.read() as connection:
            wanted = select(disposal_lists.c.id).where(disposal_lists.c.list_no == list_no.strip())
            list_id = connection.execute(wanted).scalar_one_or_none()
            return papers.papers_of(connection, list_id) if list_id else []

    def papers_waiting(self, viewer: Person) -> int:
        """Return of how many ordered lists the papers wait for this supervisor's word."""
        require(viewer, Action.SEE_DISPOSAL)
        with self.ledger.read() as connection:
            return papers.waiting_for(connection, viewer.id)

    def unfinished(self) -> list[str]:
        """Return the numbers of the lists that are ordered and not closed yet."""
        with self.ledger.read() as connection:
            wanted = select(disposal_lists.c.list_no).where(disposal_lists.c.state == ListState.ORDERED)
            return list(connection.execute(wanted.order_by(disposal_lists.c.ordered_at)).scalars())

    def carry_on(self) -> list[str]:
        """Carry on every ordered list, at start and by the scheduler; return the numbers of those that closed."""
        return [list_no for list_no in self.unfinished() if self.carry_out(list_no).closed]

    def carry_out(self, list_no: str) -> CarriedOut:
        """Carry an ordered list on from wherever each item stands, as far as it goes. Can be repeated at any time.

        What fails for one item is told in the result and tried again by the next call; the others go on.
        """
        with self.ledger.read() as connection:
            row = connection.execute(select(disposal_lists).where(disposal_lists.c.list_no == list_no)).one()
            begun = items_of(connection, row.id) if row.state == ListState.ORDERED else []
        steps = Steps(self.ledger, self.vault, self.purger, self.check)
        for item in begun:
            try:
                steps.advance(item.id)
            except ArchiveError as error:
                steps.note_finding(item.id, error.text)
        return self._finish(list_no)

    def _finish(self, list_no: str) -> CarriedOut:
        with self.ledger.read() as connection:
            row = connection.execute(select(disposal_lists).where(disposal_lists.c.list_no == list_no)).one()
            found = connection.execute(
                select(disposal_items, records.c.code)
                .join(records, records.c.id == disposal_items.c.record_id)
                .where(disposal_items.c.list_id == row.id)
                .order_by(disposal_items.c.position)
            ).all()
            papers_left = bool(papers.unattested(connection, row.id))
        open_items = [item for item in found if item.step not in FINISHED]
        closed = row.state == ListState.CLOSED
        if row.state == ListState.ORDERED and not open_items and not papers_left:
            self.certificates.close(row.list_no, self.vault.stores)
            closed = True
        return CarriedOut(
            list_no=row.list_no,
            closed=closed,
            destroyed=tuple(item.code for item in found if item.step == Step.DESTROYED),
            stopped=tuple(item.code for item in found if item.step == Step.STOPPED),
            unfinished=tuple((item.code, Text(item.finding_zh or "", item.finding_en or "")) for item in open_items),
        )


def _require_approvals(work: Work, row: Any) -> None:
    """Count the approvals of this round again, and hold what was approved against what the list says now."""
    given = work.connection.execute(
        select(approvals).where(approvals.c.list_id == row.id, approvals.c.round == row.round)
    ).all()
    good = {approval.approver_id for approval in given if approval.digest == row.digest} - {row.proposer_id}
    if len(good) < (row.approvals_needed or APPROVALS_NEEDED) or digest_of(work.connection, row) != row.digest:
        raise Conflict(
            "批准份数不足，或清册在批准后被改动，不得销毁。",
            "There are too few approvals, or the list was changed after it was approved; nothing may be destroyed.",
        )
