"""Reading page by page: each page a picture with the reader, the time and the request burnt in, made in the cage.

The use is written into the log before the page is drawn; nothing of the file but that picture reaches the browser.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from archive_service.catalog.records.browse import Catalogue, Component, Whole, leave_of
from archive_service.errors import BadInput, Conflict, NotFound, Unavailable
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, require
from archive_service.people.telling import reference_of
from index.extract.kinds import PAGES, PICTURES, TEXT_PAGES
from index.extract.runner import Limits, run

SOUND_AND_VIDEO = {
    "audio/mpeg",
    "audio/wav",
    "audio/x-wav",
    "audio/ogg",
    "audio/mp4",
    "audio/flac",
    "video/mp4",
    "video/webm",
    "video/ogg",
}
"""What browsers play; nothing among them runs code."""

MOST_OUT = 30_000_000
"""Characters of a page's answer; a picture of a page is smaller by far."""

PIECE = 8 * 1024 * 1024
"""Bytes of sound or video handed out at a time; a browser asks for more."""

MOST_COUNTED = 5000
"""Files whose number of pages is remembered."""


@dataclass(frozen=True)
class Page:
    """One page as a picture."""

    png: bytes
    number: int
    pages: int


@dataclass(frozen=True)
class Viewer:
    """Shows pages and plays recordings to those who may read; ``font`` is the file of the type for the marks."""

    catalogue: Catalogue
    limits: Limits
    font: str
    _counted: dict[tuple[str, int], int] = field(default_factory=dict, compare=False, repr=False)

    def way(self, whole: Whole, file: Component) -> str:
        """Say how a file can be read here: ``pages``, ``play``, or not at all (empty)."""
        if file.media_type in SOUND_AND_VIDEO:
            return "play"
        return "pages" if self._source(whole, file) is not None else ""

    def _source(self, whole: Whole, file: Component) -> Component | None:
        """Return the file whose pages are drawn: itself, or for an office file and the like the text taken out of it.

        That text is one for the whole record: where the record has further files, their words stand in it too, and to
        show them as this file's would be a lie, and perhaps a leak of what was redacted or corrected.
        """
        if file.media_type in PICTURES or file.media_type == "application/pdf":
            return file
        return whole.text if whole.files == (file,) else None

    def page(self, actor: Person, code: str, component_id: str, number: int, *, strip: bool = True) -> Page:
        """Return one page of a file; policy and log come first. Without ``strip`` it has the proportions of the page."""
        if not 1 <= number <= 9999:
            raise BadInput("页码应在 1 至 9999 之间。", "A page number lies between 1 and 9999.")
        whole = self.catalogue.find(actor, code)
        shown = _file(whole, component_id)
        file = self._source(whole, shown)
        if file is None:
            raise NotFound("这种格式不能逐页显示。", "This format cannot be shown page by page.")
        entered, row = self.catalogue.enter_use(actor, whole.row["id"], file.id, "page", page=number)
        chunks = self.catalogue.vault.open(row["id"], entered.id, entered.version)
        kind = TEXT_PAGES if file.role == "text" else file.media_type
        drawn = self.drawn(chunks, kind, number, self._marks(actor, row), strip=strip)
        self._keep((entered.id, entered.version), drawn.pages)
        return drawn

    def count(self, actor: Person, code: str, component_id: str) -> int | None:
        """Return how many pages a file has, so that nobody is sent past its end; ``None`` where it cannot be drawn.

        Nothing of the page is handed out. Files never change, so that a count, once known, holds.
        """
        whole = self.catalogue.find(actor, code)
        thing = Thing(level=whole.row["level"], record_id=whole.row["id"])
        require(actor, Action.READ_RECORD, thing, at=self.catalogue.ledger.clock.stamp())
        file = self._source(whole, _file(whole, component_id))
        if file is None:
            return None
        key = (file.id, file.version)
        if key not in self._counted:
            chunks = self.catalogue.vault.open(whole.row["id"], file.id, file.version)
            kind = TEXT_PAGES if file.role == "text" else file.media_type
            try:
                pages = self.drawn(chunks, kind, 1, [""]).pages
            except (Conflict, Unavailable):
                return None
            self._keep(key, pages)
        return self._counted[key]

    def _keep(self, key: tuple[str, int], pages: int) -> None:
        while len(self._counted) >= MOST_COUNTED:
            self._counted.pop(next(iter(self._counted)), None)
        self._counted[key] = pages

    def _marks(self, actor: Person, row: Mapping[Any, Any]) -> list[str]:
        """Return what is burnt in: who reads, when, under which request."""
        clock = self.catalogue.ledger.clock
        grant = leave_of(actor, row, clock.stamp())
        request = f"申请 {reference_of(grant.request_id)}" if grant is not None else "本人权限"
        when = clock.now().astimezone(clock.zone).strftime("%Y-%m-%d %H:%M")
        return [f"{actor.name} {actor.login}", when, request]

    def drawn(self, chunks: Iterator[bytes], kind: str, number: int, lines: list[str], *, strip: bool = True) -> Page:
        """Draw one page of a document in the cage, with the lines burnt in; policy and log are the caller's."""
        asked = {"kind": kind, "page": number, "lines": lines, "font": self.font, "strip": strip}
        head = json.dumps(asked).encode() + b"\n"
        limits = Limits(
            memory_mib=self.limits.memory_mib,
            cpu_seconds=self.limits.cpu_seconds,
            wall_seconds=self.limits.wall_seconds,
            input_bytes=self.limits.input_bytes,
            output_characters=MOST_OUT,
        )
        found = run(chain([head], chunks), PAGES, limits)
        if found.timed_out:
            raise Unavailable("此页绘制超时，请稍后再试。", "Drawing this page took too long; please try again later.")
        if found.status != "ok":
            said = found.reason
            if said is not None:
                raise Conflict(
                    said.zh.replace("未提取文字", "不能显示"),
                    said.en.replace("no text was extracted", "it cannot be shown"),
                )
            raise Conflict("此页不能显示。", "This page cannot be shown.")
        try:
            answer = json.loads(found.text)
            png, pages = base64.b64decode(answer["png"], validate=True), int(answer["pages"])
        except (ValueError, KeyError, TypeError) as error:
            raise Conflict("此页不能显示。", "This page cannot be shown.") from error
        if not png.startswith(b"\x89PNG\r\n\x1a\n"):
            raise Conflict("此页不能显示。", "This page cannot be shown.")
        return Page(png, number, pages)

    def play(self, actor: Person, code: str, component_id: str, start: int, end: int | None) -> Played:
        """Return a range of a recording, at most a piece; the vault decrypts no more than that."""
        whole = self.catalogue.find(actor, code)
        file = _file(whole, component_id)
        if file.media_type not in SOUND_AND_VIDEO:
            raise NotFound("此文件不能播放。", "This file cannot be played.")
        last = file.size - 1
        stop = min(last, start + PIECE - 1, last if end is None else end)
        if not 0 <= start <= stop:
            raise OutOfRange("请求的范围超出文件。", "The range asked for lies outside the file.", file.size)
        entered, row = self.catalogue.enter_use(actor, whole.row["id"], file.id, "play", start=start)
        chunks = self.catalogue.vault.read_range(row["id"], entered.id, entered.version, start, stop - start + 1)
        return Played(file, start, stop, chunks)


@dataclass(frozen=True)
class Played:
    """A range of a recording: its first and last byte, and the bytes."""

    file: Component
    start: int
    stop: int
    chunks: Iterator[bytes]


class OutOfRange(BadInput):
    """The range does not lie in the file; ``size`` is its size in bytes."""

    def __init__(self, zh: str, en: str, size: int) -> None:
        super().__init__(zh, en)
        self.size = size


def _file(whole: Whole, component_id: str) -> Component:
    files = (*whole.files, *([whole.text] if whole.text else []))
    file = next((one for one in files if one.id == component_id), None)
    if file is None:
        raise NotFound("此件没有这个文件。", "This record has no such file.")
    return file
