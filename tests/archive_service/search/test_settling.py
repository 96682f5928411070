"""The outbox is settled: the newest soon, nothing for ever, and no file in the way of the others."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from archive_service.errors import Unavailable
from archive_service.search import settling
from archive_service.search.outbox import INDEX, LEASE, TRIES, Outbox
from archive_service.search.texts import Prepared, Texts
from index.extract import Limits
from tests.archive_service.search.search_world import SearchWorld

HANG = "this file makes its parser hang"
BREAK = "this file makes the vault fail"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts are taken without a process, for tests of the queue alone; some records misbehave."""

    def extracted(chunks: Any, media_type: str, limits: Limits) -> Any:
        from index.extract import Extraction

        text = b"".join(chunks).decode()
        if text.startswith(BREAK):
            raise Unavailable("库房不可用。", "The store is away.")
        if text.startswith(HANG):
            time.sleep(min(limits.wall_seconds, 3))
            if limits.wall_seconds < 60:
                return Extraction("failed", timed_out=True)
        return Extraction("ok", text, None, ("seccomp",))

    monkeypatch.setattr("archive_service.search.texts.extract", extracted)
    monkeypatch.setattr(settling, "PATIENCE_SECONDS", 1)


def test_the_newest_and_the_oldest_go_first_by_turns(archive: SearchWorld) -> None:
    receipts = [archive.file(f"第{number}件") for number in range(10)]
    order = [one.record_id for one in receipts]
    box = Outbox(archive.world.ledger)
    assert [order.index(row.record_id) for row in box.claim(INDEX, 4)] == [9, 8, 0, 1]
    assert [order.index(row.record_id) for row in box.claim(INDEX, 1)] == [7]
    assert [order.index(row.record_id) for row in box.claim(INDEX, 99)] == [6, 5, 4, 3, 2]
    assert box.claim(INDEX, 4) == []


def test_two_who_claim_at_once_get_different_rows(archive: SearchWorld) -> None:
    for number in range(12):
        archive.file(f"第{number}件")
    got: list[int] = []
    lock = threading.Lock()

    def claim() -> None:
        mine = [row.seq for _ in range(4) for row in Outbox(archive.world.ledger).claim(INDEX, 2)]
        with lock:
            got.extend(mine)

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == len(set(got)) == 12


