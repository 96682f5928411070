"""Manifests, CSV and XLSX: what is read, and what is refused with which words."""
# ruff: noqa: DTZ001 - the cells of a spreadsheet know no zone

from __future__ import annotations

import csv
import io
import re
import zipfile
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from archive_service.catalog.collecting.manifest import Row, find_manifest, parse_manifest, read_manifest
from archive_service.errors import BadInput
from retention_policies import default_schedule_path, load_schedule

ZH = ["文件", "题名", "日期", "类型"]
EN = ["file", "title", "date", "class"]
LINE = ["a.pdf", "检查，第“一”次", "2024-03-01", "KCQ03"]
QUESTIONS = tuple(load_schedule(default_schedule_path()).facts.values())


def as_csv(*lines: list[str], encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter).writerows(lines)
    return buffer.getvalue().encode(encoding)


def as_xlsx(*lines: list[Any]) -> bytes:
    book = Workbook()
    sheet = book.active
    for line in lines:
        sheet.append(line)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def only(rows: list[Row]) -> Row:
    (row,) = rows
    return row


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
@pytest.mark.parametrize("head", [ZH, EN])
def test_a_csv_in_each_usual_encoding_is_read(encoding: str, head: list[str]) -> None:
    row = only(parse_manifest("manifest.csv", as_csv(head, LINE, encoding=encoding)))
    assert [row.values[name] for name in EN] == LINE
    assert row.number == 2


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_comma_semicolon_and_tab_may_separate_the_cells(delimiter: str) -> None:
    row = only(parse_manifest("manifest.csv", as_csv(ZH, ["a.pdf;b.pdf", *LINE[1:]], delimiter=delimiter)))
    assert row.files == ["a.pdf", "b.pdf"]


@pytest.mark.parametrize(
    "data", [b"\xff\xff\xff", "文件".encode() + b"\xff", b"file,title\0,date,class\n", b"\xff\xfea"]
)
def test_bytes_in_no_known_encoding_are_refused_and_never_guessed(data: bytes) -> None:
    with pytest.raises(BadInput, match="UTF-8"):
        parse_manifest("manifest.csv", data)


def test_quotes_commas_and_line_breaks_inside_a_cell_are_part_of_it() -> None:
    data = 'file,title,date,class,note\r\na.pdf,"a ""b"", c",2024-03-01,KCQ03,"x\r\ny"\r\nb.pdf,t,2024-03-01,KCQ03,\r\n'
    first, second = parse_manifest("manifest.csv", data.encode())
    assert first.values["title"] == 'a "b", c'
    assert first.values["note"].splitlines() == ["x", "y"]
    assert (first.number, second.number) == (2, 3)  # rows as a spreadsheet counts them, not lines of the file


def test_a_quote_left_open_is_refused_with_its_line() -> None:
    with pytest.raises(BadInput, match="Line 2"):
        parse_manifest("manifest.csv", b'file,title,date,class\na.pdf,"t,2024-03-01,KCQ03\n')


def test_headings_are_known_with_space_and_in_capitals() -> None:
    row = only(
        parse_manifest("manifest.csv", as_csv([" File ", "TITLE", "日期", "Class", "Document  No"], [*LINE, "1号"]))
    )
    assert row.values["document_no"] == "1号"


def test_missing_columns_are_named_all_at_once() -> None:
    with pytest.raises(BadInput) as refused:
        parse_manifest("manifest.csv", as_csv(["文件", "备注"], ["a", "b"]))
    assert "题名、日期、类型" in refused.value.text.zh
    assert "title, date, class" in refused.value.text.en


def test_an_unknown_column_is_refused_because_its_content_would_be_lost() -> None:
    with pytest.raises(BadInput) as refused:
        parse_manifest("manifest.csv", as_csv([*ZH, "保管人", "页数"], [*LINE, "张", "3"]))
    assert "保管人、页数" in refused.value.text.zh


