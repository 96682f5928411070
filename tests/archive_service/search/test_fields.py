"""Filters typed by hand: read as meant, wrong ones told, and nothing but what one may see is found by them."""

from __future__ import annotations

from datetime import date

import pytest

from archive_service.errors import Text
from archive_service.reports.found import found_register
from archive_service.reports.xlsx import as_xlsx
from archive_service.search.fields import SearchFilters, read_typed
from tests.archive_service.search.search_world import OUTSIDER, SearchWorld


@pytest.mark.parametrize(
    ("typed", "words", "filters"),
    [
        ("安全 year:2024", "安全", SearchFilters(year=2024)),
        ("年度：2024年 隐患", "隐患", SearchFilters(year=2024)),
        ("class:kcq 类型:kcq05", "", SearchFilters(class_code="KCQ", type_code="KCQ05")),
        ("密级:INT level:int", "", SearchFilters(level="INT")),
        ("企业:“安泰 矿业” 通风", "通风", SearchFilters(enterprise="安泰 矿业")),
        ("after:2024 before:2024-05-01", "", SearchFilters(after=date(2024, 1, 1), before=date(2024, 5, 1))),
        ("晚于:2024年3月", "", SearchFilters(after=date(2024, 3, 1))),
        ("说明:通风 note:x", "说明:通风 note:x", SearchFilters()),
        ("Q001-WS·2024:1", "Q001-WS·2024:1", SearchFilters()),
    ],
)
def test_what_is_typed_is_taken_apart_as_meant(typed: str, words: str, filters: SearchFilters) -> None:
    read = read_typed(typed)
    assert (read.words, read.filters, read.told) == (words, filters, ())


@pytest.mark.parametrize("typed", ["year:abc", "before:2024-13-01", "密级:天书", "class:", "year:20２4", "早于:昨天"])
def test_what_cannot_be_read_is_left_out_and_told_in_both_languages(typed: str) -> None:
    read = read_typed(f"安全 {typed}")
    assert (read.words, read.filters) == ("安全", SearchFilters())
    assert typed in read.told[0].zh
    assert typed in read.told[0].en


def test_a_filter_alone_lists_what_fits_and_beside_words_it_narrows(archive: SearchWorld) -> None:
    one, hidden = archive.settled("通风检查"), archive.settled("通风检查", "TS")
    year = archive.find("通风").hits[0].line.year
    assert archive.codes(f"year:{year} level:INT") == archive.codes(f"通风 密级:INT 年度:{year}") == [one.archival_code]
    assert archive.codes(f"year:{year}", OUTSIDER) == [one.archival_code]
    assert set(archive.codes(f"year:{year}")) == {one.archival_code, hidden.archival_code}
    assert archive.codes(f"通风 code:{one.archival_code[:8]}", OUTSIDER) == [one.archival_code]
    for nothing in (
        "level:TS",
        "before:1990",
        "enterprise:无此企业",
        f"通风 year:{year + 1}",
        f"code:{hidden.archival_code}",
    ):
        assert archive.find(nothing, OUTSIDER).total == 0
    assert archive.find("通风 year:next", OUTSIDER).told


def test_the_saved_list_holds_what_the_person_finds_and_no_more(archive: SearchWorld) -> None:
    one, _ = archive.settled("通风检查"), archive.settled("通风检查", "TS")
    unit = Text("某局", "The bureau")
    drawn = found_register(archive.search, archive.world.person(OUTSIDER), "通风", SearchFilters(), unit, "zh")
    assert [row[1] for row in drawn.rows] == [one.archival_code]
    assert as_xlsx(drawn)[:2] == b"PK"