def test_what_is_filed_behind_a_long_queue_is_searchable_before_the_queue_is_through(
    archive: SearchWorld, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told by order, not by the clock: when the newest can be found, most of the queue still waits."""
    monkeypatch.setattr(settling, "COMMIT_EVERY_SECONDS", 0.0)
    for number in range(60):
        archive.file(f"旧件{number}")
    archive.file("新到的一件")
    left: list[int] = []
    real = settling.note

    def watched(work: Any, ready: list[Prepared]) -> None:
        real(work, ready)
        if not left and any(one.text == "新到的一件" for one in ready):
            left.append(len(archive.waiting()))

    monkeypatch.setattr(settling, "note", watched)
    archive.indexer.settle()
    assert left[0] > 40
    assert archive.waiting() == []


def test_a_parser_that_hangs_holds_up_nobody(
    archive: SearchWorld, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = [archive.file(f"{HANG} {number}") for number in range(3)]
    others = [archive.file(f"好件{number}") for number in range(8)]
    order: list[str] = []
    real = settling.note

    def watched(work: Any, ready: list[Prepared]) -> None:
        real(work, ready)
        order.extend(one.record_id for one in ready)

    monkeypatch.setattr(settling, "note", watched)
    archive.indexer.settle()
    assert {one.record_id for one in others} == set(order[:8])
    assert {one.record_id for one in stuck} == set(order[8:])
    assert all(archive.state(one).state == "indexed" for one in (*stuck, *others))


def test_a_file_that_is_too_slow_for_any_lane_is_noted_with_its_reason_and_found_by_its_title(
    archive: SearchWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    from index.extract import Extraction, runner

    monkeypatch.setattr(
        "archive_service.search.texts.extract", lambda *_: Extraction("failed", reason=runner.TOO_SLOW, timed_out=True)
    )
    receipt = archive.settled("任意", title="通风检查")
    assert (archive.state(receipt).state, archive.state(receipt).reason_zh) == ("without_text", runner.TOO_SLOW.zh)
    assert archive.codes("通风检查") == [receipt.archival_code]
    assert archive.waiting() == []


def test_a_fault_of_the_store_is_tried_again_later_with_growing_pauses_and_then_given_up(
    archive: SearchWorld, quick: None
) -> None:
    bad, good = archive.file(BREAK), archive.file("好件")
    pauses = []
    for _ in range(TRIES):
        assert archive.state(bad) is None
        archive.indexer.settle()
        assert archive.codes("好件") == [good.archival_code]
        pauses += [row.not_before for row in archive.waiting()]
        archive.world.wait(minutes=30)
    assert len(pauses) == TRIES - 1
    assert pauses == sorted(set(pauses))
    assert archive.state(bad).state == "failed"
    assert archive.state(bad).reason_en == "The store is away."
    assert archive.waiting() == []
    assert archive.indexer.status()["failed"] == 1


def test_a_row_that_is_not_due_again_is_left_alone(archive: SearchWorld, quick: None) -> None:
    archive.file(BREAK)
    archive.indexer.settle()
    (row,) = archive.waiting()
    archive.indexer.settle()
    assert archive.waiting() == [row]
    assert (row.attempts, row.trouble) == (1, "The store is away.")


@pytest.mark.parametrize(
    "fault", [RuntimeError("quotes the secret"), KeyError("x"), MemoryError(), UnicodeError("x"), OSError(5, "I/O")]
)
def test_whatever_one_record_brings_about_the_others_go_on(
    archive: SearchWorld, quick: None, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    bad = archive.file("坏件")
    good = [archive.file(f"好件{number}") for number in range(6)]
    real = Texts.prepare

    def prepared(self: Texts, record_id: str, *given: Any, **named: Any) -> Any:
        if record_id == bad.record_id:
            raise fault
        return real(self, record_id, *given, **named)

    monkeypatch.setattr(Texts, "prepare", prepared)
    archive.indexer.settle()
    assert len(archive.codes("好件")) == len(good)
    (row,) = archive.waiting()
    assert row.record_id == bad.record_id
    assert "secret" not in (row.trouble or "")


def test_a_row_whose_every_attempt_killed_the_process_is_given_up(archive: SearchWorld, quick: None) -> None:
    """Nobody came back to note a fault; the attempts alone tell."""
    bad = archive.file("坏件")
    for _ in range(TRIES):
        assert len(archive.indexer.box.claim(INDEX, 1)) == 1
        archive.world.wait(seconds=LEASE.total_seconds() + 1)
    archive.indexer.settle()
    assert archive.state(bad).state == "failed"
    assert [row for row in archive.waiting() if row.topic == INDEX] == []


def test_an_index_that_cannot_be_written_loses_nothing(
    archive: SearchWorld, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = archive.file("好件")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(archive.search.compartments, "commit", full)
        archive.indexer.settle()
    assert archive.state(receipt) is None
    archive.world.wait(minutes=5)
    archive.indexer.settle()
    assert archive.codes("好件") == [receipt.archival_code]


def test_capsules_are_never_given_up(archive: SearchWorld, quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    receipt = archive.file("好件")
    archive.ask_capsule(receipt)
    archive.world.vault.delete_capsule(receipt.record_id)

    def away(*_: object) -> None:
        raise Unavailable("库房不可用。", "The store is away.")

    with monkeypatch.context() as patch:
        patch.setattr(settling, "write_capsule", away)
        for _ in range(TRIES + 3):
            archive.indexer.settle()
            archive.world.wait(hours=2)
    assert {row.topic for row in archive.waiting()} == {"capsule"}
    assert archive.state(receipt).state == "indexed"
    archive.indexer.settle()
    assert archive.waiting() == []
    assert archive.world.vault.read_capsule(receipt.record_id).archival_code == receipt.archival_code


def test_what_is_still_worked_on_stays_claimed(archive: SearchWorld) -> None:
    archive.file("好件")
    box = archive.indexer.box
    (row,) = box.claim(INDEX, 1)
    archive.world.wait(seconds=LEASE.total_seconds() - 1)
    box.hold([row.seq])
    archive.world.wait(seconds=LEASE.total_seconds() - 1)
    assert box.claim(INDEX, 1) == []


def test_a_record_asked_for_twice_is_in_the_index_once(archive: SearchWorld, quick: None) -> None:
    receipt = archive.settled("好件")
    archive.indexer.box.ask([receipt.record_id, receipt.record_id])
    archive.indexer.box.ask([receipt.record_id])
    assert len(archive.waiting()) == 1
    archive.indexer.settle()
    assert archive.codes("好件") == [receipt.archival_code]
    assert archive.search.compartments.count() == 1


def test_a_text_that_could_be_taken_in_part_says_what_is_missing(archive: SearchWorld) -> None:
    from datetime import date

    from archive_service.catalog.model import NewRecord, SourceFile

    files = (SourceFile("a.txt", lambda: ["通风检查".encode()]), SourceFile("b.pdf", lambda: [b"%PDF-1.7\nrubbish"]))
    new = NewRecord("Q001", "YSH05", "月报", date(2014, 6, 1), files)
    receipt = archive.world.accession.file_record(archive.world.person("zhang.dang"), new)
    archive.indexer.settle()
    assert archive.state(receipt).state == "indexed"
    assert "damaged" in archive.state(receipt).reason_en
    assert archive.codes("通风检查") == [receipt.archival_code]


def test_a_cage_that_is_weak_is_told_in_the_log_once_for_a_run(
    archive: SearchWorld, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from index.extract import Extraction

    monkeypatch.setattr(
        "archive_service.search.texts.extract", lambda *_: Extraction("ok", "文字", None, ("rlimits", "no_new_privs"))
    )
    for number in range(3):
        archive.file(f"第{number}件")
    archive.indexer.settle()
    assert sum("without seccomp" in record.message for record in caplog.records) == 1
