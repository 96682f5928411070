"""Destruction: every step can be repeated, one step cannot be undone, and a crash anywhere is carried on from.

begun (hidden) -> purged (out of every index) -> key_going (the claim) -> key_gone -> deleted -> done.
Up to the claim a hold stops the item and it comes back; the claim's commit is the point of no return.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.accession import enqueue
from archive_service.catalog.tables import ARCHIVED, DESTROYED, DESTROYING, components, records
from archive_service.disposal.certificates import Certificates
from archive_service.disposal.check import RetentionCheck
from archive_service.disposal.holds import active_holds, lock_record
from archive_service.disposal.lists import ListView, digest_of, load_list
from archive_service.disposal.model import APPROVALS_NEEDED, FINISHED, ListState, Opinion, Step
from archive_service.disposal.tables import candidates, items, lists
from archive_service.errors import ArchiveError, BadInput, Conflict, Text
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, require
from archive_service.vault import Vault
from retention_policies import State


class Purger(Protocol):
    """What takes a record out of the search index, and looks again whether it is out."""

    def purge(self, record_id: str) -> None:
        """Remove the record's terms from every index; can be repeated."""

    def remains(self, record_id: str) -> list[str]:
        """Return what is left of the record in any index; empty is clean."""


@dataclass(frozen=True)
class Destruction:
    """Orders destructions and carries them out."""

    ledger: Ledger
    vault: Vault
    purger: Purger
    check: RetentionCheck
    certificates: Certificates

    # ------------------------------------------------------------------------------------------------ the order

    def order(self, actor: Person, list_no: str, typed: str) -> None:
        """Order the destruction of an approved list after its cooling-off; everything is checked once more.

        A hold or a verdict that is no longer *due* sends the whole list back to approval.
        """
        if typed.strip() != list_no:
            raise BadInput("输入的清册号与本清册不符。", "The number typed is not that of this list.")
        with self.ledger.work(actor.id) as work:
            view = load_list(work.connection, list_no, lock=True)
            require(actor, Action.ORDER_DESTRUCTION, Thing(hands=view.hands()))
            self._check_order(view, work.at)
            obstacle = self._obstacle(work, view)
            if obstacle is None:
                self._begin(work, view, actor)
            else:
                self._send_back(work, view, obstacle)
            work.commit()
        if obstacle is not None:
            raise Conflict(
                f"不能销毁，清册已退回审批：{obstacle.zh}", f"Not destroyed; the list went back to approval: {obstacle.en}"
            )

    def _check_order(self, view: ListView, now: str) -> None:
        row = view.row
        if row.state != ListState.APPROVED:
            raise Conflict(f"清册 {row.list_no} 尚未批准。", f"List {row.list_no} is not approved.")
        approvers = {approval.approver for approval in view.approvals if approval.digest == row.digest}
        if len(approvers) < APPROVALS_NEEDED or digest_of(view) != row.digest:
            raise Conflict("批准的内容与清册不符。", "What was approved is not what the list says.")
        if row.executable_at is None or now < row.executable_at:
            raise Conflict(
                f"冷静期未满，{row.executable_at} 之后方可执行。",
                f"The cooling-off has not ended; it can be carried out after {row.executable_at}.",
            )

    def _obstacle(self, work: Work, view: ListView) -> Text | None:
        today = self.ledger.clock.today()
        for item in view.items:
            if item.row.opinion != Opinion.DESTROY:
                continue
            decision = self.check.decide(work.connection, item.record, today)
            if decision.state is not State.DUE or item.record["status"] != ARCHIVED:
                code = item.record["code"]
                return Text(f"{code}：{decision.sentence.zh}", f"{code}: {decision.sentence.en}")
        return None

    def _begin(self, work: Work, view: ListView, actor: Person) -> None:
        ordered = {"state": ListState.ORDERED, "ordered_by": actor.id, "ordered_at": work.at}
        work.update(lists, view.row.id, ordered)
        work.act(acts.LIST_ORDERED, "disposal_list", view.row.id, list_no=view.row.list_no)
        for item in view.items:
            if item.row.opinion == Opinion.DESTROY:
                work.update(items, item.row.id, {"step": Step.BEGUN})
                work.update(records, item.record["id"], {"status": DESTROYING}, records.c.status == ARCHIVED)
                work.act(acts.DESTRUCTION_BEGUN, "record", item.record["id"], list_no=view.row.list_no)

    def _send_back(self, work: Work, view: ListView, obstacle: Text) -> None:
        # A new round: the approvals given so far were for a list without this obstacle.
        again = {"state": ListState.SUBMITTED, "round": view.row.round + 1, "executable_at": None}
        work.update(lists, view.row.id, {**again, "returned_reason": obstacle.zh[:500]})
        fresh = load_list(work.connection, view.row.list_no)
        work.update(lists, view.row.id, {"digest": digest_of(fresh)})
        work.act(acts.LIST_RETURNED, "disposal_list", view.row.id, list_no=view.row.list_no, to="submitted")

    # ------------------------------------------------------------------------------------------------ carrying out

    def carry_on(self) -> list[str]:
        """Carry on every ordered list, after a crash too; return the numbers of those that were closed."""
        with self.ledger.read() as connection:
            open_lists = connection.execute(
                select(lists.c.list_no).where(lists.c.state == ListState.ORDERED).order_by(lists.c.list_no)
            ).scalars()
            numbers = list(open_lists)
        return [number for number in numbers if self.carry_out(number)]

    def carry_out(self, list_no: str) -> bool:
        """Carry out an ordered list as far as it goes; say whether it is closed. Can be repeated at any point."""
        with self.ledger.read() as connection:
            view = load_list(connection, list_no)
        if view.row.state != ListState.ORDERED:
            return view.row.state == ListState.CLOSED
        for item in view.items:
            if item.row.opinion == Opinion.DESTROY and item.row.step not in FINISHED:
                self._carry_out_item(item.row.id)
        return self._close(list_no)

    def _carry_out_item(self, item_id: str) -> None:
        steps: dict[str, Callable[[Any], None]] = {
            Step.BEGUN: self._purge,
            Step.PURGED: self._claim,
            Step.KEY_GOING: self._destroy_keys,
            Step.KEY_GONE: self._delete_objects,
            Step.DELETED: self._look_again,
        }
        while True:
            with self.ledger.read() as connection:
                item = connection.execute(select(items).where(items.c.id == item_id)).one()
            step = steps.get(item.step)
            if step is None:
                return
            try:
                step(item)
            except ArchiveError as error:
                self._note_trouble(item, error.text)
                return

    def _purge(self, item: Any) -> None:
        self.purger.purge(item.record_id)
        self._move(item, Step.BEGUN, Step.PURGED, acts.INDEX_PURGED)

    def _claim(self, item: Any) -> None:
        """Take the last look at the holds and claim the key, in one transaction with the record's row locked."""
        with self.ledger.work(None) as work:
            record = lock_record(work.connection, item.record_id)
            holds = active_holds(work.connection, record.id, record.case_id)
            if not holds:
                if work.update(items, item.id, {"step": Step.KEY_GOING}, items.c.step == Step.PURGED):
                    work.act(acts.KEY_CLAIMED, "record", record.id)
                    work.commit()
                return
            if work.update(items, item.id, {"step": Step.STOPPED, "trouble": holds[0].reference}, items.c.step == Step.PURGED):
                work.update(records, record.id, {"status": ARCHIVED}, records.c.status == DESTROYING)
                work.update(candidates, item.candidate_id, {"state": "withdrawn", "withdrawn_reason": holds[0].reference})
                enqueue(work, "index", record.id)
                work.act(acts.ITEM_STOPPED, "record", record.id, hold=holds[0].reference)
                work.commit()

    def _destroy_keys(self, item: Any) -> None:
        self.vault.destroy_keys(item.record_id, [item.record_id, *self._component_ids(item), *self.vault.keys_of(item.record_id)])
        self._move(item, Step.KEY_GOING, Step.KEY_GONE, acts.KEY_DESTROYED)

    def _delete_objects(self, item: Any) -> None:
        self.vault.delete_objects(item.record_id)
        self._move(item, Step.KEY_GONE, Step.DELETED, acts.OBJECTS_DELETED)

    def _look_again(self, item: Any) -> None:
        """Look for anything left with code that shares nothing with what deleted; then leave the stub."""
        left = [*self.vault.remains(item.record_id, [item.record_id, *self._component_ids(item)]), *self.purger.remains(item.record_id)]
        if left:
            self.purger.purge(item.record_id)
            self.vault.delete_objects(item.record_id)
            raise Conflict(f"仍有残留：{'；'.join(left)}", f"Something is left: {'; '.join(left)}")
        with self.ledger.work(None) as work:
            if not work.update(items, item.id, {"step": Step.DONE, "trouble": None}, items.c.step == Step.DELETED):
                return
            stub = {"status": DESTROYED, "destroyed_at": work.at, "sealed_description": None}
            work.update(records, item.record_id, stub, records.c.status == DESTROYING)
            work.update(candidates, item.candidate_id, {"state": "closed"})
            work.act(acts.RECORD_DESTROYED, "record", item.record_id)
            work.commit()

    def _component_ids(self, item: Any) -> list[str]:
        with self.ledger.read() as connection:
            found = connection.execute(select(components.c.id).where(components.c.record_id == item.record_id))
            return list(found.scalars())

    def _move(self, item: Any, before: Step, after: Step, act: Any) -> None:
        with self.ledger.work(None) as work:
            if work.update(items, item.id, {"step": after, "trouble": None}, items.c.step == before):
                work.act(act, "record", item.record_id)
                work.commit()

    def _note_trouble(self, item: Any, why: Text) -> None:
        said = json.dumps(why._asdict(), ensure_ascii=False)
        if item.trouble == said:
            return
        with self.ledger.work(None) as work:
            work.update(items, item.id, {"trouble": said})
            work.act(acts.DESTRUCTION_TROUBLE, "record", item.record_id, step=item.step)
            work.commit()

    def _close(self, list_no: str) -> bool:
        with self.ledger.read() as connection:
            view = load_list(connection, list_no)
        if any(item.row.step not in FINISHED for item in view.items):
            return False
        self.certificates.issue(list_no)
        return True
