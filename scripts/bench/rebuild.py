"""How long it takes to make a lost catalogue again from log, frame, capsules and keyring; goal: 100,000 records in 15 minutes.

Use: python scripts/bench/rebuild.py [RECORDS] [FOLDER]      (2000 in a temporary folder without more)

Files the records, deletes the database, makes it again, holds every row against the log, and prints records a second.
Beside it stands what merely reading the capsules takes in the same run.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sqlalchemy import func, select

from archive_service.archive import Archive, open_archive
from archive_service.catalog.tables import records
from archive_service.jobs.backups import rebuild
from scripts.bench.accession import import_all, make_archive, make_folder

GOAL_RECORDS, GOAL_SECONDS = 100_000, 15 * 60


IN_A_CASE = 9_000
"""Item numbers have four digits: many records need case files of many years."""


def file_all(archive: Archive, folder: Path, count: int) -> None:
    """File so many records, in case files of different years."""
    actor = archive.people.by_login("archivist")
    for begun in range(0, count, IN_A_CASE):
        year = 2023 - begun // IN_A_CASE
        case_no = f"AX{year}-001"
        case = {"title": "示例巡察", "enterprise": "示例一矿", "year": year}
        archive.cases.open_case(actor, fonds_no="Q001", case_no=case_no, **case)
        papers = make_folder(folder / f"papers-{year}", min(IN_A_CASE, count - begun), f"{year}-03-01")
        import_all(archive, papers, case_no)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as given:
        folder = Path(given)
        archive = make_archive(folder)
        start = time.perf_counter()
        file_all(archive, folder, count)
        print(f"filed {count} records in {time.perf_counter() - start:.0f} s")
        archive.proof.keep_checkpoint()
        start = time.perf_counter()
        for record_id in archive.vault.record_ids():
            archive.vault.read_capsule(record_id)
        floor = time.perf_counter() - start
        archive.close()
        archive.keyring.close()
        for path in archive.settings.data_dir.glob("catalogue.db*"):
            path.unlink()
        start = time.perf_counter()
        back = rebuild(archive.settings)
        seconds = time.perf_counter() - start
        again = open_archive(archive.settings)
        with again.ledger.read() as connection:
            there = connection.execute(select(func.count()).select_from(records)).scalar_one()
        sound = again.proof.verify_audit().sound
        again.close()
    assert (there, back.missing, sound) == (count, [], True), (there, back.missing[:3], sound)
    rate = count / seconds
    print(f"rebuilt {there} records in {seconds:.1f} s: {rate:.0f} records/s; reading the capsules alone {floor:.1f} s")
    print(f"{GOAL_RECORDS} records at this speed: {GOAL_RECORDS / rate / 60:.1f} min (goal {GOAL_SECONDS // 60})")


if __name__ == "__main__":
    main()
