"""A unit of work enters the log whole or not at all, whoever works at the same time."""

from __future__ import annotations

import json
import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, insert, select

from archive_service.audit import acts, merkle
from archive_service.audit.ledger import Ledger
from archive_service.audit.tables import checkpoints, entries, head, nodes
from archive_service.catalog.tables import fonds
from archive_service.clock import Clock
from archive_service.database.engine import open_engine
from archive_service.errors import Conflict, Damaged, NotFound
from tests.archive_service.audit.conftest import SIGNER, Desk

WRITERS = 16


def a_fonds(number: int, **more: Any) -> dict[str, Any]:
    row = {"id": f"{number:032x}", "fonds_no": f"Q{number:03}", "name_zh": "全宗", "name_en": "Fonds"}
    return {**row, "kind": "enterprise", **more}


def count(desk: Desk, table: Any) -> int:
    with desk.ledger.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def sequence(desk: Desk) -> list[int]:
    with desk.ledger.read() as connection:
        return list(connection.execute(select(entries.c.seq).order_by(entries.c.seq)).scalars())


def at_once(number: int, do: Callable[[int], Any]) -> list[Any]:
    """Do something in many threads that start together; return results, faults included as they are."""
    gate = threading.Barrier(number)

    def one(index: int) -> Any:
        gate.wait()
        return do(index)

    with ThreadPoolExecutor(number) as pool:
        return [future.result() for future in [pool.submit(one, index) for index in range(number)]]


# ------------------------------------------------------------------------------------------------- one work


def test_a_committed_work_is_in_the_log_with_its_rows(desk: Desk):
    with desk.ledger.work(None) as work:
        work.insert(fonds, a_fonds(1))
        work.act(acts.FONDS_OPENED, "fonds", "1", fonds_no="Q001")
        done = work.commit()
    assert [entry.seq for entry in done.entries] == [1]
    proof = desk.ledger.proof(1)
    body = json.loads(proof["leaf"])
    assert body["act"] == "fonds:opened"
    assert body["detail"] == {"fonds_no": "Q001"}
    assert list(body["rows"]) == [f"fonds/{1:032x}"]
    assert done.checkpoint == proof["checkpoint"]
    assert SIGNER.verifier.open(done.checkpoint).size == 1
    assert desk.verify().sound


def test_a_work_that_is_left_without_commit_leaves_nothing(desk: Desk):
    desk.note()
    with desk.ledger.work(None) as work:
        work.insert(fonds, a_fonds(1))
        work.act(acts.FONDS_OPENED, "fonds", "1")
    assert count(desk, fonds) == 0
    assert sequence(desk) == [1]
    assert count(desk, nodes) == 1


def test_a_work_that_fails_leaves_nothing_and_the_next_takes_its_number(desk: Desk):
    with pytest.raises(RuntimeError, match="in between"), desk.ledger.work(None) as work:
        work.insert(fonds, a_fonds(1))
        work.act(acts.FONDS_OPENED, "fonds", "1")
        raise RuntimeError("in between")
    assert count(desk, fonds) == 0
    desk.note()
    assert sequence(desk) == [1]
    assert desk.verify().sound


@pytest.mark.parametrize("table", [entries, nodes, head])
def test_a_fault_while_the_log_is_written_leaves_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch, table: Any):
    desk.note(3)
    before = desk.ledger.proof(3)

    with monkeypatch.context() as patch, pytest.raises(OSError, match="no room"), desk.ledger.work(None) as work:
        work.insert(fonds, a_fonds(1))
        work.act(acts.FONDS_OPENED, "fonds", "1")
        real = work.connection.execute

        def execute(statement: Any, *given: Any, **named: Any) -> Any:
            if getattr(statement, "table", None) is table and not statement.is_select:
                raise OSError("no room")
            return real(statement, *given, **named)

        patch.setattr(work.connection, "execute", execute)
        work.commit()
    assert count(desk, fonds) == 0
    assert desk.ledger.proof(3) == before
    assert desk.verify().sound


def test_rows_without_an_act_that_says_why_are_refused(desk: Desk):
    with pytest.raises(AssertionError, match="without an act"), desk.ledger.work(None) as work:
        work.insert(fonds, a_fonds(1))
        work.commit()
    assert count(desk, fonds) == 0


