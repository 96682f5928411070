"""Dates as people write them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_service.catalog.dates import parse_date
from archive_service.errors import BadInput

FIRST = date(2024, 3, 1)
NUMERALS = "〇一二三四五六七八九"


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-01", "2024-3-1", "2024/3/1", "2024.03.01", "20240301", "2024年3月1日", "2024年03月01号", "2024 年 3 月 1 日",
        "２０２４－０３－０１", "2024-03-01 00:00:00", "2024-03-01T00:00:00", "2024/3/1 0:00", "二〇二四年三月一日", "二零二四年三月一日",
        "1 March 2024", "March 1, 2024", "Mar. 1 2024", "1-Mar-2024", " 2024-03-01 ",
    ],
)  # fmt: skip
def test_a_date_is_read_in_each_usual_way(text: str) -> None:
    assert parse_date(text) == FIRST


@pytest.mark.parametrize(
    "text",
    [
        "", "今天", "24-03-01", "24.3.1", "2024-03", "2024年3月", "2024", "03/01/2024", "1/3/2024", "2024-02-30", "2023-02-29",
        "2024-13-01", "2024-00-10", "2024-3/1", "2024--3-1", "-2024-3-1", "2024-03-01 14:30", "45352", "202403011", "2024年二月三十日",
        "二〇二四年十三月一日", "31 Foo 2024", "0000-01-01", "2024-٠٣-01", "=TODAY()", "2024-03-01; DROP",
    ],
)  # fmt: skip
def test_what_is_no_whole_date_beyond_doubt_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_date(text)
    assert "2024-03-01" in refused.value.text.zh


@given(st.dates())
def test_every_date_comes_back_from_each_form(day: date) -> None:
    year = f"{day.year:04d}"
    forms = [
        day.isoformat(),
        f"{year}/{day.month}/{day.day}",
        f"{year}{day.month:02d}{day.day:02d}",
        f"{year}年{day.month}月{day.day}日",
        f"{day.day} {day:%B} {year}",
    ]
    assert {parse_date(form) for form in forms} == {day}


@given(st.dates())
def test_every_date_comes_back_from_chinese_numerals(day: date) -> None:
    year = "".join(NUMERALS[int(digit)] for digit in f"{day.year:04d}")
    assert parse_date(f"{year}年{in_words(day.month)}月{in_words(day.day)}日") == day


def in_words(number: int) -> str:
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else NUMERALS[tens] + "十") + (NUMERALS[ones] if ones else "")
