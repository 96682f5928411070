"""The watched folder: complete folders are filed, files leave only with receipts, what was refused stays to be corrected."""

from __future__ import annotations

import csv
import os
from dataclasses import replace
from pathlib import Path

import pytest

from archive_service.catalog.collecting import drop_folder
from archive_service.catalog.collecting.drop_folder import DropFolder
from archive_service.catalog.collecting.import_folder import RowResult
from archive_service.catalog.collecting.settling import Settling
from tests.support.disposal_world import PROPOSER, World

ROWS = [("甲.txt", "第一份", "2024-03-01", "YSH05"), ("里/乙.txt", "第二份", "2024-03-02", "YSH05")]


def put(watched: Path, name: str = "三月", rows: list[tuple[str, ...]] | None = None, ready: str | None = "") -> Path:
    folder = watched / name
    (folder / "里").mkdir(parents=True)
    (folder / "甲.txt").write_text(f"第一份的内容 {name}", encoding="utf-8")
    (folder / "里" / "乙.txt").write_text(f"第二份的内容 {name}", encoding="utf-8")
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("文件", "题名", "日期", "类型"), *(ROWS if rows is None else rows)])
    if ready is not None:
        (folder / "READY").write_text(ready, encoding="utf-8")
    return folder


def watching(world: World, watched: Path) -> DropFolder:
    watched.mkdir(exist_ok=True)
    return DropFolder(world.accession, world.ledger.clock, watched, lambda: world.person(PROPOSER), "Q001")


def report(watched: Path) -> list[list[str]]:
    (path,) = watched.glob("*.result-*.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.reader(file))[1:]
    path.unlink()
    return found


def test_a_folder_is_filed_when_it_is_complete_and_then_it_is_gone(desk: World, tmp_path: Path) -> None:
    watched = tmp_path / "watched"
    folder = put(watched, ready=None)
    desk.open_case("AX2024-001")
    drop = watching(desk, watched)
    assert drop.take_in() == 0
    (folder / "READY").write_text('case = "AX2024-001"', encoding="utf-8")
    assert drop.take_in() == 1
    assert not folder.exists()
    assert len({line[2] for line in report(watched)}) == 2
    again = put(watched)  # the same names, other papers
    (again / "甲.txt").write_text("另一份", encoding="utf-8")
    drop.take_in()
    assert not again.exists()
    assert all(line[2] for line in report(watched))


def test_what_is_refused_stays_with_a_manifest_of_its_own(desk: World, tmp_path: Path) -> None:
    watched = tmp_path / "watched"
    folder = put(watched, rows=[ROWS[0], ("里/乙.txt", "第二份", "某日", "YSH05")])
    drop = watching(desk, watched)
    drop.take_in()
    first, second = report(watched)
    assert first[2]
    assert not second[2]
    assert not (folder / "甲.txt").exists()
    assert (folder / "里" / "乙.txt").exists()
    text = (folder / "manifest.csv").read_text(encoding="utf-8-sig")
    assert "甲.txt" not in text
    assert drop.take_in() == 0
    (folder / "manifest.csv").write_text(text.replace("某日", "2024-03-02"), encoding="utf-8")
    (folder / "REFUSED").rename(folder / "READY")
    drop.take_in()
    assert [bool(line[2]) for line in report(watched)] == [True]
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.before-1.csv"]


def test_a_run_that_was_killed_before_the_files_left_goes_on_without_a_second_copy(
    desk: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = tmp_path / "watched"
    folder = put(watched)
    drop = watching(desk, watched)
    as_ever = DropFolder._line

    def killed(self: DropFolder, where: Path, result: RowResult, *rest: object) -> object:
        if result.row == 3:
            raise KeyboardInterrupt
        return as_ever(self, where, result, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(DropFolder, "_line", killed)
    with pytest.raises(KeyboardInterrupt):
        drop.take_in()
    monkeypatch.undo()
    assert not (folder / "甲.txt").exists()
    assert (folder / "里" / "乙.txt").exists()
    report(watched)
    drop.take_in()
    assert not folder.exists()
    codes = [line[2] for line in report(watched)]
    assert [code[-4:] for code in codes] == ["0001", "0002"]


def test_bytes_that_changed_after_the_receipt_are_not_thrown_away(
    desk: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = tmp_path / "watched"
    folder = put(watched)
    as_ever = drop_folder._let_go

    def changed(where: Path, names: list[str], receipt: object) -> object:
        if names == ["甲.txt"]:
            (where / "甲.txt").write_text("刚刚改过", encoding="utf-8")
        return as_ever(where, names, receipt)  # type: ignore[arg-type]

    monkeypatch.setattr(drop_folder, "_let_go", changed)
    watching(desk, watched).take_in()
    assert (folder / "甲.txt").read_text(encoding="utf-8") == "刚刚改过"
    assert "differs from the receipt" in report(watched)[0][4]


def test_a_folder_that_leads_out_of_itself_gives_nothing(desk: World, tmp_path: Path) -> None:
    watched = tmp_path / "watched"
    outside = tmp_path / "outside.txt"
    outside.write_text("外面的", encoding="utf-8")
    folder = put(
        watched, rows=[("../../outside.txt", "外", "2024-03-01", "YSH05"), ("链接.txt", "链", "2024-03-01", "YSH05")]
    )
    (folder / "链接.txt").symlink_to(outside)
    watching(desk, watched).take_in()
    assert [line[2] for line in report(watched)] == ["", ""]
    assert outside.exists()


def test_a_folder_without_the_mark_is_filed_once_nothing_in_it_changes(desk: World, tmp_path: Path) -> None:
    watched, now = tmp_path / "watched", [0.0]
    folder = put(watched, ready=None)
    drop = replace(watching(desk, watched), settle_seconds=60, settling=Settling(lambda: now[0]))

    def after(seconds: float) -> int:
        now[0] += seconds
        return drop.take_in()

    assert [after(0), after(59)] == [0, 0]
    late = folder / "里" / "丙.txt.part"
    late.write_text("尚未传完", encoding="utf-8")
    assert [after(30), after(300)] == [0, 0]
    late.rename(late.with_suffix(""))
    assert [after(1), after(59)] == [0, 0]
    stat = late.with_suffix("").stat()
    late.with_suffix("").write_text("尚未改完", encoding="utf-8")  # the same size, and the old time
    os.utime(late.with_suffix(""), ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert [after(1), after(59)] == [0, 0]
    assert after(1) == 1
    assert [bool(line[2]) for line in report(watched)] == [True, True]
    assert [path.name for path in folder.rglob("*.txt")] == ["丙.txt"]  # no row names it
    refused = put(watched, "四月", rows=[("甲.txt", "第一份", "某日", "YSH05")], ready=None)
    assert [after(1), after(61)] == [0, 1]
    assert [after(1), after(61)] == [0, 0]  # a person has to look at what was refused
    assert (refused / "REFUSED").exists()


def test_the_report_tells_of_a_twin(desk: World, tmp_path: Path) -> None:
    watched = tmp_path / "watched"
    drop = watching(desk, watched)
    put(watched, "一")
    drop.take_in()
    codes = [line[2] for line in report(watched)]
    put(watched, "二")
    for name in ("甲.txt", "里/乙.txt"):
        path = watched / "二" / name
        path.write_text(path.read_text(encoding="utf-8").replace(" 二", " 一"), encoding="utf-8")
    drop.take_in()
    lines = report(watched)
    assert [codes[at] in line[3] for at, line in enumerate(lines)] == [True, True]
    assert not {line[2] for line in lines} & set(codes)
