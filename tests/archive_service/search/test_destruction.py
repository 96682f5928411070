"""After a destruction, and at rest, no word is left where it must not be."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from sqlalchemy import update

from archive_service.catalog.tables import DESTROYING, records
from archive_service.database.guards import without_guards
from archive_service.search.settling import write
from index.extract import Limits
from tests.archive_service.search.search_world import SearchWorld

CANARY = "zxqvcanary7hd"
RARE = "龘靐齉爩麤"
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "gb18030")


def traces(folder: Path, *words: str) -> list[str]:
    """Look through the bytes of every file for words and pairs of characters."""
    pieces = {
        piece
        for word in words
        for piece in (word, *(word[at : at + 2] for at in range(len(word) - 1) if not word.isascii()))
    }
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found += [f"{path.name}: {p}" for p in pieces if any(p.encode(code) in content for code in ENCODINGS)]
    return found


def test_the_look_finds_what_is_there(archive: SearchWorld) -> None:
    archive.settled(f"{CANARY} {RARE}", "INT")
    assert len(traces(archive.index_folder, CANARY, RARE)) >= 4


@pytest.mark.parametrize("level", ["PUB", "INT", "TS", "PI"])
def test_purging_leaves_no_byte_of_the_record_in_the_index(archive: SearchWorld, level: str) -> None:
    gone = archive.settled(f"报告 {CANARY}，{RARE}。", level, title=f"{CANARY}记录")
    others = [archive.settled(f"报告第{number}号", level) for number in range(3)]
    archive.indexer.purge(gone.record_id)
    assert archive.indexer.remains(gone.record_id) == []
    assert traces(archive.index_folder, CANARY, RARE, gone.record_id) == []
    assert sorted(archive.codes("报告")) == sorted(one.archival_code for one in others)
    archive.indexer.purge(gone.record_id)
    assert traces(archive.index_folder, CANARY, RARE) == []


@pytest.mark.parametrize("level", ["TS", "PI"])
def test_no_word_of_a_confidential_record_is_at_rest_in_clear_anywhere(
    archive: SearchWorld, level: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """S17: no index file, temporary file, database or journal; looked for while it is there, not only afterwards."""
    temporary = archive.world.folder / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("TMPDIR", str(temporary))
    for number in range(3):
        archive.settled(f"{CANARY} {RARE} {number} " + "长文" * 3000, level, title=f"{RARE}之{number}")
    assert archive.find(CANARY).total == 3
    assert traces(archive.world.folder, CANARY, RARE) == []
    assert list(temporary.iterdir()) == []


def test_every_saving_of_a_sealed_index_takes_a_new_key_and_destroys_the_old(archive: SearchWorld) -> None:
    archive.settled("配方甲", "TS")
    old = (archive.index_folder / "TS.sealed").read_bytes()
    archive.settled("配方乙", "TS")
    (archive.index_folder / "TS.sealed").write_bytes(old)
    archive.indexer.reconcile()
    archive.indexer.settle()
    assert archive.find("配方").total == 2, "an older copy opens with no key; it is told as such and built again"


def test_an_extraction_that_ends_after_the_destruction_leaves_nothing(archive: SearchWorld) -> None:
    """The text was already taken out when the record was hidden, purged and its keys destroyed."""
    gone = archive.file(f"报告 {CANARY}")
    texts = archive.indexer.texts
    ready = texts.prepare(gone.record_id, Limits())
    assert ready is not None
    with archive.world.ledger.work(None) as work:
        with without_guards(work.connection, records):
            work.connection.execute(update(records).where(records.c.id == gone.record_id).values(status=DESTROYING))
        work.commit()
    archive.indexer.purge(gone.record_id)
    write(archive.world.ledger, archive.search.compartments, [ready])
    assert archive.indexer.remains(gone.record_id) == []
    assert traces(archive.index_folder, CANARY) == []
    assert texts.prepare(gone.record_id, Limits()) is None


def test_a_text_kept_too_late_is_taken_away_again(archive: SearchWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """The destruction passes between the sealing of the text and its entry in the catalogue."""
    gone = archive.file(f"报告 {CANARY}")
    world, real = archive.world, archive.world.vault.put

    def destroyed_meanwhile(*given: object, **named: object) -> object:
        stored = real(*given, **named)  # type: ignore[arg-type]
        with world.ledger.work(None) as work:
            with without_guards(work.connection, records):
                work.connection.execute(update(records).where(records.c.id == gone.record_id).values(status=DESTROYING))
            work.commit()
        world.vault.destroy_keys(gone.record_id, world.vault.keys_of(gone.record_id))
        return stored

    monkeypatch.setattr(world.vault, "put", destroyed_meanwhile)
    assert archive.indexer.texts.prepare(gone.record_id, Limits()) is None
    world.vault.delete_objects(gone.record_id)
    assert world.vault.remains(gone.record_id) == []


def test_a_purge_of_an_index_that_cannot_be_read_still_leaves_nothing_and_brings_the_others_back(
    archive: SearchWorld,
) -> None:
    gone, stays = archive.settled(f"报告 {CANARY}"), archive.settled("报告")
    for path in (archive.index_folder / "open").glob("*.seg"):
        path.write_bytes(path.read_bytes()[:200] + CANARY.encode())
    archive.indexer.purge(gone.record_id)
    assert traces(archive.index_folder, CANARY) == []
    assert archive.indexer.remains(gone.record_id) == []
    archive.indexer.settle()
    assert archive.codes("报告")[0] == stays.archival_code


def test_the_whole_way_of_destruction_leaves_no_word_in_the_index(archive: SearchWorld) -> None:
    gone = archive.settled(f"报告 {CANARY} {RARE}", "INT")
    archive.world.filed.append(gone)
    world = archive.world
    world.check.run()
    list_no = world.disposal.draw_up(world.person("zhang.dang"), world.candidate_ids()).list_no
    world.appraise(list_no)
    world.disposal.submit(world.person("zhang.dang"), list_no)
    world.approve(list_no)
    world.wait(days=7)
    world.order(list_no)
    assert archive.find(CANARY).total == 0
    done = world.destruction.carry_out(list_no)
    assert done.closed
    assert traces(world.folder / "index", CANARY, RARE) == []
    assert archive.find(CANARY).total == 0
    assert archive.findings() == []
