"""Let 64 writers file records into one class, kill their processes at random moments, and look for duplicates and gaps.

Use: python scripts/trust/numbering_kills.py [--rounds 5] [--database URL] [--seed 7]

Four processes of sixteen threads each file records, one by one and several in a transaction, some with reserved
codes; every process is killed (SIGKILL) at a random moment and another round begins on what is left. SQLite without
``--database``; a PostgreSQL address must name an empty database. In the end every number from 1 to the last must be
borne by one record, reserved, or in the void ledger; every receipt that was given must be true; and the log sound.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archive_service.catalog.model import NewRecord, Receipt, SourceFile
from archive_service.catalog.numbering.void_ledger import VoidLedger, Wanted
from archive_service.catalog.tables import records
from archive_service.errors import ArchiveError
from archive_service.search.doctor import continuity
from tests.support.disposal_world import PROPOSER, World, make_world, open_world

PROCESSES, THREADS = 4, 16
SPAWN = multiprocessing.get_context("spawn")
LONGEST = 4.0
"""Seconds that a round lasts at most, after the first receipt."""


def one_record(name: str, code: str | None = None) -> NewRecord:
    source = SourceFile("a.txt", lambda: [name.encode()])
    return NewRecord("Q001", "YSH05", name, date(2024, 3, 1), (source,), key=name, code=code)


def write_on(world: World, who: str, said: int) -> None:
    """File without end; every receipt is written down, durably, after it came."""
    actor, parent = world.person(PROPOSER), os.getppid()
    keeper = VoidLedger(world.ledger, world.schedules)
    for n in range(10**9):
        if os.getppid() != parent:
            os._exit(1)  # nobody is there any more who would kill this process
        try:
            batch = [one_record(f"{who}-{n}-{k}") for k in range(1 + n % 3)]
            if n % 7 == 3:
                until = world.hands.now.date() + timedelta(days=30)
                codes = keeper.reserve(actor, Wanted("Q001", "YSH05", 2024, "D10", 2, "box", until))
                batch = [one_record(f"{who}-{n}-box", codes[0])]
            if n % 7 == 5:
                keeper.expire()
            outcomes = world.accession.file_records(actor, batch)
        except ArchiveError:
            continue  # busy: what is not acknowledged is not there
        lines = [f"{one.archival_code} {one.record_id}\n" for one in outcomes if isinstance(one, Receipt)]
        os.write(said, "".join(lines).encode())
        os.fsync(said)


def writer(url: str, folder: Path, now: Any, who: str, said: Path) -> None:
    """Run the threads of one process."""
    world = open_world(url, folder, now)
    out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with ThreadPoolExecutor(THREADS) as hands:
        for thread in range(THREADS):
            hands.submit(write_on, world, f"{who}-{thread}", out)


def one_round(world: World, number: int, folder: Path, chance: random.Random) -> None:
    """Start all writers, and kill each at a moment of its own."""
    given = (world.url, world.folder, world.hands.now)
    said = [folder / f"said-{number}-{p}" for p in range(PROCESSES)]
    running = [SPAWN.Process(target=writer, args=(*given, f"{number}-{p}", said[p])) for p in range(PROCESSES)]
    for process in running:
        process.start()
    while not any(path.exists() and path.stat().st_size for path in said):
        if not any(process.is_alive() for process in running):
            sys.exit("every writer ended by itself")
        time.sleep(0.05)
    for process in chance.sample(running, len(running)):
        time.sleep(chance.uniform(0, 2 * LONGEST / PROCESSES))
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
    for process in running:
        process.join()


def look(world: World, folder: Path) -> tuple[int, int, list[str]]:
    """Return how many records there are, how many receipts were given, and everything that is wrong."""
    wrong = [f"missing: {finding.place}" for finding in continuity(world.ledger)]
    with world.ledger.read() as connection:
        kept = {row.code: row.id for row in connection.execute(select(records.c.code, records.c.id))}
        count = connection.execute(select(func.count()).select_from(records)).scalar_one()
    if len(kept) != count:
        wrong.append("two records bear one code")
    acknowledged = [line.split() for path in folder.glob("said-*") for line in path.read_text().splitlines()]
    wrong += [f"receipt without record: {code}" for code, record_id in acknowledged if kept.get(code) != record_id]
    wrong += [f"log: {finding.place}" for finding in world.verify().findings]
    return count, len(acknowledged), wrong


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--database", default="")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = folder / "archive"
        archive.mkdir()
        world = make_world(given.database or f"sqlite:///{archive / 'catalogue.db'}", archive)
        world.file("YSH05", date(2023, 3, 1))
        for number in range(given.rounds):
            one_round(world, number, folder, chance)
            count, acknowledged, wrong = look(world, folder)
            print(f"round {number + 1}: {count} records, {acknowledged} receipts, {len(wrong)} faults", flush=True)
            if wrong:
                print("\n".join(wrong[:20]))
                sys.exit(1)
        world.close()
    print(
        f"{PROCESSES * THREADS} writers, {given.rounds * PROCESSES} kills: no duplicate, no gap, no receipt that is not true"
    )


if __name__ == "__main__":
    main()