def test_a_column_without_a_name_and_the_running_number_are_passed_over() -> None:
    row = only(parse_manifest("manifest.csv", as_csv(["序号", *ZH, ""], ["1", *LINE, "draft"])))
    assert row.values["file"] == "a.pdf"


def test_a_column_that_stands_twice_is_refused() -> None:
    with pytest.raises(BadInput, match="stand twice: title"):
        parse_manifest("manifest.csv", as_csv([*ZH, "title"], [*LINE, "another"]))


def test_a_line_longer_than_the_first_is_unusable_and_a_shorter_one_is_not() -> None:
    long, short = parse_manifest("manifest.csv", as_csv([*ZH, "note"], [*LINE, "n", "more"], LINE))
    assert long.fault is not None
    assert "more columns" in long.fault.en
    assert short.fault is None
    assert short.values["note"] == ""


def test_empty_lines_are_passed_over_and_do_not_change_the_count() -> None:
    rows = parse_manifest("manifest.csv", as_csv(ZH, ["", "", "", ""], LINE, [], ["b.pdf", *LINE[1:]]))
    assert [row.number for row in rows] == [3, 5]


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", "\n".encode("utf-16")])
def test_an_empty_csv_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        parse_manifest("manifest.csv", data)


@pytest.mark.parametrize("text", ["=1+1", '=HYPERLINK("http://x")', "+86 10", "-减", "@SUM(A1)", "=cmd|' /C calc'!A0"])
def test_text_that_looks_like_a_formula_stays_the_text_that_it_is(text: str) -> None:
    assert only(parse_manifest("manifest.csv", as_csv(ZH, ["a.pdf", text, *LINE[2:]]))).values["title"] == text


def test_facts_have_columns_by_code_and_by_words() -> None:
    head = [*ZH, "死亡人数", "loss_yuan", "Kind of sanction"]
    row = only(parse_manifest("manifest.csv", as_csv(head, [*LINE, "1", "", "警告"]), QUESTIONS))
    assert row.facts == {"deaths": "1", "sanction_level": "警告"}


def test_without_the_schedule_a_fact_is_an_unknown_column() -> None:
    with pytest.raises(BadInput, match="死亡人数"):
        parse_manifest("manifest.csv", as_csv([*ZH, "死亡人数"], [*LINE, "1"]))


@settings(max_examples=200)
@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"), max_size=8),
            min_size=1,
            max_size=6,
        ),
        max_size=6,
    )
)
def test_any_table_is_read_or_refused_in_words(lines: list[list[str]]) -> None:
    for data in (as_csv(*lines), as_csv(EN, *lines)):
        with suppress(BadInput):
            parse_manifest("manifest.csv", data)


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_in_words(data: bytes) -> None:
    for name in ("manifest.csv", "manifest.xlsx"):
        with suppress(BadInput):
            parse_manifest(name, data)


# --------------------------------------------------------------------------------------------------------------- XLSX


def test_an_xlsx_is_read_with_dates_numbers_and_whole_floats_as_people_see_them() -> None:
    lines: list[list[Any]] = [
        [*ZH, "年度", "备注"],
        ["a.pdf", "题", date(2024, 3, 1), "KCQ03", 2024, 12.0],
        ["b.pdf", "题", datetime(2024, 3, 1), "KCQ03", "2024", 1.5],
        ["c.pdf", 20240301, "2024年3月1日", "KCQ03", None, True],
    ]
    rows = parse_manifest("manifest.xlsx", as_xlsx(*lines))
    assert [row.values["date"] for row in rows] == ["2024-03-01", "2024-03-01", "2024年3月1日"]
    assert [row.values["year"] for row in rows] == ["2024", "2024", ""]
    assert [row.values["note"] for row in rows] == ["12", "1.5", "True"]
    assert rows[2].values["title"] == "20240301"
    assert [row.number for row in rows] == [2, 3, 4]


