"""Accession: records with their files go in, receipts come out.

Order of writes: keys and sealed objects first (they may be orphans), then one transaction that takes the
number and writes catalogue, log and outbox. That commit is the commit point. If it does not come, the
objects are removed again and no number is burnt. Several small records may share one transaction: none of
them is acknowledged before it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from archive_service.audit.ledger import Committed, Ledger, Work
from archive_service.catalog.classification.checklist import CaseKind, load_case_kind
from archive_service.catalog.classification.schedules import Schedules
from archive_service.catalog.filing.intake import Draft, Intake
from archive_service.catalog.filing.receipts import receipt_of
from archive_service.catalog.filing.rows import Prepared, write
from archive_service.catalog.filing.stowing import key_ids, stow
from archive_service.catalog.keeping.capsules import write_capsules
from archive_service.catalog.model import NewRecord, Receipt
from archive_service.catalog.outbox import enqueue
from archive_service.catalog.records.due import recompute
from archive_service.catalog.records.parents import decisive_in_case, followers_in_case
from archive_service.catalog.tables import case_files, records
from archive_service.errors import ArchiveError, Conflict, Unavailable
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, can
from archive_service.vault import Vault, being_filed
from retention_policies import FactQuestion

Outcome = Receipt | ArchiveError
AT_ONCE = 16 * 1024 * 1024
"""Bytes of files behind which a batch is committed before more of it is taken in."""

TOGETHER = 64
"""Records whose files are stored together: so many files at most, times their attachments, are open at a time."""


@dataclass(frozen=True)
class Accession:
    """Takes records in."""

    ledger: Ledger
    vault: Vault
    schedules: Schedules
    max_bytes: int
    gate: Callable[[Person, Prepared], ArchiveError | None] | None = None
    """Says why what lies in the vault may not come into the catalogue: the checks at the door."""
    kind: CaseKind = field(default_factory=load_case_kind)

    def questions_for(self, type_code: str) -> tuple[FactQuestion, ...]:
        """Return what to ask of a record of this type: until it is answered, the record is kept."""
        return self.schedules.plan.type(type_code).rule.questions

    def file_record(self, actor: Person, new: NewRecord) -> Receipt:
        """File one record and return its receipt; a repeated request (same ``key``) gets the first receipt again."""
        outcome = self.file_records(actor, [new])[0]
        if isinstance(outcome, ArchiveError):
            raise outcome
        return outcome

    def file_records(self, actor: Person, batch: Sequence[NewRecord]) -> list[Outcome]:
        """File several records, small ones in one transaction, and return for each its receipt or why it was not filed.

        What is wrong with one does not keep the others out. When this returns, what has a receipt is durable.
        """
        outcomes: dict[int, Outcome] = {}
        drafts = self._drafts(actor, batch, outcomes)
        with ExitStack() as claims:
            ours = self._claimed(claims, drafts, outcomes)
            try:
                outcomes |= self._earlier(actor, ours)
                outcomes |= self._file(actor, {place: ours[place] for place in ours if place not in outcomes})
            except BaseException as error:
                for draft in ours.values() if not _may_be_committed(error) else ():
                    with suppress(DBAPIError):  # the first error is the one to tell
                        self._discard(draft)
                raise
        return [outcomes[place] for place in range(len(batch))]

    def _claimed(
        self, claims: ExitStack, drafts: Mapping[int, Draft], outcomes: dict[int, Outcome]
    ) -> dict[int, Draft]:
        """Claim those records that nobody else is filing now; two of one batch that are one record are told so too."""
        first: dict[str, int] = {}
        for place, draft in drafts.items():
            first.setdefault(draft.record_id, place)
        try:
            refused = claims.enter_context(self.vault.claim_all(first))
        except ArchiveError as error:
            outcomes |= dict.fromkeys(drafts, error)
            return {}
        for place, draft in drafts.items():
            if draft.record_id in refused:
                outcomes[place] = refused[draft.record_id]
            elif first[draft.record_id] != place:
                outcomes[place] = being_filed()
        return {place: one for place, one in drafts.items() if place not in outcomes}

    def _drafts(self, actor: Person, batch: Sequence[NewRecord], outcomes: dict[int, Outcome]) -> dict[int, Draft]:
        """Check what can be checked without the files; what is wrong goes into ``outcomes``."""
        drafts: dict[int, Draft] = {}
        clock = self.ledger.clock
        with self.ledger.read() as connection:
            self.schedules.follow(connection)  # a plan or schedule that was published since, by another process too
            desk = Intake(connection, self.schedules, actor, clock.today(), clock.stamp())
            for place, new in enumerate(batch):
                try:
                    drafts[place] = desk.draft(new)
                except ArchiveError as error:
                    outcomes[place] = error
        return drafts

    def _earlier(self, actor: Person, drafts: Mapping[int, Draft]) -> dict[int, Outcome]:
        """Return the first receipts of what was filed before under the same key, now that the ids are ours alone."""
        places = {draft.record_id: place for place, draft in drafts.items() if draft.new.key}
        outcomes: dict[int, Outcome] = {}
        with self.ledger.read() as connection:
            for row in connection.execute(select(records).where(records.c.id.in_(places))).mappings():
                if can(actor, Action.FILE_RECORD, Thing(level=row["level"])).allowed:
                    outcomes[places[row["id"]]] = receipt_of(connection, self.vault, row, repeated=True)
                else:
                    outcomes[places[row["id"]]] = Conflict("此请求标识已被使用。", "This request key has been used.")
        for record_id, place in places.items():
            if place not in outcomes and self.vault.keys_of(record_id):
                # An attempt that was cut off has left something: it goes, whatever files this one brings.
                self._discard(drafts[place], everything=True)
        return outcomes

    def _file(self, actor: Person, drafts: Mapping[int, Draft]) -> dict[int, Outcome]:
        outcomes: dict[int, Outcome] = {}
        waiting: dict[int, Prepared] = {}
        size = 0
        for start in range(0, len(drafts), TOGETHER):
            some = dict(list(drafts.items())[start : start + TOGETHER])
            for place, stowed in stow(self.vault, some, self.max_bytes, self.kind).items():
                if isinstance(stowed, Prepared) and self.gate and (refusal := self.gate(actor, stowed)):
                    self._discard(drafts[place])
                    outcomes[place] = refusal
                elif isinstance(stowed, Prepared):
                    waiting[place] = stowed
                    size += sum(file.sealed.size for file in stowed.files)
                else:
                    self._discard(drafts[place])
                    outcomes[place] = stowed
            if size > AT_ONCE:
                outcomes |= self._commit(actor, waiting)
                waiting, size = {}, 0
        outcomes |= self._commit(actor, waiting)
        filed = [drafts[place].record_id for place, outcome in outcomes.items() if isinstance(outcome, Receipt)]
        write_capsules(self.ledger, self.vault, filed)
        return outcomes

    def _commit(self, actor: Person, prepared: Mapping[int, Prepared]) -> dict[int, Outcome]:
        """Write all in one transaction; if that fails, each in one of its own, so that only what is wrong stays out."""
        if not prepared:
            return {}
        try:
            return dict(zip(prepared, self._committed(actor, list(prepared.values())), strict=True))
        except (ArchiveError, IntegrityError) as error:
            if _may_be_committed(error):
                raise
            if len(prepared) == 1 or isinstance(error, Unavailable):
                return {place: self._given_up(one, error) for place, one in prepared.items()}
        outcomes: dict[int, Outcome] = {}
        for place, one in prepared.items():
            outcomes |= self._commit(actor, {place: one})
        return outcomes

    def _given_up(self, one: Prepared, error: ArchiveError | IntegrityError) -> ArchiveError:
        self._discard(one.draft)
        return error if isinstance(error, ArchiveError) else _taken(error)

    def _committed(self, actor: Person, prepared: Sequence[Prepared]) -> list[Receipt]:
        try:
            with self.ledger.work(actor.id) as work:
                self._lock_cases(work, prepared)
                codes = write(work, self.schedules, actor, self.ledger.clock.today(), prepared)
                ids = [one.draft.record_id for one in prepared]
                enqueue(work, "capsule", *ids)
                enqueue(work, "index", *ids)
                self._recompute_followers(work, prepared)
                committed = work.commit()
        except OperationalError as error:
            raise Unavailable(
                "数据库正忙，请稍后再试。", "The database is busy; please try again in a moment."
            ) from error
        return [_receipt(one, code, committed, at) for at, (one, code) in enumerate(zip(prepared, codes, strict=True))]

    def _lock_cases(self, work: Work, prepared: Sequence[Prepared]) -> None:
        """Keep the events and papers of the case files as they are until the commit: retention is decided on them."""
        case_ids = {one.draft.case_id for one in prepared if one.draft.case_id}
        wanted = select(case_files.c.id).where(case_files.c.id.in_(case_ids)).order_by(case_files.c.id)
        if case_ids:
            work.connection.execute(wanted.with_for_update()).all()

    def _recompute_followers(self, work: Work, prepared: Sequence[Prepared]) -> None:
        """Compute anew what follows a case file as a whole, if one of the new papers now decides for it."""
        new: dict[str, set[str]] = {}
        for one in prepared:
            if one.draft.case_id and not one.draft.record_type.rule.inherits:
                new.setdefault(one.draft.case_id, set()).add(one.draft.record_id)
        for case_id, ids in sorted(new.items()):
            following = followers_in_case(work.connection, self.schedules, case_id)
            if following and ids & set(decisive_in_case(work.connection, self.schedules, case_id)):
                recompute(work, self.schedules, following, self.ledger.clock.today(), "case file grown")

    def _discard(self, one: Draft, *, everything: bool = False) -> None:
        """Remove what no catalogue row refers to; an object of a record that did get committed stays."""
        with self.ledger.read() as connection:
            if connection.execute(select(records.c.id).where(records.c.id == one.record_id)).first():
                return
        left = self.vault.keys_of(one.record_id) if everything else []
        self.vault.discard(one.record_id, {*key_ids(one), *left})

    def receipt(self, record_id: str) -> Receipt:
        """Return a record's receipt again, with the present checkpoint; the caller has asked the policy."""
        with self.ledger.read() as connection:
            row = connection.execute(select(records).where(records.c.id == record_id)).mappings().one()
            return receipt_of(connection, self.vault, row, repeated=False)


def _receipt(one: Prepared, code: str, committed: Committed, at: int) -> Receipt:
    return Receipt(
        archival_code=code,
        record_id=one.draft.record_id,
        files=tuple((item.name, item.sealed.size, item.sealed.sha256) for item in one.files),
        seq=committed.entries[at].seq,
        leaf_hash=committed.entries[at].leaf_hash.hex(),
        checkpoint=committed.checkpoint,
        media_types=tuple(item.media_type for item in one.files),
    )


def _may_be_committed(error: BaseException) -> bool:
    """Say whether the connection broke, so that nobody knows what the server has done; then nothing may be removed."""
    cause = error.__cause__ if isinstance(error, ArchiveError) else error
    return isinstance(cause, DBAPIError) and cause.connection_invalidated


def _taken(error: IntegrityError) -> Conflict:
    conflict = Conflict(
        "同时有另一操作改动了目录，此件未归档；请重试。",
        "Another act changed the catalogue at the same moment and this record was not filed; try again.",
    )
    conflict.__cause__ = error
    return conflict


def hash_of(text: str) -> str:
    """Return the SHA-256 of a text, for request keys made of names."""
    return hashlib.sha256(text.encode()).hexdigest()
