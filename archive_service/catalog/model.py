"""What is filed and what comes of it: the words of accession."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from archive_service.errors import BadInput


@dataclass(frozen=True)
class SourceFile:
    """A computer file to be taken in: the name it came with, and how to read its bytes (as often as needed)."""

    name: str
    chunks: Callable[[], Iterable[bytes]]


@dataclass(frozen=True)
class NewRecord:
    """A record to be filed: what the archivist says of it, and its files, the first being the main one.

    ``key`` makes a repeated request return the first receipt; ``year`` is the archival year, usually the document's.
    ``facts`` answers what the type's retention rule asks for, by code of the question. ``parent`` (code or id)
    names the record that a photograph or recording belongs to. ``code`` is the archival code that the record bears
    already, for holdings that were numbered before they came here.
    """

    fonds_no: str
    type_code: str
    title: str
    document_date: date
    files: tuple[SourceFile, ...]
    case_no: str | None = None
    level: str | None = None
    author: str = ""
    document_no: str = ""
    note: str = ""
    year: int | None = None
    facts: Mapping[str, bool | int | str] = field(default_factory=dict)
    key: str | None = None
    parent: str | None = None
    code: str | None = None


@dataclass(frozen=True)
class Description:
    """What describes a record in words; for confidential levels it exists in sealed form only."""

    title: str
    author: str = ""
    document_no: str = ""
    note: str = ""
    files: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Name and SHA-256 of each file, by component id."""


@dataclass(frozen=True)
class Receipt:
    """What an accession leaves in the hands of the one who filed: enough to prove it later, offline."""

    archival_code: str
    record_id: str
    files: tuple[tuple[str, int, str], ...]
    """Name, size in bytes and SHA-256 of each file."""
    seq: int
    leaf_hash: str
    checkpoint: str
    repeated: bool = False
    media_types: tuple[str, ...] = ()
    """What each file was found to be, in the order of ``files``."""


YEARS = range(1900, 2100)
"""Archival years that can be."""

LEVEL_CODES = {"公开": "PUB", "内部": "INT", "商业秘密": "TS", "个人隐私": "PI", "密封": "SEAL"}
STRICTNESS = {"PUB": 0, "INT": 1, "TS": 2, "PI": 2, "SEAL": 3}
STATE_SECRET = re.compile(r"绝密|机密|(?<!商业)秘密")
STATE_SECRET_ENGLISH = re.compile(r"(STATE|TOP) ?SECRET|SECRET|CONFIDENTIAL|RESTRICTED")
STATE_SECRET_STAMP = re.compile(r"(?:绝密|机密|(?<!商业)秘密)\s*[★☆]")
"""How a state secret is stamped, term behind the star: ``机密★10年``."""


def refuse_state_secret(mark: str) -> None:
    """Raise :class:`BadInput` for what is marked as a state secret; it must not come in at all."""
    raise BadInput(
        f"“{mark}”属于国家秘密，本系统不得接收；请按保密规定另行保管。此处可在“归档 → 涉密文件线索”登记一条不含内容的线索（命令行：accession --pointer）。",
        f"{mark!r} marks a state secret, which this system must not take in; keep it under the secrecy rules and file a pointer without content here (File → Pointer to a state secret; on the command line accession --pointer).",
    )


def parse_level(text: str, default: str | None) -> str:
    """Return the level that a person wrote (code or Chinese word); state secrets are refused at the door."""
    value = unicodedata.normalize("NFKC", text).strip()
    bare = "".join(value.split())
    if STATE_SECRET.search(bare) or STATE_SECRET_ENGLISH.fullmatch(" ".join(value.upper().split())):
        refuse_state_secret(value)
    level = LEVEL_CODES.get(bare, bare.upper()) or default
    if level is None:
        raise BadInput("此类型没有默认密级，请填写密级。", "This type has no default level; please give one.")
    if level not in STRICTNESS:
        raise BadInput(
            f"没有密级“{value}”。可用：PUB、INT、TS、PI、SEAL。",
            f"There is no level {value!r}. Use PUB, INT, TS, PI or SEAL.",
        )
    return level


def check_level(level: str, usual: str, permitted: Collection[str]) -> None:
    """Refuse a level more open than the one that the type's rule gives, unless the rule permits it by name."""
    if usual in STRICTNESS and level not in permitted and STRICTNESS[level] < STRICTNESS[usual]:
        raise BadInput(
            f"此类型的密级为 {usual}，不得降为 {level}。",
            f"Papers of this type are {usual}; they may not be filed as {level}.",
        )
