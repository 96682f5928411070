"""Reading what a package from another installation says of itself. Nothing in it is believed before its digests are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from archive_service.catalog.collecting.folders import inside, read_chunks
from archive_service.catalog.model import SourceFile
from archive_service.disposal.transfer.bag_check import BagReport, check_bag, leads_out
from archive_service.disposal.transfer.lists import SCHEMAS, check
from archive_service.errors import BadInput, Damaged

TOLD = "metadata/handover.json"
LARGEST = 64 << 20
FORMAT = 1
LONGEST_CODE = 100


@dataclass(frozen=True)
class TheirRecord:
    """A record as its sender describes it; ``files`` are read, and held against their digests, when they are filed."""

    code: str
    type_code: str
    level: str
    title: str
    author: str
    document_no: str
    note: str
    document_date: date
    year: int
    case_no: str
    period: str
    due_on: date | None
    facts: Mapping[str, bool | int | str]
    files: tuple[SourceFile, ...]
    provenance: bytes
    """What the sender says of the record, in full, as canonical JSON."""


@dataclass(frozen=True)
class Package:
    """A sound package of another installation."""

    digest: str
    package_no: str
    sender: str
    receiver: str
    records: tuple[TheirRecord, ...]


def read_package(folder: Path) -> Package:
    """Check a bag and read what it says; raises :class:`Damaged` or :class:`BadInput` with what is wrong."""
    folder = folder.resolve()
    report = check_bag(folder)
    if not report.valid:
        raise Damaged(
            "包有问题，不予接收：" + "；".join(one.zh for one in report.faults[:5]),
            "The package is not sound and is not taken in: " + " ".join(one.en for one in report.faults[:5]),
        )
    told = _told(folder, report)
    _check_lists(folder)
    try:
        digests = _digests(folder / "manifest-sha256.txt")
        records = tuple(_record(folder, one, digests) for one in told["records"])
        package = Package(
            report.digest, _said(told, "package_no"), _said(told, "sender"), _said(told, "receiver"), records
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _not_ours() from error
    if not package.package_no or not package.sender or not records:
        raise _not_ours()
    if len({one.code for one in records}) != len(records):
        raise BadInput("包内有两件档号相同。", "Two records of the package bear one code.")
    return package


def _check_lists(folder: Path) -> None:
    """Hold the lists of the package against our schemas of them; those that it has not are no fault."""
    for name in SCHEMAS:
        path = folder / "data" / name
        if not path.is_symlink() and path.is_file():
            if path.stat().st_size > LARGEST:
                raise Damaged(f"{name} 过大。", f"{name} is too large.")
            check(name, path.read_bytes())


def _told(folder: Path, report: BagReport) -> Any:
    path = folder / TOLD
    vouched = report.digest and f"  {TOLD}\n" in (folder / "tagmanifest-sha256.txt").read_text(encoding="utf-8")
    if not vouched or path.is_symlink() or path.stat().st_size > LARGEST:
        raise _not_ours()
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise _not_ours() from error
    if not isinstance(told, dict) or told.get("format") != FORMAT or not isinstance(told.get("records"), list):
        raise _not_ours()
    return told


def _digests(manifest: Path) -> dict[str, str]:
    lines = (line.split("  ", 1) for line in manifest.read_text(encoding="utf-8").splitlines())
    return {path.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%"): digest for digest, path in lines}


def _said(one: Mapping[str, Any], name: str, longest: int = 200) -> str:
    value = one.get(name) or ""
    if not isinstance(value, str) or len(value) > longest:
        raise ValueError(name)
    return value.strip()


def _record(folder: Path, one: Mapping[str, Any], digests: Mapping[str, str]) -> TheirRecord:
    kept, facts = one["retention"], one.get("facts") or {}
    due = one.get("due_on")
    code = _said(one, "code", LONGEST_CODE)
    if not code or not all(isinstance(value, bool | int | str) for value in facts.values()):
        raise ValueError(code)
    provenance = json.dumps(one, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"
    return TheirRecord(
        code=code,
        type_code=_said(kept, "type_code"),
        level=_said(one, "level"),
        title=_said(one, "title", 500),
        author=_said(one, "author"),
        document_no=_said(one, "document_no"),
        note=_said(one, "note", 10_000),
        document_date=date.fromisoformat(one["document_date"]),
        year=int(one["year"]),
        case_no=_said(one, "case_no"),
        period=_said(kept, "period"),
        due_on=date.fromisoformat(due) if due else None,
        facts=facts,
        files=tuple(_file(folder, file, digests) for file in one["files"]),
        provenance=provenance,
    )


def _file(folder: Path, file: Mapping[str, Any], digests: Mapping[str, str]) -> SourceFile:
    path = f"data/{file['path']}"
    if leads_out(path) or path not in digests:
        raise ValueError(path)
    where, digest = inside(folder, path), digests[path]
    return SourceFile(_said(file, "name", 1000), lambda: _checked(where, digest))


def _checked(path: Path, digest: str) -> Iterator[bytes]:
    """Yield a file's bytes; it may have been changed since the package was checked, and is not filed then."""
    made = hashlib.sha256()
    for chunk in read_chunks(path):
        made.update(chunk)
        yield chunk
    if made.hexdigest() != digest:
        raise Damaged(f"{path.name} 在接收时被改动。", f"{path.name} was changed while it was taken in.")


def _not_ours() -> BadInput:
    return BadInput(
        f"包内没有可用的 {TOLD}，不是本系统的移交包。其他来源的包请验包后按文件夹归档。",
        f"The package has no usable {TOLD}, so it is none of this service. Check one from elsewhere and file it as a folder.",
    )
