"""Trying an import out: what filing every row would come to now, and which files are there twice; nothing is filed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from archive_service.audit.ledger import Ledger
from archive_service.catalog.codes.numbers import Reached
from archive_service.catalog.collecting.duplicates import already_filed, told_of
from archive_service.catalog.collecting.import_folder import ImportUnderWay, Rows, groups_of, in_folder
from archive_service.catalog.collecting.manifest import find_manifest, open_manifest
from archive_service.catalog.collecting.unpacking import FileSource
from archive_service.catalog.filing.accession import Accession
from archive_service.catalog.filing.preview import Preview, preview_many
from archive_service.catalog.filing.stowing import empty_file, unreadable_file
from archive_service.catalog.model import NewRecord, SourceFile
from archive_service.errors import ArchiveError, Text
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, require


@dataclass(frozen=True)
class RowCheck:
    """What filing a row would come to now: the code it would get and how long it would be kept, or why it would be refused.

    ``same`` tells of files that another row of the batch or a record that the person may see holds too; they stop nothing.
    """

    row: int
    files: str
    code: str
    sentence: Text | None
    reason: Text | None
    same: tuple[Text, ...] = ()


def check_folder(
    accession: Accession,
    actor: Person,
    folder: Path,
    *,
    fonds_no: str,
    case_no: str | None,
    mapping: Mapping[str, str] | None = None,
) -> Iterator[RowCheck]:
    """Go through a folder's manifest as filing it would, reading every file once, and file nothing."""
    require(actor, Action.FILE_RECORD, Thing(level=next(iter(actor.clearance), None)))
    folder = folder.resolve()
    rows = open_manifest(find_manifest(folder), accession.schedules.current.facts.values(), mapping)
    yield from check_rows(accession, actor, rows, partial(in_folder, folder), fonds_no=fonds_no, case_no=case_no)


def check_rows(
    accession: Accession,
    actor: Person,
    rows: Rows,
    source: FileSource,
    *,
    fonds_no: str,
    case_no: str | None,
) -> Iterator[RowCheck]:
    """Say of every row what filing it would come to, and file nothing. A main record named by its file is not looked for."""
    run = ImportUnderWay(accession, actor, source, fonds_no, case_no)
    reached: Reached = {}
    twins = _Twins(accession.ledger, actor)
    for group in groups_of(rows):
        ready: dict[int, NewRecord] = {}
        faults: dict[int, Text] = {}
        digests: dict[int, list[str]] = {}
        for row in group:
            try:
                new = run.planned(row)
                digests[row.number] = [_digest(file) for file in new.files]
                ready[row.number] = new
            except ArchiveError as error:
                faults[row.number] = error.text
        seen = preview_many(accession.ledger, accession.schedules, actor, list(ready.values()), reached)
        told = dict(zip(ready, seen, strict=True))
        same = twins.told(digests)
        for row in group:
            said = told.get(row.number)
            fault = faults.get(row.number) or (said.text if isinstance(said, ArchiveError) else None)
            seen_as = said if isinstance(said, Preview) and not fault else None
            code, sentence = (seen_as.code, seen_as.sentence) if seen_as else ("", None)
            yield RowCheck(row.number, row.values["file"], code, sentence, fault, same.get(row.number, ()))


@dataclass
class _Twins:
    """What was read so far, by SHA-256: which row came first with it."""

    ledger: Ledger
    actor: Person
    first: dict[bytes, int] = field(default_factory=dict)

    def told(self, digests: Mapping[int, Sequence[str]]) -> dict[int, tuple[Text, ...]]:
        """Say of some rows, in their order, which of their files another row or a visible record holds too."""
        held = already_filed(self.ledger, self.actor, {one for some in digests.values() for one in some})
        found: dict[int, tuple[Text, ...]] = {}
        for number, some in digests.items():
            said: list[Text] = []
            for digest in some:
                if digest in held:
                    said.append(told_of(held[digest]))
                key = bytes.fromhex(digest)
                if key in self.first:
                    said.append(_twice(self.first[key], number))
                self.first.setdefault(key, number)
            found[number] = tuple(dict.fromkeys(said))
        return found


def _twice(first: int, number: int) -> Text:
    if first == number:
        return Text("此行有两个内容相同的文件。", "Two files of this row are the same.")
    return Text(
        f"内容与第 {first} 行的文件相同，请核对。", f"The same file stands in row {first}; look whether it is meant."
    )


def _digest(file: SourceFile) -> str:
    seen, size = hashlib.sha256(), 0
    try:
        for piece in file.chunks():
            seen.update(piece)
            size += len(piece)
    except OSError as error:
        raise unreadable_file(file.name, error) from error
    if not size:
        raise empty_file(file.name)
    return seen.hexdigest()
