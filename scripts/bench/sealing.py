"""Speed and memory of sealing and opening, beside raw AES-256-GCM, SHA-256 and a whole put, on this machine in the same run.

Use: python scripts/bench/sealing.py [MiB]      (256 without a number)

Exit code 1 where a goal is missed: sealing into a store 75 % of raw, opening 70 %, 64 MiB of memory.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archive_service.clock import Clock
from archive_service.vault import Keyring, LocalStore, Vault
from archive_service.vault.objects.sealing import seal, seal_in_passing, unseal, unseal_range

MIB = 1 << 20
ROUNDS = 7
GOALS = {"seal into a store, file": 75, "seal into a store, pieces": 75, "open": 70, "open, by range": 70}
"""Percent of what raw AES-256-GCM does on the same machine in the same run; pieces are of 64 KiB."""
MOST_MIB = 64


def rates(size: int, acts: dict[str, Callable[[], object]]) -> dict[str, float]:
    """MiB/s of each act: the median of rounds in turn, so that a slow moment of the machine meets all alike.

    Seconds of the processor count, so that others at work on the machine do not; of a put, those on the clock.
    """
    taken: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(ROUNDS):
        for name, act in acts.items():
            clock = time.perf_counter if name.startswith("put") else time.thread_time
            start = clock()
            act()
            taken[name].append(clock() - start)
    return {name: size / statistics.median(times) for name, times in taken.items()}


def drain(pieces: Iterable[bytes]) -> None:
    for _ in pieces:
        pass


def put_and_discard(vault: Vault, pieces: Iterable[bytes]) -> None:
    vault.put("a" * 32, "b" * 32, 1, pieces)
    vault.discard("a" * 32, ["b" * 32])


def memory(size: int) -> float:
    """MiB by which the process grows while it seals and opens ``size`` MiB, beyond what it had before."""
    key, piece = os.urandom(32), bytes(65536)
    drain(unseal(seal([piece], key, b"{}"), key, b"{}"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    drain(unseal(seal(itertools.repeat(piece, size * 16), key, b"{}"), key, b"{}"))
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def main() -> int:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 256
    grown = memory(4 * size)
    print(f"memory for {4 * size} MiB sealed and opened: {grown:.1f} MiB above the idle process")
    key, context, nonce = os.urandom(32), b"{}", bytes(12)
    block = os.urandom(MIB)
    clear = block * size
    sealed = b"".join(seal([clear], key, context))
    cipher = AESGCM(key)
    sealed_block = cipher.encrypt(nonce, block, None)
    pieces = [clear[at : at + 65536] for at in range(0, len(clear), 65536)]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        vault = Vault(
            "0" * 32,
            LocalStore.create_at(root / "store", "0" * 32),
            Keyring.create_at(root / "keyring.db", "0" * 32, key, Clock(ZoneInfo("UTC"))),
        )
        speed = rates(
            size,
            {
                "raw encrypt": lambda: drain(cipher.encrypt(nonce, block, None) for _ in range(size)),
                "seal into a store, file": lambda: drain(seal_in_passing(io.BytesIO(clear), key, context)),
                "seal into a store, pieces": lambda: drain(seal_in_passing(pieces, key, context)),
                "seal, to be kept": lambda: drain(seal(pieces, key, context)),
                "raw decrypt": lambda: drain(cipher.decrypt(nonce, sealed_block, None) for _ in range(size)),
                "open": lambda: drain(unseal(io.BytesIO(sealed), key, context)),
                "open, by range": lambda: drain(unseal_range(io.BytesIO(sealed), key, context, 0, len(clear))),
                "SHA-256": lambda: hashlib.sha256(clear).digest(),
                "put, durable": lambda: put_and_discard(vault, pieces),
            },
        )
    missed = grown > MOST_MIB
    for name, rate in speed.items():
        share = 100 * rate / speed["raw decrypt" if name.startswith("open") else "raw encrypt"]
        goal = GOALS.get(name)
        told = "" if goal is None else f"   goal {goal} %" + ("   MISSED" if share < goal else "")
        missed |= goal is not None and share < goal
        print(f"{name:26} {rate:8.0f} MiB/s   {share:5.0f} % of raw AES-256-GCM{told}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
