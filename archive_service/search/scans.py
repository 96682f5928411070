"""Words in pictures and scanned pages: recognised in the background, kept with the record's text, marked as recognised.

A record is found by its title and letters at once; what its pictures say follows when it has been read. Nothing here
can harm a record: what fails is told on it, with the reason.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.outbox import enqueue
from archive_service.catalog.tables import ARCHIVED, components, index_states, outbox, records, scan_states
from archive_service.config import ExtractionTable
from archive_service.errors import ArchiveError, Text
from archive_service.people.model import SEARCHED_LEVELS
from archive_service.search.outbox import INDEX, TRIES, Outbox, strike_out
from archive_service.search.texts import Texts, files_of
from index.extract import Limits
from index.extract.scans import NOT_INSTALLED, RECOGNISED, Ended, apart, available, recognise, together

log = logging.getLogger("archive_service.search")

SCAN = "scan"
"""The topic under which the outbox holds what is to be read."""

WAITING, READING, READ, NOTHING_THERE, UNREAD = "waiting", "reading", "read", "none", "failed"
HOLD_EVERY_SECONDS = 30.0
NOTE_EVERY_SECONDS = 2.0

WAITS = Text("图像或扫描页中的文字等待识别。", "Words in pictures or scanned pages wait to be recognised.")
SWITCHED_OFF = Text(
    "图像或扫描页中的文字未识别：设置中已关闭文字识别（extraction.ocr）。",
    "Words in pictures or scanned pages were not recognised: text recognition is switched off (extraction.ocr).",
)

Told = Callable[[str, int, int], None]
"""Told a record's id, and how many of how many pages are read."""


@dataclass(frozen=True)
class Scans:
    """Reads what waits, by as many processes as the settings say."""

    ledger: Ledger
    texts: Texts
    settings: ExtractionTable
    _ending: threading.Event = field(default_factory=threading.Event)
    _asked: threading.Event = field(default_factory=threading.Event)

    @property
    def reason(self) -> Text | None:
        """Why nothing can be recognised here; nothing when it can."""
        if not self.settings.ocr:
            return SWITCHED_OFF
        return None if available() else Text(*NOT_INSTALLED)

    def end(self) -> None:
        """Put down what is being read after the page at hand; the service ends."""
        self._ending.set()

    def ask(self, *, again: bool = False) -> int:
        """Ask for every record with pictures that was never read, or with ``again`` for all of them; return how many."""
        wanted = (
            select(records.c.id)
            .join(components, components.c.record_id == records.c.id)
            .join(index_states, index_states.c.record_id == records.c.id)
            .outerjoin(scan_states, scan_states.c.record_id == records.c.id)
            .where(records.c.status == ARCHIVED, records.c.level.in_(SEARCHED_LEVELS))
            .where(components.c.media_type.in_(RECOGNISED), components.c.role.in_(("original", "attachment")))
            .distinct()
        )
        if not again:
            wanted = wanted.where(scan_states.c.record_id.is_(None) | (scan_states.c.files == ""))
        with self.ledger.work(None) as work:
            ids = list(work.connection.execute(wanted).scalars())
            _ask(work, ids)
            work.commit()
        return len(ids)

    def run(self, told: Told | None = None, *, all_of_it: bool = False) -> int:
        """Read what is due: as much as there are processes, or ``all_of_it``; return how many records were read.

        The first time in a process everything is asked for that was filed before there was recognition.
        """
        if self.reason is not None:
            return 0
        if not self._asked.is_set():
            self._asked.set()
            self.ask()
        box = Outbox(self.ledger)
        flying: dict[Future[None], Any] = {}
        done, held = 0, time.monotonic()
        with ThreadPoolExecutor(self.settings.ocr_workers) as pool:
            while True:
                room = self.settings.ocr_workers - len(flying)
                if room and not self._ending.is_set() and (all_of_it or not done):
                    for row in box.claim(SCAN, room):
                        flying[pool.submit(self._settle, row, told)] = row
                if not flying:
                    return done
                landed, _ = wait(flying, timeout=1, return_when=FIRST_COMPLETED)
                for future in landed:
                    row = flying.pop(future)
                    done += self._landed(box, row, future)
                if time.monotonic() - held >= HOLD_EVERY_SECONDS:
                    box.hold([row.seq for row in flying.values()])
                    held = time.monotonic()

    def _landed(self, box: Outbox, row: Any, future: Future[None]) -> int:
        try:
            future.result()
        except Ended:
            box.put_off(row, Text("", ""))
            return 0
        except Exception as error:  # whatever one record brings about, the others go on
            words = error.text if isinstance(error, ArchiveError) else _internal(error)
            log.warning("pictures of %s: %s", row.record_id, words.en)
            if row.attempts + 1 < TRIES:
                box.put_off(row, words)
                return 0
            with self.ledger.work(None) as work:
                _note(work, row.record_id, state=UNREAD, reason=words, pages=0, done=0)
                strike_out(work.connection, [row.seq])
                work.commit()
        return 1

    def _settle(self, row: Any, told: Told | None) -> None:
        """Read one record's pictures, keep what they say, and ask for the index to take it in."""
        record_id = row.record_id
        level, files = files_of(self.ledger, record_id)
        pictures = [file for file in files if file.role in ("original", "attachment") and file.media_type in RECOGNISED]
        seen, pages, reason = "", 0, None
        if level in SEARCHED_LEVELS and pictures:
            seen, pages, reason = self._read(record_id, pictures, told)
        kept = next((file for file in files if file.role == "text"), None)
        plain, before = apart(self.texts.kept(record_id, kept)) if kept else ("", "")
        if seen.strip() or before:
            self.texts.keep(record_id, together(plain, seen), files)
        with self.ledger.work(None) as work:
            state = READ if pages else UNREAD if reason else NOTHING_THERE
            words = reason or _read_words(pages, found=bool(seen.strip()))
            _note(work, record_id, state=state, reason=words, pages=pages, done=pages, files=_print_of(files))
            if seen.strip() or before:
                enqueue(work, INDEX, record_id)
            strike_out(work.connection, [row.seq])
            work.commit()

    def _read(self, record_id: str, pictures: Sequence[Any], told: Told | None) -> tuple[str, int, Text | None]:
        seen: list[str] = []
        pages, reason, noted = 0, None, 0.0

        def page(done: int, total: int) -> bool:
            nonlocal noted
            if time.monotonic() - noted >= NOTE_EVERY_SECONDS:
                noted = time.monotonic()
                with self.ledger.work(None) as work:
                    words = Text(
                        "正在识别图像或扫描页中的文字。", "Words in pictures or scanned pages are being recognised."
                    )
                    _note(work, record_id, state=READING, reason=words, pages=pages + total, done=pages + done)
                    work.commit()
            if told:
                told(record_id, pages + done, pages + total)
            return not self._ending.is_set()

        for file in pictures:
            chunks = self.texts.vault.open(record_id, file.id, file.version)
            found = recognise(chunks, file.media_type, self._limits(), self.settings.ocr_pages, page)
            seen += [found.text] if found.text else []
            pages += found.pages
            reason = reason or (Text(*found.reason) if found.reason else None)
        return "\n\n".join(seen), pages, reason

    def _limits(self) -> Limits:
        given = self.settings
        return Limits(
            memory_mib=given.ocr_memory_mib,
            cpu_seconds=given.ocr_seconds,
            wall_seconds=4 * given.ocr_seconds,
            input_bytes=given.input_mib * 1024 * 1024,
            output_characters=given.output_characters,
        )

    def status(self) -> dict[str, int]:
        """Say how many records' pictures are read, hold nothing, failed, wait."""
        with self.ledger.read() as connection:
            found = connection.execute(select(scan_states.c.state, func.count()).group_by(scan_states.c.state))
            states: dict[str, int] = {row.state: row[1] for row in found}
            waiting = connection.execute(select(func.count()).where(outbox.c.topic == SCAN)).scalar_one()
        return {"read": states.get(READ, 0), "failed": states.get(UNREAD, 0), "waiting": int(waiting)}


