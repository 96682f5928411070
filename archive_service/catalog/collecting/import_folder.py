"""Filing many records with a manifest: from a folder, or from what was uploaded with a page.

An import that was interrupted is continued by running it again: a row's key is made of where its files come from,
case file and file names, so that a row filed before gives its first receipt and neither a second copy nor a number.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from archive_service.audit import acts
from archive_service.catalog.collecting.folders import inside, read_chunks
from archive_service.catalog.collecting.manifest import Manifest, Row, find_manifest, open_manifest
from archive_service.catalog.collecting.named_files import NamedFiles, plain
from archive_service.catalog.collecting.unpacking import FileSource, Unpacking
from archive_service.catalog.dates import parse_date
from archive_service.catalog.filing.accession import Accession, hash_of
from archive_service.catalog.model import NewRecord, Receipt, SourceFile
from archive_service.errors import ArchiveError, BadInput, Text
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, require

__all__ = [
    "FileSource",
    "ImportReport",
    "RowResult",
    "file_rows",
    "import_folder",
    "new_record",
    "read_chunks",
]

Rows = Sequence[Row] | Manifest
"""Rows that can be gone through more than once."""

TOGETHER = 64
"""Small records that share one transaction: none is reported before it is durable."""


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
    filed: int = 0
    """Records filed by this run."""
    repeated: int = 0
    """Records that an earlier run had filed."""
    seen: int = 0
    """Rows that were looked at."""

    def add(self, result: RowResult, *, keep: bool = True) -> None:
        """Count a result, and keep it where it says what was refused or where all are wanted."""
        self.seen += 1
        if result.receipt:
            self.repeated += result.receipt.repeated
            self.filed += not result.receipt.repeated
        if keep or result.reason:
            self.results.append(result)

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
    mapping: Mapping[str, str] | None = None,
    keep: bool = True,
    unpacking: Unpacking | None = None,
) -> ImportReport:
    """File every row of a folder's manifest; ``progress`` is told each row's result, its place and the total.

    ``mapping`` says of headings of the manifest which columns they are. Without ``keep`` the report holds the refused
    rows only, so that it does not grow with what was filed. With ``unpacking`` ZIP files and mails are taken apart.
    """
    require(actor, Action.FILE_RECORD, Thing(level=next(iter(actor.clearance), None)))
    folder = folder.resolve()
    if not folder.is_dir():
        raise BadInput(f"没有文件夹“{folder}”。", f"There is no folder {str(folder)!r}.")
    questions = accession.schedules.current.facts.values()
    rows = open_manifest(find_manifest(folder), questions, mapping)
    report = ImportReport(total=len(rows))
    source: FileSource = partial(in_folder, folder)
    source = unpacking.of(source) if unpacking else source
    batch = hash_of(f"{folder}\n{fonds_no}\n{case_no}")[:32]
    for result in file_rows(accession, actor, rows, source, fonds_no=fonds_no, case_no=case_no, batch=batch):
        report.add(result, keep=keep)
        if progress:
            progress(result, report.seen, len(rows))
    report.results.sort(key=lambda item: item.row)
    return report


def file_rows(
    accession: Accession,
    actor: Person,
    rows: Rows,
    source: FileSource,
    *,
    fonds_no: str,
    case_no: str | None,
    batch: str,
) -> Generator[RowResult, None, None]:
    """File the rows of a manifest and yield what became of each; a row that is refused stops no other.

    What has been yielded with a receipt is durable. Rows that name a main record of this manifest come after the
    others. The caller may stop at any time; ``batch`` is the id under which the log knows the import.
    """
    run = ImportUnderWay(accession, actor, source, fonds_no, case_no)
    accession.ledger.note(actor.id, acts.IMPORT_STARTED, "import", batch, rows=len(rows))
    counts = {"filed": 0, "repeated": 0, "refused": 0}
    try:
        for group in groups_of(rows):
            for result in run.file(group):
                counts[_kind(result)] += 1
                yield result
    finally:
        accession.ledger.note(actor.id, acts.IMPORT_FINISHED, "import", batch, **counts)


def groups_of(rows: Rows) -> Iterator[Sequence[Row]]:
    """Split the rows into groups that are filed together; what belongs to another row comes after all of these."""
    for following in (False, True):
        some: list[Row] = []
        for row in rows:
            if bool(row.values["parent"]) is following:
                some.append(row)
            if len(some) == TOGETHER:
                yield some
                some = []
        if some:
            yield some


def in_folder(folder: Path, row: Row) -> tuple[tuple[SourceFile, ...], str]:
    """Return the files of a row that lie in a folder, and as their origin the folder."""
    paths = [inside(folder, name) for name in row.files]
    return tuple(SourceFile(path.name, partial(read_chunks, path)) for path in paths), str(folder)


def _kind(result: RowResult) -> str:
    if result.receipt is None:
        return "refused"
    return "repeated" if result.receipt.repeated else "filed"


@dataclass
class ImportUnderWay:
    """One import under way: where the files come from, and which row has named which of them."""

    accession: Accession
    actor: Person
    source: FileSource
    fonds_no: str
    case_no: str | None
    named: NamedFiles = field(default_factory=NamedFiles)

    def file(self, group: Sequence[Row]) -> list[RowResult]:
        """File some rows together."""
        outcomes: dict[int, Receipt | ArchiveError] = {}
        ready: dict[int, NewRecord] = {}
        for row in group:
            try:
                ready[row.number] = self._record(row)
            except ArchiveError as error:
                outcomes[row.number] = error
        filed = self.accession.file_records(self.actor, list(ready.values()))
        outcomes |= zip(ready, filed, strict=True)
        for row in group:
            outcome = outcomes[row.number]
            if isinstance(outcome, Receipt):
                self.named.note_filed(row.files[0], outcome.record_id)
        return [_result(row, outcomes[row.number]) for row in group]

    def _record(self, row: Row) -> NewRecord:
        if row.fault:
            raise BadInput(*row.fault)
        self._claim_files(row)
        files, origin = self.source(row)
        key = hash_of("\n".join([origin, self.fonds_no, self.case_no or "", *row.files]))
        return new_record(row, files, self.fonds_no, self.case_no, key, self._parent(row))

    def planned(self, row: Row) -> NewRecord:
        """Return what filing a row would file, without a key; a main record of this manifest stands for itself."""
        if row.fault:
            raise BadInput(*row.fault)
        self._claim_files(row)
        files, _ = self.source(row)
        new = new_record(row, files, self.fonds_no, self.case_no, None)
        return replace(new, parent=None) if new.parent and self.named.row_of(new.parent) else new

    def _claim_files(self, row: Row) -> None:
        """Refuse a file that is named twice: it would be filed twice, or the second title would be lost."""
        if not row.files:
            raise BadInput("此行没有写文件名。", "This row names no file.")
        for name in row.files:
            first = self.named.claim(name, row.number)
            if first != row.number or [plain(other) for other in row.files].count(plain(name)) > 1:
                raise BadInput(
                    f"文件“{name}”已在第 {first} 行写过；一个文件只归入一件档案。",
                    f"The file {name!r} is named in row {first} already; a file belongs to one record only.",
                )

    def _parent(self, row: Row) -> str | None:
        """Return the main record that a row names: the one made of another row's file, else an archival code."""
        wanted = row.values["parent"]
        named, filed = (self.named.row_of(wanted), self.named.record_of(wanted)) if wanted else (None, None)
        if named and not filed:
            raise BadInput(
                f"主件“{wanted}”（第 {named} 行）未归档，此件也未归档。",
                f"The main record {wanted!r} (row {named}) was not filed, so neither was this one.",
            )
        return filed or wanted or None


def new_record(
    row: Row,
    files: tuple[SourceFile, ...],
    fonds_no: str,
    case_no: str | None,
    key: str | None,
    parent: str | None = None,
) -> NewRecord:
    """Make of a manifest's row what accession takes; :class:`BadInput` says which cell cannot be used."""
    values: Mapping[str, str] = row.values
    year: Any = values["year"]
    if year and not (year.isascii() and year.isdigit()):
        raise BadInput(f"年度“{year}”不是数字。", f"The year {year!r} is not a number.")
    return NewRecord(
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
        facts=row.facts,
        files=files,
        key=key,
        parent=parent or values["parent"] or None,
        code=values["code"] or None,
    )


def _result(row: Row, outcome: Receipt | ArchiveError) -> RowResult:
    if isinstance(outcome, ArchiveError):
        return RowResult(row.number, row.values["file"], None, outcome.text)
    return RowResult(row.number, row.values["file"], outcome, None)
