"""How long the daily look for what is due takes, beside a naive scan of everything in the same run.

Use: python scripts/bench/retention_sweep.py [RECORDS] [DUE]      (1000000 and 10000 without numbers)

On SQLite, in a temporary folder. The sweep is the service's own: by the index over status and date, without what is
held or queued already. The naive scan reads every record and compares its date in Python; both must find the same.
Told beside it: deciding anew about everything found, and the forecast. Prints one line of JSON; exit code 1 where the
sweep takes more than two seconds.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from sqlalchemy import select, text

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archive_service.catalog.tables import ARCHIVED, records
from archive_service.disposal.checking.check import to_be_queued
from retention_policies import State
from tests.support.disposal_world import PROPOSER, World, make_world

GOAL_SECONDS = 2.0
MANY = 1_000_000
TODAY = date(2026, 3, 2)

YEAR = "(CASE WHEN n.i % :share = 0 THEN 2014 ELSE 2016 + n.i % 9 END)"
FILL = f"""
INSERT INTO record (id, code, description_level, fonds_id, class_code, type_code, plan_version, scheme, scope, number,
  category, year, retention_code, problem_code, level, title, document_date, facts, rule_code, schedule_version,
  extension_years, period, trigger_date, due_on, retention_zh, retention_en, status, filed_at, filed_by, salt)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :records)
SELECT printf('%032x', i), 'Q001-BENCH-' || printf('%07d', i), 'item', r.fonds_id, r.class_code, r.type_code,
  r.plan_version, r.scheme, 'bench', i, r.category, {YEAR}, r.retention_code, r.problem_code, 'INT', '整改情况月报',
  {YEAR} || '-06-01', '{{}}', r.rule_code, r.schedule_version, 0, r.period, {YEAR} || '-06-01',
  ({YEAR} + 11) || '-01-01', r.retention_zh, r.retention_en, 'archived', r.filed_at, r.filed_by, printf('%032x', i)
FROM n JOIN record r ON r.id = :like
"""


def filled(folder: Path, many: int, due: int) -> World:
    """Make an archive with so many records, of which so many are due."""
    world = make_world(f"sqlite:///{folder}/catalogue.db", folder, TODAY.year, TODAY.month, TODAY.day)
    first = world.file(on=date(2024, 6, 1))
    with world.engine.begin() as connection:
        connection.execute(text(FILL), {"records": many, "share": many // due, "like": first.record_id})
    with world.engine.begin() as connection:
        connection.execute(text("ANALYZE"))
    return world


def sweep(world: World) -> tuple[list[str], float]:
    """Find what is due by the index, as the service does."""
    start = time.perf_counter()
    with world.ledger.read() as connection:
        found = list(connection.execute(select(records.c.id).where(*to_be_queued(TODAY))).scalars())
    return found, time.perf_counter() - start


def decided(world: World, ids: list[str]) -> tuple[int, float]:
    """Decide anew about what was found, in the service's own batches."""
    start = time.perf_counter()
    count = 0
    with world.ledger.read() as connection:
        for place in range(0, len(ids), 500):
            batch = world.check._decided(connection, ids[place : place + 500], TODAY)  # noqa: SLF001
            count += sum(decision.state is State.DUE for _, decision in batch)
    return count, time.perf_counter() - start


def naive(world: World) -> tuple[list[str], float]:
    """Read every record and compare its date."""
    start = time.perf_counter()
    with world.ledger.read() as connection:
        every = connection.execute(select(records.c.id, records.c.status, records.c.due_on))
        found = [row.id for row in every if row.status == ARCHIVED and row.due_on and row.due_on <= TODAY]
    return found, time.perf_counter() - start


def main() -> None:
    """Fill, measure, say it, and leave with 1 where the goal was missed."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else MANY
    due = int(sys.argv[2]) if len(sys.argv) > 2 else many // 100
    with tempfile.TemporaryDirectory(prefix="retention-sweep-") as folder:
        start = time.perf_counter()
        world = filled(Path(folder), many, due)
        filling = time.perf_counter() - start
        by_index, quick = min((sweep(world) for _ in range(3)), key=lambda one: one[1])
        by_scan, slow = naive(world)
        assert sorted(by_index) == sorted(by_scan), "the sweep and the scan found different records"
        fresh, deciding = decided(world, by_index)
        start = time.perf_counter()
        months = world.disposal.forecast(world.person(PROPOSER), 12)
        forecasting = time.perf_counter() - start
        world.close()
    said = {
        "records": many,
        "due": len(by_index),
        "sweep_seconds": round(quick, 4),
        "naive_scan_seconds": round(slow, 3),
        "times_quicker": round(slow / quick),
        "decided_due": fresh,
        "sweep_and_deciding_seconds": round(quick + deciding, 3),
        "forecast_seconds": round(forecasting, 3),
        "months": len(months),
        "filling_seconds": round(filling, 1),
    }
    print(json.dumps(said))
    sys.exit(1 if quick > GOAL_SECONDS else 0)


if __name__ == "__main__":
    main()
