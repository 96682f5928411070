"""How long it takes to change the root key: every key unwrapped and wrapped anew, durably.

Use: python scripts/bench/keyring.py [KEYS] [FOLDER]      (100000 keys in a temporary folder without more)

Prints keys a second for making, reading, rotating and destroying, beside the floor of a rotation, and what a million would take at that speed.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from archive_service.clock import Clock
from archive_service.vault import Keyring
from archive_service.vault.keys.keyring import BATCH

MILLION = 1_000_000
INSTALL, OWNER = "0" * 32, "a" * 32


def timed(name: str, count: int, act: Callable[[], object]) -> None:
    start = time.perf_counter()
    act()
    seconds = time.perf_counter() - start
    print(f"{name:24} {count / seconds:10.0f} keys/s   a million: {MILLION * seconds / count / 60:6.1f} min")


def make(keyring: Keyring, ids: list[str]) -> None:
    for start in range(0, len(ids), 1000):
        keyring.new_keys(dict.fromkeys(ids[start : start + 1000], OWNER))


def floor(path: Path, ids: list[str]) -> None:
    """Unwrap and wrap as many keys with plain AES-GCM and put them into a bare table: what a rotation cannot go below."""
    cipher = AESGCM(os.urandom(32))
    nonce, key = os.urandom(12), os.urandom(32)
    wrapped = cipher.encrypt(nonce, key, b"")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE keys (id TEXT PRIMARY KEY, wrapped BLOB)")
        for start in range(0, len(ids), BATCH):
            some = ids[start : start + BATCH]
            rows = [(one, nonce + cipher.encrypt(nonce, cipher.decrypt(nonce, wrapped, b""), b"")) for one in some]
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO keys VALUES (?, ?)", rows)
            connection.execute("COMMIT")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    root, other = os.urandom(32), os.urandom(32)
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as folder:
        path = Path(folder) / "keyring.db"
        keyring = Keyring.create_at(path, INSTALL, root, Clock(ZoneInfo("UTC")))
        ids = [uuid.uuid4().hex for _ in range(count)]
        timed("make, 1000 at a time", count, lambda: make(keyring, ids))
        timed("read, one at a time", 10_000, lambda: [keyring.key(one) for one in ids[:10_000]])
        timed("rotate", count, lambda: keyring.rotate(other))
        timed("rotate, once more", count, lambda: keyring.rotate(root))
        timed("floor of a rotation", count, lambda: floor(Path(folder) / "floor.db", ids))
        timed("destroy, one at a time", 500, lambda: [keyring.destroy([one]) for one in ids[:500]])
        print(f"size of the file: {path.stat().st_size / MILLION:.1f} MB for {count} keys")
        keyring.close()


if __name__ == "__main__":
    main()
