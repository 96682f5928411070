from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_service.errors import BadInput
from archive_service.vault import for_one_night, sample_size


@pytest.mark.parametrize(("total", "days", "due"), [(0, 30, 0), (1, 30, 1), (30, 30, 1), (31, 30, 2), (100, 1, 100)])
def test_a_night_takes_its_share(total: int, days: int, due: int) -> None:
    assert for_one_night(total, days) == due


def exactly(total: int, damaged: int, size: int) -> float:
    return 1 - math.comb(total - damaged, size) / math.comb(total, size)


@pytest.mark.parametrize(
    ("total", "confidence", "share", "size"),
    [
        (100_000, 0.99, 0.001, 4499),
        (0, 0.99, 0.001, 0),
        (1, 0.99, 0.001, 1),
        (100, 0.99, 0.001, 99),
        (100, 0.5, 0.01, 50),
        (100, 0.99, 1.0, 1),
        (10, 0.9999, 0.5, 6),
    ],
)
def test_the_size_of_a_sample_is_as_worked_out_by_hand(total: int, confidence: float, share: float, size: int) -> None:
    assert sample_size(total, confidence, share) == size


@given(st.integers(1, 400), st.floats(0.01, 0.999), st.floats(0.001, 1))
def test_a_sample_is_just_large_enough(total: int, confidence: float, share: float) -> None:
    damaged = max(1, math.ceil(total * share - 1e-9))
    size = sample_size(total, confidence, share)
    assert exactly(total, damaged, size) >= confidence - 1e-9
    assert size == 1 or exactly(total, damaged, size - 1) < confidence + 1e-9


def test_samples_find_what_they_promise() -> None:
    total, damaged = 2000, 20
    size = sample_size(total, 0.9, damaged / total)
    bad = set(Random(1).sample(range(total), damaged))
    met = sum(bool(bad.intersection(Random(seed).sample(range(total), size))) for seed in range(1000))
    assert 870 <= met <= 930


@pytest.mark.parametrize(("confidence", "share"), [(0, 0.1), (1, 0.1), (0.5, 0), (0.5, 1.1)])
def test_what_no_sample_can_promise_is_refused(confidence: float, share: float) -> None:
    with pytest.raises(BadInput):
        sample_size(10, confidence, share)
    with pytest.raises(BadInput):
        for_one_night(10, 0)
