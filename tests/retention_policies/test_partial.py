from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention_policies import FactsError, PartialDate, read_date

MONTHS = st.none() | st.integers(1, 12)
PARTIAL = st.builds(PartialDate, st.integers(1, 9999), MONTHS)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1998-05-17", date(1998, 5, 17)),
        ("19980517", date(1998, 5, 17)),
        ("1998-05-00", PartialDate(1998, 5)),
        ("19980500", PartialDate(1998, 5)),
        ("1998-05", PartialDate(1998, 5)),
        ("1998-00-00", PartialDate(1998)),
        ("19980000", PartialDate(1998)),
        ("1998", PartialDate(1998)),
        ("2024-02-29", date(2024, 2, 29)),
    ],
)
def test_a_date_is_read_as_old_papers_bear_it(text: str, meant: object) -> None:
    assert read_date(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "1998-00-17",
        "1998-13-00",
        "1998-02-30",
        "2023-02-29",
        "0000-00-00",
        "98",
        "1998-5-17",
        "",
        "今年",
        "１９９８",
        "1998-05-170",
    ],
)
def test_what_no_calendar_has_is_refused(text: str) -> None:
    with pytest.raises(FactsError):
        read_date(text)


@given(PARTIAL)
def test_what_is_written_reads_as_the_same(given_date: PartialDate) -> None:
    assert read_date(str(given_date)) == given_date


@given(PARTIAL)
def test_the_latest_day_is_the_last_of_its_month_or_year(given_date: PartialDate) -> None:
    assert given_date.earliest <= given_date.latest
    assert given_date.latest.year == given_date.year
    if given_date.latest != date.max:
        after = date.fromordinal(given_date.latest.toordinal() + 1)
        assert after.day == 1
        assert given_date.month is not None or after.month == 1
