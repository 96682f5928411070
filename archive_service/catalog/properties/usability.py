"""Usability 可用性: what is kept opens, and will open for as long as it is kept (items U2 to U7)."""

from __future__ import annotations

from collections.abc import Sequence

from archive_service.catalog.formats.accepted import FormatList
from archive_service.catalog.properties.items import Result
from archive_service.catalog.properties.subject import Check, Read, Subject, each, name_of, told
from archive_service.errors import Text

WITH_MACROS = ("macroenabled", ".docm", ".xlsm", ".pptm")


def usability(subject: Subject, read: Sequence[Read], formats: FormatList) -> dict[str, Check]:
    """Make the checks of usability."""
    disguised = each(
        subject,
        read,
        lambda _, one: (
            Text("无法判定格式", "its format cannot be told") if one.media_type == "application/octet-stream" else None
        ),
    )
    short_lived = each(subject, read, lambda file, one: _short_lived(formats, name_of(subject, file), file.puid, one))
    macros = each(
        subject,
        read,
        lambda file, one: (
            Text("含宏的格式", "a format with macros") if _with_macros(name_of(subject, file), one) else None
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
        "U3": told(
            disguised,
            "格式由内容判定，与登记一致。",
            "Formats are told from the content and are as entered.",
            Result.WARN,
        ),
        "U4": opened,
        "U5": told(
            short_lived,
            "均为本馆接受的长期保存格式。",
            "All are of formats that this archive accepts for long keeping.",
            Result.WARN,
        ),
        "U6": (
            Result.MANUAL,
            Text("请核对所需软件是否仍可取得。", "See whether the software that it needs can still be had."),
        ),
        "U7": told(macros, "没有含宏的格式。", "No format with macros.", Result.WARN),
    }


def _short_lived(formats: FormatList, name: str, puid: str | None, one: Read) -> Text | None:
    """Say why a file is not of a format on the list of those accepted for long keeping, and what to convert it to."""
    if not one.media_type:
        return None
    found = formats.judge(name, one.media_type, puid).format
    if found is None:
        return Text(
            f"{one.media_type} 不在本馆的格式清单里", f"{one.media_type} is not on this archive's list of formats"
        )
    if found.target is None:
        return None
    return Text(
        f"{found.name.zh}不宜长期保存，请转换为{found.target.zh}",
        f"{found.name.en} is not accepted for long keeping; convert it to {found.target.en}",
    )


def _with_macros(name: str, one: Read) -> bool:
    return any(mark in f"{one.media_type} {name}".lower() for mark in WITH_MACROS)
