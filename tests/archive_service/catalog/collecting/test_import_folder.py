"""Filing a folder with its manifest: every row is filed or refused with its reason, and nothing outside is touched."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import func, select

from archive_service.audit.tables import entries
from archive_service.catalog.collecting.dry_run import check_folder
from archive_service.catalog.collecting.folders import inside, read_chunks
from archive_service.catalog.collecting.import_folder import (
    ImportReport,
    RowResult,
    file_rows,
    import_folder,
    new_record,
)
from archive_service.catalog.collecting.manifest import COLUMNS, Row
from archive_service.catalog.model import SourceFile
from archive_service.catalog.tables import records
from archive_service.errors import BadInput, Forbidden
from tests.support.disposal_world import APPRAISER, PROPOSER, World

HEAD = ["文件", "题名", "日期", "类型", "密级", "年度", "备注", "主件", "档号", "死亡人数"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "papers"
    path.mkdir()
    for name in ("a.txt", "b.txt", "c.txt"):
        (path / name).write_text(f"正文 {name}", encoding="utf-8")
    return path


def manifest(folder: Path, *lines: Sequence[str], encoding: str = "utf-8-sig") -> None:
    with (folder / "manifest.csv").open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([HEAD, *lines])


def run(world: World, folder: Path, case_no: str | None = None) -> ImportReport:
    return import_folder(world.accession, world.person(PROPOSER), folder, fonds_no="Q001", case_no=case_no)


def line(file: str, title: str = "题", day: str = "2024-03-01", code: str = "YSH05", *more: str) -> list[str]:
    return [file, title, day, code, *more]


def reasons(report: ImportReport) -> dict[int, str]:
    return {item.row: item.reason.en for item in report.refused if item.reason}


def test_every_bad_row_is_refused_with_its_own_reason_and_stops_no_other(world: World, folder: Path) -> None:
    (folder / "empty.txt").touch()
    (folder / "folder").mkdir()
    manifest(
        folder,
        line("a.txt"),
        line("missing.txt"),
        line("empty.txt"),
        line("../secret.txt"),
        line("/etc/passwd"),
        line("folder"),
        line("b.txt", ""),
        line("c.txt", day="1.3."),
        line("a.txt", "again"),
        line("", "no file"),
        line("manifest.csv", code="XYZ01"),
        line("长" * 300 + ".txt"),
        line("d.txt;d.txt"),
    )
    report = run(world, folder)
    assert (report.filed, report.repeated, report.total) == (1, 0, 13)
    found = reasons(report)
    for row, said in {
        3: "no file 'missing.txt'",
        4: "0 bytes",
        5: "not lie in this folder",
        6: "not lie in this folder",
        7: "no file 'folder'",
        8: "title",
        9: "no date",
        10: "named in row 2 already",
        11: "names no file",
        12: "XYZ01",
        13: "cannot be used",
        14: "named in row 14 already",
    }.items():
        assert said in found[row], (row, found[row])
    assert sorted(found) == list(range(3, 15))
    assert all(item.reason and item.reason.zh for item in report.refused)


def test_a_nul_in_a_manifest_is_told_before_anything_is_filed(desk: World, folder: Path) -> None:
    (folder / "manifest.csv").write_bytes("文件,题名,日期,类型\na\0.txt,题,2024-03-01,YSH05\n".encode())
    with pytest.raises(BadInput):
        run(desk, folder)


@pytest.mark.parametrize("name", ["a\0b.txt", "长" * 300, "a/" * 3000])
def test_a_name_that_no_file_can_have_is_refused_in_words(folder: Path, name: str) -> None:
    with pytest.raises(BadInput):
        inside(folder.resolve(), name)


@pytest.mark.parametrize("year", ["24", "２０２４", "2024.0", "-1", "99999", "abcd"])
def test_a_year_that_is_none_is_refused(desk: World, folder: Path, year: str) -> None:
    manifest(folder, line("a.txt", "题", "2024-03-01", "YSH05", "", year))
    assert "year" in reasons(run(desk, folder))[2]


def test_a_state_secret_in_a_folder_is_refused_and_the_rest_is_filed(desk: World, folder: Path) -> None:
    manifest(folder, line("a.txt", "题", "2024-03-01", "YSH05", "机密"), line("b.txt"))
    report = run(desk, folder)
    assert "state secret" in reasons(report)[2]
    assert report.filed == 1


def test_links_inside_the_folder_are_followed_and_links_out_of_it_are_not(desk: World, folder: Path) -> None:
    outside = folder.parent / "secret"
    outside.mkdir()
    (outside / "s.txt").write_text("外面的秘密")
    (folder / "in.txt").symlink_to("a.txt")
    (folder / "out.txt").symlink_to(outside / "s.txt")
    (folder / "up").symlink_to(outside)
    (folder / "circle.txt").symlink_to("circle.txt")
    (folder / "dangling.txt").symlink_to("nowhere.txt")
    names = ("in.txt", "out.txt", "up/s.txt", "circle.txt", "dangling.txt")
    manifest(folder, *(line(name) for name in names))
    report = run(desk, folder)
    assert [item.files for item in report.results if item.receipt] == ["in.txt"]
    found = reasons(report)
    assert "not lie in this folder" in found[3]
    assert "not lie in this folder" in found[4]
    assert sorted(found) == [3, 4, 5, 6]


def test_a_link_put_in_the_place_of_a_file_after_it_was_looked_up_is_not_followed(folder: Path) -> None:
    path = inside(folder.resolve(), "a.txt")
    path.unlink()
    path.symlink_to("/etc/passwd")
    with pytest.raises(OSError, match="symbolic links"):
        list(read_chunks(path))


def test_a_pipe_is_no_file_and_is_not_waited_for(desk: World, folder: Path) -> None:
    os.mkfifo(folder / "pipe.txt")
    manifest(folder, line("pipe.txt"))
    assert "no file" in reasons(run(desk, folder))[2]


@pytest.mark.parametrize("name", ["照片\\甲.jpg", "e\u0301.txt", "é.txt"])
def test_a_name_as_another_system_writes_it_is_found(folder: Path, name: str) -> None:
    (folder / "照片").mkdir()
    (folder / "照片" / "甲.jpg").write_bytes(b"x")
    (folder / "\u00e9.txt").write_bytes(b"x")
    assert inside(folder.resolve(), name).is_file()


def test_a_title_that_looks_like_a_formula_is_filed_as_the_text_it_is(desk: World, folder: Path) -> None:
    title = '=HYPERLINK("http://example.org","x")'
    manifest(folder, line("a.txt", title))
    assert run(desk, folder).filed == 1
    with desk.ledger.read() as connection:
        assert connection.execute(select(records.c.title)).scalar_one() == title


def test_running_it_again_files_nothing_twice_and_what_was_mended_once(world: World, folder: Path) -> None:
    manifest(folder, line("a.txt"), line("b.txt", day="?"), line("c.txt"))
    first = run(world, folder)
    assert (first.filed, len(first.refused)) == (2, 1)
    manifest(folder, line("a.txt"), line("b.txt"), line("c.txt"))
    second = run(world, folder)
    assert (second.filed, second.repeated, second.refused) == (1, 2, [])
    codes = {item.row: item.receipt.archival_code[-4:] for item in second.results if item.receipt}
    assert codes == {2: "0001", 3: "0003", 4: "0002"}


def test_photographs_name_their_record_by_file_or_by_code_in_any_order(world: World, folder: Path) -> None:
    earlier = world.file("PGF02").archival_code
    manifest(
        folder,
        line("a.txt", "照片", "2014-06-01", "SXD01", "INT", "", "", "sub/../c.txt"),
        line("b.txt", "照片", "2014-06-01", "SXD01", "", "", "", earlier),
        line("c.txt", "月报", "2014-06-01", "YSH05"),
    )
    for _ in range(2):
        report = run(world, folder)
        assert report.refused == []
        assert [item.row for item in report.results] == [2, 3, 4]
    with world.ledger.read() as connection:
        rows = connection.execute(select(records.c.type_code, records.c.period, records.c.level)).all()
    assert sorted(tuple(row) for row in rows if row.type_code == "SXD01") == [
        ("SXD01", "D10", "INT"),
        ("SXD01", "Y", "INT"),
    ]


def test_a_photograph_whose_record_was_refused_is_refused_too_and_says_which(desk: World, folder: Path) -> None:
    manifest(
        folder,
        line("a.txt", "照片", "2014-06-01", "SXD01", "INT", "", "", "c.txt"),
        line("c.txt", "月报", "?", "YSH05"),
        line("b.txt", "照片", "2014-06-01", "SXD01", "INT", "", "", "nowhere.txt"),
    )
    found = reasons(run(desk, folder))
    assert "'c.txt' (row 3) was not filed" in found[2]
    assert "nowhere.txt" in found[4]


def test_a_fact_in_the_manifest_decides_and_a_wrong_one_is_refused(desk: World, folder: Path) -> None:
    empty = ["", "", "", "", ""]
    manifest(
        folder,
        line("a.txt", "案例", "2024-03-01", "KCQ10", *empty, "1"),
        line("b.txt", "案例", "2024-03-01", "KCQ10", *empty, "一人"),
        line("c.txt", "月报", "2024-03-01", "YSH05", *empty, "1"),
    )
    report = run(desk, folder)
    assert report.filed == 1
    found = reasons(report)
    assert "whole number" in found[3]
    assert "does not ask" in found[4]
    with desk.ledger.read() as connection:
        assert connection.execute(select(records.c.period)).scalar_one() == "Y"


def test_codes_that_a_folder_brings_are_kept_or_refused_row_by_row(desk: World, folder: Path) -> None:
    code = "Q001-ZY·AX·2024-D10-YSH-0001"
    manifest(
        folder,
        line("a.txt", "题", "2024-03-01", "YSH05", "", "", "", "", code),
        line("b.txt", "题", "2024-03-01", "YSH05", "", "", "", "", code),
        line("c.txt"),
    )
    report = run(desk, folder)
    assert [item.receipt.archival_code[-4:] for item in report.results if item.receipt] == ["0001", "0002"]
    assert "never used again" in reasons(report)[3]


def test_who_may_not_file_is_refused_before_the_folder_is_looked_at(desk: World, tmp_path: Path) -> None:
    with pytest.raises(Forbidden):
        import_folder(desk.accession, desk.person(APPRAISER), tmp_path / "none", fonds_no="Q001", case_no=None)


def test_an_import_that_is_stopped_has_filed_what_it_yielded_and_says_so_in_the_log(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive_service.catalog.collecting.import_folder.TOGETHER", 4)
    rows = [a_row(number, f"{number}.txt") for number in range(2, 22)]
    going = file_rows(
        desk.accession, desk.person(PROPOSER), rows, in_memory, fonds_no="Q001", case_no=None, batch="b" * 32
    )
    seen: list[RowResult] = [next(going) for _ in range(6)]
    going.close()
    assert all(item.receipt for item in seen)
    with desk.ledger.read() as connection:
        assert connection.execute(select(func.count()).select_from(records)).scalar_one() == 8  # whole groups
        last = connection.execute(select(entries.c.body).where(entries.c.act == "import:finished")).scalar_one()
    assert '"filed":6' in last
    again = list(
        file_rows(desk.accession, desk.person(PROPOSER), rows, in_memory, fonds_no="Q001", case_no=None, batch="b" * 32)
    )
    assert [bool(item.receipt and item.receipt.repeated) for item in again] == [True] * 8 + [False] * 12


def a_row(number: int, file: str, **values: str) -> Row:
    given = {"file": file, "title": "题", "date": "2024-03-01", "class": "YSH05"}
    return Row(number, {**dict.fromkeys(COLUMNS, ""), **given, **values})


def in_memory(row: Row) -> tuple[tuple[SourceFile, ...], str]:
    return tuple(SourceFile(name, lambda: [b"content"]) for name in row.files), "memory"


def test_a_row_becomes_a_record_cell_by_cell() -> None:
    cells = {
        "level": "TS",
        "author": "甲",
        "document_no": "乙",
        "note": "丙",
        "year": "2023",
        "parent": "丁",
        "code": "戊",
    }
    row = a_row(2, "a.txt;b.txt", **cells)
    new = new_record(row, in_memory(row)[0], "Q001", "AX2024-001", "key")
    assert (new.fonds_no, new.case_no, new.key, new.type_code) == ("Q001", "AX2024-001", "key", "YSH05")
    assert (new.level, new.author, new.document_no, new.note, new.year) == ("TS", "甲", "乙", "丙", 2023)
    assert (new.parent, new.code) == ("丁", "戊")
    assert [file.name for file in new.files] == ["a.txt", "b.txt"]


def test_what_is_tried_first_tells_the_codes_that_filing_gives(
    world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over several groups too, of which none is ever committed; a row that would be refused takes none."""
    monkeypatch.setattr("archive_service.catalog.collecting.import_folder.TOGETHER", 2)
    names = [f"{number}.txt" for number in range(7)]
    for name in names:
        (folder / name).write_text(name, encoding="utf-8")
    lines = [line(name, code=("YSH05", "ZBG04")[at % 2]) for at, name in enumerate(names)]
    manifest(folder, *lines[:3], line("missing.txt"), *lines[3:])
    seen = list(check_folder(world.accession, world.person(PROPOSER), folder, fonds_no="Q001", case_no=None))
    assert [bool(one.code) for one in seen] == [True, True, True, False, True, True, True, True]
    filed = [item.receipt.archival_code for item in run(world, folder).results if item.receipt]
    assert [one.code for one in seen if one.code] == filed
    assert len(set(filed)) == 7


def test_a_dry_run_tells_of_files_that_are_there_twice_to_those_who_may_know(world: World, folder: Path) -> None:
    world.file(text="正文 a.txt")
    world.file("KCQ02", text="正文 b.txt")
    (folder / "d.txt").write_text("正文 c.txt", encoding="utf-8")
    (folder / "e.txt").write_bytes(b"")
    manifest(folder, *(line(name) for name in ("a.txt", "b.txt", "c.txt", "d.txt", "e.txt")))
    seen = list(check_folder(world.accession, world.person(PROPOSER), folder, fonds_no="Q001", case_no=None))
    (held,) = seen[0].same
    assert world.filed[0].archival_code in held.en
    assert seen[1].same == ()  # the other one is confidential: its content is known to no column
    assert [one.en for one in seen[3].same] == ["The same file stands in row 4; look whether it is meant."]
    assert seen[4].reason is not None
    assert "0" in seen[4].reason.en
    assert all(one.code for one in seen[:4])
