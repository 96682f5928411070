"""Imports that go on behind the pages: how far each is and what became of its rows, in the database for every process.

A run that nobody has touched for a while was cut off with its process: what it filed is filed, and it can be gone on
with as long as its files wait. What was to be filed and why rows were refused is sealed with a key of the run, which is
forgotten with it.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select, update

from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.collecting.import_folder import RowResult
from archive_service.catalog.collecting.tables import import_outcomes, import_runs
from archive_service.clock import to_stamp
from archive_service.errors import ArchiveError, Conflict, NotFound, Text
from archive_service.vault import Keyring, Vault

RUNNING, ENDED, STOPPED, FAILED = "running", "ended", "stopped", "failed"

AT_ONCE = 2
"""Imports of one person that may be under way at a time."""

SILENT = timedelta(seconds=60)
"""After so long without a sign a run is taken for cut off; a living one gives a sign every few seconds."""

KEPT = timedelta(days=14)
"""How long a run is shown after its last sign."""


@dataclass(frozen=True)
class Run:
    """A run as it stands: ``cut_off`` when its process is gone, ``resumable`` when its files and plan may still wait."""

    id: str
    batch_id: str | None
    total: int
    filed: int
    repeated: int
    refused: int
    state: str
    cut_off: bool
    stop_asked: bool
    resumable: bool
    fault: Text | None

    @property
    def done(self) -> int:
        """Rows that were looked at."""
        return self.filed + self.repeated + self.refused

    @property
    def finished(self) -> bool:
        """Whether nobody works on it any more."""
        return self.state != RUNNING or self.cut_off


@dataclass(frozen=True)
class Outcome:
    """What became of a row: a record, or file names and the reason of a refusal."""

    row: int
    record_id: str | None
    repeated: bool
    files: str
    reason: Text | None


@dataclass(frozen=True)
class ImportRuns:
    """Keeps the runs; a person knows of his or her own only."""

    ledger: Ledger
    vault: Vault
    keyring: Keyring

    def begin(self, person_id: str, total: int, batch_id: str | None, plan: Any) -> str:
        """Note a run that begins now; ``plan`` is what it needs to be gone on with, if it can be."""
        self.sweep()
        if sum(not run.finished for run in self.of(person_id)) >= AT_ONCE:
            raise Conflict(
                f"您已有 {AT_ONCE} 个导入正在进行，请等其中一个完成。",
                f"{AT_ONCE} of your imports are under way; please wait until one has ended.",
            )
        run_id = uuid.uuid4().hex
        self.keyring.new_keys({_key_id(run_id): _key_id(run_id)})
        with self.ledger.work(person_id) as work:
            row: dict[str, Any] = {
                "id": run_id,
                "person_id": person_id,
                "batch_id": batch_id,
                "total": total,
                "state": RUNNING,
            }
            row |= {"plan": self._sealed(run_id, plan) if plan is not None else None, "stop_asked": False}
            work.connection.execute(import_runs.insert().values(**row, started_at=work.at, touched_at=work.at))
            work.commit()
        return run_id

    def waiting(self, person_id: str, run_id: str) -> Run:
        """Return a run that can be gone on with; :class:`Conflict` where it is under way, or all of it was looked at."""
        run = self.find(person_id, run_id)
        if not run.finished or not run.resumable:
            raise Conflict(
                "此次导入不能继续：正在进行，或已全部看过。",
                "This import cannot be gone on with: it is under way, or all of it was looked at.",
            )
        return run

    def take_up(self, person_id: str, run_id: str) -> Any:
        """Make a run that stopped or was cut off run again, for one process only; return its plan."""
        self.waiting(person_id, run_id)
        with self.ledger.work(person_id) as work:
            row = work.connection.execute(select(import_runs).where(import_runs.c.id == run_id)).one()
            mine = (import_runs.c.id == run_id) & (import_runs.c.touched_at == row.touched_at)
            values = {"state": RUNNING, "stop_asked": False, "touched_at": work.at, "fault_zh": None, "fault_en": None}
            if not work.connection.execute(update(import_runs).where(mine).values(**values)).rowcount:
                raise Conflict("此次导入刚刚有人继续。", "Somebody has just gone on with this import.")
            refused = (import_outcomes.c.run_id == run_id) & import_outcomes.c.record_id.is_(None)
            work.connection.execute(delete(import_outcomes).where(refused))  # they are tried again
            work.commit()
        return self._opened(run_id, row.plan)

    def note(self, run_id: str, results: Sequence[RowResult]) -> bool:
        """Note what became of some rows, and that the run lives; say whether somebody asked it to stop."""
        with self.ledger.work(None) as work:
            if results:
                rows = [self._outcome(run_id, one) for one in results]
                told = {one["row"] for one in rows}
                again = (import_outcomes.c.run_id == run_id) & import_outcomes.c.row.in_(told)
                work.connection.execute(delete(import_outcomes).where(again))
                work.connection.execute(import_outcomes.insert(), rows)
            touched = update(import_runs).where(import_runs.c.id == run_id, import_runs.c.state == RUNNING)
            work.connection.execute(touched.values(touched_at=work.at))
            asked = select(import_runs.c.stop_asked).where(import_runs.c.id == run_id)
            stop = bool(work.connection.execute(asked).scalar_one_or_none())
            work.commit()
        return stop

    def end(self, run_id: str, state: str, fault: Text | None = None) -> None:
        """Note how a run ended; a plan that is done with goes, with all that stood in it."""
        with self.ledger.work(None) as work:
            values: dict[str, Any] = {"state": state, "touched_at": work.at}
            values |= {"fault_zh": fault.zh[:500] if fault else None, "fault_en": fault.en[:500] if fault else None}
            if state == ENDED:
                values["plan"] = None
            work.connection.execute(update(import_runs).where(import_runs.c.id == run_id).values(**values))
            work.commit()

    def ask_stop(self, person_id: str, run_id: str) -> None:
        """Ask a run to stop behind the rows that are being filed now, whichever process does it."""
        self.find(person_id, run_id)
        with self.ledger.work(person_id) as work:
            asked = update(import_runs).where(import_runs.c.id == run_id, import_runs.c.state == RUNNING)
            work.connection.execute(asked.values(stop_asked=True))
            work.commit()

    def find(self, person_id: str, run_id: str) -> Run:
        """Return one run of a person."""
        found = self._runs(import_runs.c.id == run_id, import_runs.c.person_id == person_id)
        if not found:
            raise NotFound(
                "没有这次导入（只保留 14 天）。已归档的各行有效；把同一文件夹再传一次即可继续。",
                "There is no such import (they are kept for 14 days). Rows that were filed stand; send the same folder again to go on.",
            )
        return found[0]

    def of(self, person_id: str) -> list[Run]:
        """Return the runs of a person, the newest first."""
        return self._runs(import_runs.c.person_id == person_id)

    def outcomes(self, run_id: str) -> list[Outcome]:
        """Return what became of the rows, by row; the caller has found the run."""
        query = select(import_outcomes).where(import_outcomes.c.run_id == run_id).order_by(import_outcomes.c.row)
        with self.ledger.read() as connection:
            rows = connection.execute(query).all()
        return [self._told(row) for row in rows]

    def sweep(self) -> int:
        """Let go of runs that nobody has touched for long, their keys first; return how many."""
        over = import_runs.c.touched_at < to_stamp(self.ledger.clock.now() - KEPT)
        with self.ledger.read() as connection:
            old = list(connection.execute(select(import_runs.c.id).where(over)).scalars())
        for run_id in old:
            self.keyring.forget([_key_id(run_id)], _key_id(run_id))
        if old:
            with self.ledger.work(None) as work:
                self._remove(work, old)
                work.commit()
        return len(old)

    # ------------------------------------------------------------------------------------------------ the inside

    def _remove(self, work: Work, old: Sequence[str]) -> None:
        work.connection.execute(delete(import_outcomes).where(import_outcomes.c.run_id.in_(old)))
        work.connection.execute(delete(import_runs).where(import_runs.c.id.in_(old)))

    def _runs(self, *which: Any) -> list[Run]:
        table = import_outcomes
        counted = (
            select(table.c.run_id, table.c.record_id.is_(None).label("refused"), table.c.repeated, func.count())
            .join(import_runs, import_runs.c.id == table.c.run_id)
            .where(*which)
            .group_by(table.c.run_id, table.c.record_id.is_(None), table.c.repeated)
        )
        columns = [column for column in import_runs.c if column.name != "plan"]
        query = select(*columns, import_runs.c.plan.is_not(None).label("planned")).where(*which)
        with self.ledger.read() as connection:
            rows = connection.execute(query.order_by(import_runs.c.started_at.desc())).all()
            counts = connection.execute(counted).all()
        living = to_stamp(self.ledger.clock.now() - SILENT)
        return [_run(row, [one for one in counts if one.run_id == row.id], living) for row in rows]

    def _outcome(self, run_id: str, one: RowResult) -> dict[str, Any]:
        found: dict[str, Any] = {
            "run_id": run_id,
            "row": one.row,
            "record_id": None,
            "repeated": False,
            "refusal": None,
        }
        if one.receipt:
            return found | {"record_id": one.receipt.record_id, "repeated": one.receipt.repeated}
        reason = one.reason or Text("", "")
        return found | {"refusal": self._sealed(run_id, [one.files, reason.zh, reason.en])}

    def _told(self, row: Any) -> Outcome:
        if row.record_id:
            return Outcome(row.row, row.record_id, row.repeated, "", None)
        try:
            files, zh, en = self._opened(row.run_id, row.refusal)
        except ArchiveError:  # the key of a keyring that came from a backup
            files, zh, en = "", "原因已不可读", "the reason can no longer be read"
        return Outcome(row.row, None, False, files, Text(zh, en))

    def _sealed(self, run_id: str, told: Any) -> bytes:
        data = json.dumps(told, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return self.vault.seal_small(_key_id(run_id), _key_id(run_id), data)

    def _opened(self, run_id: str, sealed: bytes) -> Any:
        data = self.vault.open_small(_key_id(run_id), _key_id(run_id), bytes(sealed))
        return json.loads(data.decode("utf-8", "surrogatepass"))


def _run(row: Any, counts: Iterable[Any], living: str) -> Run:
    counts = list(counts)
    return Run(
        id=row.id,
        batch_id=row.batch_id,
        total=row.total,
        filed=sum(one[3] for one in counts if not one.refused and not one.repeated),
        repeated=sum(one[3] for one in counts if not one.refused and one.repeated),
        refused=sum(one[3] for one in counts if one.refused),
        state=row.state,
        cut_off=row.state == RUNNING and row.touched_at < living,
        stop_asked=row.stop_asked,
        resumable=bool(row.planned) and row.state != ENDED,
        fault=Text(row.fault_zh, row.fault_en) if row.fault_zh else None,
    )


def _key_id(run_id: str) -> str:
    """Return the id of a run's key, which no record and nothing else has; it is its own owner."""
    return hashlib.sha256(f"import/{run_id}".encode()).hexdigest()[:32]