def looked_at(work: Work, record_id: str, pages: int, why_not: Text | None) -> None:
    """Ask, with the noting of a record's letters, for its pictures to be read; what was read of the same files stays."""
    own = select(components.c.id, components.c.role).where(components.c.record_id == record_id)
    files = _print_of(work.connection.execute(own).all())
    before = select(scan_states).where(scan_states.c.record_id == record_id)
    known = work.connection.execute(before).one_or_none()
    if known is not None and known.files == files and (known.state != READ or not pages):
        return  # the same files, in which nothing was found, or that hold no picture
    if not pages:
        _note(work, record_id, state=NOTHING_THERE, reason=_read_words(0, found=False), pages=0, done=0, files=files)
    elif why_not is not None:
        _note(work, record_id, state=UNREAD, reason=why_not, pages=pages, done=0)
    else:
        _ask(work, [record_id])


def _ask(work: Work, record_ids: Sequence[str]) -> None:
    there = set(work.connection.execute(select(outbox.c.record_id).where(outbox.c.topic == SCAN)).scalars())
    new = [one for one in record_ids if one not in there]
    for record_id in new:
        _note(work, record_id, state=WAITING, reason=WAITS, pages=0, done=0)
    if new:
        enqueue(work, SCAN, *new)


def _note(work: Work, record_id: str, *, state: str, reason: Text, pages: int, done: int, files: str = "") -> None:
    """Note how far a record is, if it is still there."""
    alive = select(records.c.id).where(records.c.id == record_id, records.c.status == ARCHIVED)
    work.connection.execute(scan_states.delete().where(scan_states.c.record_id == record_id))
    if work.connection.execute(alive).first() is not None:
        words = {"reason_zh": reason.zh[:500], "reason_en": reason.en[:500]}
        values = {"record_id": record_id, "state": state, "pages": pages, "done": done, "files": files, **words}
        work.connection.execute(scan_states.insert().values(**values, at=work.at))


def _print_of(files: Sequence[Any]) -> str:
    """Return what tells whether a record's files are still the same; the kept text is none of them."""
    ids = sorted(file.id for file in files if file.role in ("original", "attachment"))
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()


def _read_words(pages: int, *, found: bool) -> Text:
    if not pages:
        return Text("没有需要识别文字的图像或扫描页。", "No picture or scanned page needed its words recognised.")
    if not found:
        return Text(
            f"已查看 {pages} 页图像，未识别出文字。", f"{pages} pictures were looked at; no words were recognised."
        )
    return Text(
        f"{pages} 页图像中的文字由机器识别（OCR），可能有误，以原件为准。",
        f"Words on {pages} pictured pages were recognised by machine (OCR); they may be wrong, the original counts.",
    )


def _internal(error: Exception) -> Text:
    return Text(f"内部错误（{type(error).__name__}）。", f"Internal error ({type(error).__name__}).")
