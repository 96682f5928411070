"""Filing out of a batch of uploads: what is to become of which files is planned first, so that it can be gone on with.

The plan is kept with the run, sealed, and the files wait in the batch. A row that is filed gives its files up; a run that
stopped, or was cut off with its process, is gone on with by whichever process has the batch.
"""

from __future__ import annotations

import uuid
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any, cast

from flask import current_app

from archive_service.catalog.collecting.import_folder import RowResult, file_rows
from archive_service.catalog.collecting.manifest import Row
from archive_service.catalog.model import SourceFile
from archive_service.errors import ArchiveError, BadInput, Text
from archive_service.people.model import Person
from archive_service.web.collecting.import_runs import Imports
from archive_service.web.collecting.upload_desk import Batch, UploadDesk, WaitingFile
from archive_service.web.here import archive
from archive_service.web.holdings.catalogue import fonds_options


def desk() -> UploadDesk:
    """Return what waits to be filed."""
    return cast("UploadDesk", current_app.extensions["uploads"])


def imports() -> Imports:
    """Return what carries imports out."""
    return cast("Imports", current_app.extensions["imports"])


@dataclass(frozen=True)
class Plan:
    """Rows to be filed into a fonds (and a case file), each with the ids of its files; ``manifest`` goes with the last row."""

    fonds_no: str
    case_no: str | None
    rows: Sequence[tuple[Row, tuple[str, ...]]]
    manifest: str | None = None

    def as_json(self) -> Any:
        """Return the plan as it is kept with the run."""
        rows = [
            [row.number, row.values, row.facts, list(row.fault) if row.fault else None, ids] for row, ids in self.rows
        ]
        return {"fonds": self.fonds_no, "case": self.case_no, "manifest": self.manifest, "rows": rows}


def _plan_again(told: Mapping[str, Any]) -> Plan:
    rows = [
        (Row(number, values, facts, Text(*fault) if fault else None), tuple(ids))
        for number, values, facts, fault, ids in told["rows"]
    ]
    return Plan(told["fonds"], told["case"], rows, told["manifest"])


def start(batch: Batch, plan: Plan, actor: Person) -> str:
    """Begin to file as planned, behind the pages; return the id of the run."""
    if plan.fonds_no not in dict(fonds_options()):
        raise BadInput("请选择全宗。", "Please choose the fonds.")
    work = _Filing(batch, plan, actor, desk())
    with work.holding():
        told = plan.as_json()
        return imports().start(actor.id, len(plan.rows), work.results(), work.release, batch_id=batch.id, plan=told)


def go_on(run_id: str, actor: Person) -> None:
    """Go on with a run that stopped or was cut off; its files must still wait where this process can reach them."""
    runs = imports().runs
    batch = desk().find(actor.id, runs.waiting(actor.id, run_id).batch_id or "")
    with ExitStack() as held:
        held.enter_context(batch.filing())  # nobody else files it, and nobody can begin before the plan is ours
        plan = _plan_again(runs.take_up(actor.id, run_id))
    there = {one.id for one in batch.files}
    left = [(row, ids) for row, ids in plan.rows if row.fault or there.issuperset(ids)]
    work = _Filing(batch, Plan(plan.fonds_no, plan.case_no, left, plan.manifest), actor, desk())
    with work.holding():
        imports().carry_on(run_id, work.results(), work.release)


class _Filing:
    """The filing of one plan out of its batch, held by this process while it goes on."""

    def __init__(self, batch: Batch, plan: Plan, actor: Person, uploads_desk: UploadDesk) -> None:
        self._batch, self._plan, self._actor, self._desk = batch, plan, actor, uploads_desk
        self._files: dict[str, WaitingFile] = {one.id: one for one in batch.files}
        self._ids = {row.number: ids for row, ids in plan.rows}
        self._accession = archive().accession
        self._held = ExitStack()
        self._left = len(plan.rows)

    def holding(self) -> ExitStack:
        """Hold the batch; it is let go of at once if what follows raises, else by :meth:`release`."""
        self._held.enter_context(self._batch.filing())
        guard = ExitStack()
        guard.push(lambda kind, *_: self._held.close() if kind else None)
        return guard

    def _source(self, row: Row) -> tuple[tuple[SourceFile, ...], str]:
        found = [self._files[one] for one in self._ids[row.number]]
        return tuple(self._batch.source(one) for one in found), "upload " + " ".join(one.sha256 for one in found)

    def results(self) -> Generator[RowResult, None, None]:
        """Yield what becomes of each row; what is filed leaves the batch, what was refused waits to be corrected."""
        rows = [row for row, _ in self._plan.rows]
        where = {"fonds_no": self._plan.fonds_no, "case_no": self._plan.case_no}
        filing = file_rows(self._accession, self._actor, rows, self._source, batch=uuid.uuid4().hex, **where)  # type: ignore[arg-type]
        try:
            for result in filing:
                if result.receipt:
                    self._batch.leave_out(set(self._ids[result.row]))
                    self._left -= 1
                yield result
        finally:
            filing.close()

    def release(self) -> None:
        """Let go of the batch, and of the manifest once all its rows are filed; an empty batch goes."""
        if self._plan.manifest and not self._left:
            self._batch.leave_out({self._plan.manifest})
        self._held.close()
        with suppress(ArchiveError):  # gone already, or being filed again
            if not self._batch.files:
                self._desk.discard(self._batch)
