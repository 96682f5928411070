"""Ranges of one large sealed object: how much is read of the disk, and how long it takes, for a little out of the midst of it.

Use: python scripts/bench/ranges.py [GIB] [FOLDER]      (10 GiB in a temporary folder without them)

The source is a file with holes, the sealed object takes the whole room on the disk. Each range is compared with the
source. Exit code 1 if a range is wrong, reads more than the segments that it lies in and the two ends of the object
(which tell a cut one), or takes more memory than 64 MiB.
"""

from __future__ import annotations

import json
import os
import random
import resource
import sys
import tempfile
import time
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archive_service.clock import Clock
from archive_service.vault import Keyring, LocalStore, Vault
from archive_service.vault.objects.sealing import SEGMENT_BYTES, segment_of

GIB, MIB = 1 << 30, 1 << 20
RECORD, PART, INSTALL = "a" * 32, "b" * 32, "0" * 32
LENGTHS = (1, 4096, 3 * MIB)
FEW = 64 * 1024
"""Bytes besides whole segments: the header, and what the marker of the store and the keyring take."""


def sparse(path: Path, size: int, chance: random.Random) -> None:
    """Make a file with holes that has random bytes here and there."""
    with path.open("wb") as file:
        for _ in range(64):
            file.seek(chance.randrange(size - MIB))
            file.write(chance.randbytes(MIB))
        file.truncate(size)


def bytes_read() -> int:
    """Return how many bytes this process has asked the system for since it began."""
    told = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(told["rchar"])


def one_range(vault: Vault, source: Path, size: int, start: int, length: int) -> dict[str, object]:
    """Read one range and hold it against the source."""
    with source.open("rb") as file:
        file.seek(start)
        expected = file.read(length)
    before, began = bytes_read(), time.perf_counter()
    found = b"".join(vault.read_range(RECORD, PART, 1, start, length))
    seconds, asked = time.perf_counter() - began, bytes_read() - before
    segments = segment_of(min(start + length, size) - 1) - segment_of(start) + 1
    most = (segments + 1) * SEGMENT_BYTES + FEW
    return {"start": start, "length": length, "ms": round(seconds * 1000, 1), "bytes_read": asked} | (
        {"fault": "wrong bytes" if found != expected else "read too much"} if found != expected or asked > most else {}
    )


def main() -> int:
    """Seal, read ranges at both ends and in between, and say what it took."""
    size = int(float(sys.argv[1]) * GIB) if len(sys.argv) > 1 else 10 * GIB
    chance = random.Random(7)
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as folder:
        root = Path(folder)
        source = root / "source"
        sparse(source, size, chance)
        vault = Vault(
            INSTALL,
            LocalStore.create_at(root / "store", INSTALL),
            Keyring.create_at(root / "keyring.db", INSTALL, os.urandom(32), Clock(ZoneInfo("UTC"))),
        )
        idle, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
        with source.open("rb") as file:
            sealed = vault.put(RECORD, PART, 1, file)
        print(json.dumps({"sealed_bytes": sealed.sealed_size, "seconds": round(time.perf_counter() - began, 1)}))
        starts = [0, size - 3 * MIB, *(chance.randrange(size - 3 * MIB) for _ in range(8))]
        told = [one_range(vault, source, size, start, length) for start in starts for length in LENGTHS]
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - idle) / 1024
    for line in told:
        print(json.dumps(line))
    print(json.dumps({"memory_mib": round(grown, 1), "faults": sum("fault" in line for line in told)}))
    return 1 if grown > 64 or any("fault" in line for line in told) else 0


if __name__ == "__main__":
    sys.exit(main())
