"""Set the wall clock at random ten thousand times and look whether anything is queued before its true maturity.

Use: python scripts/trust/clock_jumps.py [--jumps 10000] [--seed 7]

A machine whose wall clock is set forward and back by seconds to decades, which is restarted, sleeps and is down for
hours, keeps an archive with records that become due on different days. After each jump the daily check runs. Two
people acknowledge the clock only when it tells the true time (to the ten minutes that the retention clock lets
pass). True time is kept apart, where no part of the service sees it.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archive_service.audit.ledger import Ledger
from archive_service.catalog.tables import records
from archive_service.clock import Pulse
from archive_service.disposal.checking.check import RetentionCheck
from archive_service.disposal.checking.retention_clock import TOLERANCE
from archive_service.disposal.tables import candidates
from tests.support.disposal_world import APPROVERS, PROPOSER, World, make_world

IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


@dataclass
class Machine:
    """True time, and what the machine makes of it."""

    world: World
    true: datetime
    chance: random.Random
    boot: int = 0
    up: timedelta = timedelta(0)
    told: dict[str, int] = field(default_factory=dict)

    def pulse(self) -> Pulse:
        return Pulse(f"{self.boot:032x}", self.up // timedelta(microseconds=1))

    def passes(self, span: timedelta, *, down: bool = False) -> None:
        self.true += span
        self.world.hands.now += span
        self.up += timedelta(0) if down else span

    def happens(self) -> str:
        """Let one thing happen to the clock or the machine, and some time pass."""
        chance = self.chance
        kind = chance.choice(("forward", "back", "forward far", "restart", "set right", "nothing", "small"))
        if kind == "forward":
            self.world.hands.now += timedelta(seconds=chance.uniform(0, 86_400))
        elif kind == "forward far":
            self.world.hands.now += timedelta(days=chance.uniform(1, 4000))
        elif kind == "back":
            self.world.hands.now -= timedelta(days=chance.uniform(0, 400))
        elif kind == "small":
            self.world.hands.now += timedelta(seconds=chance.uniform(-540, 540))
        elif kind == "set right":
            self.world.hands.now = self.true
        elif kind == "restart":
            self.boot, self.up = self.boot + 1, timedelta(0)
            self.passes(timedelta(hours=chance.uniform(0, 48)), down=True)
        if self.world.hands.now > datetime(2200, 1, 1, tzinfo=UTC):
            self.world.hands.now = self.true
        self.passes(timedelta(hours=chance.uniform(0, 6)))
        return kind


def run(jumps: int, seed: int) -> int:
    """Return how many entries were queued too early: 0 is what is promised."""
    with tempfile.TemporaryDirectory(prefix="clock-jumps-", dir=IN_MEMORY) as folder:
        world = make_world(f"sqlite:///{folder}/catalogue.db", Path(folder), 2026, 11, 1)
        for year in range(2013, 2027):
            for _ in range(3):
                world.file(on=date(year, 6, 1))
        machine = Machine(world, world.hands.now, random.Random(seed))
        ledger = Ledger(world.engine, world.ledger.signer, replace(world.ledger.clock, pulse=machine.pulse))
        check = RetentionCheck(ledger, world.schedules, world.check.limits)
        check.run()
        seen, early, doubts, released = set(_queued(world)), 0, 0, 0
        for number in range(1, jumps + 1):
            kind = machine.happens()
            machine.told[kind] = machine.told.get(kind, 0) + 1
            report = check.run()
            doubts += report.in_doubt
            true_day = machine.true.astimezone(ledger.clock.zone).date()
            fresh = set(_queued(world)) - seen
            early += sum(due > true_day for _, due in fresh)
            seen |= fresh
            right = abs(world.hands.now - machine.true) < TOLERANCE / 1000
            if report.in_doubt and right:
                for login in (PROPOSER, APPROVERS[0]):
                    check.clock.acknowledge(world.person(login), check.clock.tick().quarantine or "")
                released += 1
            if number % 1000 == 0:
                print(
                    f"{number}: true {true_day}, queued {len(seen)}, in doubt {doubts}, acknowledged {released}, early {early}"
                )
        with world.ledger.read() as connection:
            due = connection.execute(select(records.c.id).where(records.c.due_on <= true_day)).all()
        world.hands.now = machine.true
        if check.run().in_doubt:
            for login in (PROPOSER, APPROVERS[0]):
                check.clock.acknowledge(world.person(login), check.clock.tick().quarantine or "")
            check.run()
        print(f"due in truth {len(due)}, queued in the end {len(set(_queued(world)))}; what happened: {machine.told}")
        world.close()
    return early


def _queued(world: World) -> list[tuple[str, date]]:
    with world.ledger.read() as connection:
        return [(row.record_id, row.due_on) for row in connection.execute(select(candidates))]


def main() -> None:
    """Read the options, run, and leave with 1 if anything was early."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jumps", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    early = run(given.jumps, given.seed)
    print("nothing was queued early" if not early else f"{early} ENTRIES WERE QUEUED EARLY")
    sys.exit(1 if early else 0)


if __name__ == "__main__":
    main()
