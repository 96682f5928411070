"""Changing the retention schedule: what it would do to today's holdings is counted and shown before anybody signs.

proposed -> counted (in batches, nothing is locked meanwhile) -> adopted -> every record computed anew (in batches)
-> done. Where anything would get an earlier date two others must approve first. What lengthens then applies by itself
to what is held, what shortens only to what is filed later (DOMAIN 2.3). A killed process goes on where it stood.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, insert, select, update

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.classification.schedules import Schedules, ScheduleVersions, plan_under, schedule_from_text
from archive_service.catalog.records.due import decide_record, recompute, triggers_of_case
from archive_service.catalog.records.facts import facts_of
from archive_service.catalog.records.parents import parents_of
from archive_service.catalog.tables import ARCHIVED, plan_versions, records
from archive_service.database.tables import CANONICAL
from archive_service.disposal.tables import schedule_approvals, schedule_changes, schedule_progress
from archive_service.errors import BadInput, BadSettings, Conflict, NotFound
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, require
from retention_policies import Change, Holding, Schedule, ScheduleError, Summary, Trigger

BATCH = 500
"""Records that are looked at or computed anew in one go."""

APPROVALS_NEEDED = 2
LONGEST_REASON = 500


class FaultySchedule(BadInput):
    """A schedule's file holds faults; ``faults`` gives them all, each with its table and key."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(fault.split(".toml: ", 1)[-1] for fault in faults)
        said = "; ".join(self.faults)
        super().__init__(f"期限表文件有误：{said}", f"The schedule's file holds faults: {said}")


@dataclass(frozen=True)
class ScheduleChange:
    """A proposed schedule: its row, what it would do by class (``None`` until all is counted), who approved it."""

    row: Any
    summary: Mapping[str, Any] | None
    done: int
    approvers: tuple[str, ...]

    @property
    def approvals_needed(self) -> int:
        """How many people beside the proposer must approve: two where anything gets an earlier date, else none."""
        return APPROVALS_NEEDED if self.row.shorter else 0


