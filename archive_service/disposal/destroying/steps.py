"""The steps of one item's destruction, each of which can be repeated.

A step does its slow work first, holding no lock, and then notes in one short transaction that it is done, provided
that the item still stands where it stood when the step began.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import select

from archive_service.audit import acts
from archive_service.audit.acts import Act
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.filing.rows import text_component_id
from archive_service.catalog.keeping import known_stores
from archive_service.catalog.keeping.copy_rows import forget
from archive_service.catalog.outbox import enqueue
from archive_service.catalog.records.due import recompute
from archive_service.catalog.tables import (
    ARCHIVED,
    DESTROYED,
    DESTROYING,
    case_files,
    components,
    index_states,
    outbox,
    records,
)
from archive_service.disposal.checking.check import RetentionCheck
from archive_service.disposal.listing.freezing import why_not
from archive_service.disposal.locking import Locking
from archive_service.disposal.model import FINISHED, RETURNABLE, CandidateState, Step
from archive_service.disposal.tables import candidates, disposal_items, disposal_lists
from archive_service.errors import Text
from archive_service.people.model import OPEN_LEVELS
from archive_service.vault import Vault


class Purger(Protocol):
    """What removes a record from every index, and looks whether it is gone."""

    def purge(self, record_id: str) -> None:
        """Remove the record's terms from every index and merge what held them; can be repeated."""

    def remains(self, record_id: str) -> list[str]:
        """Return where the record is still found; empty is clean."""


