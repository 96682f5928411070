"""How long after its receipt a record can be found: on an idle archive, and behind a queue of others.

Use: python scripts/bench/searchable.py [RECORDS IN THE QUEUE]      (200 without a number)

The outbox is settled as the service does it: by one thread that looks every second. Everything is real: accession,
sandboxed extraction, sealing, index, search with rights. The archive is made in a temporary folder and thrown away.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archive_service.archive import Archive, found_archive, open_archive
from archive_service.catalog.model import NewRecord, SourceFile
from archive_service.config import load_settings
from archive_service.people.service import NewPerson

ALL = frozenset({"PUB", "INT", "TS", "PI"})
CAST = (NewPerson("archivist", "张档", frozenset({"archivist"}), ALL),)
WORDS = "安全生产考核巡察发现隐患，限期整改并组织验收。"
GOAL_SECONDS = 5.0


class Settler(threading.Thread):
    """Settles once a second, as the scheduler does."""

    def __init__(self, archive: Archive) -> None:
        super().__init__(daemon=True)
        self.archive, self.stop = archive, threading.Event()

    def run(self) -> None:
        while not self.stop.wait(1.0):
            self.archive.chores.settle_outbox()


def filed(archive: Archive, name: str, level: str = "INT") -> None:
    text = f"{name} " + WORDS * 40
    source = SourceFile(f"{name}.txt", lambda: [text.encode()])
    new = NewRecord("Q001", "YSH05", name, date(2024, 3, 1), (source,), level=level)
    archive.accession.file_record(archive.people.by_login("archivist"), new)


def seconds_until_found(archive: Archive, name: str) -> float:
    start = time.perf_counter()
    while archive.search.find(archive.people.by_login("archivist"), name).total == 0:
        time.sleep(0.05)
        if time.perf_counter() - start > 600:
            raise SystemExit(f"{name} was not found in ten minutes")
    return time.perf_counter() - start


def measured(archive: Archive, prefix: str, count: int) -> list[float]:
    """File some records one after the other and wait for each; open and confidential by turns."""
    taken = []
    for number in range(count):
        name = f"{prefix}{number}zq"
        filed(archive, name, ("INT", "TS")[number % 2])
        taken.append(seconds_until_found(archive, name))
    return taken


def shown(what: str, taken: list[float]) -> None:
    worst = max(taken)
    verdict = "within" if worst <= GOAL_SECONDS else "BEYOND"
    print(f"{what:<44} median {statistics.median(taken):5.2f} s, worst {worst:5.2f} s: {verdict} {GOAL_SECONDS:.0f} s")


def main() -> None:
    waiting = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.toml").write_text("", encoding="utf-8")
        settings = load_settings(Path(folder) / "config.toml")
        found_archive(settings, CAST)
        archive = open_archive(settings)
        archive.cases.open_fonds(archive.people.by_login("archivist"), "Q001", "安泰示例集团", "Antai", "enterprise")
        settler = Settler(archive)
        settler.start()
        shown("idle archive", measured(archive, "idle", 6))
        for number in range(waiting):
            filed(archive, f"queue{number}zq")
        left = archive.indexer.status()["waiting"]
        start = time.perf_counter()
        shown(f"behind {left} that wait", measured(archive, "late", 6))
        while archive.indexer.status()["waiting"]:
            time.sleep(0.2)
        through = time.perf_counter() - start
        print(f"{'the whole queue':<44} {through:.1f} s, {left / max(through, 0.001):.1f} records/s")
        settler.stop.set()
        settler.join()
        archive.close()


if __name__ == "__main__":
    main()
