"""The daily check: queue what has become due, withdraw what no longer is. It never carries anything out.

A record is found by its indexed date and then decided anew on fresh facts. ``UNIQUE (record, schedule version, due
date)`` makes a second entry for the same period impossible; a lease with a fencing number keeps two checks apart.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.classification.schedules import Schedules
from archive_service.catalog.records.due import decide_record, decide_row, triggers_of_case
from archive_service.catalog.records.parents import parents_of
from archive_service.catalog.tables import ARCHIVED, records
from archive_service.config import RetentionTable
from archive_service.database.tables import CANONICAL
from archive_service.disposal.checking import leases
from archive_service.disposal.checking.confirming import CONFIRMATIONS_NEEDED, confirm
from archive_service.disposal.checking.retention_clock import RetentionClock
from archive_service.disposal.holds.holds import held, holds_of
from archive_service.disposal.model import CandidateState
from archive_service.disposal.tables import candidates, check_runs
from archive_service.people.model import Person
from archive_service.people.policy import Action, require
from retention_policies import Decision, Hold, State, Trigger

LEASE = "retention_check"
BATCH = 500
"""Records decided and queued in one transaction."""

NEVER_TOO_MANY = 20
"""A run that queues no more than this is never stopped, however small the holdings are."""


@dataclass(frozen=True)
class CheckReport:
    """What a check did. ``stopped``: it would have queued too many; ``busy``: another check was at work.

    ``in_doubt``: the retention clock is in quarantine, so nothing was looked at; ``confirmations``: how many people
    have confirmed the run that stopped.
    """

    as_of: date
    would_queue: int = 0
    queued: int = 0
    withdrawn: int = 0
    held: int = 0
    holdings: int = 0
    stopped: bool = False
    busy: bool = False
    in_doubt: bool = False
    confirmations: int = 0


@dataclass(frozen=True)
class RetentionCheck:
    """Looks daily for what has become due."""

    ledger: Ledger
    schedules: Schedules
    limits: RetentionTable

    @property
    def clock(self) -> RetentionClock:
        """The clock on which everything matures."""
        return RetentionClock(self.ledger)

    def today(self) -> date:
        """Return the date on which maturity is held; :class:`Unavailable` while the retention clock is in doubt."""
        return self.clock.today()

    def decide(self, connection: Connection, row: Mapping[str, Any], as_of: date) -> Decision:
        """Decide about one record on the facts and holds of this moment, by the schedules adopted until now."""
        self.schedules.follow(connection)
        return decide_row(connection, self.schedules, row, as_of, _holds_of)

    def run(
        self, *, by: Person | None = None, confirmed_by: Person | None = None, confirmed: int | None = None
    ) -> CheckReport:
        """Queue what is due today. Running it again, or in two processes at once, queues nothing twice.

        A run that would queue unusually many stops and queues nothing until two approvers have confirmed it
        (``confirmed_by``, one after the other). ``confirmed`` is the number that the approver was shown: should more
        have become due since, the run stops again. ``by`` is the person who asked for the check; the scheduler is
        nobody.
        """
        if confirmed_by is not None:
            require(confirmed_by, Action.APPROVE)
        elif by is not None:
            require(by, Action.CHECK_RETENTION)
        if self.clock.tick().doubtful:
            return CheckReport(self.ledger.clock.today(), in_doubt=True)
        today = self.today()
        by = by or confirmed_by
        if confirmed_by is not None:
            given, confirmed = confirm(self.ledger, confirmed_by, confirmed)
            if 0 < given < CONFIRMATIONS_NEEDED:
                return CheckReport(today, would_queue=confirmed, stopped=True, confirmations=given)
            confirmed_by = confirmed_by if given else None
        lease = leases.take(self.ledger, LEASE)
        if lease is None:
            return CheckReport(today, busy=True)
        try:
            return self._run(lease, today, by, confirmed_by, confirmed)
        finally:
            leases.give_back(self.ledger, lease)

    def _run(
        self, lease: leases.Lease, today: date, by: Person | None, confirmed_by: Person | None, confirmed: int | None
    ) -> CheckReport:
        withdrawn = sum(self._withdraw(lease, batch, today, by) for batch in _batches(self._queued()))
        with self.ledger.read() as connection:
            holdings, held_due = _count(connection), _count(connection, records.c.due_on <= today, held())
        due = self._due(today)
        unconfirmed = confirmed_by is None or (confirmed is not None and len(due) > confirmed)
        if unconfirmed and self._too_many(len(due), holdings):
            due = [record_id for batch in _batches(due) for record_id in self._still_due(batch, today)]
        stopped = unconfirmed and self._too_many(len(due), holdings)
        queued = 0 if stopped else sum(self._queue(lease, batch, today, by) for batch in _batches(due))
        report = CheckReport(today, len(due), queued, withdrawn, held_due, holdings, stopped)
        self._note(lease, report, by, confirmed_by)
        return report

    def _too_many(self, count: int, holdings: int) -> bool:
        share = count * 100 > self.limits.largest_share_percent * holdings
        return count > NEVER_TOO_MANY and (count > self.limits.largest_run or share)

    def _queued(self) -> list[str]:
        with self.ledger.read() as connection:
            wanted = select(candidates.c.id).where(candidates.c.state == CandidateState.QUEUED)
            return list(connection.execute(wanted).scalars())

    def _due(self, today: date) -> list[str]:
        """Return the records whose stored date has come, that nothing holds and that no entry stands for yet."""
        with self.ledger.read() as connection:
            return list(connection.execute(select(records.c.id).where(*to_be_queued(today))).scalars())

    def _still_due(self, record_ids: Sequence[str], today: date) -> list[str]:
        with self.ledger.read() as connection:
            return [
                row["id"]
                for row, decision in self._decided(connection, record_ids, today)
                if decision.state is State.DUE
            ]

    def _decided(
        self, connection: Connection, record_ids: Sequence[str], today: date
    ) -> Iterator[tuple[Mapping[str, Any], Decision]]:
        """Decide about archived records; the events of a case file are read once for all of its records."""
        rows = connection.execute(
            select(records).where(records.c.id.in_(record_ids), records.c.status == ARCHIVED, ~held())
        ).all()
        self.schedules.follow(connection)
        cases: dict[str | None, Mapping[Trigger, date]] = {}
        for row in [found._asdict() for found in rows]:
            if row["case_id"] not in cases:
                cases[row["case_id"]] = triggers_of_case(connection, row["case_id"])
            versions, triggers = self.schedules.since(row["schedule_version"]), cases[row["case_id"]]
            parents = parents_of(connection, self.schedules, row, _holds_of)
            yield row, decide_record(versions, row, triggers, today, parents=parents)

    def _queue(self, lease: leases.Lease, record_ids: Sequence[str], today: date, by: Person | None) -> int:
        with self.ledger.work(by.id if by else None) as work:
            leases.renew(work, lease, self.ledger)
            known = {
                (row.record_id, row.schedule_version, row.due_on): row
                for row in work.connection.execute(select(candidates).where(candidates.c.record_id.in_(record_ids)))
            }
            queued = 0
            for row, decision in self._decided(work.connection, record_ids, today):
                if decision.state is not State.DUE or decision.due_on is None:
                    continue
                before = known.get((row["id"], row["schedule_version"], decision.due_on))
                if before is not None and before.state != CandidateState.WITHDRAWN:
                    continue
                _enter(work, row, decision, before.id if before else None)
                queued += 1
            work.commit()
        return queued

    def _withdraw(self, lease: leases.Lease, candidate_ids: Sequence[str], today: date, by: Person | None) -> int:
        """Withdraw entries of the queue whose record is no longer due: reopened case, new hold, longer period."""
        with self.ledger.work(by.id if by else None) as work:
            leases.renew(work, lease, self.ledger)
            entries = work.connection.execute(select(candidates).where(candidates.c.id.in_(candidate_ids))).all()
            decided = {
                row["id"]: decision
                for row, decision in self._decided(work.connection, [entry.record_id for entry in entries], today)
            }
            withdrawn = 0
            for entry in entries:
                decision = decided.get(entry.record_id)
                if decision and decision.state is State.DUE and decision.due_on == entry.due_on:
                    continue
                withdrawn += withdraw_candidate(work, entry.id, str(decision.state) if decision else str(State.HELD))
            work.commit()
        return withdrawn

    def _note(self, lease: leases.Lease, report: CheckReport, by: Person | None, confirmed_by: Person | None) -> None:
        counts = {name: getattr(report, name) for name in ("would_queue", "queued", "withdrawn", "held", "holdings")}
        confirmer = confirmed_by.id if confirmed_by else None
        with self.ledger.work(by.id if by else None) as work:
            leases.renew(work, lease, self.ledger)
            run_id, state = uuid.uuid4().hex, "stopped" if report.stopped else "done"
            work.insert(
                check_runs,
                {
                    "id": run_id,
                    "as_of": report.as_of,
                    "at": work.at,
                    "state": state,
                    **counts,
                    "confirmed_by": confirmer,
                },
            )
            act = acts.RETENTION_STOPPED if report.stopped else acts.RETENTION_CHECKED
            work.act(act, "check_run", run_id, as_of=report.as_of.isoformat(), confirmed_by=confirmer, **counts)
            work.commit()

    def last_run(self) -> Any:
        """Return the row of the last finished check, or ``None``."""
        with self.ledger.read() as connection:
            return connection.execute(select(check_runs).order_by(check_runs.c.at.desc()).limit(1)).one_or_none()


def to_be_queued(today: date) -> tuple[ColumnElement[bool], ...]:
    """Return the SQL conditions of what a check takes up: date come, nothing holds it, no entry stands for it yet."""
    settled = exists(
        select(candidates.c.id)
        .where(
            candidates.c.record_id == records.c.id,
            candidates.c.schedule_version == records.c.schedule_version,
            candidates.c.due_on == records.c.due_on,
            candidates.c.state != CandidateState.WITHDRAWN,
        )
        .correlate(records)
    )
    return (records.c.status == ARCHIVED, records.c.due_on <= today, ~held(), ~settled)


def withdraw_candidate(work: Work, candidate_id: str, reason: str) -> bool:
    """Take an entry out of the queue; it comes back by itself once its record is due again."""
    values = {"state": CandidateState.WITHDRAWN}
    if not work.update(candidates, candidate_id, values, candidates.c.state == CandidateState.QUEUED):
        return False
    work.act(acts.CANDIDATE_WITHDRAWN, "candidate", candidate_id, reason=reason)
    return True


def withdraw_listed(work: Work, candidate_id: str, reason: str) -> None:
    """Withdraw the entry of an item that left its list; it is queued again once its record is due again."""
    values = {"state": CandidateState.WITHDRAWN}
    if work.update(candidates, candidate_id, values, candidates.c.state == CandidateState.LISTED):
        work.act(acts.CANDIDATE_WITHDRAWN, "candidate", candidate_id, reason=reason)


def _enter(work: Work, row: Mapping[str, Any], decision: Decision, withdrawn_id: str | None) -> None:
    """Write an entry of the queue, or take up again the one that was withdrawn for the same period."""
    assert decision.period is not None
    assert decision.action is not None
    values = {
        "rule_code": row["rule_code"],
        "period": decision.period.code,
        "action": str(decision.action),
        "inputs": json.dumps(dict(decision.inputs), **CANONICAL),
        "sentence_zh": decision.sentence.zh,
        "sentence_en": decision.sentence.en,
        "state": CandidateState.QUEUED,
        "queued_at": work.at,
    }
    candidate_id = withdrawn_id or uuid.uuid4().hex
    if withdrawn_id:
        work.update(candidates, withdrawn_id, values)
    else:
        identity = {"record_id": row["id"], "schedule_version": row["schedule_version"], "due_on": decision.due_on}
        work.insert(candidates, {"id": candidate_id, **identity, **values})
    version, due_on = row["schedule_version"], str(decision.due_on)
    work.act(
        acts.CANDIDATE_QUEUED,
        "candidate",
        candidate_id,
        code=row["code"],
        rule=row["rule_code"],
        version=version,
        due_on=due_on,
    )


def _count(connection: Connection, *conditions: Any) -> int:
    counted = select(func.count()).select_from(records).where(records.c.status == ARCHIVED, *conditions)
    return int(connection.execute(counted).scalar_one())


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]


def _holds_of(connection: Connection, row: Mapping[Any, Any]) -> Sequence[Hold]:
    return holds_of(connection, row["id"], row["case_id"], row["class_code"])
