"""What is handed over, and where each file of it lies in the package (DOMAIN 7.1)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archive_service.catalog.model import Description

NOT_IN_A_NAME = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|%]")
LONGEST_NAME = 120


@dataclass(frozen=True)
class Handed:
    """A record that is handed over: its row, its words, its files with their names, the acts of its history."""

    row: Mapping[str, Any]
    description: Description
    files: Sequence[Any]
    events: Sequence[Any]
    case_no: str = ""
    check: Any = None
    """The row of its last four-property check before the package was frozen, if there was one."""

    def name_of(self, file: Any) -> str:
        """Return the name that a file was filed under."""
        return str(file.file_name or self.description.files.get(file.id, {}).get("name", "") or file.id)

    def digest_of(self, file: Any) -> str:
        """Return the SHA-256 (hex) that a file was filed with."""
        return str(file.sha256 or self.description.files.get(file.id, {}).get("sha256", ""))


@dataclass(frozen=True)
class Head:
    """The package as a whole."""

    package_no: str
    list_no: str
    list_digest: str
    nature: str
    prepared_on: str
    sender: str
    fonds_no: str
    receiver: str


def safe_name(name: str) -> str:
    """Return a name that every file system takes and that leads nowhere; NFC, as the profile asks."""
    composed = NOT_IN_A_NAME.sub("_", unicodedata.normalize("NFC", name)).strip(". ")
    if len(composed) > LONGEST_NAME:
        stem, dot, end = composed.rpartition(".")
        composed = f"{stem[: LONGEST_NAME - 12]}{dot}{end[:11]}" if dot else composed[:LONGEST_NAME]
    return composed or "_"


def path_of(record: Handed, position: int, file: Any) -> str:
    """Return where a file lies below ``data``; the number keeps two files of one name apart."""
    row = record.row
    name = f"{position:02d}-{safe_name(record.name_of(file))}"
    return f"电子档案/{row['year']}/{safe_name(row['class_code'])}/{safe_name(row['code'])}/{name}"
