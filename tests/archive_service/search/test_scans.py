"""Words in pictures: found once they are recognised, told apart from letters, and gone with their record."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont
from sqlalchemy import func, select

from archive_service.catalog.tables import outbox, scan_states
from archive_service.search.scans import READ, SCAN, UNREAD
from index.extract import Limits, extract
from index.extract.chinese_type import chinese_font
from index.extract.ocr import joined
from index.extract.scans import Recognised, recognise
from index.faults import Sentence
from tests.archive_service.search.search_world import SearchWorld

SAID = ("乌兰布和选矿厂尾矿库", "浸润线超过控制水位", "Inspection notice 2024")


def picture(*lines: str) -> bytes:
    """Draw lines as a scanner would see them."""
    face = ImageFont.truetype(str(chinese_font()), 40)
    sheet = Image.new("L", (900, 120 + 80 * len(lines)), 250)
    for number, line in enumerate(lines):
        ImageDraw.Draw(sheet).text((60, 60 + 80 * number), line, font=face, fill=20)
    written = io.BytesIO()
    sheet.save(written, "PNG")
    return written.getvalue()


def state(archive: SearchWorld, record_id: str) -> Any:
    with archive.world.ledger.read() as connection:
        return connection.execute(select(scan_states).where(scan_states.c.record_id == record_id)).one_or_none()


def waiting(archive: SearchWorld) -> int:
    with archive.world.ledger.read() as connection:
        return connection.execute(select(func.count()).where(outbox.c.topic == SCAN)).scalar_one()


def test_pictures_are_read_in_the_cage_and_hostile_ones_refused() -> None:
    limits = Limits(memory_mib=3072, cpu_seconds=60, wall_seconds=120)
    data = picture(*SAID)
    assert extract([data], "image/png").scans == 1
    told: list[tuple[int, int]] = []
    found = recognise([data], "image/png", limits, 5, lambda *at: not told.append(at))
    assert all(said.replace(" ", "") in found.text.replace(" ", "") for said in SAID)
    assert (found.pages, found.reason, told) == (1, None, [(1, 1)])
    assert {"rlimits", "no_new_privs"} <= set(found.sandbox)
    broken = recognise([data[: len(data) // 3]], "image/png", limits, 5, lambda *_: True)
    assert not broken.text
    assert broken.reason is not None


def test_lines_that_the_edge_of_the_sheet_cuts_are_joined() -> None:
    full, short = ("安全生产隐", 0.0, 0.0, 500.0, 20.0), ("患排查", 0.0, 30.0, 300.0, 50.0)
    row = ("合格", 400.0, 31.0, 480.0, 49.0)
    last = ("End", 0.0, 60.0, 60.0, 80.0)
    assert joined([full, short, row, last]) == "安全生产隐患排查 合格\nEnd"


def test_what_is_recognised_is_found_marked_and_purged(archive: SearchWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"text": "浸润线超过控制水位"}

    def reading(chunks: Any, *_: Any) -> Recognised:
        assert b"".join(chunks)
        return Recognised(said["text"], 1)

    monkeypatch.setattr("archive_service.search.scans.recognise", reading)
    scanned = archive.settled(picture("甲"), "PI", title="乌兰布和现场照片", name="照片.png")
    assert archive.codes("乌兰布和") == [scanned.archival_code]  # found by its title at once
    assert archive.codes("浸润线") == []
    assert archive.indexer.status()["scans"] == {"read": 0, "failed": 0, "waiting": 1}
    assert archive.indexer.scans.run() == 1
    archive.indexer.settle()
    assert archive.codes("浸润线") == [scanned.archival_code]
    assert archive.codes("浸润线", "wang.yue") == []
    assert "".join(piece for piece, _ in archive.find("浸润线").hits[0].parts).strip() == said["text"]
    assert state(archive, scanned.record_id).state == READ
    kept = archive.search.text_of(scanned.record_id)
    assert "\x1e" not in kept
    # The analysis made anew, or the index: what was read stays, and is not read again.
    archive.indexer.rebuild()
    assert archive.codes("浸润线") == [scanned.archival_code]
    assert waiting(archive) == 0
    assert archive.indexer.scans.ask() == 0
    archive.indexer.purge(scanned.record_id)
    assert state(archive, scanned.record_id) is None


def test_what_cannot_be_recognised_says_why(archive: SearchWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "archive_service.search.scans.recognise", lambda *_: Recognised(reason=Sentence("图像损坏。", "Damaged."))
    )
    damaged = archive.settled(picture("乙"), "PUB", title="损坏的扫描件", name="扫描.png")
    archive.indexer.scans.run()
    found = state(archive, damaged.record_id)
    assert (found.state, found.reason_en) == (UNREAD, "Damaged.")
    monkeypatch.setattr("archive_service.search.scans.available", lambda: False)
    without = archive.settled(picture("丙"), "PUB", title="未识别的扫描件", name="扫描.png")
    assert "archive-service[ocr]" in state(archive, without.record_id).reason_zh
    assert archive.indexer.scans.run() == waiting(archive) == 0
    # Installed later, it is asked for by itself.
    monkeypatch.setattr("archive_service.search.scans.available", lambda: True)
    monkeypatch.setattr("archive_service.search.scans.recognise", lambda *_: Recognised("尾矿库", 1))
    assert archive.indexer.scans.ask() == 1
    archive.indexer.scans.run(all_of_it=True)
    archive.indexer.settle()
    assert archive.codes("尾矿库") == [without.archival_code]
