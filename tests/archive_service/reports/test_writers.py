"""Registers as paper: what was put in is what stands there, on every page, and no cell does anything."""

from __future__ import annotations

import io

import pypdfium2
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from archive_service.errors import Text
from archive_service.reports.pdf import as_pdf
from archive_service.reports.register import Column, Kind, Register
from archive_service.reports.xlsx import as_xlsx

COLUMNS = (
    Column(Text("序号", "No."), 1, Kind.NUMBER),
    Column(Text("档号", "Archival code"), 4, Kind.CODE),
    Column(Text("题名", "Title"), 8),
)


def register(titles: list[str], language: str = "zh") -> Register:
    rows = [(number, f"Q001-ZY·AX·2024-D30-KCQ-{number:04d}", title) for number, title in enumerate(titles, 1)]
    return Register(
        "归档文件目录",
        "示例档案室",
        "2026-11-24",
        [("全宗号", "Q001")],
        COLUMNS,
        rows,
        ("整理人", "检查人"),
        "备注",
        language,
    )


def pages(pdf: bytes) -> list[str]:
    return [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pdf)]


def cells(xlsx: bytes) -> list[list[object]]:
    sheet = load_workbook(io.BytesIO(xlsx)).worksheets[0]
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def test_every_page_has_the_head_and_says_which_of_how_many_it_is() -> None:
    found = pages(as_pdf(register([f"现场检查记录{number}" for number in range(120)])))
    assert len(found) > 2
    for number, text in enumerate(found[:-1], 1):
        assert "题名" in text
        assert f"第 {number} 页 共 {len(found)} 页" in text
    assert "检查人" in found[-1]


def test_an_empty_register_says_so() -> None:
    assert "（无）" in pages(as_pdf(register([])))[0]
    assert "(none)" in pages(as_pdf(register([], "en")))[0]


def test_the_type_is_embedded() -> None:
    pdf = as_pdf(register(["整改验收"]))
    assert b"FontFile2" in pdf
    assert b"STSong" not in pdf


def test_mark_up_in_a_title_is_only_text() -> None:
    assert "<b>甲</b> & 乙" in pages(as_pdf(register(["<b>甲</b> & 乙"])))[0]


def test_a_title_that_looks_like_a_formula_stays_a_title() -> None:
    written = as_xlsx(register(["=HYPERLINK(1)", "+1", "@x", "-2"]))
    sheet = load_workbook(io.BytesIO(written)).worksheets[0]
    for row in sheet.iter_rows():
        assert all(cell.data_type != "f" for cell in row)
    assert [row[2] for row in cells(written) if isinstance(row[0], int)] == ["=HYPERLINK(1)", "+1", "@x", "-2"]


def test_numbers_stay_numbers() -> None:
    assert [row[0] for row in cells(as_xlsx(register(["甲", "乙"]))) if isinstance(row[0], int)] == [1, 2]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=3))
def test_no_title_breaks_a_register(titles: list[str]) -> None:
    load_workbook(io.BytesIO(as_xlsx(register(titles))))
    assert pages(as_pdf(register(titles)))