def test_a_time_of_day_in_a_date_cell_is_not_swallowed() -> None:
    row = only(parse_manifest("manifest.xlsx", as_xlsx(ZH, ["a.pdf", "题", datetime(2024, 3, 1, 14, 30), "KCQ03"])))
    assert row.values["date"] == "2024-03-01 14:30:00"


def test_a_formula_without_its_result_makes_its_row_unusable_and_no_other() -> None:
    first, second = parse_manifest(
        "manifest.xlsx", as_xlsx(ZH, ["a.pdf", "=A2&B2", "2024-03-01", "KCQ03"], ["b.pdf", *LINE[1:]])
    )
    assert first.fault is not None
    assert "B2" in first.fault.zh
    assert second.fault is None


def test_of_a_formula_the_result_is_read_that_was_saved_with_it() -> None:
    # openpyxl writes no results; a spreadsheet program does. So one is put in by hand.
    data = as_xlsx(ZH, ["a.pdf", "=1+1", "2024-03-01", "KCQ03"])
    changed = rewritten(data, "xl/worksheets/sheet1.xml", rb"<f>1\+1</f><v>?(?:</v>| ?/>)", b"<f>1+1</f><v>2</v>")
    row = only(parse_manifest("manifest.xlsx", changed))
    assert (row.values["title"], row.fault) == ("2", None)


def rewritten(data: bytes, part: str, pattern: bytes, new: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as package, zipfile.ZipFile(buffer, "w") as changed:
        for name in package.namelist():
            content = package.read(name)
            if name == part:
                content, times = re.subn(pattern, new, content)
                assert times
            changed.writestr(name, content)
    return buffer.getvalue()


def test_an_error_value_makes_its_row_unusable() -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(ZH)
    sheet.append(LINE)
    sheet["B2"].value = "#REF!"
    sheet["B2"].data_type = "e"
    buffer = io.BytesIO()
    book.save(buffer)
    row = only(parse_manifest("manifest.xlsx", buffer.getvalue()))
    assert row.fault is not None
    assert "#REF!" in row.fault.en


def test_a_sheet_that_lies_about_its_size_is_read_whole() -> None:
    data = as_xlsx(ZH, LINE, ["b.pdf", *LINE[1:]])
    lying = rewritten(data, "xl/worksheets/sheet1.xml", rb'<dimension ref="A1:D3" ?/>', b'<dimension ref="A1"/>')
    assert len(parse_manifest("manifest.xlsx", lying)) == 2


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "[Content_Types].xml"])
def test_a_damaged_xlsx_is_refused_in_words(part: str) -> None:
    data = as_xlsx(ZH, LINE)
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        whole = package.read(part)
    with pytest.raises(BadInput):
        parse_manifest("manifest.xlsx", rewritten(data, part, re.escape(whole), whole[: len(whole) // 2]))


def test_an_xlsx_that_unpacks_to_a_giant_is_refused_before_it_does() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/sharedStrings.xml", b" " * (65 * 1024 * 1024))
    assert len(buffer.getvalue()) < 100_000
    with pytest.raises(BadInput, match="too large"):
        parse_manifest("manifest.xlsx", buffer.getvalue())


# ------------------------------------------------------------------------------------------------------------- folders


def test_a_folder_has_one_manifest_and_no_more(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="exactly one"):
        find_manifest(tmp_path)
    (tmp_path / "manifest.csv").write_bytes(as_csv(ZH, LINE))
    assert only(read_manifest(find_manifest(tmp_path))).files == ["a.pdf"]
    (tmp_path / "manifest.xlsx").write_bytes(as_xlsx(ZH, LINE))
    with pytest.raises(BadInput, match="exactly one"):
        find_manifest(tmp_path)


def test_several_files_stand_in_a_cell_behind_one_another() -> None:
    row = only(parse_manifest("manifest.csv", as_csv(ZH, ["a.pdf； b.jpg ;;照片/c.jpg", *LINE[1:]])))
    assert row.files == ["a.pdf", "b.jpg", "照片/c.jpg"]