@dataclass(frozen=True)
class ScheduleChanges:
    """Proposes, counts, approves and adopts schedules."""

    ledger: Ledger
    schedules: Schedules

    def propose(self, person: Person, body: str, reason: str) -> str:
        """Propose a schedule by the text of its file; return its version. Nothing changes yet but that it is counted.

        :class:`FaultySchedule` gives every fault of the file at once, with table and key; nothing of it is kept then.
        """
        require(person, Action.PROPOSE_SCHEDULE)
        if not reason.strip() or len(reason) > LONGEST_REASON:
            raise BadInput(
                f"请说明变更的理由（最多 {LONGEST_REASON} 字）。",
                f"Please give the reason for the change (at most {LONGEST_REASON} characters).",
            )
        new = self._read(body)
        with self.ledger.work(person.id) as work:
            self._refuse_known(work, new)
            change_id = uuid.uuid4().hex
            identity = {"id": change_id, "code": new.code, "version": new.version, "digest": new.digest, "body": body}
            made = {"state": "counting", "proposer_id": person.id, "proposed_at": work.at, "reason": reason.strip()}
            later = dict.fromkeys(("summary", "shorter", "adopted_at", "adopted_by", "closed_at"))
            work.insert(schedule_changes, {**identity, **made, **later})
            work.connection.execute(
                insert(schedule_progress).values(change_id=change_id, reached="", done=0, summary="{}")
            )
            said = {"version": new.version, "digest": new.digest}
            work.act(acts.SCHEDULE_PROPOSED, "schedule_change", change_id, **said)
            work.commit()
        return new.version

    def _read(self, body: str) -> Schedule:
        try:
            new = schedule_from_text(body)
        except ScheduleError as error:
            raise FaultySchedule(error.faults) from error
        try:
            plan_under(self.schedules.plan, new)
        except BadSettings as error:
            raise FaultySchedule(error.faults) from error
        return new

    def _refuse_known(self, work: Work, new: Schedule) -> None:
        versions = select(plan_versions.c.version).where(plan_versions.c.kind == "schedule")
        if new.version in set(work.connection.execute(versions).scalars()):
            raise Conflict(
                f"版本 {new.version} 已启用过；改动后的文件须用新的版本号。",
                f"Version {new.version} has been in use; give the changed file a new version.",
            )
        is_open = schedule_changes.c.state.in_(("counting", "counted", "recomputing"))
        if work.connection.execute(select(schedule_changes.c.id).where(is_open)).first():
            raise Conflict(
                "另一份期限表变更尚未办结，请先启用或撤回它。",
                "Another change of the schedule is open; adopt or withdraw that one first.",
            )

    def carry_on(self, batches: int | None = None) -> bool:
        """Count or compute on for some batches, or to the end; say whether there is more to do. Can be called by many."""
        while batches is None or batches > 0:
            with self.ledger.read() as connection:
                at_work = schedule_changes.c.state.in_(("counting", "recomputing"))
                row = connection.execute(select(schedule_changes).where(at_work)).first()
            if row is None:
                return False
            (self._count if row.state == "counting" else self._recompute)(row)
            batches = None if batches is None else batches - 1
        return True

    # ------------------------------------------------------------------------------------------------- counting

    def _count(self, row: Any) -> None:
        new = schedule_from_text(row.body)
        with self.ledger.read() as connection:
            self.schedules.follow(connection)
            progress = _progress(connection, row.id)
            rows = _batch(connection, progress.reached)
            summary = Summary()
            for change in compared(connection, self.schedules, new, rows, self.ledger.clock.today()):
                summary.add(change)
        total = _added(json.loads(progress.summary), _plain(summary))
        if rows:
            self._keep_progress(row.id, progress, rows, json.dumps(total, **CANONICAL))
            return
        with self.ledger.work(None) as work:
            shorter = sum(one["shorter"] for one in total.values())
            values = {"state": "counted", "summary": json.dumps(total, **CANONICAL), "shorter": shorter}
            if work.update(schedule_changes, row.id, values, schedule_changes.c.state == "counting"):
                said = {"version": row.version, "records": progress.done, "shorter": shorter}
                work.act(acts.SCHEDULE_COUNTED, "schedule_change", row.id, **said)
                work.commit()

    def _keep_progress(self, change_id: str, before: Any, rows: Sequence[Mapping[str, Any]], summary: str) -> None:
        """Keep how far a batch came, unless another process has done the same batch meanwhile."""
        with self.ledger.work(None) as work:
            _step_on(work, change_id, before, rows, summary)
            work.commit()

    # ------------------------------------------------------------------------------------------------- deciding

    def approve(self, person: Person, version: str, digest: str) -> int:
        """Approve a counted change whose digest was shown; return how many have. Not by the proposer, nobody twice."""
        with self.ledger.work(person.id) as work:
            row = _locked(work, version)
            given = _approvers(work.connection, row.id)
            hands = {"proposer": frozenset({row.proposer_id}), "approver": frozenset(given)}
            require(person, Action.APPROVE_SCHEDULE, Thing(hands=hands))
            _require_counted(row, digest)
            identity = {"id": uuid.uuid4().hex, "change_id": row.id, "proposer_id": row.proposer_id}
            work.insert(schedule_approvals, {**identity, "approver_id": person.id, "approved_at": work.at})
            work.act(acts.SCHEDULE_APPROVED, "schedule_change", row.id, version=version, digest=row.digest)
            work.commit()
        return len(given) + 1

    def adopt(self, person: Person, version: str, digest: str) -> None:
        """Take a counted change into force: new filings follow it at once, what is held is computed anew in batches."""
        require(person, Action.PROPOSE_SCHEDULE)
        with self.ledger.work(person.id) as work:
            row = _locked(work, version)
            _require_counted(row, digest)
            given = len(_approvers(work.connection, row.id))
            if row.shorter and given < APPROVALS_NEEDED:
                raise Conflict(
                    f"此表会使 {row.shorter} 件的到期日提前，须另两人批准（已有 {given} 人）。",
                    f"This schedule would give {row.shorter} records an earlier date: two others must approve it ({given} so far).",
                )
            values = {"state": "recomputing", "adopted_at": work.at, "adopted_by": person.id}
            work.update(schedule_changes, row.id, values)
            again = update(schedule_progress).where(schedule_progress.c.change_id == row.id)
            work.connection.execute(again.values(reached="", done=0))
            kept = {"id": uuid.uuid4().hex, "kind": "schedule", "code": row.code, "version": row.version}
            work.insert(plan_versions, {**kept, "digest": row.digest, "body": row.body, "loaded_at": work.at})
            said = {"code": row.code, "version": row.version, "digest": row.digest}
            work.act(acts.SCHEDULE_LOADED, "plan_version", kept["id"], **said)
            work.act(acts.SCHEDULE_ADOPTED, "schedule_change", row.id, version=row.version)
            work.commit()
        with self.ledger.read() as connection:
            self.schedules.follow(connection)

    def withdraw(self, person: Person, version: str) -> None:
        """Give a change up that is not adopted yet."""
        require(person, Action.PROPOSE_SCHEDULE)
        with self.ledger.work(person.id) as work:
            row = _locked(work, version)
            if row.state not in ("counting", "counted"):
                raise Conflict(
                    f"版本 {version} 已启用或已撤回。", f"Version {version} is in force or withdrawn already."
                )
            work.update(schedule_changes, row.id, {"state": "withdrawn", "closed_at": work.at})
            work.act(acts.SCHEDULE_WITHDRAWN, "schedule_change", row.id, version=version)
            work.commit()

    def _recompute(self, row: Any) -> None:
        with self.ledger.work(None) as work:
            self.schedules.follow(work.connection)
            progress = _progress(work.connection, row.id)
            rows = _batch(work.connection, progress.reached)
            if rows:
                ids = [str(one["id"]) for one in rows]
                recompute(work, self.schedules, ids, self.ledger.clock.today(), f"schedule {row.version}")
                _step_on(work, row.id, progress, rows, progress.summary)
            elif work.update(
                schedule_changes,
                row.id,
                {"state": "done", "closed_at": work.at},
                schedule_changes.c.state == "recomputing",
            ):
                said = {"version": row.version, "records": progress.done}
                work.act(acts.SCHEDULE_APPLIED, "schedule_change", row.id, **said)
            work.commit()

    # ------------------------------------------------------------------------------------------------- looking

    def all(self, viewer: Person) -> list[ScheduleChange]:
        """Return every change, the newest first."""
        require(viewer, Action.SEE_DISPOSAL)
        with self.ledger.read() as connection:
            found = connection.execute(select(schedule_changes).order_by(schedule_changes.c.proposed_at.desc())).all()
            return [_view(connection, row) for row in found]

    def one(self, viewer: Person, version: str) -> ScheduleChange:
        """Return the latest change to a version."""
        for change in self.all(viewer):
            if change.row.version == version:
                return change
        raise NotFound(f"没有版本 {version} 的变更。", f"There is no change to version {version}.")