@pytest.mark.parametrize("late", ["insert", "update", "act", "commit"])
def test_nothing_can_be_added_to_a_work_that_is_committed(desk: Desk, late: str):
    with desk.ledger.work(None) as work:
        work.act(acts.FONDS_OPENED, "fonds", "1")
        work.commit()
        given = {
            "insert": (fonds, a_fonds(1)),
            "update": (fonds, "1", {}),
            "act": (acts.FONDS_OPENED, "fonds", "1"),
            "commit": (),
        }[late]
        with pytest.raises(AssertionError, match="committed already"):
            getattr(work, late)(*given)
    assert sequence(desk) == [1]


def test_several_acts_of_one_work_stand_in_their_order(desk: Desk):
    with desk.ledger.work(None) as work:
        for name in "abc":
            work.act(acts.ACTION_REFUSED, "page", name)
        done = work.commit()
    assert [entry.seq for entry in done.entries] == [1, 2, 3]
    assert [json.loads(desk.ledger.proof(seq)["leaf"])["object"][1] for seq in (1, 2, 3)] == ["a", "b", "c"]


def test_an_update_says_whether_its_condition_held(desk: Desk):
    with desk.ledger.work(None) as work:
        work.insert(fonds, a_fonds(1))
        assert work.update(fonds, a_fonds(1)["id"], {"name_en": "Other"}, fonds.c.kind == "enterprise")
        assert not work.update(fonds, a_fonds(1)["id"], {"name_en": "Never"}, fonds.c.kind == "state")
        assert not work.update(fonds, "f" * 32, {"name_en": "Never"})
        work.act(acts.FONDS_OPENED, "fonds", "1")
        work.commit()
    assert desk.verify().sound


def test_a_thousand_rows_of_one_work_are_all_vouched_for(desk: Desk):
    with desk.ledger.work(None) as work:
        work.insert_many(fonds, [a_fonds(number, fonds_no=f"{number:04}") for number in range(1001)])
        work.act(acts.FONDS_OPENED, "fonds", "many")
        work.commit()
    report = desk.verify()
    assert report.sound
    assert report.rows == 1001


def test_a_row_that_is_written_past_the_ledger_is_known_by_nobody(desk: Desk):
    with desk.ledger.work(None) as work:
        work.connection.execute(insert(fonds).values(**a_fonds(1), salt="0" * 32))
        work.act(acts.FONDS_OPENED, "fonds", "1")
        work.commit()
    assert [finding.place for finding in desk.verify().findings] == [f"fonds/{1:032x}"]


def test_the_same_content_twice_has_two_digests(desk: Desk):
    digests = set()
    for _ in range(2):
        with desk.ledger.work(None) as work:
            (work.insert if not digests else lambda *_: None)(fonds, a_fonds(1))
            work.update(fonds, a_fonds(1)["id"], {"name_zh": "同名"})
            work.act(acts.FONDS_OPENED, "fonds", "1")
            seq = work.commit().entries[0].seq
        digests |= set(json.loads(desk.ledger.proof(seq)["leaf"])["rows"].values())
    assert len(digests) == 2


# ------------------------------------------------------------------------------------------------- proofs


def test_every_entry_is_proved_by_the_path_that_is_handed_out(desk: Desk):
    desk.note(21)
    for seq in range(1, 22):
        proof = desk.ledger.proof(seq)
        leaf = merkle.leaf_hash(proof["leaf"].encode())
        assert leaf.hex() == proof["leaf_hash"]
        path = [bytes.fromhex(step) for step in proof["path"]]
        signed = SIGNER.verifier.open(proof["checkpoint"])
        assert merkle.root_from_inclusion(seq - 1, signed.size, leaf, path) == signed.root


@pytest.mark.parametrize("seq", [-1, 0, 4, 10**30])
def test_an_entry_that_is_not_there_has_no_proof(desk: Desk, seq: int):
    with pytest.raises(NotFound):
        desk.ledger.proof(seq)
    desk.note(3)
    with pytest.raises(NotFound):
        desk.ledger.proof(seq)


def test_a_log_with_a_hole_in_its_tree_says_so_instead_of_a_proof(desk: Desk):
    desk.note(4)
    with desk.ledger.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER guard_audit_node_delete")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.execute(nodes.delete().where(nodes.c.level == 1, nodes.c.position == 1))
    with pytest.raises(Damaged):
        desk.ledger.proof(1)


