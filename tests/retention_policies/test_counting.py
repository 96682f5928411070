from __future__ import annotations

import csv
from datetime import date

import pytest

from retention_policies import count_years
from tests.retention_policies.cases import GOLDEN, day

with (GOLDEN / "retention_counting.csv").open(encoding="utf-8") as file:
    TABLE = list(csv.DictReader(file))


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row['trigger']}+{row['years']}")
def test_the_clock_counts_as_the_golden_table_says(row: dict[str, str]) -> None:
    count = count_years(day(row["trigger"]), int(row["years"]))
    assert count is not None
    assert count.clock_start == day(row["clock_start"])
    assert count.last_day == day(row["last_day"])
    assert count.due_on == day(row["due_on"])


def test_the_table_has_all_six_cases() -> None:
    assert len(TABLE) == 6


def test_the_last_year_of_the_calendar_can_still_be_reached() -> None:
    count = count_years(date(9988, 5, 1), 10)
    assert count is not None
    assert count.due_on == date(9999, 1, 1)


@pytest.mark.parametrize(("trigger", "years"), [(date(9989, 1, 1), 10), (date(9999, 12, 31), 1), (date.max, 5000)])
def test_beyond_the_calendar_there_is_no_count_and_no_error(trigger: date, years: int) -> None:
    assert count_years(trigger, years) is None


def test_dates_before_1970_and_in_the_year_one_count_like_all_others() -> None:
    early = count_years(date(1949, 10, 1), 30)
    assert early is not None
    assert early.due_on == date(1980, 1, 1)
    first = count_years(date.min, 10)
    assert first is not None
    assert first.due_on == date(12, 1, 1)
