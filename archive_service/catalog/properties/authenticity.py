"""Authenticity 真实性: fixity, metadata that are right and fit together, a code of its own (items A1 to A10)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from archive_service.catalog.codes.text import DASHES, DOTS, normalise_code
from archive_service.catalog.model import STRICTNESS, Description
from archive_service.catalog.properties.items import Result
from archive_service.catalog.properties.subject import Check, Read, Subject, digest_of, each, told
from archive_service.errors import Text

LONGEST = {"title": 500, "author": 200, "document_no": 100}


def authenticity(subject: Subject, read: Sequence[Read]) -> dict[str, Check]:
    """Make the checks of authenticity."""
    row, said, count = subject.row, subject.said, len(read)
    unlike = each(
        subject,
        read,
        lambda file, one: (
            one.trouble or (Text("摘要不符", "digest differs") if one.digest != digest_of(subject, file) else None)
        ),
    )
    lengths = [
        Text(f"{name} 超过 {most} 字", f"{name} has more than {most} characters")
        for name, most in LONGEST.items()
        if len(getattr(said, name)) > most
    ]
    retyped = each(
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
    unread = each(subject, read, lambda _, one: one.trouble)
    return {
        "A1": told(
            unlike,
            f"{count} 个文件重新计算 SHA-256，均与登记相符。",
            f"SHA-256 of {count} files computed again: all as entered.",
        ),
        "A2": told(lengths, "各项不超过规定长度。", "No value is longer than allowed."),
        "A3": told(_kinds(row), "日期为真实日期，数值项为整数。", "Dates are real dates; numbers are whole."),
        "A4": told(
            _ranges(row), "密级、保管期限、状态均在值域内。", "Level, period and state are within their ranges."
        ),
        "A5": told(_sense(subject), "日期先后、年度、到期日相互一致。", "Dates, year and due date agree.", Result.WARN),
        "A6": told(_signs(said, row["code"]), "没有特殊字符。", "No special characters.", Result.WARN),
        "A7": told(
            _code(row), "档号符合方案，各段与著录一致。", "The code fits its scheme and its parts agree with the entry."
        ),
        "A8": _double(subject),
        "A9": told(
            retyped, f"{count} 个文件的格式和大小与登记相符。", f"Format and size of {count} files are as entered."
        ),
        "A10": told(unread, f"{count} 个著录的文件均可取出。", f"All {count} files entered are there."),
    }


def _double(subject: Subject) -> Check:
    """Fail a code that stands twice; warn of another record that says the same of itself."""
    if subject.same_code != 1:
        return Result.FAIL, Text(f"此档号出现 {subject.same_code} 次", f"the code stands {subject.same_code} times")
    likes = [
        Text(
            f"同密级另有{zh}相同的档案，请核对是否重复归档",
            f"another record of this level has the same {en}; see whether it was filed twice",
        )
        for there, zh, en in (
            (subject.alike.number_and_body, "文号和责任者", "document number and responsible body"),
            (subject.alike.title_and_date, "题名和日期", "title and date"),
        )
        if there
    ]
    return told(
        likes,
        "档号在库中唯一（含已销毁、作废）；同密级没有文号与责任者或题名与日期相同的档案。",
        "The code is the only one of its kind, destroyed and void ones included; no other record of this level has the "
        "same document number and body, or the same title and date.",
        Result.WARN,
    )


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
