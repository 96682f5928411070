"""Speed and memory of sealing and opening, beside raw AES-256-GCM, SHA-256 and a whole put, on this machine in the same run.

Use: python scripts/bench/sealing.py [MiB]      (256 without a number)
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
from archive_service.vault.objects.sealing import seal, unseal, unseal_range

MIB = 1 << 20
ROUNDS = 5


def rates(size: int, acts: dict[str, Callable[[], object]]) -> dict[str, float]:
    """MiB/s of each act: the median of rounds in turn, so that a slow moment of the machine meets all alike."""
    taken: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(ROUNDS):
        for name, act in acts.items():
            start = time.perf_counter()
            act()
            taken[name].append(time.perf_counter() - start)
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


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 256
    print(f"memory for {4 * size} MiB sealed and opened: {memory(4 * size):.1f} MiB above the idle process")
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
                "seal, file": lambda: drain(seal(io.BytesIO(clear), key, context)),
                "seal, 64 KiB pieces": lambda: drain(seal(pieces, key, context)),
                "raw decrypt": lambda: drain(cipher.decrypt(nonce, sealed_block, None) for _ in range(size)),
                "open": lambda: drain(unseal(io.BytesIO(sealed), key, context)),
                "open, by range": lambda: drain(unseal_range(io.BytesIO(sealed), key, context, 0, len(clear))),
                "SHA-256": lambda: hashlib.sha256(clear).digest(),
                "put, durable": lambda: put_and_discard(vault, pieces),
            },
        )
    for name, rate in speed.items():
        raw = speed["raw decrypt" if name.startswith("open") else "raw encrypt"]
        print(f"{name:22} {rate:8.0f} MiB/s   {100 * rate / raw:5.0f} % of raw AES-256-GCM")


if __name__ == "__main__":
    main()
