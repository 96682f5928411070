from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention_policies import PERMANENT, Period, RetentionError, longest


@pytest.mark.parametrize(("code", "years"), [("Y", None), ("D10", 10), ("D30", 30), ("D1", 1)])
def test_codes_and_years_say_the_same(code: str, years: int | None) -> None:
    assert Period.from_code(code) == Period(years)
    assert Period(years).code == code


@pytest.mark.parametrize("code", ["", "D", "D0", "D05", "10", "y", "D-1", "D10 ", "C", "DY"])
def test_what_is_no_retention_code_is_refused(code: str) -> None:
    with pytest.raises(RetentionError):
        Period.from_code(code)


@pytest.mark.parametrize(
    ("words", "code"), [("permanent", "Y"), ("1 year", "D1"), ("30 years", "D30"), ("99 years", "D99")]
)
def test_the_words_of_a_schedule_are_read(words: str, code: str) -> None:
    assert Period.from_words(words).code == code
    assert Period.from_words(words).words == words


@pytest.mark.parametrize("words", ["", "0 years", "100 years", "30", "-1 years", "30 years ", "thirty years", "永久"])
def test_other_words_are_refused(words: str) -> None:
    with pytest.raises(RetentionError):
        Period.from_words(words)


@pytest.mark.parametrize("years", [0, -1, True, 1.5])
def test_a_period_is_at_least_one_whole_year(years: object) -> None:
    with pytest.raises(RetentionError):
        Period(years)  # type: ignore[arg-type]


def test_permanent_is_longer_than_any_term() -> None:
    assert longest(Period(99), PERMANENT, Period(1)) == PERMANENT
    assert PERMANENT.at_least(Period(99))
    assert not Period(99).at_least(PERMANENT)


@given(st.lists(st.integers(1, 9999), min_size=1))
def test_the_longest_is_as_long_as_each(years: list[int]) -> None:
    result = longest(*(Period(n) for n in years))
    assert result.years == max(years)


def test_permanent_cannot_be_made_longer() -> None:
    assert PERMANENT.plus(20) is PERMANENT
    assert Period(10).plus(20) == Period(30)


def test_people_read_a_period_in_both_languages() -> None:
    assert PERMANENT.text == ("永久", "permanent")
    assert Period(10).text == ("10 年", "10 years")
    assert Period(1).text == ("1 年", "1 year")
