"""The index is a cache: lost, cut off, restored or damaged, it comes back as it was."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import update

from archive_service.catalog.descriptions import columns_for
from archive_service.catalog.model import Description
from archive_service.catalog.tables import DESTROYING, index_states, outbox, records
from archive_service.database.guards import without_guards
from archive_service.errors import Conflict
from archive_service.search.indexer import Indexer
from archive_service.search.texts import Texts
from index.analysis import ANALYSIS_VERSION
from tests.archive_service.search.search_world import OUTSIDER, SearchWorld, open_search_world

pytestmark = pytest.mark.usefixtures("in_process")

QUESTIONS = ("报告", "安全 整改", "隐患 消防 演练 巡察", "“安全，整改”", "安全 -消防", "report OR hazard")


def filled(archive: SearchWorld) -> None:
    for number in range(12):
        text = f"安全{'整改，' * (number % 3)}报告第{number}号" + ("隐患 hazard" if number % 2 else "消防演练 report")
        archive.file(text, ("PUB", "INT", "TS", "PI")[number % 4], title=f"第{number}号巡察报告")
    archive.indexer.settle()


def answers(archive: SearchWorld) -> list[object]:
    return [archive.find(question, login, limit=50) for question in QUESTIONS for login in ("chen.mi", OUTSIDER)]


def again(archive: SearchWorld) -> SearchWorld:
    """The same archive in a new process."""
    return open_search_world(archive.world.url, archive.world.folder, archive.world.hands.now)


@pytest.mark.parametrize("way", ["rebuild", "settle", "reconcile"])
def test_a_deleted_index_comes_back_with_the_same_answers(archive: SearchWorld, way: str) -> None:
    filled(archive)
    before = answers(archive)
    shutil.rmtree(archive.index_folder)
    fresh = again(archive)
    if way == "rebuild":
        assert fresh.indexer.rebuild() == 12
    elif way == "reconcile":
        assert fresh.indexer.reconcile().asked == 12
        fresh.indexer.settle()
    else:
        fresh.indexer.settle()
    assert answers(fresh) == before
    assert fresh.findings() == []
    fresh.close()


def test_a_rebuild_tells_its_progress_and_extracts_nothing_anew(
    archive: SearchWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(archive)
    monkeypatch.setattr("archive_service.search.texts.extract", None)
    told: list[tuple[int, int]] = []
    assert archive.indexer.rebuild(lambda done, total: told.append((done, total))) == 12
    assert told[-1] == (12, 12)


def test_a_rebuild_goes_on_where_one_record_cannot_be_prepared(
    archive: SearchWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(archive)
    bad, real = archive.find("报告").hits[0].line.id, Texts.prepare

    def prepared(self: Texts, record_id: str, *given: object, **named: object) -> object:
        if record_id == bad:
            raise RuntimeError
        return real(self, record_id, *given, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Texts, "prepare", prepared)
        assert archive.indexer.rebuild() == 11
    archive.indexer.settle()
    assert archive.find("报告").total == 12


@pytest.mark.parametrize("damage", ["cut", "toc", "sealed", "empty"])
def test_a_damaged_index_is_built_again_by_the_next_process(archive: SearchWorld, damage: str) -> None:
    filled(archive)
    before = answers(archive)
    folder = archive.index_folder
    for path in {"cut": folder.rglob("*.seg"), "toc": folder.rglob("*.toc"), "sealed": folder.glob("*.sealed")}.get(
        damage, folder.rglob("*.*")
    ):
        if path.is_file() and "lock" not in path.name.lower():
            path.write_bytes(b"" if damage == "empty" else path.read_bytes()[: path.stat().st_size // 3])
    fresh = again(archive)
    fresh.indexer.settle()
    assert answers(fresh) == before
    assert fresh.findings() == []
    fresh.close()


def test_an_older_copy_of_the_index_is_brought_up_to_date_record_by_record(
    archive: SearchWorld, tmp_path: Path
) -> None:
    """As after a restore, or a power cut with a disk that lied: what was noted and what is there are compared."""
    filled(archive)
    old = tmp_path / "old"
    shutil.copytree(archive.index_folder / "open", old)
    changed = next(hit.line.id for hit in archive.find("报告", limit=50).hits if hit.line.level == "INT")
    gone = archive.settled("要销毁的报告")
    with archive.world.ledger.work(None) as work:
        work.connection.execute(update(records).where(records.c.id == changed).values(title="改过的题名"))
        work.commit()
    archive.indexer.box.ask([changed])
    archive.settled("新来的报告")
    archive.indexer.purge(gone.record_id)
    with archive.world.ledger.work(None) as work:
        with without_guards(work.connection, records):
            work.connection.execute(update(records).where(records.c.id == gone.record_id).values(status="destroying"))
        work.commit()
    before = answers(archive)
    shutil.rmtree(archive.index_folder / "open")
    shutil.copytree(old, archive.index_folder / "open")
    fresh = again(archive)
    assert any("do not agree" in finding for finding in fresh.findings())
    found = fresh.indexer.reconcile()
    assert (found.asked, found.removed) == (2, 0)
    fresh.indexer.settle()
    assert answers(fresh) == before
    assert fresh.findings() == []
    fresh.close()


def test_what_the_index_holds_and_the_catalogue_does_not_is_taken_out(archive: SearchWorld) -> None:
    stray = archive.settled("将从目录消失的报告")
    archive.settled("报告")
    with archive.world.ledger.work(None) as work:
        with without_guards(work.connection, records):
            work.connection.execute(update(records).where(records.c.id == stray.record_id).values(status="destroying"))
        work.commit()
    assert any("must not hold" in finding for finding in archive.findings())
    assert archive.indexer.reconcile().removed == 1
    assert archive.indexer.remains(stray.record_id) == []


def test_a_record_nobody_asked_for_is_asked_for(archive: SearchWorld) -> None:
    """The outbox row was lost, as when the catalogue was put together again from capsules."""
    receipt = archive.file("报告")
    with archive.world.ledger.work(None) as work:
        work.connection.execute(outbox.delete().where(outbox.c.topic == "index"))
        work.commit()
    fresh = again(archive)
    fresh.indexer.settle()
    assert fresh.codes("报告") == [receipt.archival_code]
    fresh.close()


def test_an_index_of_an_earlier_analysis_is_built_again(archive: SearchWorld) -> None:
    filled(archive)
    with archive.world.ledger.work(None) as work:
        work.connection.execute(index_states.update().values(analysis="1"))
        work.commit()
    before = answers(archive)
    fresh = again(archive)
    fresh.indexer.settle()
    assert fresh.indexer.status()["rebuild_due"]
    assert answers(fresh) == before, "the old index serves"
    assert fresh.indexer.renew() == 12
    assert fresh.indexer.renew() == 0
    assert answers(fresh) == answers(archive) == before, "other processes see the new one"
    with fresh.world.ledger.read() as connection:
        marks = set(connection.execute(index_states.select().with_only_columns(index_states.c.analysis)).scalars())
    assert len(marks) == 12
    assert all(mark.startswith(f"{ANALYSIS_VERSION}/") for mark in marks)
    fresh.close()


def test_an_index_that_agrees_is_left_alone(archive: SearchWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(archive)
    archive.file("等待中的报告")
    fresh = again(archive)
    monkeypatch.setattr(Indexer, "reconcile", lambda self: pytest.fail("compared without need"))
    fresh.indexer.settle()
    assert fresh.find("报告", limit=50).total == 13
    fresh.close()


def test_a_record_whose_level_is_raised_leaves_the_open_index(archive: SearchWorld) -> None:
    one = archive.settled("配方 zxqvcanary7hd")
    with archive.world.ledger.work(None) as work:
        values = columns_for(archive.world.vault, one.record_id, "TS", Description("月报"))
        work.connection.execute(update(records).where(records.c.id == one.record_id).values(level="TS", **values))
        work.commit()
    archive.indexer.box.ask([one.record_id])
    archive.indexer.settle()
    assert archive.codes("配方") == [one.archival_code]
    assert archive.search.compartments.remains(one.record_id) == ["index/TS"]
    assert not [
        path for path in archive.index_folder.rglob("*") if path.is_file() and b"zxqvcanary7hd" in path.read_bytes()
    ]


def test_doctor_says_when_the_index_cannot_be_read(archive: SearchWorld) -> None:
    filled(archive)
    for path in archive.index_folder.rglob("*.toc"):
        path.write_bytes(b"rubbish")
    assert any("index" in finding for finding in again(archive).findings())


def test_a_rebuild_happens_beside_the_index_that_serves(archive: SearchWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is filed meanwhile is in the new one, what is purged meanwhile is in neither, and nothing of the old stays."""
    monkeypatch.setattr("archive_service.search.rebuilding.AT_ONCE", 4)
    filled(archive)
    before = answers(archive)
    gone = archive.find("报告").hits[0].line
    late: list[str] = []

    def meanwhile(done: int, total: int) -> None:
        if done == 4:
            assert answers(archive) == before
            with pytest.raises(Conflict):
                archive.indexer.rebuild()
            late.append(archive.settled("报告迟来的一号", "TS").archival_code)
            with archive.world.ledger.work(None) as work:
                hide = records.update().where(records.c.id == gone.id).values(status=DESTROYING)
                with without_guards(work.connection, records):
                    work.connection.execute(hide)
                work.commit()
            archive.indexer.purge(gone.id)
            assert archive.indexer.remains(gone.id) == []

    archive.indexer.rebuild(meanwhile)
    found = archive.codes("报告")
    assert set(late) <= set(found)
    assert gone.code not in found
    assert archive.indexer.remains(gone.id) == []
    other = again(archive)
    assert other.codes("报告") == found
    other.close()
    places = {path.name for path in archive.index_folder.iterdir() if path.is_dir()}
    assert len(places) == 1, "the old one is gone"
    assert not list(archive.index_folder.glob("*.sealed"))
    archive.indexer.rebuild()
    assert archive.codes("报告") == found
    assert places.isdisjoint(path.name for path in archive.index_folder.iterdir() if path.is_dir())


def test_a_rebuild_that_fails_leaves_the_index_that_serves(archive: SearchWorld) -> None:
    filled(archive)
    before = answers(archive)

    def fails(done: int, total: int) -> None:
        raise OSError(f"{done}/{total}")

    with pytest.raises(OSError, match="/12"):
        archive.indexer.rebuild(fails)
    assert answers(archive) == before
    assert [path.name for path in archive.index_folder.iterdir() if path.is_dir()] == ["open"]
    assert archive.findings() == []
