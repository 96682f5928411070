"""Try to get changed bytes past the sealing: flips, cuts, swaps, splices, replays. None may be accepted.

Use: python scripts/trust/vault_tamper.py [FLIPS] [SEED]      (1000000 flips without a number)

Prints one line of JSON with what was tried and what was accepted; exit code 1 if anything was. The same
seed gives the same run.
"""

from __future__ import annotations

import io
import json
import random
import secrets
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archive_service.errors import Damaged
from archive_service.vault.objects.sealing import (
    FIRST_CLEAR_BYTES,
    SEGMENT_BYTES,
    seal,
    unseal,
    unseal_bytes,
    unseal_range,
)

CONTEXT = b'{"component":"c","install":"i","record":"r","version":1}'
#: of how many flips one falls on an object of several segments, where each try costs a thousand times more
LARGE_EVERY = 500


def objects(chance: random.Random) -> tuple[bytes, list[bytes]]:
    """Make a key and objects sealed with it, from an empty one to several segments."""
    key = chance.randbytes(32)
    sizes = [0, 1, 15, 16, 17, 400, 3000, FIRST_CLEAR_BYTES, FIRST_CLEAR_BYTES + 1, 2 * SEGMENT_BYTES + 99]
    return key, [b"".join(seal([chance.randbytes(size)], key, CONTEXT, chance.randbytes)) for size in sizes]


def refused(sealed: bytes, key: bytes, context: bytes = CONTEXT) -> bool:
    """Say whether every way of opening refuses. A range may give what it authenticated, never all of a changed object."""
    try:
        for _ in unseal([sealed], key, context):
            pass
    except Damaged:
        pass
    else:
        return False
    try:
        unseal_bytes(sealed, key, context)
    except Damaged:
        pass
    else:
        return False
    try:
        for _ in unseal_range(io.BytesIO(sealed), key, context, 0, len(sealed)):
            pass
    except Damaged:
        return True
    return False


def flips(chance: random.Random, count: int) -> Iterator[tuple[str, bytes, bytes, bytes]]:
    """One to three changed bits somewhere in an object."""
    key, sealed = objects(chance)
    small, large = [one for one in sealed if len(one) < 5000], [one for one in sealed if len(one) >= 5000]
    for number in range(count):
        whole = chance.choice(large if number % LARGE_EVERY == 0 else small)
        changed = bytearray(whole)
        for place in chance.sample(range(len(whole) * 8), chance.choice((1, 1, 1, 2, 3))):
            changed[place // 8] ^= 1 << place % 8
        yield "flip", bytes(changed), key, CONTEXT


def truncations(chance: random.Random, step: int) -> Iterator[tuple[str, bytes, bytes, bytes]]:
    """Every cut of the small objects; of the large ones every cut near a border, and some between."""
    key, sealed = objects(chance)
    for whole in sealed:
        if len(whole) < 5000:
            lengths = set(range(0, len(whole), step))
        else:
            borders = {*range(SEGMENT_BYTES, len(whole), SEGMENT_BYTES), len(whole), 40}
            lengths = {border + near for border in borders for near in (-17, -16, -1, 0, 1, 16, 17)}
            lengths |= {chance.randrange(len(whole)) for _ in range(20)}
        for length in sorted(lengths):
            if 0 <= length < len(whole):
                yield "cut", whole[:length], key, CONTEXT


def rearrangements(chance: random.Random) -> Iterator[tuple[str, bytes, bytes, bytes]]:
    """Segments swapped, left out, doubled, taken from another object of the same key; heads exchanged; bytes added."""
    key = chance.randbytes(32)
    one, other = (b"".join(seal([chance.randbytes(4 * SEGMENT_BYTES)], key, CONTEXT, chance.randbytes)) for _ in "ab")
    parts, others = (
        [whole[at : at + SEGMENT_BYTES] for at in range(0, len(whole), SEGMENT_BYTES)] for whole in (one, other)
    )
    for first in range(len(parts)):
        for second in range(len(parts)):
            if first < second:
                swapped = list(parts)
                swapped[first], swapped[second] = parts[second], parts[first]
                yield "swap", b"".join(swapped), key, CONTEXT
            yield "splice", b"".join([*parts[:first], others[second], *parts[first + 1 :]]), key, CONTEXT
        yield "left out", b"".join(parts[:first] + parts[first + 1 :]), key, CONTEXT
        yield "doubled", b"".join([*parts[:first], parts[first], *parts[first:]]), key, CONTEXT
    yield "head", other[:40] + one[40:], key, CONTEXT
    for more in (b"\0", bytes(16), bytes(SEGMENT_BYTES), parts[-1], one):
        yield "added", one + more, key, CONTEXT


def replays(chance: random.Random, count: int) -> Iterator[tuple[str, bytes, bytes, bytes]]:
    """A good object offered as that of another record, version or installation, and under another key."""
    key, sealed = objects(chance)
    contexts = [
        CONTEXT.replace(old, new) for old, new in ((b'"r"', b'"s"'), (b":1", b":2"), (b'"i"', b'"j"'), (b"}", b""))
    ]
    for _ in range(count):
        whole = chance.choice(sealed[:7])
        yield "replay", whole, key, chance.choice(contexts)
        yield "other key", whole, chance.randbytes(32), CONTEXT


def campaign(count: int, seed: int) -> tuple[Counter[str], Counter[str]]:
    """Run everything; return what was tried and what was accepted, by kind."""
    chance = random.Random(seed)
    tried: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    step = 1 if count >= 100_000 else 37
    sources = (flips(chance, count), truncations(chance, step), rearrangements(chance), replays(chance, count // 100))
    for source in sources:
        for kind, sealed, key, context in source:
            tried[kind] += 1
            if not refused(sealed, key, context):
                accepted[kind] += 1
    return tried, accepted


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else secrets.randbits(32)
    start = time.perf_counter()
    tried, accepted = campaign(count, seed)
    print(
        json.dumps(
            {
                "seed": seed,
                "tried": dict(tried),
                "accepted": dict(accepted),
                "seconds": round(time.perf_counter() - start, 1),
            }
        )
    )
    return 1 if accepted else 0


if __name__ == "__main__":
    sys.exit(main())
