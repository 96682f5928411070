"""Asking a caged process to take a container apart, and reading its parts as they come, trusting none of them."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import IO

from index.extract.kinds import UNPACK
from index.extract.refusal import Refusal
from index.extract.runner import Limits, streaming

CONTAINERS = {"application/zip": "zip", "message/rfc822": "mail"}
"""The media types that can be taken apart, with what the caged process calls them."""

LONGEST_NAME = 4000
LIMITS = Limits(memory_mib=2048, cpu_seconds=120, wall_seconds=300, input_bytes=512 * 1024 * 1024)


@dataclass(frozen=True)
class ContainerLimits:
    """What a container may unpack to: files, bytes altogether, ratio of one file, containers within containers."""

    files: int = 1000
    bytes: int = 2048 * 1024 * 1024
    ratio: int = 200
    depth: int = 3


@dataclass(frozen=True)
class Part:
    """A part of a container: its path inside, its length, and a function that reads its next bytes."""

    path: str
    size: int
    read: Callable[[int], bytes]


@dataclass(frozen=True)
class LeftOut:
    """A part that was not given out, and why."""

    path: str
    zh: str
    en: str


Take = Callable[[Part], None]


def take_apart(chunks: Iterable[bytes], media_type: str, limits: ContainerLimits, take: Take) -> list[LeftOut]:
    """Hand every part to ``take``, which reads it to its end, and return what was left out.

    :class:`Refusal` where the container is refused as a whole; the caller then forgets what was taken.
    """
    kind = CONTAINERS[media_type]
    asked = {"kind": kind, **limits.__dict__}
    with streaming(chain([json.dumps(asked).encode() + b"\n"], chunks), UNPACK, LIMITS) as answer:
        return _parts(answer, limits, take)


def _parts(answer: IO[bytes], limits: ContainerLimits, take: Take) -> list[LeftOut]:
    files = size = 0
    while (mark := answer.read(1)) == b"P":
        length, one = struct.unpack(">IQ", _exactly(answer, 12))
        files, size = files + 1, size + one
        if length > LONGEST_NAME or files > limits.files or size > limits.bytes:
            raise _broken()
        path = _exactly(answer, length).decode("utf-8", "replace")
        if not path or path.startswith("/") or ".." in path.split("/"):
            raise _broken()
        left = [one]

        def read(most: int, left: list[int] = left) -> bytes:
            piece = _exactly(answer, min(most, left[0]))
            left[0] -= len(piece)
            return piece

        take(Part(path, one, read))
        if left[0]:
            raise _broken()
    if mark != b"Z":
        raise _broken()
    return _ending(answer.read(2_000_000))


def _ending(data: bytes) -> list[LeftOut]:
    try:
        told = json.loads(data)
        left_out = [LeftOut(str(one["name"]), str(one["zh"]), str(one["en"])) for one in told["left_out"]]
    except (ValueError, KeyError, TypeError) as error:
        raise _broken() from error
    if told.get("zh"):
        raise Refusal(str(told["zh"])[:500], str(told.get("en"))[:500])
    return left_out


def _exactly(answer: IO[bytes], length: int) -> bytes:
    found = answer.read(length)
    if len(found) != length:
        raise _broken()
    return found


def _broken() -> Refusal:
    return Refusal(
        "文件已损坏、过大或用时过长，未拆开。",
        "The file is damaged, too large, or took too long; it was not taken apart.",
    )


def pieces(part: Part) -> Iterator[bytes]:
    """Give a part in pieces, to its end."""
    left = part.size
    while left:
        piece = part.read(min(left, 256 * 1024))
        left -= len(piece)
        yield piece
