"""Numbers under pressure: many threads, several processes, writers killed at random moments. No duplicate, no gap."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from archive_service.audit import acts
from archive_service.catalog.model import NewRecord, Receipt, SourceFile
from archive_service.catalog.tables import records, sequences
from archive_service.errors import ArchiveError, BadInput, Conflict
from tests.support.disposal_world import PROPOSER, World, make_world, open_world

SPAWN = multiprocessing.get_context("forkserver")
# A process begins at once, and without anything of this one.
SPAWN.set_forkserver_preload(["tests.support.disposal_world"])
SCOPE = "Q001-ZY·AX·2024-D10-YSH-"


@pytest.fixture
def world(free_url: str, tmp_path: Path) -> Iterator[World]:
    made = make_world(free_url, tmp_path)
    yield made
    report = made.verify()
    made.close()
    assert report.sound, report.findings


def a_record(name: str, *, good: bool = True, key: str | None = None) -> NewRecord:
    """A record of two files, of which the second cannot be read if it is to fail."""
    files = (
        SourceFile(f"{name}.txt", lambda: [f"正文 {name}".encode()]),
        SourceFile("附件.txt", lambda: [b"attachment"] if good else unreadable()),
    )
    return NewRecord("Q001", "YSH05", f"月报 {name}", date(2024, 3, 1), files, key=key)


def unreadable() -> Iterator[bytes]:
    yield b"begun"
    raise OSError(5, "Input/output error")


def file_or_fail(world: World, name: str, good: bool) -> Receipt | ArchiveError:
    try:
        return world.accession.file_record(world.person(PROPOSER), a_record(name, good=good))
    except ArchiveError as error:
        return error


def numbers(world: World, scope: str = SCOPE) -> list[int]:
    with world.ledger.read() as connection:
        taken = select(records.c.number).where(records.c.scope == scope).order_by(records.c.number)
        reached = select(sequences.c.last_no).where(sequences.c.scope == scope)
        found = list(connection.execute(taken).scalars())
        assert connection.execute(reached).scalar_one_or_none() in (len(found), None)
    return found


def nothing_is_left_over(world: World) -> None:
    """What lies in the store is what the catalogue knows: no object of a failed accession."""
    with world.ledger.read() as connection:
        assert world.vault.record_ids() == set(connection.execute(select(records.c.id)).scalars())


def test_64_accessions_at_once_of_which_some_fail_give_one_row_of_numbers(world: World) -> None:
    with ThreadPoolExecutor(64) as people:
        results = list(people.map(lambda n: file_or_fail(world, str(n), n % 4 != 0), range(64)))
    filed = [result for result in results if isinstance(result, Receipt)]
    assert [isinstance(result, BadInput) for result in results] == [n % 4 == 0 for n in range(64)]
    assert sorted(receipt.archival_code for receipt in filed) == [f"{SCOPE}{n:04d}" for n in range(1, 49)]
    assert numbers(world) == list(range(1, 49))
    assert len({receipt.seq for receipt in filed}) == 48
    nothing_is_left_over(world)


def _file_some(url: str, folder: Path, now: Any, who: int, count: int) -> None:
    world = open_world(url, folder, now)
    for n in range(count):
        file_or_fail(world, f"{who}-{n}", n % 5 != 0)
    world.close()


def test_several_processes_share_one_row_of_numbers(world: World) -> None:
    given = (world.url, world.folder, world.hands.now)
    workers = [SPAWN.Process(target=_file_some, args=(*given, who, 10)) for who in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
        assert worker.exitcode == 0
    assert numbers(world) == list(range(1, 33))
    nothing_is_left_over(world)


def _file_until_killed(url: str, folder: Path, now: Any, who: int, said: Path) -> None:
    """File records under keys of their own, and write down every receipt that came, durably, after it came."""
    world = open_world(url, folder, now)
    actor = world.person(PROPOSER)
    with said.open("a", encoding="utf-8") as out:
        for n in range(10_000):
            key = f"{who}-{n}"
            together = [a_record(f"{key}-{k}", key=f"{key}-{k}") for k in range(1 + n % 3)]
            for outcome in world.accession.file_records(actor, together):
                assert isinstance(outcome, Receipt), outcome
                out.write(f"{outcome.archival_code} {outcome.record_id}\n")
            out.flush()
            os.fsync(out.fileno())


def test_writers_killed_at_random_moments_leave_neither_duplicate_nor_gap(world: World, tmp_path: Path) -> None:
    chance = random.Random(20240301)
    said = [tmp_path / f"receipts-{who}" for who in range(9)]
    for round_ in range(3):
        mine = range(round_ * 3, round_ * 3 + 3)
        args = [(world.url, world.folder, world.hands.now, who, said[who]) for who in mine]
        writers = [SPAWN.Process(target=_file_until_killed, args=given) for given in args]
        for writer in writers:
            writer.start()
        _wait_for(said[mine[0]])
        for writer in writers:
            time.sleep(chance.uniform(0, 0.3))
            assert writer.pid is not None
            os.kill(writer.pid, signal.SIGKILL)
            writer.join(30)
            assert writer.exitcode == -signal.SIGKILL
    found = numbers(world)
    assert found == list(range(1, len(found) + 1))
    acknowledged = [line.split() for path in said if path.exists() for line in path.read_text().splitlines()]
    assert len(acknowledged) >= 3
    with world.ledger.read() as connection:
        kept = {row.code: row.id for row in connection.execute(select(records.c.code, records.c.id))}
    for code, record_id in acknowledged:
        assert kept[code] == record_id
        assert b"".join(world.vault.open(record_id, world.component_ids(_of(record_id))[0], 1)).decode()
    after = world.file("YSH05", date(2024, 3, 1))
    assert after.archival_code == f"{SCOPE}{len(found) + 1:04d}"


def _of(record_id: str) -> Receipt:
    return Receipt("", record_id, (("", 0, ""),), 0, "", "")


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not (path.exists() and path.stat().st_size):
        assert time.monotonic() < deadline, "the writers did not begin"
        time.sleep(0.05)


# ------------------------------------------------------------------------------------------------------- the ledger


def test_a_transaction_that_is_rolled_back_burns_no_number(world: World) -> None:
    assert isinstance(file_or_fail(world, "a", True), Receipt)
    assert isinstance(file_or_fail(world, "b", False), BadInput)
    # One that fails while it writes: the code that it says it bears is taken.
    taken = f"{SCOPE}0001"
    with pytest.raises(Conflict):
        world.file("YSH05", date(2024, 3, 1), code=taken)
    receipt = file_or_fail(world, "c", True)
    assert isinstance(receipt, Receipt)
    assert receipt.archival_code == f"{SCOPE}0002"


def test_a_group_with_one_bad_record_files_the_others_without_a_gap(world: World) -> None:
    group = [a_record("a"), a_record("b", good=False), a_record("c"), a_record("d"), a_record("e")]
    outcomes = world.accession.file_records(world.person(PROPOSER), group)
    assert [isinstance(outcome, Receipt) for outcome in outcomes] == [True, False, True, True, True]
    assert numbers(world) == [1, 2, 3, 4]
    nothing_is_left_over(world)


def test_a_group_of_which_one_fails_at_the_commit_files_the_others_without_a_gap(world: World) -> None:
    clash = f"{SCOPE}0001"
    group = [a_record("a"), NewRecord(**{**a_record("b").__dict__, "code": clash}), a_record("c")]
    outcomes = world.accession.file_records(world.person(PROPOSER), group)
    assert [isinstance(outcome, Receipt) for outcome in outcomes] == [True, False, True]
    assert isinstance(outcomes[1], Conflict)
    assert numbers(world) == [1, 2]
    nothing_is_left_over(world)


def set_sequence(world: World, last: int) -> None:
    with world.ledger.work(None) as work:
        row = work.connection.execute(select(sequences).where(sequences.c.scope == SCOPE)).one()
        work.update(sequences, row.id, {"last_no": last})
        work.act(acts.NUMBER_VOIDED, "number_sequence", row.id)
        work.commit()


def test_the_number_after_the_last_is_refused_and_other_classes_go_on(world: World) -> None:
    world.file("YSH05", date(2024, 3, 1))
    set_sequence(world, 9998)
    assert world.file("YSH05", date(2024, 3, 1)).archival_code == f"{SCOPE}9999"
    for _ in range(2):
        with pytest.raises(Conflict, match="start a new scheme"):
            world.file("YSH05", date(2024, 3, 1))
    assert world.file("ZBG04", date(2024, 3, 1)).archival_code.endswith("-ZBG-0001")
    assert world.file("YSH05", date(2023, 3, 1)).archival_code.endswith("2023-D10-YSH-0001")
    nothing_is_left_over(world)


def destroyed(world: World) -> str:
    """File a record, destroy it by all the rules, and return its code."""
    list_no = world.ordered()
    world.destruction.carry_on()
    assert world.list_row(list_no).state == "closed"
    (receipt,) = world.filed
    assert world.record(receipt).status == "destroyed"
    return receipt.archival_code


def test_a_destroyed_code_is_never_issued_again_and_importing_it_fails(world: World) -> None:
    code = destroyed(world)
    assert code.endswith("-0001")
    with pytest.raises(Conflict) as refused:
        world.file(code=code)
    assert "已销毁" in refused.value.text.zh
    assert world.file().archival_code == code[:-1] + "2"


def test_even_a_sequence_set_back_does_not_bring_a_destroyed_code_back(world: World) -> None:
    code = destroyed(world)
    scope = code[:-4]
    with world.ledger.work(None) as work:
        row = work.connection.execute(select(sequences).where(sequences.c.scope == scope)).one()
        work.update(sequences, row.id, {"last_no": 0})
        work.act(acts.NUMBER_VOIDED, "number_sequence", row.id)
        work.commit()
    assert world.file().archival_code == f"{scope}0002"


def test_holdings_numbered_before_keep_their_codes_and_numbering_goes_round_them(world: World) -> None:
    typed = f"{SCOPE}0003".lower().replace("-", "－").replace("·", "・")
    assert world.file("YSH05", date(2024, 3, 1), code=typed).archival_code == f"{SCOPE}0003"
    issued = [world.file("YSH05", date(2024, 3, 1)).archival_code for _ in range(3)]
    assert issued == [f"{SCOPE}{n:04d}" for n in (1, 2, 4)]
    assert numbers(world) == [1, 2, 3, 4]


@pytest.mark.parametrize("code", ["Q001-ZY·AX·2024-D30-YSH-0001", "J001-ZY·AX·2024-D10-YSH-0001", f"{SCOPE}1", "甲-1"])
def test_a_code_that_does_not_say_what_the_record_is_is_refused(world: World, code: str) -> None:
    with pytest.raises(BadInput):
        world.file("YSH05", date(2024, 3, 1), code=code)
    nothing_is_left_over(world)
