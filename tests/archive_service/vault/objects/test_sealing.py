from __future__ import annotations

import io
import itertools
import random
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive_service.errors import BadInput, Damaged
from archive_service.vault.objects import sealing
from archive_service.vault.objects.sealing import (
    FIRST_CLEAR_BYTES,
    HEADER_BYTES,
    SEGMENT_BYTES,
    SEGMENT_CLEAR_BYTES,
    clear_size,
    seal,
    seal_bytes,
    seal_in_passing,
    sealed_size,
    unseal,
    unseal_bytes,
    unseal_range,
)

KEY = bytes(range(32))
CONTEXT = b'{"record":"a"}'
EDGES = [
    *(0, 1, 15, 16, 17, (1 << 16) - 1, 1 << 16, (1 << 16) + 1),
    *(FIRST_CLEAR_BYTES + step for step in (-1, 0, 1)),
    *(FIRST_CLEAR_BYTES + SEGMENT_CLEAR_BYTES + step for step in (-1, 0, 1)),
    *(SEGMENT_BYTES + step for step in (-1, 0, 1)),
    3 * SEGMENT_BYTES + 7,
]
BLOCK = random.Random(7).randbytes(4 * SEGMENT_BYTES)


LONG = b"".join(seal([BLOCK[: clear_size(4 * SEGMENT_BYTES)]], KEY, CONTEXT))


def content(size: int) -> bytes:
    return BLOCK[:size]


def sealed(clear: bytes, key: bytes = KEY, context: bytes = CONTEXT) -> bytes:
    return b"".join(seal([clear], key, context))


def opened(data: bytes, key: bytes = KEY, context: bytes = CONTEXT) -> bytes:
    return b"".join(unseal([data], key, context))


def cut(data: bytes, sizes: Iterator[int]) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        size = next(sizes)
        yield data[at : at + size]
        at += size


@pytest.mark.parametrize("size", EDGES)
def test_what_was_sealed_opens_at_every_edge(size: int) -> None:
    data = sealed(content(size))
    assert len(data) == sealed_size(size)
    assert clear_size(len(data)) == size
    assert opened(data) == content(size)
    assert b"".join(unseal(io.BytesIO(data), KEY, CONTEXT)) == content(size)


@pytest.mark.parametrize("size", EDGES)
def test_a_file_and_a_row_of_pieces_are_sealed_alike(size: int) -> None:
    whole = b"".join(seal([content(size)], KEY, CONTEXT, bytes))
    assert b"".join(seal(io.BytesIO(content(size)), KEY, CONTEXT, bytes)) == whole
    pieces = cut(content(size), itertools.cycle([1, 70_000, 1_048_576, 3]))
    assert b"".join(seal(pieces, KEY, CONTEXT, bytes)) == whole
    pieces = cut(content(size), itertools.cycle([1, 70_000, 1_048_576, 3]))
    assert b"".join(bytes(one) for one in seal_in_passing(pieces, KEY, CONTEXT, bytes)) == whole


@settings(max_examples=40, deadline=None)
@given(
    size=st.one_of(st.integers(0, 200_000), st.sampled_from(EDGES)),
    pieces=st.lists(st.integers(0, 400_000), min_size=1, max_size=6),
)
def test_the_sizes_of_the_pieces_do_not_matter(size: int, pieces: list[int]) -> None:
    sizes = [*pieces, 99_991]
    data = b"".join(seal(cut(content(size), itertools.cycle(sizes)), KEY, CONTEXT))
    assert b"".join(unseal(cut(data, itertools.cycle(reversed(sizes))), KEY, CONTEXT)) == content(size)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), size=st.sampled_from(EDGES))
def test_a_range_is_the_same_slice_of_the_whole(data: st.DataObject, size: int) -> None:
    near = st.sampled_from([0, 1, *(edge for edge in EDGES if edge <= size + 2)])
    start = data.draw(near | st.integers(0, size + 2))
    length = data.draw(near | st.integers(0, size + 2))
    reader = io.BytesIO(sealed(content(size)))
    assert b"".join(unseal_range(reader, KEY, CONTEXT, start, length)) == content(size)[start : start + length]


