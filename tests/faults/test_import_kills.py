"""A folder import that is killed at any moment and run again: every row filed once, nothing lost, nothing left over.

The command is the real one, in a process of its own, and ``kill -9`` leaves it no chance to tidy up.
"""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from archive_service.archive import Archive, found_archive, open_archive
from archive_service.catalog.tables import components, outbox, records
from archive_service.config import load_settings
from archive_service.people.service import NewPerson
from tests.archive_service.search.conftest import taken_at_once
from tests.support import victim

ROWS = 60
LEVELS = frozenset({"PUB", "INT", "TS", "PI"})
CAST = (NewPerson("archivist", "张档", frozenset({"archivist"}), LEVELS),)
COMMAND = "from archive_service.cli import main\nmain()\n"
TYPES = ("KCQ03", "YSH05", "KCQ02")  # open, open, sealed


@dataclass
class Import:
    """A founded archive and a folder to be filed into it."""

    folder: Path
    papers: Path

    def words(self) -> list[str]:
        where = ["--config", str(self.folder / "config.toml"), "accession", str(self.papers)]
        return [*where, "--fonds", "Q001", "--case", "AX2024-001", "--as", "archivist", "--json"]

    def start(self) -> int:
        return victim.start(COMMAND, *self.words(), output=self.folder / "said.json")

    def finish(self) -> dict[str, Any]:
        assert victim.run(COMMAND, *self.words(), output=self.folder / "said.json", seconds=300) == 0
        said: dict[str, Any] = json.loads((self.folder / "said.json").read_text(encoding="utf-8"))
        return said

    def stored(self) -> int:
        """Count the objects; folders may come and go meanwhile, which ``os.walk`` takes calmly."""
        return sum(name.endswith(".sealed") for _, _, names in os.walk(self.folder / "data/store") for name in names)

    def open(self) -> Archive:
        return open_archive(load_settings(self.folder / "config.toml"))


@pytest.fixture
def job(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Import:
    # The texts of ninety files, each in a process of its own, are another test's.
    monkeypatch.setattr("archive_service.search.texts.extract", taken_at_once)
    # Several batches, so that a kill falls before, in and behind one.
    monkeypatch.setattr("archive_service.catalog.collecting.import_folder.TOGETHER", 16)
    (tmp_path / "config.toml").write_text(
        f'[archive]\ndata_dir = "data"\n[database]\nurl = "{database_url}"\n', encoding="utf-8"
    )
    settings = load_settings(tmp_path / "config.toml")
    found_archive(settings, CAST)
    archive = open_archive(settings)
    actor = archive.people.by_login("archivist")
    archive.cases.open_fonds(actor, "Q001", "示例全宗", "Sample fonds", "enterprise")
    case = {"case_no": "AX2024-001", "title": "示例巡察", "enterprise": "示例一矿", "year": 2024}
    archive.cases.open_case(actor, fonds_no="Q001", **case)  # type: ignore[arg-type]
    archive.close()
    papers = tmp_path / "papers"
    papers.mkdir()
    with (papers / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["文件", "题名", "日期", "类型"])
        for number in range(ROWS):
            names = [f"{number:03d}.txt", f"{number:03d}-附件.txt"][: 1 + number % 2]
            for name in names:
                (papers / name).write_text(f"正文 {name} " * 50, encoding="utf-8")
            writer.writerow([";".join(names), f"记录 {number}", "2024-03-01", TYPES[number % 3]])
    return Import(tmp_path, papers)


def ended(process: int) -> bool:
    """Say whether a process has ended, without taking notice of it."""
    return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def settle_all(archive: Archive) -> None:
    """Do all that waits, also what a killed process had claimed: its lease is ended here, else it ends by the clock."""
    with archive.engine.begin() as connection:
        connection.execute(outbox.update().values(not_before=outbox.c.created_at))
    deadline = time.monotonic() + 120
    while archive.indexer.status()["waiting"]:
        assert time.monotonic() < deadline
        archive.chores.settle_outbox()


def check_whole(job: Import) -> None:
    """Every row once, numbers without gap, no second copy, and the doctor finds nothing."""
    archive = job.open()
    settle_all(archive)
    with archive.ledger.read() as connection:
        rows = connection.execute(select(records.c.id, records.c.scope, records.c.number, records.c.title)).all()
        files = connection.execute(select(components).where(components.c.role != "text")).all()
    assert len(rows) == ROWS
    assert len(files) == ROWS + ROWS // 2
    open_titles = [row.title for row in rows if row.title]
    assert len(open_titles) == len(set(open_titles)) == ROWS - ROWS // 3
    for scope in {row.scope for row in rows}:
        assert sorted(row.number for row in rows if row.scope == scope) == list(range(1, ROWS // 3 + 1))
    sealed = sorted(path.name.split(".")[0] for path in (job.folder / "data/store/objects").rglob("*.sealed"))
    with archive.ledger.read() as connection:
        assert sealed == sorted(connection.execute(select(components.c.id)).scalars())
    keys = {file.id for file in files} | {row.id for row in rows if not row.title}
    assert keys <= set(archive.vault._keyring.key_ids())
    contents = {b"".join(archive.vault.open(file.record_id, file.id, 1)) for file in files}
    assert len(contents) == len(files)
    # Half a capsule or half an extracted text may be left of a record that was filed; of its files nothing is.
    left = [path.name for path in (job.folder / "data/store/staging").glob("*.sealed.*")]
    assert [name for name in left if any(file.id in name for file in files)] == []
    assert archive.proof.examine() == []
    archive.close()


@pytest.mark.slow
def test_an_import_killed_again_and_again_ends_whole(job: Import) -> None:
    chance = random.Random(9)
    kills, before = 0, 0
    for _ in range(6):
        process = job.start()
        # Moments are counted from the first row of this run on: before that there is nothing to be cut in two.
        deadline = time.monotonic() + 60
        while (now := job.stored()) <= before and not ended(process):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.15))
        os.kill(process, signal.SIGKILL)
        if victim.wait(process) != -signal.SIGKILL:
            break
        kills += 1
        before = now
    assert kills >= 3
    said = job.finish()
    assert said["filed"] + said["repeated"] == ROWS
    assert said["refused"] == 0
    check_whole(job)
    again = job.finish()
    assert (again["filed"], again["repeated"]) == (0, ROWS)
    check_whole(job)


@pytest.mark.slow
def test_an_import_killed_at_its_nth_sync_ends_whole(job: Import) -> None:
    """The process kills itself inside ``fsync``: object written and not named, named and not committed, and so on."""
    for nth in (1, 2, 5, 13, 40, 110, 180):
        script = (
            "import os, signal, threading\n"
            "real, lock, count = os.fsync, threading.Lock(), [0]\n"
            "def fsync(fd):\n"
            "    with lock:\n"
            "        count[0] += 1\n"
            f"        if count[0] == {nth}: os.kill(os.getpid(), signal.SIGKILL)\n"
            "    return real(fd)\n"
            "os.fsync = fsync\n"
        )
        ended_with = victim.run(script + COMMAND, *job.words(), output=job.folder / "said.json")
        assert ended_with in (-signal.SIGKILL, 0)
    said = job.finish()
    assert said["filed"] + said["repeated"] == ROWS
    check_whole(job)
