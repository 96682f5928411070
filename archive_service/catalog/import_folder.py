"""Filing a whole folder with a manifest: row by row, each a record of its own with its own commit.

An import that was interrupted is continued by running it again: a row's key is made of folder, case file
and file names, so that a row filed before gives its first receipt and neither a second copy nor a number.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from archive_service.audit import acts
from archive_service.catalog.accession import Accession, hash_of
from archive_service.catalog.manifest import Row, find_manifest, parse_date, read_manifest
from archive_service.catalog.model import NewRecord, Receipt, SourceFile
from archive_service.errors import ArchiveError, BadInput, Text
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, require

CHUNK = 1024 * 1024


@dataclass(frozen=True)
class RowResult:
    """What became of one row of the manifest: a receipt, or the reason why it was refused."""

    row: int
    files: str
    receipt: Receipt | None
    reason: Text | None


@dataclass
class ImportReport:
    """What became of a whole folder."""

    results: list[RowResult] = field(default_factory=list)
    total: int = 0

    @property
    def filed(self) -> int:
        """Records filed by this run."""
        return sum(1 for item in self.results if item.receipt and not item.receipt.repeated)

    @property
    def repeated(self) -> int:
        """Records that an earlier run had filed."""
        return sum(1 for item in self.results if item.receipt and item.receipt.repeated)

    @property
    def refused(self) -> list[RowResult]:
        """Rows that were not filed, each with its reason."""
        return [item for item in self.results if item.reason]


Progress = Callable[[RowResult, int, int], None]


def import_folder(
    accession: Accession,
    actor: Person,
    folder: Path,
    *,
    fonds_no: str,
    case_no: str | None,
    progress: Progress | None = None,
) -> ImportReport:
    """File every row of a folder's manifest; ``progress`` is told each row's result, its place and the total."""
    require(actor, Action.FILE_RECORD, Thing(level=next(iter(actor.clearance), None)))
    folder = folder.resolve()
    if not folder.is_dir():
        raise BadInput(f"没有文件夹“{folder}”。", f"There is no folder {str(folder)!r}.")
    rows = read_manifest(find_manifest(folder))
    report = ImportReport(total=len(rows))
    batch = hash_of(f"{folder}\n{fonds_no}\n{case_no}")[:32]
    accession.ledger.note(actor.id, acts.IMPORT_STARTED, "import", batch, rows=len(rows))
    for place, row in enumerate(rows, 1):
        result = _file_row(accession, actor, folder, row, fonds_no, case_no)
        report.results.append(result)
        if progress:
            progress(result, place, len(rows))
    counts = {"filed": report.filed, "repeated": report.repeated, "refused": len(report.refused)}
    accession.ledger.note(actor.id, acts.IMPORT_FINISHED, "import", batch, **counts)
    return report


def _file_row(
    accession: Accession, actor: Person, folder: Path, row: Row, fonds_no: str, case_no: str | None
) -> RowResult:
    try:
        paths = [_inside(folder, name) for name in row.files]
        if not paths:
            raise BadInput("此行没有写文件名。", "This row names no file.")
        values = row.values
        year = values["year"]
        if year and not year.isdigit():
            raise BadInput(f"年度“{year}”不是数字。", f"The year {year!r} is not a number.")
        new = NewRecord(
            fonds_no=fonds_no,
            case_no=case_no,
            type_code=values["class"],
            title=values["title"],
            document_date=parse_date(values["date"]),
            level=values["level"] or None,
            author=values["author"],
            document_no=values["document_no"],
            note=values["note"],
            year=int(year) if year else None,
            files=tuple(SourceFile(path.name, partial(read_chunks, path)) for path in paths),
            key=hash_of("\n".join([str(folder), fonds_no, case_no or "", *row.files])),
        )
        return RowResult(row.number, values["file"], accession.file_record(actor, new), None)
    except ArchiveError as error:
        return RowResult(row.number, row.values["file"], None, error.text)


def _inside(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder):
        raise BadInput(f"文件“{name}”不在此文件夹内。", f"The file {name!r} does not lie in this folder.")
    if not path.is_file():
        raise BadInput(f"没有文件“{name}”。", f"There is no file {name!r}.")
    return path


def read_chunks(path: Path) -> Iterator[bytes]:
    """Read a file in pieces of 1 MiB, asking the system not to keep it in its cache for our sake."""
    with path.open("rb") as file:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
        while chunk := file.read(CHUNK):
            yield chunk
