"""What a four-property check looks at: a record with everything around it, its files read once, and how a result is told."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from archive_service.catalog.formats.signatures import HEAD, identify
from archive_service.catalog.model import Description
from archive_service.catalog.properties.items import Result
from archive_service.catalog.properties.scanner import Scanned, Scanner
from archive_service.errors import ArchiveError, Text, Unavailable
from archive_service.vault import Vault

Check = tuple[Result, Text]


@dataclass(frozen=True)
class Copied:
    """How the stored copies of a record were found when they were last looked at."""

    good: int
    bad: int
    never_read: int
    oldest: str


@dataclass(frozen=True)
class Alike:
    """Whether another record of the same level says the same of itself."""

    number_and_body: bool = False
    title_and_date: bool = False


@dataclass(frozen=True)
class Subject:
    """Everything about a record that a check looks at.

    ``same_code`` counts records (destroyed ones too) and void numbers that bear its code; ``unlisted`` counts keys of
    the record whose object no entry names.
    """

    row: Mapping[Any, Any]
    said: Description
    files: Sequence[Any]
    due_now: date | None
    acts: frozenset[str]
    filer: str | None
    missing_numbers: Sequence[int]
    voids: int
    known_type: bool
    same_code: int
    unlisted: int
    index_state: str
    index_reason: Text
    copies: Copied
    alike: Alike
    today: date


@dataclass(frozen=True)
class Read:
    """What came of reading one stored file from end to end."""

    digest: str
    size: int
    media_type: str
    trouble: Text | None
    scanned: Scanned | None


def read_file(vault: Vault, subject: Subject, file: Any, scanner: Scanner) -> Read:
    """Read a stored file from end to end, once: digest, size, format, and what the scanner says."""
    seen, size, head = hashlib.sha256(), 0, b""

    def pieces() -> Iterator[bytes]:
        nonlocal size, head
        for piece in vault.open(subject.row["id"], file.id, file.version):
            seen.update(piece)
            size += len(piece)
            head = head if len(head) >= HEAD else (head + piece)[:HEAD]
            yield piece

    scanned = None
    try:
        if scanner.there:
            scanned = scanner.scan(pieces())
        if scanned is None or scanned.clean is None:
            seen, size, head = hashlib.sha256(), 0, b""
            for _ in pieces():
                pass
    except Unavailable:
        raise  # a store that is away says nothing about its objects
    except ArchiveError as error:
        return Read("", 0, "", error.text, scanned)
    return Read(seen.hexdigest(), size, identify(head, name_of(subject, file)), None, scanned)


def name_of(subject: Subject, file: Any) -> str:
    """Return the name that a file came with."""
    return str(file.file_name or subject.said.files.get(file.id, {}).get("name", ""))


def digest_of(subject: Subject, file: Any) -> str:
    """Return the digest that a file was entered with."""
    return str(file.sha256 or subject.said.files.get(file.id, {}).get("sha256", ""))


def told(faults: Sequence[Text], zh: str, en: str, bad: Result = Result.FAIL) -> Check:
    """Return a pass with its evidence, or what is wrong."""
    if not faults:
        return Result.PASS, Text(zh, en)
    return bad, Text("；".join(one.zh for one in faults), "; ".join(one.en for one in faults))


def each(subject: Subject, read: Sequence[Read], wrong: Callable[[Any, Read], Text | None]) -> list[Text]:
    """Return what is wrong with each file, which is called by its place: names are content."""
    found = []
    for place, (file, one) in enumerate(zip(subject.files, read, strict=True), 1):
        fault = wrong(file, one)
        if fault:
            found.append(Text(f"第 {place} 个文件：{fault.zh}", f"file {place}: {fault.en}"))
    return found
