"""A folder on this machine into which others put whole folders to be filed: each is imported once it is complete.

A folder is complete when the file ``READY`` lies in it; it is put there last, and may name fonds and case file. Where a
time is set for it, a folder with a manifest is complete without that too, once nothing in it changes any more. Every
row that has a receipt gives its files up, and only then: the bytes that lie there must still be those of the receipt.
What was refused stays, with a manifest of the rows that are left. A report of every row is written beside the folder.
"""

from __future__ import annotations

import csv
import hashlib
import logging
import os
import re
import threading
import tomllib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from archive_service.catalog.collecting.duplicates import same_elsewhere, told_of
from archive_service.catalog.collecting.folders import read_chunks
from archive_service.catalog.collecting.import_folder import RowResult, file_rows
from archive_service.catalog.collecting.manifest import COLUMNS, Manifest, Row, find_manifest, open_manifest
from archive_service.catalog.collecting.settling import Settling
from archive_service.catalog.filing.accession import Accession
from archive_service.catalog.model import Receipt, SourceFile
from archive_service.clock import Clock
from archive_service.errors import ArchiveError, BadInput
from archive_service.people.model import Person

log = logging.getLogger("archive_service.catalog")

READY = "READY"
ORIGIN = ".import-id"
REFUSED = "REFUSED"
"""What ``READY`` is called after a run that left something: a person corrects the manifest and names it ``READY`` again."""


SETTLING = Settling()
"""What this process has seen of folders without ``READY``."""

BUSY = threading.Lock()
"""Held by the run of this process that is under way."""


@dataclass(frozen=True)
class DropFolder:
    """The watched folder; ``person`` says in whose name its folders are filed."""

    accession: Accession
    clock: Clock
    folder: Path
    person: Callable[[], Person]
    fonds_no: str
    settle_seconds: float = 0
    """How long a folder without ``READY`` must look the same to be taken for complete; 0: never."""
    settling: Settling = SETTLING

    def take_in(self) -> int:
        """Import every complete folder; return how many were looked at. A run under way is left to itself."""
        if not BUSY.acquire(blocking=False):
            return 0
        try:
            done = 0
            self._mark_settled()
            for mark in sorted(self.folder.glob(f"*/{READY}")):
                if mark.parent.is_symlink():
                    continue
                self._take_in_one(mark.parent, mark)
                done += 1
            return done
        finally:
            BUSY.release()

    def _mark_settled(self) -> None:
        """Put ``READY`` into what has come to rest; a folder that a run has left something of waits for a person."""
        for manifest in sorted(self.folder.glob("*/manifest.*")) if self.settle_seconds else ():
            folder = manifest.parent
            marked = any((folder / name).exists() for name in (READY, REFUSED))
            if marked or folder.is_symlink() or manifest.suffix.lower() not in (".csv", ".xlsx"):
                continue
            if self.settling.at_rest(folder, self.settle_seconds):
                self.settling.forget(folder)
                (folder / READY).touch()

    def _take_in_one(self, folder: Path, mark: Path) -> None:
        try:
            told = _told(mark)
            fonds_no, case_no = told.get("fonds") or self.fonds_no, told.get("case")
            path = find_manifest(folder)
            rows = open_manifest(path, self.accession.schedules.current.facts.values())
        except ArchiveError as error:
            self._report(folder, [(0, "", "", error.text.zh, error.text.en)])
            mark.rename(folder / REFUSED)
            return
        refused: list[int] = []
        self._report(folder, self._filed(folder, rows, fonds_no, case_no, refused))
        if refused:
            _write_rest(folder, path, rows, set(refused))
            mark.rename(folder / REFUSED)
        else:
            for done in (path, mark, folder / ORIGIN):
                done.unlink()
            _remove_empty(folder)

    def _filed(
        self, folder: Path, rows: Manifest, fonds_no: str, case_no: str | None, refused: list[int]
    ) -> Iterator[tuple[int, str, str, str, str]]:
        """File row after row, let the files of what has a receipt go, and give the lines of the report."""
        by_row: dict[int, list[str]] = {}
        origin = _origin(folder)
        source = partial(_source, folder.resolve(), origin, by_row)
        results = file_rows(
            self.accession, self.person(), rows, source, fonds_no=fonds_no, case_no=case_no, batch=origin
        )
        try:
            for result in results:
                yield self._line(folder, result, by_row.pop(result.row, []), refused)
        except ArchiveError as error:
            refused.append(0)
            yield 0, "", "", error.text.zh, error.text.en

    def _line(
        self, folder: Path, result: RowResult, names: list[str], refused: list[int]
    ) -> tuple[int, str, str, str, str]:
        if result.receipt is None:
            refused.append(result.row)
            assert result.reason is not None
            return result.row, result.files, "", result.reason.zh, result.reason.en
        kept = list(_let_go(folder.resolve(), names, result.receipt))
        zh = [f"与回执不符，原文件未移走：{'、'.join(kept)}"] if kept else []
        en = [f"differs from the receipt and was left in place: {', '.join(kept)}"] if kept else []
        for code in same_elsewhere(self.accession.ledger, self.person(), [result.receipt]).values():
            zh.append(told_of(code).zh)
            en.append(told_of(code).en)
        return result.row, result.files, result.receipt.archival_code, " ".join(zh), " ".join(en)

    def _report(self, folder: Path, lines: Any) -> None:
        """Write the report beside the folder as it comes, under a name of its own for each run."""
        stamp = self.clock.now().strftime("%Y%m%d-%H%M%S")
        path = self.folder / f"{folder.name}.result-{stamp}.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["行 row", "文件 files", "档号 code", "说明", "remark"])
            for line in lines:
                writer.writerow([_harmless(str(cell)) for cell in line])
                file.flush()


