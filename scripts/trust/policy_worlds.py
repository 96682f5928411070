"""Make random worlds of people, records, grants and emergencies, and look whether ``can`` and ``visible`` ever differ.

Use: python scripts/trust/policy_worlds.py [--worlds 100000] [--seed 7]

A world is a hundred records of all levels, a person with random roles and clearance, and up to forty grants and emergency
readings, of this person and of another, alive, ended, taken back, of the record's level and of another. The query has to
find exactly those records for which the policy answers yes. Each world is made from the seed and its number: a world
that differs can be made again.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Engine, MetaData, String, Table, create_engine, delete, insert, select

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archive_service.people.model import LEVELS, ROLE_WORDS
from archive_service.people.policy import Action, Thing, can, visible
from archive_service.people.service import person_from_row
from archive_service.people.tables import emergencies, grants, people

RECORDS = 100
MOST_GRANTS = 40
THINGS = Table("thing", MetaData(), Column("id", String(32), primary_key=True), Column("level", String(8)))
STAMPS = [f"2026-03-02T01:00:{second:02d}.000000Z" for second in range(12)]
ME, OTHER = "1" * 32, "2" * 32


def founded() -> Engine:
    """Return an empty database in memory with the tables that the policy asks."""
    engine = create_engine("sqlite://")
    for table in (people, grants, emergencies, THINGS):
        table.create(engine)
    return engine


def subsets(chance: random.Random, of: list[str]) -> str:
    """Return some of a list, as rights are stored."""
    return ",".join(sorted(chance.sample(of, chance.choice((0, 1, 1, 2, 3, len(of))) % (len(of) + 1))))


def world(engine: Engine, chance: random.Random) -> tuple[set[str], set[str]]:
    """Make a world and return what the query finds and what the policy allows."""
    at = chance.choice(STAMPS)
    with engine.begin() as connection:
        for table in (grants, emergencies, people, THINGS):
            connection.execute(delete(table))
        things = {f"{number:032x}": chance.choice(LEVELS) for number in range(RECORDS)}
        connection.execute(insert(THINGS), [{"id": one, "level": level} for one, level in things.items()])
        ended = STAMPS[0] if chance.random() < 0.1 else None
        rights = {"roles": subsets(chance, list(ROLE_WORDS)), "clearance": subsets(chance, list(LEVELS))}
        for person_id in (ME, OTHER):
            row = {"id": person_id, "login": person_id[:4], "name": "某", "password_hash": "", "language": "zh"}
            more = {"must_change": False, "created_at": STAMPS[0], "salt": "", "disabled_at": ended}
            connection.execute(insert(people).values(**row, **more, **rights))
        for number in range(chance.randrange(MOST_GRANTS)):
            _one(connection, chance, f"{number:032x}", things)
        person = person_from_row(connection, connection.execute(select(people).where(people.c.id == ME)).one(), at)
        query = select(THINGS.c.id).where(visible(person, THINGS.c.level, THINGS.c.id, at=at))
        found = set(connection.execute(query).scalars())
    allowed = {
        one
        for one, level in things.items()
        if can(person, Action.SEE_RECORD, Thing(level=level, record_id=one), at=at).allowed
    }
    return found, allowed


def _one(connection: Any, chance: random.Random, row_id: str, things: dict[str, str]) -> None:
    record = chance.choice(list(things))
    level = things[record] if chance.random() < 0.7 else chance.choice(LEVELS)
    holder, giver = chance.choice(((ME, OTHER), (ME, OTHER), (OTHER, ME)))
    common = {"id": row_id, "person_id": holder, "record_id": record, "level": level, "salt": ""}
    until = chance.choice(STAMPS)
    if chance.random() < 0.3 and level != "SEAL":
        opened = {"code": "Q001", "reason": "急", "opened_at": STAMPS[0], "until": until}
        connection.execute(insert(emergencies).values(**common, **opened))
        return
    given = {"request_id": row_id, "granted_by": giver, "granted_at": STAMPS[0], "until": until}
    actions = chance.choice(("view", "view,print", "download,print,view", "redacted", None))
    ended = STAMPS[0] if chance.random() < 0.2 else None
    connection.execute(insert(grants).values(**common, **given, actions=actions, revoked_at=ended))


def main() -> int:
    """Make the worlds; return 1 if any differs."""
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--worlds", type=int, default=100_000)
    said.add_argument("--seed", type=int, default=7)
    given = said.parse_args()
    engine, differ, seen = founded(), 0, 0
    for number in range(given.worlds):
        found, allowed = world(engine, random.Random(f"{given.seed} {number}"))
        seen += len(allowed)
        if found != allowed:
            differ += 1
            print(
                f"seed {given.seed}, world {number}: only by query {found - allowed}, only by policy {allowed - found}"
            )
    print(f"{given.worlds} worlds of {RECORDS} records, {seen} seen, {differ} worlds in which the answers differ")
    return int(differ > 0)


if __name__ == "__main__":
    sys.exit(main())