def compared(
    connection: Connection,
    schedules: ScheduleVersions,
    new: Schedule,
    rows: Sequence[Mapping[str, Any]],
    as_of: date,
) -> Iterator[Change]:
    """Tell of each record what applies to it now, what the new schedule alone would give, and what would come to apply."""
    together = schedules.with_next(new)
    cases: dict[str | None, Mapping[Trigger, date]] = {}
    for row in rows:
        if row["case_id"] not in cases:
            cases[row["case_id"]] = triggers_of_case(connection, row["case_id"])
        triggers, code = cases[row["case_id"]], row["rule_code"]
        parents = parents_of(connection, together, row)
        since = schedules.since(row["schedule_version"])
        old = decide_record(since, row, triggers, as_of, (), parents)
        holding = Holding(row["id"], code, row["class_code"], facts_of(row, triggers))
        if not parents and all(one.rules.get(code) == new.rules.get(code) for one in since):
            yield Change(holding, old, old, old)
            continue
        alone = decide_record((new,), row, triggers, as_of, (), parents)
        yield Change(holding, old, alone, decide_record((*since, new), row, triggers, as_of, (), parents))


def _batch(connection: Connection, reached: str) -> Sequence[Mapping[str, Any]]:
    wanted = select(records).where(records.c.status == ARCHIVED, records.c.id > reached).order_by(records.c.id)
    return [row._asdict() for row in connection.execute(wanted.limit(BATCH))]


def _progress(connection: Connection, change_id: str) -> Any:
    return connection.execute(select(schedule_progress).where(schedule_progress.c.change_id == change_id)).one()


def _step_on(work: Work, change_id: str, before: Any, rows: Sequence[Mapping[str, Any]], summary: str) -> None:
    unmoved = schedule_progress.c.change_id == change_id, schedule_progress.c.reached == before.reached
    values = {"reached": rows[-1]["id"], "done": before.done + len(rows), "summary": summary}
    work.connection.execute(update(schedule_progress).where(*unmoved).values(values))


def _plain(summary: Summary) -> dict[str, Any]:
    return {
        code: {
            **{
                name: getattr(one, name)
                for name in ("records", "changed", "longer", "shorter", "newly_due", "no_longer_due")
            },
            "old_due": {str(year): count for year, count in one.old_due.items()},
            "new_due": {str(year): count for year, count in one.new_due.items()},
        }
        for code, one in summary.classes.items()
    }


def _added(total: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Add up two summaries."""
    for key, value in more.items():
        if isinstance(value, dict):
            total[key] = _added(total.get(key, {}), value)
        else:
            total[key] = total.get(key, 0) + value
    return total


def _locked(work: Work, version: str) -> Any:
    wanted = select(schedule_changes).where(schedule_changes.c.version == version)
    row = work.connection.execute(
        wanted.order_by(schedule_changes.c.proposed_at.desc()).limit(1).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound(f"没有版本 {version} 的变更。", f"There is no change to version {version}.")
    return row


def _require_counted(row: Any, digest: str) -> None:
    if row.state != "counted":
        raise Conflict(
            f"版本 {row.version} 还在清点影响，或已启用、已撤回。",
            f"Version {row.version} is still being counted, or in force, or withdrawn.",
        )
    if digest != row.digest:
        raise Conflict("这不是您所见的那一份，请重新查看。", "This is not what you were shown; please look again.")


def _approvers(connection: Connection, change_id: str) -> list[str]:
    wanted = select(schedule_approvals.c.approver_id).where(schedule_approvals.c.change_id == change_id)
    return list(connection.execute(wanted).scalars())


def _view(connection: Connection, row: Any) -> ScheduleChange:
    summary = json.loads(row.summary) if row.summary else None
    return ScheduleChange(row, summary, _progress(connection, row.id).done, tuple(_approvers(connection, row.id)))
