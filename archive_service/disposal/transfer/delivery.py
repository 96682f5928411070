"""Where a package is delivered: a folder of this machine, or a bucket. Nothing that lies there is overwritten."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from archive_service.disposal.transfer.bag import FolderSink, Piped, Sink, Written
from archive_service.disposal.transfer.bag_check import check_bag
from archive_service.errors import BadInput, Conflict, Damaged
from archive_service.vault import Outlet

PIECE = 1 << 20
Told = Callable[[Written], None]
"""Called once everything is written and checked, and before it gets the name that the receiver knows it by."""


class Delivery(Protocol):
    """A place for packages."""

    def bag(self, name: str, fill: Callable[[Sink], Written], told: Told) -> tuple[str, Written]:
        """Deliver a bag file by file; return where it lies."""

    def file(self, name: str, fill: Callable[[IO[bytes]], Written], told: Told) -> tuple[str, Written]:
        """Deliver a package in one file; return where it lies."""


def delivery_at(place: Path | Outlet) -> Delivery:
    """Return how to deliver at a place."""
    return _Folder(place) if isinstance(place, Path) else _Bucket(place)


@dataclass(frozen=True)
class _Folder:
    folder: Path

    def bag(self, name: str, fill: Callable[[Sink], Written], told: Told) -> tuple[str, Written]:
        def put(aside: Path) -> Written:
            written = fill(FolderSink(aside))
            report = check_bag(aside)
            if not report.valid or report.digest != written.digest:
                raise Damaged("写出的包未通过自检。", "The package that was written does not pass its own check.")
            return written

        return self._put(name, put, told)

    def file(self, name: str, fill: Callable[[IO[bytes]], Written], told: Told) -> tuple[str, Written]:
        def put(aside: Path) -> Written:
            with aside.open("xb") as file:
                written = fill(file)
                file.flush()
                os.fsync(file.fileno())
            return written

        return self._put(name, put, told)

    def _put(self, name: str, put: Callable[[Path], Written], told: Told) -> tuple[str, Written]:
        if not self.folder.is_dir():
            raise BadInput(f"没有目标文件夹 {self.folder}。", f"There is no folder {self.folder}.")
        place = self.folder / name
        if place.exists():
            raise Conflict(f"{place} 已存在，不覆盖。", f"{place} is there already and is not overwritten.")
        aside = self.folder / f".{name}.partial"
        _clear(aside)
        try:
            written = put(aside)
            told(written)
            aside.rename(place)
        finally:
            _clear(aside)
        return str(place), written


class _BucketSink:
    """A bag as objects; what lies there already must be the same, so a delivery that was cut off is gone on with."""

    def __init__(self, outlet: Outlet, root: str) -> None:
        self._outlet, self._root = outlet, root
        self.names: set[str] = set()

    def add(self, path: str, size: int, chunks: Iterable[bytes]) -> None:  # noqa: ARG002 (parts need no size)
        name = f"{self._root}/{path}"
        self._outlet.publish(name, self._outlet.send(name, chunks))
        self.names.add(name)


@dataclass(frozen=True)
class _Bucket:
    outlet: Outlet

    def bag(self, name: str, fill: Callable[[Sink], Written], told: Told) -> tuple[str, Written]:
        # The tag manifest is written last: without it nobody takes the package for a whole one.
        sink = _BucketSink(self.outlet, name)
        written = fill(sink)
        strange = self.outlet.names(f"{name}/") - sink.names
        if strange:
            raise Conflict(
                f"{self.outlet.place}{name}/ 下另有 {len(strange)} 个不属于本包的对象。",
                f"Below {self.outlet.place}{name}/ lie {len(strange)} objects that are not of this package.",
            )
        told(written)
        return f"{self.outlet.place}{name}/", written

    def file(self, name: str, fill: Callable[[IO[bytes]], Written], told: Told) -> tuple[str, Written]:
        if name in self.outlet.names(name):
            place = f"{self.outlet.place}{name}"
            raise Conflict(f"{place} 已存在，不覆盖。", f"{place} is there already and is not overwritten.")
        piped, write = Piped(fill), None
        try:
            with piped as stream:
                write = self.outlet.send(name, _pieces(stream))
            told(piped.result())
            self.outlet.publish(name, write)
        finally:
            if write is not None:
                write.abandon()
        return f"{self.outlet.place}{name}", piped.result()


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    while piece := stream.read(PIECE):
        yield piece


def _clear(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
