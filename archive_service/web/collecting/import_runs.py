"""Imports under way in this process: filing a whole folder takes longer than a request may, so it goes on behind the pages.

How far each is stands in the database (:mod:`archive_service.catalog.collecting.runs`), where every process sees it and
can ask it to stop. When the process ends, what was filed is filed; a run whose files still wait is gone on with from its
page, and a folder sent again goes on where it stopped, without a second copy or a lost number.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any

from sqlalchemy.exc import DBAPIError

from archive_service.catalog.collecting.import_folder import RowResult
from archive_service.catalog.collecting.runs import ENDED, FAILED, STOPPED, ImportRuns
from archive_service.errors import ArchiveError, Text

log = logging.getLogger("archive_service.web")

SOME, OFTEN = 64, 2.0
"""Rows, or seconds, after which what became of them is noted."""

SIGN = 10.0
"""Seconds between two signs of life while a few large rows take long."""

BROKEN = Text(
    "服务内部出错，导入中断；已归档的各行有效。请从本页继续，或把同一文件夹再传一次。",
    "The service failed inside and the import broke off; the rows filed so far stand. Go on from this page, or send the same folder again.",
)

Release = Callable[[], None]
Results = Generator[RowResult, None, None]


class Imports:
    """Carries imports out in threads of this process."""

    def __init__(self, runs: ImportRuns) -> None:
        """Begin without any; ``runs`` keeps how far they are."""
        self.runs = runs

    def start(
        self,
        person_id: str,
        total: int,
        results: Results,
        release: Release,
        *,
        batch_id: str | None = None,
        plan: Any = None,
    ) -> str:
        """Start filing in the background and return the id of the run; ``release`` lets go of the files when it has ended."""
        run_id = self.runs.begin(person_id, total, batch_id, plan)
        self.carry_on(run_id, results, release)
        return run_id

    def carry_on(self, run_id: str, results: Results, release: Release) -> None:
        """File in the background what a run still has to file."""
        one = _Carrying(self.runs, run_id, results, release)
        threading.Thread(target=one.carry_out, name="import", daemon=True).start()


class _Carrying:
    """One run in this process."""

    def __init__(self, runs: ImportRuns, run_id: str, results: Results, release: Release) -> None:
        self._runs, self._run_id, self._results, self._release = runs, run_id, results, release
        self._ended, self._stop = threading.Event(), threading.Event()

    def carry_out(self) -> None:
        """File row after row until the end, until a fault that stops everything, or until asked to stop."""
        threading.Thread(target=self._give_signs, name="import-signs", daemon=True).start()
        state, fault = FAILED, None
        try:
            state = self._filed()
        except ArchiveError as error:
            fault = error.text
        except Exception:
            log.exception("an import broke off")
            fault = BROKEN
        finally:
            self._ended.set()
            self._results.close()
            try:
                self._release()
            finally:
                self._runs.end(self._run_id, state, fault)

    def _filed(self) -> str:
        waiting: list[RowResult] = []
        noted = time.monotonic()
        try:
            for result in self._results:
                waiting.append(result)
                if len(waiting) >= SOME or time.monotonic() - noted > OFTEN:
                    self._note(waiting)
                    noted = time.monotonic()
                if self._stop.is_set():
                    return STOPPED
        finally:
            self._note(waiting)
        return ENDED

    def _note(self, waiting: list[RowResult]) -> None:
        if self._runs.note(self._run_id, waiting):
            self._stop.set()
        waiting.clear()

    def _give_signs(self) -> None:
        while not self._ended.wait(SIGN):
            with suppress(ArchiveError, DBAPIError):  # the next sign may get through
                if self._runs.note(self._run_id, []):
                    self._stop.set()