def _origin(folder: Path) -> str:
    """Return the id of this folder's import, kept in it: a run that was killed goes on, a later folder is another one."""
    path = folder / ORIGIN
    if not path.exists():
        aside = folder / f"{ORIGIN}.new"
        with aside.open("w", encoding="ascii") as file:
            file.write(uuid.uuid4().hex)
            file.flush()
            os.fsync(file.fileno())
        aside.rename(path)
    origin = path.read_text(encoding="ascii").strip()
    if not re.fullmatch(r"[0-9a-f]{32}", origin):
        raise BadInput(f"文件 {ORIGIN} 已损坏，请删去。", f"The file {ORIGIN} is damaged; delete it.")
    return origin


def _told(mark: Path) -> dict[str, str]:
    """Read what ``READY`` says of fonds and case file; empty says nothing."""
    try:
        told = tomllib.loads(mark.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(
            '文件 READY 应为空，或写 fonds = "Q001" 与 case = "AX2024-001"。',
            'The file READY must be empty, or say fonds = "Q001" and case = "AX2024-001".',
        ) from error
    return {name: str(value) for name, value in told.items() if name in ("fonds", "case")}


def _source(folder: Path, origin: str, by_row: dict[int, list[str]], row: Row) -> tuple[tuple[SourceFile, ...], str]:
    """Find a row's files; one that is gone is an error only if the row was not filed before, when nobody reads it."""
    files = []
    for name in row.files:
        path = folder / name.replace("\\", "/")
        if not path.resolve().is_relative_to(folder):
            raise BadInput(f"文件“{name}”不在此文件夹内。", f"The file {name!r} does not lie in this folder.")
        files.append(SourceFile(path.name, partial(read_chunks, path)))
    by_row[row.number] = row.files
    return tuple(files), f"dropped {origin}"


def _let_go(folder: Path, names: list[str], receipt: Receipt) -> Iterator[str]:
    """Remove the files of a record whose bytes are those of its receipt; give the names of the others."""
    for name, (_, _, digest) in zip(names, receipt.files, strict=False):
        path = folder / name.replace("\\", "/")
        if not path.is_file():
            continue
        try:
            seen = hashlib.sha256()
            for piece in read_chunks(path):
                seen.update(piece)
            if seen.hexdigest() != digest:
                yield name
                continue
            path.unlink()
        except OSError as error:
            log.warning("a filed source file cannot be removed: %s", error.strerror)
            yield name


def _write_rest(folder: Path, path: Path, rows: Manifest, refused: set[int]) -> None:
    """Leave a manifest of the refused rows only; the one that was there is kept under another name."""
    if refused == {0}:
        return
    left = [row for row in rows if row.number in refused]
    facts = sorted({name for row in left for name in row.facts})
    number = 1
    while (folder / f"manifest.before-{number}{path.suffix}").exists():
        number += 1
    path.rename(folder / f"manifest.before-{number}{path.suffix}")
    with (folder / "manifest.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*COLUMNS, *facts])
        for row in left:
            writer.writerow([*(row.values[name] for name in COLUMNS), *(row.facts.get(name, "") for name in facts)])


def _remove_empty(folder: Path) -> None:
    """Remove folders that hold nothing any more; what else lies there stays."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
            path.rmdir()
    if not any(folder.iterdir()):
        folder.rmdir()


def _harmless(cell: str) -> str:
    """Keep a spreadsheet from taking a text for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
