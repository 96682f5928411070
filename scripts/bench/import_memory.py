"""Memory of a folder import: how much the process grows with the number of files.

Use: python scripts/bench/import_memory.py [files]      (2000 without a number; 100000 is the case that counts)

Small files with a CSV manifest are filed through the whole accession. A first process is killed behind a fifth of them;
a second one begins again and goes on to the end, and its growth is printed at each tenth.
"""

from __future__ import annotations

import csv
import os
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archive_service.archive import found_archive, open_archive
from archive_service.catalog.collecting.import_folder import RowResult, import_folder
from archive_service.config import ArchiveTable, Settings
from archive_service.people.model import ARCHIVIST
from archive_service.people.service import NewPerson

PAGE = os.sysconf("SC_PAGE_SIZE")


def held() -> float:
    """Return the memory that the process holds now, in MiB."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE / 1024 / 1024


def main(files: int) -> None:
    """Make the folder, file it, print what was held meanwhile."""
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        settings = Settings(archive=ArchiveTable(data_dir=str(base / "data")), base=base)
        found_archive(settings, (NewPerson("archivist", "张档", frozenset({ARCHIVIST}), frozenset({"PUB", "INT"})),))
        archive = open_archive(settings)
        archive.cases.open_fonds(archive.people.by_login("archivist"), "Q001", "测试全宗", "Test fonds", "enterprise")
        archive.close()
        folder = base / "in"
        folder.mkdir()
        with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
            lines = csv.writer(file)
            lines.writerow(["file", "class", "title", "date"])
            for number in range(files):
                (folder / f"{number:06}.txt").write_text(f"第 {number} 份整改情况月报。", encoding="utf-8")
                lines.writerow([f"{number:06}.txt", "YSH05", f"月报 {number}", f"{1950 + number % 70}-03-01"])
        start = time.perf_counter()
        killed = os.fork()
        if killed == 0:
            run(settings, folder, files, files // 5)
        assert os.waitstatus_to_exitcode(os.waitpid(killed, 0)[1]) == -signal.SIGKILL
        print(f"killed behind {files // 5} files after {time.perf_counter() - start:.0f} s; begun again", flush=True)
        run(settings, folder, files, None)


def run(settings: Settings, folder: Path, files: int, until: int | None) -> None:
    """File the folder, print what is held meanwhile; end without tidying up behind ``until`` rows."""
    archive = open_archive(settings)
    actor = archive.people.by_login("archivist")
    began, start = held(), time.perf_counter()
    step = max(1, files // 10)

    def progress(_: RowResult, place: int, total: int) -> None:
        if place == until:
            os.kill(os.getpid(), signal.SIGKILL)
        if place % step == 0:
            seconds = time.perf_counter() - start
            print(f"{place:>7} / {total}  {held() - began:+7.1f} MiB  {place / seconds:6.0f} a second", flush=True)

    report = import_folder(
        archive.accession, actor, folder, fonds_no="Q001", case_no=None, progress=progress, keep=False
    )
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"filed {report.filed}, filed before {report.repeated}, refused {len(report.refused)} in {time.perf_counter() - start:.0f} s"
    )
    print(f"began at {began:.0f} MiB, most {most:.0f} MiB; processor time {time.process_time():.0f} s")
    archive.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
