"""Whether a folder that others write into has come to rest: nothing in it has changed for a while, as far as was seen.

Times in the folder are not believed: a copy may bear the times of its original while it is still being written. What is
held against each other is what this process saw itself, by a clock that nobody sets.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

UNFINISHED = (".part", ".partial", ".filepart", ".crdownload", ".download", ".tmp", ".temp", ".!ut")
"""How programs call a file that they have not finished writing."""


@dataclass(eq=False)
class Settling:
    """What was seen of each folder, and since when it has looked like that."""

    clock: Callable[[], float] = time.monotonic
    _seen: dict[Path, tuple[str, float]] = field(default_factory=dict)

    def at_rest(self, folder: Path, seconds: float) -> bool:
        """Look at a folder; say whether it has looked the same for so long. The first look only begins the time."""
        now, looks = self.clock(), _looks(folder)
        before = self._seen.get(folder)
        if looks is None:
            self._seen.pop(folder, None)
            return False
        if before is None or before[0] != looks:
            self._seen[folder] = (looks, now)
            return False
        return now - before[1] >= seconds

    def forget(self, folder: Path) -> None:
        """Forget a folder that is dealt with."""
        self._seen.pop(folder, None)


def _looks(folder: Path) -> str | None:
    """Return a digest of all names, sizes and times below a folder; ``None`` while a file bears an unfinished name."""
    seen = hashlib.sha256()
    for path, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if name.lower().endswith(UNFINISHED):
                return None
            try:
                found = Path(path, name).stat(follow_symlinks=False)
            except FileNotFoundError:
                return None
            told = (path, name, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
            seen.update(repr(told).encode("utf-8", "surrogatepass"))
    return seen.hexdigest()