@dataclass(frozen=True)
class Steps:
    """Takes single items from step to step."""

    ledger: Ledger
    vault: Vault
    purger: Purger
    check: RetentionCheck

    def advance(self, item_id: str) -> None:
        """Take an item from step to step until it is finished or something is found that keeps it open."""
        steps: dict[str, Callable[[Any, Mapping[str, Any]], bool]] = {
            Step.BEGUN: self._purge_index,
            Step.INDEX_PURGED: self._claim,
            Step.KEY_GOING: self._destroy_keys,
            Step.KEY_DESTROYED: self._delete_objects,
            Step.OBJECTS_DELETED: self._look_again,
        }
        while True:
            item, record = self._load(item_id)
            if item.step not in steps or not steps[item.step](item, record):
                return

    def _load(self, item_id: str) -> tuple[Any, Mapping[str, Any]]:
        with self.ledger.read() as connection:
            wanted = select(disposal_items, disposal_lists.c.list_no, disposal_lists.c.digest).join(
                disposal_lists, disposal_lists.c.id == disposal_items.c.list_id
            )
            item = connection.execute(wanted.where(disposal_items.c.id == item_id)).one()
            record = connection.execute(select(records).where(records.c.id == item.record_id)).one()._asdict()
        return item, record

    def _purge_index(self, item: Any, record: Mapping[str, Any]) -> bool:
        if self._stopped_if_held(item, record):
            return False
        self._require_all_stores()
        places = Locking(self.ledger, self.vault).outside_holds(record["id"])
        if places:
            self.note_finding(item.id, _held_outside(places))
            return False
        self.purger.purge(record["id"])
        if not self._note_done(item, record, Step.INDEX_PURGED, acts.INDEX_PURGED):
            self._index_again_if_stopped(item.id)
        return True

    def _stopped_if_held(self, item: Any, record: Mapping[str, Any]) -> bool:
        with self.ledger.work(None) as work:
            stopped = self._stop_if_not_destroyable(work, item, record)
            if stopped:
                work.commit()
        return stopped

    def _claim(self, item: Any, record: Mapping[str, Any]) -> bool:
        """Pass the point of no return, unless a hold stands or the period is not over after all.

        Whoever places a hold locks the same rows in the same order, so one of the two waits and sees the other.
        """
        self._require_all_stores()
        with self.ledger.work(None) as work:
            if not self._stop_if_not_destroyable(work, item, record):
                claimed = work.update(
                    disposal_items, item.id, {"step": Step.KEY_GOING}, disposal_items.c.step == Step.INDEX_PURGED
                )
                if not claimed:
                    return True
                detail = {"list_no": item.list_no, "code": record["code"], "digest": item.digest}
                work.act(acts.KEY_CLAIMED, "record", record["id"], **detail)
            work.commit()
        return True

    def _stop_if_not_destroyable(self, work: Work, item: Any, record: Mapping[str, Any]) -> bool:
        """Lock case file and record, look at holds and period a last time, and stop the item if anything is against it."""
        if record["case_id"]:
            work.connection.execute(
                select(case_files.c.id).where(case_files.c.id == record["case_id"]).with_for_update()
            )
        locked = select(records).where(records.c.id == record["id"]).with_for_update()
        fresh = work.connection.execute(locked).one()._asdict()
        reason = why_not(work.connection, self.check, fresh, self.check.today())
        if reason is None:
            return False
        values = {"step": Step.STOPPED, "finding_zh": reason.zh, "finding_en": reason.en}
        if not work.update(disposal_items, item.id, values, disposal_items.c.step.in_(RETURNABLE)):
            return False
        work.update(records, record["id"], {"status": ARCHIVED}, records.c.status == DESTROYING)
        work.update(candidates, item.candidate_id, {"state": CandidateState.WITHDRAWN})
        recompute(work, self.check.schedules, [record["id"]], self.ledger.clock.today(), item.list_no)
        enqueue(work, "capsule", record["id"])
        enqueue(work, "index", record["id"])
        work.act(acts.ITEM_STOPPED, "record", record["id"], list_no=item.list_no, code=record["code"])
        return True

    def _index_again_if_stopped(self, item_id: str) -> None:
        """Queue the record for the index again when another process stopped the item while we purged."""
        item, record = self._load(item_id)
        if item.step == Step.STOPPED and record["status"] == ARCHIVED:
            with self.ledger.work(None) as work:
                enqueue(work, "index", record["id"])
                work.commit()

    def _destroy_keys(self, item: Any, record: Mapping[str, Any]) -> bool:
        keys = self._key_ids(record["id"])
        self.vault.destroy_keys(record["id"], keys)
        self._note_done(item, record, Step.KEY_DESTROYED, acts.KEY_DESTROYED, keys=keys, digest=item.digest)
        return True

    def _delete_objects(self, item: Any, record: Mapping[str, Any]) -> bool:
        Locking(self.ledger, self.vault).settle()  # a hold that was released just now is lifted in the stores first
        self.vault.delete_objects(record["id"])
        self._note_done(item, record, Step.OBJECTS_DELETED, acts.OBJECTS_DELETED)
        return True

    def _look_again(self, item: Any, record: Mapping[str, Any]) -> bool:
        """Look, with code that shares nothing with what deletes, whether anything is left; only then close the item."""
        self._require_all_stores()
        record_id = record["id"]
        keys = self._key_ids(record_id)
        if item.finding_en:  # something was left the last time: remove it once more before looking
            self.purger.purge(record_id)
            self.vault.destroy_keys(record_id, keys)
            self.vault.delete_objects(record_id)
        left = [*self.vault.remains(record_id, keys), *self.purger.remains(record_id)]
        if left:
            places = "; ".join(left)
            self.note_finding(item.id, Text(f"复查发现残留：{places}", f"Found on looking again: {places}"))
            return False
        self._make_stub(item, record)
        return True

    def _require_all_stores(self) -> None:
        """Raise ``Unavailable`` while a store in which copies may lie is not among those that are looked into."""
        with self.ledger.read() as connection:
            known_stores.require_all(connection, self.vault.stores)

    def _key_ids(self, record_id: str) -> list[str]:
        """Return every key that could open anything of a record: of its files, its words, its text, and what else is in the ring.

        The text's key is named even if there was none, so that a late extraction cannot make one.
        """
        with self.ledger.read() as connection:
            files = (
                connection.execute(select(components.c.id).where(components.c.record_id == record_id)).scalars().all()
            )
        return sorted({*files, record_id, text_component_id(record_id), *self.vault.keys_of(record_id)})

    def _make_stub(self, item: Any, record: Mapping[str, Any]) -> None:
        """Turn the record's row into what stays for ever: number, class, dates, sizes, hashes, the decision; open titles too."""
        record_id = record["id"]
        with self.ledger.work(None) as work:
            done = {"step": Step.DESTROYED, "finding_zh": None, "finding_en": None}
            if not work.update(disposal_items, item.id, done, disposal_items.c.step == Step.OBJECTS_DELETED):
                return
            gone: dict[str, Any] = {"sealed_description": None, "note": None}
            if record["level"] not in OPEN_LEVELS:
                gone |= {"title": None, "author": None, "document_no": None}
            work.update(records, record_id, {"status": DESTROYED, "destroyed_at": work.at, **gone})
            work.update(candidates, item.candidate_id, {"state": CandidateState.CLOSED})
            work.connection.execute(outbox.delete().where(outbox.c.record_id == record_id))
            work.connection.execute(index_states.delete().where(index_states.c.record_id == record_id))
            forget(work, record_id)
            files = work.connection.execute(
                select(components.c.sealed_sha256)
                .where(components.c.record_id == record_id)
                .order_by(components.c.role, components.c.position)
            ).scalars()
            detail = {"list_no": item.list_no, "code": record["code"], "digest": item.digest, "objects": list(files)}
            work.act(acts.RECORD_DESTROYED, "record", record_id, **detail)
            work.commit()

    def _note_done(self, item: Any, record: Mapping[str, Any], step: Step, act: Act, **detail: Any) -> bool:
        """Note that a step is done; say whether the item still stood where it stood when the step began."""
        with self.ledger.work(None) as work:
            values = {"step": step, "finding_zh": None, "finding_en": None}
            if not work.update(disposal_items, item.id, values, disposal_items.c.step == item.step):
                return False
            work.act(act, "record", record["id"], list_no=item.list_no, code=record["code"], **detail)
            work.commit()
        return True

    def note_finding(self, item_id: str, text: Text) -> None:
        """Keep with an item what was found or what went wrong; it is tried again by the next run."""
        with self.ledger.work(None) as work:
            values = {"finding_zh": text.zh, "finding_en": text.en}
            changed = disposal_items.c.finding_en.is_distinct_from(text.en) & disposal_items.c.step.not_in(FINISHED)
            if work.update(disposal_items, item_id, values, changed):
                work.act(acts.DESTRUCTION_TROUBLE, "disposal_item", item_id)
                work.commit()


def _held_outside(places: Sequence[str]) -> Text:
    where = ", ".join(places)
    return Text(
        f"存储 {where} 中此件被依法冻结（legal hold），并非本系统所设；未销毁任何内容。请与设置者核实：仍需冻结的请在本系统设置冻结，"
        "否则由其在存储桶中解除",
        f"a legal hold that this archive has not placed stands on it in {where}; nothing was destroyed. Ask whoever placed "
        "it: place a hold here if it is still needed, or have it lifted in the bucket",
    )
