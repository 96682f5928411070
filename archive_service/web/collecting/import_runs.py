"""Imports under way: filing a whole folder takes longer than a request may, so it goes on behind the pages.

What an import has reached is kept by this process only. When the process ends, what was filed is filed; the same
folder sent again goes on where it stopped, without a second copy or a lost number.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from archive_service.catalog.collecting.import_folder import ImportReport, RowResult
from archive_service.errors import ArchiveError, Conflict, NotFound, Text

log = logging.getLogger("archive_service.web")

KEPT = 50
"""Imports that are remembered after they have ended."""

AT_ONCE = 2
"""Imports of one person that may be under way at a time."""

FAILED = Text(
    "服务内部出错，导入中断；已归档的各行有效。请把同一文件夹再传一次，从中断处继续。",
    "The service failed inside and the import broke off; the rows filed so far stand. Send the same folder again to go on.",
)


@dataclass
class ImportRun:
    """One import: how far it is, what became of each row, whether somebody asked it to stop."""

    id: str
    person_id: str
    report: ImportReport
    finished: bool = False
    fault: Text | None = None
    _stop: threading.Event = field(default_factory=threading.Event)

    @property
    def stopped(self) -> bool:
        """Whether it ended because somebody asked, before all rows were looked at."""
        return self._stop.is_set() and len(self.report.results) < self.report.total

    def stop(self) -> None:
        """Ask it to stop behind the rows that are being filed now."""
        self._stop.set()

    def carry_out(self, results: Generator[RowResult, None, None], release: Callable[[], None]) -> None:
        """File row after row until the end, until a fault that stops everything, or until asked to stop."""
        try:
            for result in results:
                self.report.add(result)
                if self._stop.is_set():
                    break
        except ArchiveError as error:
            self.fault = error.text
        except Exception:
            log.exception("an import broke off")
            self.fault = FAILED
        finally:
            results.close()
            release()
            self.finished = True


class Imports:
    """The imports of this process; a person sees only his or her own."""

    def __init__(self) -> None:
        """Begin without any."""
        self._runs: dict[str, ImportRun] = {}
        self._lock = threading.Lock()

    def start(
        self, person_id: str, total: int, results: Generator[RowResult, None, None], release: Callable[[], None]
    ) -> ImportRun:
        """Start filing in the background; ``release`` lets go of the files when it has ended."""
        with self._lock:
            if sum(not run.finished for run in self._of(person_id)) >= AT_ONCE:
                raise Conflict(
                    f"您已有 {AT_ONCE} 个导入正在进行，请等其中一个完成。",
                    f"{AT_ONCE} of your imports are under way; please wait until one has ended.",
                )
            run = ImportRun(uuid.uuid4().hex, person_id, ImportReport(total=total))
            self._runs[run.id] = run
            for old in [one.id for one in self._runs.values() if one.finished][:-KEPT]:
                del self._runs[old]
        threading.Thread(target=run.carry_out, args=(results, release), name="import", daemon=True).start()
        return run

    def find(self, person_id: str, run_id: str) -> ImportRun:
        """Return one import of a person."""
        run = self._runs.get(run_id)
        if run is None or run.person_id != person_id:
            raise NotFound(
                "没有这次导入的进度（服务可能重启过）。已归档的各行有效；把同一文件夹再传一次即可继续。",
                "There is no such import (the service may have been restarted). Rows that were filed stand; send the same folder again to go on.",
            )
        return run

    def of(self, person_id: str) -> list[ImportRun]:
        """Return the imports of a person, the newest first."""
        with self._lock:
            return self._of(person_id)[::-1]

    def _of(self, person_id: str) -> list[ImportRun]:
        return [run for run in self._runs.values() if run.person_id == person_id]
