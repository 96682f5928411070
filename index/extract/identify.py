"""Asking a caged process which PRONOM formats some files have."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from index.extract.kinds import PRONOM
from index.extract.runner import Limits, run

MOST_FILES = 32
"""Files that one process takes."""

LIMITS = Limits(memory_mib=4096, cpu_seconds=60, wall_seconds=120, input_bytes=1 << 62)
"""A Go runtime reserves far more addresses than it uses memory; and of a large file most is passed over."""

PUID = re.compile(r"(?:x-)?fmt/\d{1,6}")
UNKNOWN = "UNKNOWN"
"""Stands for the identifier of a file whose format has no signature."""


@dataclass(frozen=True)
class Given:
    """A file to be identified: its length in bytes, and its bytes."""

    size: int
    chunks: Iterable[bytes]


@dataclass(frozen=True)
class Format:
    """A format as PRONOM names it; ``puid`` is :data:`UNKNOWN` where none fits."""

    puid: str
    name: str = ""


def identify(files: Sequence[Given], limits: Limits = LIMITS) -> list[Format] | None:
    """Return the format of each file, in order; ``None`` when the process gave no answer that can be used."""
    done = run(_framed(files), PRONOM, limits)
    if done.status != "ok":
        return None
    try:
        said = json.loads(done.text)
        found = [_format(str(one["puid"]), str(one["name"]), str(one["version"])) for one in said]
    except (ValueError, KeyError, TypeError):
        return None
    return found if len(found) == len(files) else None


def _format(puid: str, name: str, version: str) -> Format:
    if not PUID.fullmatch(puid):
        return Format(UNKNOWN)
    whole = name if not version or version in name else f"{name} {version}"
    return Format(puid, "".join(letter for letter in whole if letter.isprintable())[:200])


def _framed(files: Sequence[Given]) -> Iterator[bytes]:
    for file in files:
        yield struct.pack(">Q", file.size)
        yield from file.chunks
