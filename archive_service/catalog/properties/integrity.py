"""Integrity 完整性: nothing is missing of metadata, process, numbers, files (items I1 to I9)."""

from __future__ import annotations

from collections.abc import Sequence

from archive_service.catalog.properties.items import Result
from archive_service.catalog.properties.subject import Check, Read, Subject, told
from archive_service.errors import Text


def integrity(subject: Subject, read: Sequence[Read]) -> dict[str, Check]:
    """Make the checks of integrity."""
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
        "I2": told(
            []
            if total == entered
            else [Text(f"登记 {entered} 字节，实有 {total}", f"{entered} bytes entered, {total} found")],
            f"登记与实有均为 {total} 字节。",
            f"{total} bytes, as entered.",
        ),
        "I3": told(missing, "元数据各项齐全。", "No element of the profile is missing."),
        "I4": told([*missing, *title, *author], "必填著录项目齐全。", "All mandatory fields are filled."),
        "I5": told(
            process, f"日志中有 {len(subject.acts)} 类过程记录。", f"The log holds {len(subject.acts)} kinds of acts."
        ),
        "I6": continuity,
        "I7": (Result.MANUAL, Text("请打开核对至末页。", "Open it and look to the last page.")),
        "I8": told(
            [] if main else [Text("没有主件", "there is no main file")],
            f"主件 {len(main)}，附件 {attached}，均在。",
            f"Main file and {attached} attachments are there.",
        ),
        "I9": told(
            [] if subject.known_type else [Text("类型不在现行分类方案中", "its type is not in the plan in force")],
            "类型在归档范围内。",
            "Its type is within the filing scope.",
            Result.WARN,
        ),
    }
