from __future__ import annotations

import hashlib
import math
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive_service.errors import BadInput
from archive_service.vault import Fault, LocalStore, Wanted, names
from archive_service.vault.fixity import draw, for_one_night, sample_size, sweep
from tests.archive_service.vault.conftest import INSTALL
from tests.archive_service.vault.faulty_store import FaultyStore, fail

COUNT = 60


@pytest.fixture
def stores(tmp_path: Path) -> dict[str, FaultyStore]:
    return {one: FaultyStore(LocalStore.create_at(tmp_path / one, INSTALL)) for one in ("primary", "b")}


@pytest.fixture
def wanted(stores: dict[str, FaultyStore]) -> list[Wanted]:
    made = []
    for number in range(COUNT):
        name, data = names.object_name(f"{number:032x}", "c" * 32, 1), b"object %d" % number
        for store in stores.values():
            store.inner.create(name, [data])
        made.append(Wanted(name, len(data), hashlib.sha256(data).hexdigest(), frozenset(stores)))
    return made


def test_a_sweep_reads_every_copy_and_finds_every_damage(stores: dict[str, FaultyStore], wanted: list[Wanted]) -> None:
    chance, expected = Random(3), {}
    for number, one in enumerate(chance.sample(wanted, 30)):
        place = chance.choice(["primary", "b"])
        path = stores[place].inner.root / "objects" / one.name
        if number % 3 == 0:
            path.unlink()
        elif number % 3 == 1:
            path.write_bytes(path.read_bytes() + b"x")
        else:
            data = bytearray(path.read_bytes())
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            path.write_bytes(data)
        expected[place, one.name] = Fault.MISSING if number % 3 == 0 else Fault.DAMAGED
    examined = list(sweep(stores, wanted))
    assert len(examined) == 2 * COUNT
    found = {(one.place, one.name): one.finding.fault for one in examined if one.finding}
    assert found == expected


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 13))
def test_a_sweep_resumed_night_by_night_reads_everything_once(nightly: int) -> None:
    wanted = [Wanted(names.object_name(f"{n:032x}", "c" * 32, 1), 1, "", frozenset({"x"})) for n in range(COUNT)]
    read, after = list[str](), ""
    while night := [one.name for _, one in zip(range(nightly), sweep({"x": _Nothing()}, wanted, after), strict=False)]:
        read, after = read + night, night[-1]
    assert read == [one.name for one in wanted]


class _Nothing(FaultyStore):
    """A store in which nothing can be reached."""

    def __init__(self) -> None:
        self.before = fail


def test_a_store_that_is_away_is_not_called_damaged(stores: dict[str, FaultyStore], wanted: list[Wanted]) -> None:
    stores["b"].before = fail
    faults = {one.finding.fault for one in sweep(stores, wanted) if one.finding}
    assert faults == {Fault.UNREACHABLE}


def test_a_store_out_of_use_is_passed_over(stores: dict[str, FaultyStore], wanted: list[Wanted]) -> None:
    assert {one.place for one in sweep({"b": stores["b"]}, wanted)} == {"b"}


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
    met = sum(bool(bad.intersection(draw(total, size, Random(seed)))) for seed in range(1000))
    assert 870 <= met <= 930


def test_a_draw_is_repeatable_without_repetition_and_never_too_large() -> None:
    assert draw(100, 10, Random(5)) == draw(100, 10, Random(5)) == sorted(set(draw(100, 10, Random(5))))
    assert draw(3, 10, Random(5)) == [0, 1, 2]


@pytest.mark.parametrize(("confidence", "share"), [(0, 0.1), (1, 0.1), (0.5, 0), (0.5, 1.1)])
def test_what_no_sample_can_promise_is_refused(confidence: float, share: float) -> None:
    with pytest.raises(BadInput):
        sample_size(10, confidence, share)
    with pytest.raises(BadInput):
        for_one_night(10, 0)
