"""How quick the catalogue's pages stay with very many records: lists, filters, counts, on SQLite.

Use: python scripts/bench/catalogue.py [RECORDS] [FOLDER]      (1,000,000 in a temporary folder without more)

The rows are written straight into the database (what lies in the vault plays no part here), spread over the plan's
types, 40 years, 2,000 case files and four levels. Each question is asked seven times; the median is printed.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sqlalchemy import insert, select

from archive_service.archive import Archive
from archive_service.catalog.records.browse import PAGE, Filters
from archive_service.catalog.tables import case_files, fonds, records
from scripts.bench.accession import make_archive

GOAL_MS = 100
CASES = 2000
LEVELS = ("INT", "INT", "INT", "PUB", "TS", "PI")


def rows(archive: Archive, count: int, fonds_id: str, person_id: str) -> Iterator[dict[str, Any]]:
    """Make rows as an accession writes them, but for what is sealed."""
    dice = random.Random(7)
    types = list(archive.schedules.plan.types.values())
    for number in range(1, count + 1):
        one, year = dice.choice(types), 1985 + dice.randrange(40)
        level = dice.choice(LEVELS)
        words = {"title": f"第 {number} 号文件", "author": "示例组", "document_no": f"示发〔{year}〕{number}号"}
        yield {
            "id": f"{number:032x}",
            "code": f"Q001-{one.category}·{year}-Y-{one.class_code}-{number:07d}",
            "description_level": "item",
            "fonds_id": fonds_id,
            "case_id": f"{number % CASES:032x}" if number % 3 else None,
            "class_code": one.class_code,
            "type_code": one.code,
            "plan_version": "1",
            "scheme": "DAT22_ITEM",
            "scope": "bench",
            "number": number,
            "category": one.category,
            "year": year,
            "retention_code": "Y",
            "problem_code": one.class_code,
            "level": level,
            **(words if level in ("PUB", "INT") else dict.fromkeys(words)),
            "note": None,
            "sealed_description": None,
            "document_date": date(year, 1 + number % 12, 1 + number % 28),
            "facts": "{}",
            "rule_code": one.rule.code,
            "schedule_version": "1",
            "extension_years": 0,
            "period": "Y",
            "retention_zh": "永久",
            "retention_en": "for ever",
            "status": "archived",
            "filed_at": f"2026-01-01T00:00:{number % 60:02d}.{number:06d}Z"[:27],
            "filed_by": person_id,
            "salt": "0" * 32,
        }


def fill(archive: Archive, count: int) -> None:
    """Write case files and records straight into the database."""
    person_id = archive.people.by_login("archivist").id
    with archive.engine.begin() as connection:
        fonds_id = connection.execute(select(fonds.c.id)).scalars().first()
        assert fonds_id
        values = {"fonds_id": fonds_id, "title": "巡察", "created_at": "", "created_by": person_id, "salt": ""}
        cases = [
            {"id": f"{n:032x}", "case_no": f"BX{1985 + n % 40}-{n:04d}", "enterprise": f"示例{n % 300}矿", "year": 2000}
            for n in range(CASES)
        ]
        connection.execute(insert(case_files), [values | one for one in cases])
        batch = []
        for row in rows(archive, count, fonds_id, person_id):
            batch.append(row)
            if len(batch) == 5000:
                connection.execute(insert(records), batch)
                batch = []
        if batch:
            connection.execute(insert(records), batch)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as given:
        archive = make_archive(Path(given))
        begun = time.perf_counter()
        fill(archive, count)
        print(f"{count} rows written in {time.perf_counter() - begun:.0f} s")
        archivist = archive.people.by_login("archivist")
        reader = replace(archivist, clearance=frozenset({"PUB"}))
        plan, counting, catalogue = archive.schedules.plan, archive.counting, archive.catalogue
        classes, types = [one.code for one in plan.classes], [one.code for one in plan.classes[3].types]
        middle = f"Q001-ZY·AX·2005-Y-{classes[3]}-0000000"
        asked: dict[str, Callable[[], object]] = {
            "first page": lambda: catalogue.records(archivist, Filters(), "", PAGE + 1),
            "page in the middle": lambda: catalogue.records(archivist, Filters(), middle, PAGE + 1),
            "few levels": lambda: catalogue.records(reader, Filters(), "", PAGE + 1),
            "one class": lambda: catalogue.records(archivist, Filters(class_code=classes[3]), "", PAGE + 1),
            "one type and year": lambda: catalogue.records(
                archivist, Filters(type_code=types[0], year=2011), "", PAGE + 1
            ),
            "one year": lambda: catalogue.records(archivist, Filters(year=2011), "", PAGE + 1),
            "one enterprise": lambda: catalogue.records(archivist, Filters(enterprise="示例7矿"), "", PAGE + 1),
            "one inspection": lambda: catalogue.records(archivist, Filters(case_no="BX1992-0007"), "", PAGE + 1),
            "trade secrets": lambda: catalogue.records(archivist, Filters(level="TS"), "", PAGE + 1),
            "one fonds": lambda: catalogue.records(archivist, Filters(fonds_no="Q001"), "", PAGE + 1),
            "nothing fits": lambda: catalogue.records(archivist, Filters(level="SEAL"), "", PAGE + 1),
            "tree": lambda: counting.tree(archivist, classes, types),
            "holdings": lambda: counting.holdings(archivist),
            "years": lambda: counting.years(archivist),
            "inspections": lambda: counting.inspections(archivist),
            "enterprises": lambda: counting.enterprises(archivist),
        }
        for name, ask in asked.items():
            taken = []
            for _ in range(7):
                start = time.perf_counter()
                ask()
                taken.append((time.perf_counter() - start) * 1000)
            median = statistics.median(taken)
            print(f"{name:20} {median:8.1f} ms   {'' if median <= GOAL_MS else 'OVER THE GOAL'}")
        archive.close()


if __name__ == "__main__":
    main()
