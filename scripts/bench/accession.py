"""Speed of filing small records through the whole accession, beside plain SQLite inserts, on this machine in the same run.

Use: python scripts/bench/accession.py [records] [--profile]      (1000 without a number)

Everything is durable as in use: objects and folders synced, SQLite with synchronous=FULL. The peer writes the same
number of bare rows into SQLite, each in a commit of its own: what a catalogue without objects, keys, log, numbers
and capsules could do at best. A second peer keeps files as well, in clear: each written aside, synced, named, its
folder synced, then its row committed. On a machine with other work the processor time tells more than the rate.
"""

from __future__ import annotations

import cProfile
import csv
import os
import pstats
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archive_service.archive import Archive, found_archive, open_archive
from archive_service.catalog.collecting.import_folder import import_folder
from archive_service.catalog.model import NewRecord, SourceFile
from archive_service.config import ArchiveTable, Settings
from archive_service.people.model import ARCHIVIST
from archive_service.people.service import NewPerson

LEVELS = frozenset({"PUB", "INT", "TS", "PI"})
TYPES = ("KCQ03", "KCQ01", "FKY02", "ZGL03")
TEXT = "现场检查记录：三号车间灭火器压力不足，已责令当日更换。" * 12


def make_archive(folder: Path) -> Archive:
    settings = Settings(archive=ArchiveTable(data_dir=str(folder / "data")), base=folder)
    found_archive(settings, (NewPerson("archivist", "张档", frozenset({ARCHIVIST}), LEVELS),))
    archive = open_archive(settings)
    actor = archive.people.by_login("archivist")
    archive.cases.open_fonds(actor, "Q001", "示例全宗", "Sample fonds", "enterprise")
    archive.cases.open_case(
        actor, fonds_no="Q001", case_no="AX2024-001", title="示例巡察", enterprise="示例一矿", year=2024
    )
    return archive


def make_folder(folder: Path, count: int, day: str = "2024-03-01") -> Path:
    folder.mkdir()
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["文件", "题名", "日期", "类型", "密级"])
        for number in range(count):
            name = f"{number:05d}.txt"
            (folder / name).write_text(f"{TEXT} {number}", encoding="utf-8")
            writer.writerow([name, f"检查记录 {number}", day, TYPES[number % len(TYPES)], ""])
    return folder


def import_all(archive: Archive, folder: Path, case_no: str = "AX2024-001") -> None:
    actor = archive.people.by_login("archivist")
    report = import_folder(archive.accession, actor, folder, fonds_no="Q001", case_no=case_no)
    assert not report.refused, report.refused[:3]


def one_by_one(archive: Archive, count: int) -> None:
    actor = archive.people.by_login("archivist")
    for number in range(count):
        source = SourceFile("a.txt", lambda: [TEXT.encode()])
        new = NewRecord("Q001", "KCQ03", f"单件 {number}", archive.clock.today(), (source,), case_no="AX2024-001")
        archive.accession.file_record(actor, new)


def peer(folder: Path, count: int) -> None:
    connection = sqlite3.connect(folder / "peer.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE record (id INTEGER PRIMARY KEY, code TEXT UNIQUE, title TEXT, body TEXT)")
    for number in range(count):
        connection.execute("INSERT INTO record VALUES (?, ?, ?, ?)", (number, f"c{number}", f"检查记录 {number}", TEXT))
    connection.close()


def peer_with_files(folder: Path, count: int) -> None:
    store = folder / "peer"
    store.mkdir()
    connection = sqlite3.connect(folder / "peer-files.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE record (id INTEGER PRIMARY KEY, code TEXT UNIQUE, title TEXT)")
    holder = os.open(store, os.O_RDONLY)
    for number in range(count):
        fd = os.open(store / f"{number}.part", os.O_WRONLY | os.O_CREAT)
        os.write(fd, TEXT.encode())
        os.fsync(fd)
        os.close(fd)
        (store / f"{number}.part").rename(store / str(number))
        os.fsync(holder)
        connection.execute("INSERT INTO record VALUES (?, ?, ?)", (number, f"c{number}", f"检查记录 {number}"))
    os.close(holder)
    connection.close()


def raw_syncs(folder: Path, count: int) -> None:
    fd = os.open(folder / "syncs", os.O_WRONLY | os.O_CREAT)
    for _ in range(count):
        os.write(fd, b"x" * 1024)
        os.fsync(fd)
    os.close(fd)


def rate(count: int, act: Callable[[], None], used: dict[int, float] | None = None) -> float:
    start, processor = time.perf_counter(), time.process_time()
    act()
    if used is not None:
        used[count] = (time.process_time() - processor) / count
    return count / (time.perf_counter() - start)


def main() -> None:
    given = [word for word in sys.argv[1:] if not word.startswith("-")]
    count = int(given[0]) if given else 1000
    few = max(count // 5, 1)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        archive = make_archive(root)
        small = make_folder(root / "papers", count)
        profile = cProfile.Profile() if "--profile" in sys.argv else None
        if profile:
            profile.runcall(import_all, archive, small)
            pstats.Stats(profile).sort_stats("tottime").print_stats(35)
            return
        used: dict[int, float] = {}
        rates = {
            "batch import, records": rate(count, lambda: import_all(archive, small), used),
            "one by one, records": rate(few, lambda: one_by_one(archive, few)),
            "peer: SQLite rows": rate(count, lambda: peer(root, count)),
            "peer: files and rows": rate(count, lambda: peer_with_files(root, count)),
            "fsync of 1 KiB": rate(count, lambda: raw_syncs(root, count)),
        }
        rows, files = rates["peer: SQLite rows"], rates["peer: files and rows"]
        for what, speed in rates.items():
            print(
                f"{what:24} {speed:8.0f} /s   {speed / rows:6.2f} of the rows, {speed / files:6.2f} of files and rows"
            )
        print(f"processor time of the batch import: {used[count] * 1000:.2f} ms a record", flush=True)
        settled = rate(
            1, lambda: print(f"{archive.chores.settle_outbox()} outbox rows settled") if few < 1000 else None
        )
        archive.close()
    print(f"the index afterwards took {1 / settled:.1f} s")


if __name__ == "__main__":
    main()