class Watched(io.BytesIO):
    """Remembers which bytes of the object were read."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.spans: list[tuple[int, int]] = []

    def read(self, size: int | None = -1) -> bytes:
        start = self.tell()
        data = super().read(size)
        self.spans.append((start, self.tell()))
        return data

    def readinto(self, view: memoryview) -> int:  # type: ignore[override]
        start = self.tell()
        count = super().readinto(view)
        self.spans.append((start, self.tell()))
        return count


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_a_range_reads_the_header_and_only_the_segments_it_lies_in(data: st.DataObject) -> None:
    whole = clear_size(4 * SEGMENT_BYTES)
    borders = [*(n * SEGMENT_CLEAR_BYTES - HEADER_BYTES for n in (1, 2, 3)), 0, whole]
    near = st.builds(
        lambda border, step: min(max(border + step, 0), whole), st.sampled_from(borders), st.integers(-2, 2)
    )
    start = data.draw(near | st.integers(0, whole - 1))
    length = data.draw(st.integers(1, 3) | st.integers(1, 2 * SEGMENT_BYTES))
    reader = Watched(LONG)
    assert b"".join(unseal_range(reader, KEY, CONTEXT, start, length)) == content(whole)[start : start + length]
    touched = {place // SEGMENT_BYTES for first, stop in reader.spans for place in (first, stop - 1) if stop > first}
    lies_in = set(
        range(
            (start + HEADER_BYTES) // SEGMENT_CLEAR_BYTES,
            (start + length - 1 + HEADER_BYTES) // SEGMENT_CLEAR_BYTES + 1,
        )
    )
    # Segment 0 is touched for the header alone; the last one only when the range reaches the end, which must be true.
    assert touched - {0} <= lies_in | ({3} if start + length >= whole else set())
    if 0 not in lies_in:
        assert sum(stop - first for first, stop in reader.spans if first < SEGMENT_BYTES) == HEADER_BYTES
    assert sum(stop - first for first, stop in reader.spans) <= HEADER_BYTES + (len(lies_in) + 1) * SEGMENT_BYTES


def test_a_range_that_counts_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        list(unseal_range(io.BytesIO(sealed(b"abc")), KEY, CONTEXT, -1, 2))


def test_every_single_bit_flip_is_refused() -> None:
    whole = sealed(b"inspection 2026")
    for place in range(len(whole) * 8):
        changed = bytearray(whole)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(Damaged):
            opened(bytes(changed))
        with pytest.raises(Damaged):
            unseal_bytes(bytes(changed), KEY, CONTEXT)
        with pytest.raises(Damaged):
            list(unseal_range(io.BytesIO(bytes(changed)), KEY, CONTEXT, 0, 3))


def test_random_flips_in_a_large_object_are_refused() -> None:
    whole, chance = sealed(content(2 * SEGMENT_BYTES + 5)), random.Random(3)
    for _ in range(60):
        changed = bytearray(whole)
        changed[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        with pytest.raises(Damaged):
            opened(bytes(changed))


def test_every_truncation_of_a_small_object_is_refused() -> None:
    whole = sealed(b"inspection 2026")
    for length in range(len(whole)):
        with pytest.raises(Damaged):
            opened(whole[:length])
        with pytest.raises(Damaged):
            list(unseal_range(io.BytesIO(whole[:length]), KEY, CONTEXT, 0, 100))


@pytest.mark.parametrize("length", [SEGMENT_BYTES, 2 * SEGMENT_BYTES, 2 * SEGMENT_BYTES + 16, 3 * SEGMENT_BYTES - 1])
def test_truncation_at_a_segment_border_is_refused(length: int) -> None:
    whole = sealed(content(3 * SEGMENT_BYTES))
    with pytest.raises(Damaged):
        opened(whole[:length])
    with pytest.raises(Damaged):
        list(unseal_range(io.BytesIO(whole[:length]), KEY, CONTEXT, clear_size(len(whole)) - 5, 5))


@pytest.mark.parametrize("more", [b"x", bytes(16), bytes(SEGMENT_BYTES)])
def test_bytes_added_at_the_end_are_refused(more: bytes) -> None:
    for size in (5, FIRST_CLEAR_BYTES, 2 * SEGMENT_BYTES):
        with pytest.raises(Damaged):
            opened(sealed(content(size)) + more)


def test_swapped_segments_are_refused() -> None:
    whole = sealed(content(4 * SEGMENT_BYTES))
    parts = [whole[at : at + SEGMENT_BYTES] for at in range(0, len(whole), SEGMENT_BYTES)]
    with pytest.raises(Damaged):
        opened(parts[0] + parts[2] + parts[1] + b"".join(parts[3:]))
    with pytest.raises(Damaged):
        opened(parts[0] + parts[1] + b"".join(parts[3:]))
    with pytest.raises(Damaged):
        opened(parts[0] + parts[1] + parts[1] + b"".join(parts[2:]))


def test_a_segment_of_another_object_under_the_same_key_is_refused() -> None:
    one, other = sealed(content(3 * SEGMENT_BYTES)), sealed(content(3 * SEGMENT_BYTES))
    with pytest.raises(Damaged):
        opened(one[:SEGMENT_BYTES] + other[SEGMENT_BYTES : 2 * SEGMENT_BYTES] + one[2 * SEGMENT_BYTES :])


@pytest.mark.parametrize("context", [b"", b'{"record":"b"}', CONTEXT + b" "])
def test_another_context_is_refused(context: bytes) -> None:
    with pytest.raises(Damaged):
        opened(sealed(b"abc"), context=context)


def test_another_key_is_refused() -> None:
    with pytest.raises(Damaged):
        opened(sealed(b"abc"), key=bytes(32))


def test_nothing_of_a_damaged_segment_is_released() -> None:
    whole = bytearray(sealed(content(3 * SEGMENT_BYTES)))
    whole[2 * SEGMENT_BYTES + 100] ^= 1
    released = []
    with pytest.raises(Damaged):
        released.extend(unseal([bytes(whole)], KEY, CONTEXT))
    assert b"".join(released) == content(clear_size(2 * SEGMENT_BYTES))


def test_the_same_content_is_never_sealed_the_same_way_twice() -> None:
    assert sealed(b"abc") != sealed(b"abc")


@pytest.mark.parametrize("size", [0, 1, 1000, FIRST_CLEAR_BYTES, FIRST_CLEAR_BYTES + 1])
def test_values_and_streams_have_one_format(size: int) -> None:
    assert opened(seal_bytes(content(size), KEY, CONTEXT)) == content(size)
    assert unseal_bytes(sealed(content(size)), KEY, CONTEXT) == content(size)


@pytest.mark.parametrize("size", [0, 55, HEADER_BYTES, SEGMENT_BYTES + 1, SEGMENT_BYTES + 16])
def test_no_sealed_object_has_an_impossible_size(size: int) -> None:
    with pytest.raises(Damaged):
        clear_size(size)


@given(st.integers(0, 1 << 50))
def test_sizes_are_computed_both_ways(size: int) -> None:
    assert clear_size(sealed_size(size)) == size


def test_a_file_beyond_the_last_segment_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "MAX_SEGMENTS", 2)
    assert len(sealed(content(FIRST_CLEAR_BYTES + SEGMENT_CLEAR_BYTES))) == 2 * SEGMENT_BYTES
    with pytest.raises(BadInput):
        sealed(content(FIRST_CLEAR_BYTES + SEGMENT_CLEAR_BYTES + 1))


@pytest.mark.parametrize("key", [b"", bytes(16), bytes(33)])
def test_a_key_of_another_size_is_never_used(key: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        sealed(b"abc", key=key)


def test_an_error_of_the_source_passes_through() -> None:
    def failing() -> Iterator[bytes]:
        yield content(2 * SEGMENT_BYTES)
        raise OSError("the connection broke")

    with pytest.raises(OSError, match="broke"):
        list(seal(failing(), KEY, CONTEXT))


def test_memory_stays_constant_for_a_long_stream() -> None:
    piece = bytes(1_000_000)
    tracemalloc.start()
    try:
        stream = seal(itertools.repeat(piece, 300), KEY, CONTEXT)
        total = sum(len(clear) for clear in unseal(stream, KEY, CONTEXT))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total == 300_000_000
    assert peak < 16 * 1024 * 1024
