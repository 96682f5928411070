"""Security 安全性 and what is looked at again and again: viruses, stray objects, copies (items SE1 to SE5, C1, C2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from archive_service.catalog.properties.items import Result
from archive_service.catalog.properties.scanner import Scanned, Scanner
from archive_service.catalog.properties.subject import Check, Read, Subject, told
from archive_service.errors import Text

FRESH_DAYS = 7
"""Days after which signatures of viruses are old."""

READ_AGAIN_DAYS = 365


def security(subject: Subject, read: Sequence[Read], scanner: Scanner) -> dict[str, Check]:
    """Make the checks of security."""
    none: Check = (Result.WARN, Text("未设置病毒扫描程序。", "No virus scanner is set up."))
    return {
        "SE1": none if not scanner.there else signatures(scanner, subject.today),
        "SE2": none if not scanner.there else virus([one.scanned for one in read if one.scanned]),
        "SE3": told(
            []
            if not subject.unlisted
            else [Text(f"有 {subject.unlisted} 个未著录的对象", f"{subject.unlisted} objects stand in no entry")],
            "密钥库中此件的密钥均属著录的文件。",
            "Every key that the keyring holds for it belongs to a file entered.",
            Result.WARN,
        ),
        "SE4": (Result.NA, Text("不经脱机载体。", "No carrier is involved.")),
        "SE5": told(
            [] if subject.filer else [Text("没有经办人", "nobody is named")],
            "经办人与日志在案。",
            "Who filed it stands in the log.",
        ),
    }


def signatures(scanner: Scanner, today: date) -> Check:
    """Check that the scanner answers and that its signatures are fresh."""
    said = scanner.signatures()
    if isinstance(said, Text):
        return Result.WARN, said
    version, day = said
    if day is None or (today - day).days > FRESH_DAYS:
        return Result.WARN, Text(f"病毒库可能过旧：{version}", f"Its signatures may be old: {version}")
    return Result.PASS, Text(version, version)


def virus(scanned: Sequence[Scanned]) -> Check:
    """Return what came of scanning some files: found is FAIL, no verdict is WARN and never PASS."""
    for place, one in enumerate(scanned, 1):
        if one.clean is False:
            return Result.FAIL, Text(
                f"第 {place} 个文件发现病毒：{one.found}", f"file {place}: virus found: {one.found}"
            )
    trouble = next((one.trouble for one in scanned if one.trouble), None)
    if trouble:
        return Result.WARN, trouble
    return Result.PASS, Text(f"{len(scanned)} 个文件均无病毒。", f"{len(scanned)} files are clean.")


def keeping(subject: Subject) -> dict[str, Check]:
    """Make the checks that are repeated through the years."""
    copied = subject.copies
    bad: Check = (Result.FAIL, Text(f"{copied.bad} 份副本缺失或损坏", f"{copied.bad} copies are missing or damaged"))
    sound: Check = (Result.PASS, Text(f"{copied.good} 份副本一致。", f"{copied.good} copies agree."))
    late = copied.never_read or (
        copied.oldest and (subject.today - date.fromisoformat(copied.oldest[:10])).days > READ_AGAIN_DAYS
    )
    return {
        "C1": (Result.WARN, Text("有副本一年内未复读", "some copies were not read again within a year"))
        if late
        else (Result.PASS, Text("全部副本一年内复读过。", "All copies were read again within a year.")),
        "C2": bad if copied.bad else sound,
    }
