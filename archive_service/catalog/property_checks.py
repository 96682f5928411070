"""The machine checks of the four properties on one record that is in the archive, each with its evidence."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from archive_service.catalog.codes import DASHES, DOTS, normalise_code
from archive_service.catalog.formats import HEAD, identify
from archive_service.catalog.model import STRICTNESS, Description
from archive_service.catalog.property_items import ITEMS, Outcome, Result, Stage
from archive_service.catalog.scanner import Scanned, Scanner
from archive_service.errors import ArchiveError, Text, Unavailable
from archive_service.vault import Vault

FRESH_DAYS = 7
"""Days after which signatures of viruses are old."""

READ_AGAIN_DAYS = 365

LONGEST = {"title": 500, "author": 200, "document_no": 100}

LONG_LIVED = frozenset(
    {
        "application/pdf",
        "application/ofd",
        "text/plain",
        "text/csv",
        "text/xml",
        "application/xml",
        "text/html",
        "image/tiff",
        "image/jpeg",
        "image/png",
        "audio/x-wav",
        "audio/wav",
        "audio/mpeg",
        "video/mp4",
        "video/mpeg",
        "message/rfc822",
    }
)
"""Media types that DOMAIN.md 4.1 accepts for long keeping (OFD, PDF, XML, text, TIFF, JPEG, WAV, MP3, MP4, EML, CSV)."""

WITH_MACROS = ("macroenabled", ".docm", ".xlsm", ".pptm")


@dataclass(frozen=True)
class Copied:
    """How the stored copies of a record were found when they were last looked at."""

    good: int
    bad: int
    never_read: int
    oldest: str


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
    today: date


@dataclass(frozen=True)
class _Read:
    """What came of reading one stored file from end to end."""

    digest: str
    size: int
    media_type: str
    trouble: Text | None
    scanned: Scanned | None


Check = tuple[Result, Text]


def check(subject: Subject, stage: Stage, vault: Vault, scanner: Scanner) -> list[Outcome]:
    """Make every check of a stage; each file is read once."""
    read = [_read(vault, subject, file, scanner) for file in subject.files]
    made: dict[str, Check] = {
        **_authenticity(subject, read),
        **_integrity(subject, read),
        **_usability(subject, read),
        **_security(subject, read, scanner),
        **_keeping(subject),
    }
    nothing: Check = (Result.NA, Text("此件不是信息包。", "This is a single record, no package."))
    return [Outcome(item.number, *made.get(item.number, nothing)) for item in ITEMS.values() if stage in item.stages]


def unreadable(stage: Stage, why: Text) -> list[Outcome]:
    """Return what is to be said of a record whose entry itself cannot be read: that, and that nothing else was checked."""
    rest = Text("著录不能读出，此项未检测。", "Not checked: the entry cannot be read.")
    made: dict[str, Check] = {"U2": (Result.FAIL, why)}
    return [
        Outcome(item.number, *made.get(item.number, (Result.MANUAL, rest)))
        for item in ITEMS.values()
        if stage in item.stages
    ]


def _read(vault: Vault, subject: Subject, file: Any, scanner: Scanner) -> _Read:
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
        return _Read("", 0, "", error.text, scanned)
    return _Read(seen.hexdigest(), size, identify(head, _name(subject, file)), None, scanned)


def _name(subject: Subject, file: Any) -> str:
    return str(file.file_name or subject.said.files.get(file.id, {}).get("name", ""))


def _digest(subject: Subject, file: Any) -> str:
    return str(file.sha256 or subject.said.files.get(file.id, {}).get("sha256", ""))


def _told(faults: Sequence[Text], zh: str, en: str, bad: Result = Result.FAIL) -> Check:
    """Return a pass with its evidence, or what is wrong."""
    if not faults:
        return Result.PASS, Text(zh, en)
    return bad, Text("；".join(one.zh for one in faults), "; ".join(one.en for one in faults))


def _each(subject: Subject, read: Sequence[_Read], wrong: Callable[[Any, _Read], Text | None]) -> list[Text]:
    found = []
    for place, (file, one) in enumerate(zip(subject.files, read, strict=True), 1):
        fault = wrong(file, one)
        if fault:
            found.append(Text(f"第 {place} 个文件：{fault.zh}", f"file {place}: {fault.en}"))
    return found


# --------------------------------------------------------------------------------------------------------- authenticity


def _authenticity(subject: Subject, read: Sequence[_Read]) -> dict[str, Check]:
    row, said, count = subject.row, subject.said, len(read)
    unlike = _each(
        subject,
        read,
        lambda file, one: (
            one.trouble or (Text("摘要不符", "digest differs") if one.digest != _digest(subject, file) else None)
        ),
    )
    lengths = [
        Text(f"{name} 超过 {most} 字", f"{name} has more than {most} characters")
        for name, most in LONGEST.items()
        if len(getattr(said, name)) > most
    ]
    retyped = _each(
        subject,
        read,
        lambda file, one: (
            None
            if one.trouble or (one.size, one.media_type) == (file.size, file.media_type)
            else Text(
                f"登记为 {file.media_type}、{file.size} 字节，实为 {one.media_type}、{one.size} 字节",
                f"entered as {file.media_type} of {file.size} bytes, is {one.media_type} of {one.size}",
            )
        ),
    )
    unread = _each(subject, read, lambda _, one: one.trouble)
    return {
        "A1": _told(
            unlike,
            f"{count} 个文件重新计算 SHA-256，均与登记相符。",
            f"SHA-256 of {count} files computed again: all as entered.",
        ),
        "A2": _told(lengths, "各项不超过规定长度。", "No value is longer than allowed."),
        "A3": _told(_kinds(row), "日期为真实日期，数值项为整数。", "Dates are real dates; numbers are whole."),
        "A4": _told(
            _ranges(row), "密级、保管期限、状态均在值域内。", "Level, period and state are within their ranges."
        ),
        "A5": _told(
            _sense(subject), "日期先后、年度、到期日相互一致。", "Dates, year and due date agree.", Result.WARN
        ),
        "A6": _told(_signs(said, row["code"]), "没有特殊字符。", "No special characters.", Result.WARN),
        "A7": _told(
            _code(row), "档号符合方案，各段与著录一致。", "The code fits its scheme and its parts agree with the entry."
        ),
        "A8": _told(
            []
            if subject.same_code == 1
            else [Text(f"此档号出现 {subject.same_code} 次", f"the code stands {subject.same_code} times")],
            "档号在库中唯一（含已销毁、作废）。",
            "The code is the only one of its kind, destroyed and void ones included.",
        ),
        "A9": _told(
            retyped, f"{count} 个文件的格式和大小与登记相符。", f"Format and size of {count} files are as entered."
        ),
        "A10": _told(unread, f"{count} 个著录的文件均可取出。", f"All {count} files entered are there."),
    }


def _kinds(row: Mapping[Any, Any]) -> list[Text]:
    faults = []
    if not isinstance(row["document_date"], date):
        faults.append(Text("文件日期不是日期", "the document date is no date"))
    if row["due_on"] is not None and not isinstance(row["due_on"], date):
        faults.append(Text("到期日不是日期", "the due date is no date"))
    faults += [
        Text(f"{name} 不是正整数", f"{name} is no positive whole number")
        for name in ("year", "number")
        if not isinstance(row[name], int) or row[name] < 1
    ]
    return faults


def _ranges(row: Mapping[Any, Any]) -> list[Text]:
    faults = []
    if row["level"] not in STRICTNESS:
        faults.append(Text("密级不在值域内", "the level is not one of the five"))
    period = row["period"]
    if period != "Y" and not (period[:1] == "D" and period[1:].isdigit()):
        faults.append(Text("保管期限不在值域内", "the period is not one of the schedule's"))
    return faults


def _sense(subject: Subject) -> list[Text]:
    row, faults = subject.row, []
    if row["document_date"].isoformat() > row["filed_at"][:10] and row["document_date"] > subject.today:
        faults.append(Text("文件日期晚于归档日期", "the document date is after the day of filing"))
    if row["year"] != row["document_date"].year:
        faults.append(Text("年度与文件日期的年份不同", "the year is not that of the document date"))
    if row["due_on"] != subject.due_now:
        faults.append(Text("登记的到期日与重新计算的不同", "the due date entered is not the one computed now"))
    return faults


def _signs(said: Description, code: str) -> list[Text]:
    faults = []
    for name in ("title", "author", "document_no"):
        value = getattr(said, name)
        odd = any(unicodedata.category(one) in ("Cc", "Cf", "Co", "Cn") or one == "\ufffd" for one in value)
        if odd or value != value.strip():
            faults.append(Text(f"{name} 含不可见字符或首尾空格", f"{name} holds invisible characters or outer spaces"))
    if set(code) & set(DASHES + DOTS):
        faults.append(Text("档号含相似的分隔符", "the code holds look-alike separators"))
    return faults


def _code(row: Mapping[Any, Any]) -> list[Text]:
    code, faults = row["code"], []
    number = code.removeprefix(row["scope"])
    if code != normalise_code(code) or not code.startswith(row["scope"]) or not number.isdigit():
        return [Text("档号与其编号范围不符", "the code does not fit its scope")]
    if int(number) != row["number"]:
        faults.append(Text("件号与著录不符", "the item number is not the one entered"))
    faults += [
        Text(f"档号中没有“{row[name]}”", f"the code does not hold {row[name]!r}")
        for name in ("category", "retention_code", "year")
        if str(row[name]) not in code
    ]
    return faults


# ------------------------------------------------------------------------------------------------------------ integrity


def _integrity(subject: Subject, read: Sequence[_Read]) -> dict[str, Check]:
    row, said = subject.row, subject.said
    total, entered = sum(one.size for one in read), sum(file.size for file in subject.files)
    empty = [name for name in ("description_level", "code", "document_date", "period", "level") if not row[name]]
    missing = [Text(f"缺 {name}", f"{name} is missing") for name in empty]
    title = [] if said.title else [Text("缺题名", "the title is missing")]
    author = [] if said.author else [Text("缺责任者", "the responsible body is missing")]
    process = [] if subject.acts else [Text("审计日志中没有归档记录", "the log holds no filing of it")]
    gaps = "、".join(str(one).zfill(4) for one in subject.missing_numbers[:20])
    continuity: Check = (
        (Result.FAIL, Text(f"缺号且未登记作废：{gaps}", f"missing and not in the void ledger: {gaps}"))
        if subject.missing_numbers
        else (
            Result.PASS,
            Text(
                f"1 至 {row['number']} 连续，作废 {subject.voids} 个。",
                f"1 to {row['number']} without gap, {subject.voids} void.",
            ),
        )
    )
    main = [file for file in subject.files if file.role == "original"]
    attached = len(subject.files) - len(main)
    return {
        "I1": (
            Result.NA,
            Text(
                f"单件检测，实有 1 件 {len(subject.files)} 个文件。",
                f"One record with {len(subject.files)} files; there is no form to compare.",
            ),
        ),
        "I2": _told(
            []
            if total == entered
            else [Text(f"登记 {entered} 字节，实有 {total}", f"{entered} bytes entered, {total} found")],
            f"登记与实有均为 {total} 字节。",
            f"{total} bytes, as entered.",
        ),
        "I3": _told(missing, "元数据各项齐全。", "No element of the profile is missing."),
        "I4": _told([*missing, *title, *author], "必填著录项目齐全。", "All mandatory fields are filled."),
        "I5": _told(
            process, f"日志中有 {len(subject.acts)} 类过程记录。", f"The log holds {len(subject.acts)} kinds of acts."
        ),
        "I6": continuity,
        "I7": (Result.MANUAL, Text("请打开核对至末页。", "Open it and look to the last page.")),
        "I8": _told(
            [] if main else [Text("没有主件", "there is no main file")],
            f"主件 {len(main)}，附件 {attached}，均在。",
            f"Main file and {attached} attachments are there.",
        ),
        "I9": _told(
            [] if subject.known_type else [Text("类型不在现行分类方案中", "its type is not in the plan in force")],
            "类型在归档范围内。",
            "Its type is within the filing scope.",
            Result.WARN,
        ),
    }


# ------------------------------------------------------------------------------------------------------------ usability


def _usability(subject: Subject, read: Sequence[_Read]) -> dict[str, Check]:
    disguised = _each(
        subject,
        read,
        lambda _, one: (
            Text("无法判定格式", "its format cannot be told") if one.media_type == "application/octet-stream" else None
        ),
    )
    short_lived = _each(
        subject,
        read,
        lambda _, one: (
            Text(f"{one.media_type} 不在长期保存格式之列", f"{one.media_type} is no format for long keeping")
            if one.media_type and one.media_type not in LONG_LIVED
            else None
        ),
    )
    macros = _each(
        subject,
        read,
        lambda file, one: (
            Text("含宏的格式", "a format with macros") if _with_macros(_name(subject, file), one) else None
        ),
    )
    opened: Check = {
        "indexed": (Result.PASS, Text("文字可提取。", "Its text could be read.")),
        "failed": (
            Result.FAIL,
            Text(f"解析失败：{subject.index_reason.zh}", f"It does not open: {subject.index_reason.en}"),
        ),
        "sealed": (Result.MANUAL, Text("密封件，不作机读。", "Sealed: not read by machine.")),
    }.get(
        subject.index_state,
        (
            Result.MANUAL,
            Text("没有可机读的文字，请打开核对。", "There is no text to read by machine; open it and look."),
        ),
    )
    return {
        "U2": (Result.PASS, Text("著录已读出并解封。", "The entry was read and unsealed.")),  # else: :func:`unreadable`
        "U3": _told(
            disguised,
            "格式由内容判定，与登记一致。",
            "Formats are told from the content and are as entered.",
            Result.WARN,
        ),
        "U4": opened,
        "U5": _told(short_lived, "均为长期保存格式。", "All are formats for long keeping.", Result.WARN),
        "U6": (
            Result.MANUAL,
            Text("请核对所需软件是否仍可取得。", "See whether the software that it needs can still be had."),
        ),
        "U7": _told(macros, "没有含宏的格式。", "No format with macros.", Result.WARN),
    }


def _with_macros(name: str, one: _Read) -> bool:
    return any(mark in f"{one.media_type} {name}".lower() for mark in WITH_MACROS)


# ------------------------------------------------------------------------------------------------------------- security


def _security(subject: Subject, read: Sequence[_Read], scanner: Scanner) -> dict[str, Check]:
    none: Check = (Result.WARN, Text("未设置病毒扫描程序。", "No virus scanner is set up."))
    return {
        "SE1": none if not scanner.there else signatures(scanner, subject.today),
        "SE2": none if not scanner.there else virus([one.scanned for one in read if one.scanned]),
        "SE3": _told(
            []
            if not subject.unlisted
            else [Text(f"有 {subject.unlisted} 个未著录的对象", f"{subject.unlisted} objects stand in no entry")],
            "密钥库中此件的密钥均属著录的文件。",
            "Every key that the keyring holds for it belongs to a file entered.",
            Result.WARN,
        ),
        "SE4": (Result.NA, Text("不经脱机载体。", "No carrier is involved.")),
        "SE5": _told(
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


# -------------------------------------------------------------------------------------------------------------- keeping


def _keeping(subject: Subject) -> dict[str, Check]:
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
