"""How long the preview of a changed retention schedule takes over a large archive, and how much memory.

Use: python scripts/bench/schedule_preview.py [RECORDS]      (1000000 without a number)

On SQLite, in a temporary folder; the rows are written straight into the database. The changed schedule keeps every record
of the bench thirty years instead of ten, so none is passed over as untouched. The preview is the service's own, batch by
batch. Between batches a record is filed now and then: its time tells whether work is held up. Prints one line of JSON;
exit code 1 where the count is not every record, or memory grew by more than 200 MB.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archive_service.disposal.schedule_changes import BATCH, ScheduleChanges
from scripts.bench.retention_sweep import filled
from tests.archive_service.disposal.test_schedule_changes import edition
from tests.support.disposal_world import PROPOSER

MOST_MEGABYTES = 200


def megabytes() -> float:
    """Return the most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Fill, preview, say it."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory(prefix="schedule-preview-") as folder:
        world = filled(Path(folder), many, max(many // 100, 1))
        service = ScheduleChanges(world.ledger, world.schedules)
        version = service.propose(world.person(PROPOSER), edition("2099-1", "30 years"), "加长")
        before, start, batches, slowest, filing = megabytes(), time.perf_counter(), 0, 0.0, []
        while True:
            begun = time.perf_counter()
            more = service.carry_on(1)
            slowest, batches = max(slowest, time.perf_counter() - begun), batches + 1
            if not more:
                break
            if batches % 200 == 0:
                begun = time.perf_counter()
                world.file(on=date(2025, 6, 1))
                filing.append(time.perf_counter() - begun)
        taken, grown = time.perf_counter() - start, megabytes() - before
        summary = service.one(world.person(PROPOSER), version).summary or {}
        counted = sum(one["records"] for one in summary.values())
        longer = sum(one["longer"] for one in summary.values())
        world.close()
    said = {
        "records": many,
        "counted": counted,
        "longer": longer,
        "preview_seconds": round(taken, 1),
        "records_a_second": round(counted / taken),
        "batch": BATCH,
        "slowest_batch_seconds": round(slowest, 2),
        "slowest_filing_meanwhile_seconds": round(max(filing, default=0), 2),
        "memory_before_megabytes": round(before),
        "memory_grown_megabytes": round(grown),
    }
    print(json.dumps(said))
    sys.exit(0 if counted >= many and grown <= MOST_MEGABYTES else 1)


if __name__ == "__main__":
    main()