# ------------------------------------------------------------------------------------------------- at once


def test_sixteen_writers_give_numbers_without_gap_or_double(desk: Desk):
    def write(index: int) -> list[int]:
        seqs = []
        for turn in range(6):
            with desk.ledger.work(None) as work:
                work.insert(fonds, a_fonds(index * 10 + turn, fonds_no=f"{index:02}{turn:02}"))
                work.act(acts.FONDS_OPENED, "fonds", "x")
                work.act(acts.FONDS_OPENED, "fonds", "y")
                if turn % 3 != 2:  # every third is left without commit
                    seqs += [entry.seq for entry in work.commit().entries]
        return seqs

    taken = sorted(seq for seqs in at_once(WRITERS, write) for seq in seqs)
    assert taken == sequence(desk) == list(range(1, WRITERS * 4 * 2 + 1))
    assert count(desk, fonds) == WRITERS * 4
    assert desk.verify().sound


def test_the_first_acts_of_an_archive_may_come_at_once(desk: Desk):
    at_once(8, lambda _: desk.note())
    assert sequence(desk) == list(range(1, 9))
    assert desk.verify().sound


def test_readers_find_the_log_sound_while_writers_and_checkpoints_are_at_work(desk: Desk):
    desk.note()
    over = threading.Event()

    def work(index: int) -> list[Any]:
        found: list[Any] = []
        try:
            for turn in range(12):
                if index == 0:
                    found += desk.verify().findings
                elif index == 1:
                    desk.keep()
                else:
                    with desk.ledger.work(None) as unit:
                        unit.insert(fonds, a_fonds(index * 100 + turn, fonds_no=f"{index:02}{turn:02}"))
                        unit.act(acts.FONDS_OPENED, "fonds", "x")
                        unit.commit()
        finally:
            over.set()
        return found

    assert [found for found in at_once(6, work) if found] == []
    assert over.is_set()
    assert desk.verify().sound


def test_an_anchor_that_is_kept_while_a_verification_runs_is_no_alarm(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    desk.note()
    desk.keep()
    from archive_service.audit import anchors

    real = anchors.read

    def read_and_go_on(path: Any) -> list[str]:
        notes = real(path)
        monkeypatch.setattr(anchors, "read", real)
        desk.note()
        desk.keep()
        return notes

    monkeypatch.setattr(anchors, "read", read_and_go_on)
    assert desk.verify().sound


# ------------------------------------------------------------------------------------------------- checkpoints


def test_an_empty_log_has_no_checkpoint(desk: Desk):
    with pytest.raises(Conflict):
        desk.ledger.checkpoint()


def test_a_checkpoint_is_the_signed_head_and_bears_the_time_of_its_last_entry(desk: Desk):
    desk.note(3)
    desk.now[0] = datetime(2026, 3, 2, 9, tzinfo=UTC)
    note = desk.keep()
    assert SIGNER.verifier.open(note).size == 3
    with desk.ledger.read() as connection:
        kept = connection.execute(select(checkpoints)).one()
    assert (kept.size, kept.at, kept.note) == (3, "2026-03-02T01:00:00.000000Z", note)
    assert desk.verify().sound


def test_a_checkpoint_of_the_same_size_is_kept_once_however_many_ask_at_once(desk: Desk):
    desk.note(5)
    notes = at_once(8, lambda _: desk.keep())
    assert len(set(notes)) == 1
    assert count(desk, checkpoints) == 1
    assert desk.verify().sound


def _keep_elsewhere(url: str, gate: Any, kept: Any) -> None:
    ledger = Ledger(open_engine(url), SIGNER, Clock(ZoneInfo("Asia/Shanghai")))
    gate.wait(60)
    for _ in range(5):
        kept.put(ledger.checkpoint())
    ledger.engine.dispose()


def test_two_processes_keep_a_checkpoint_of_the_same_size_and_both_succeed(desk: Desk):
    desk.note(5)
    spawn = multiprocessing.get_context("spawn")
    gate, kept = spawn.Barrier(2), spawn.Queue()
    processes = [spawn.Process(target=_keep_elsewhere, args=(desk.url, gate, kept)) for _ in range(2)]
    for process in processes:
        process.start()
    notes = {kept.get(timeout=60) for _ in range(10)}
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert len(notes) == 1
    assert count(desk, checkpoints) == 1
