"""The four properties (真实性 完整性 可用性 安全性): their items with number, name and stages (DOMAIN.md 4.1), and results."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from archive_service.errors import Text


class Stage(StrEnum):
    """When a check is made: at filing, at transfer, during long keeping."""

    FILING = "GD"
    TRANSFER = "YJ"
    KEEPING = "CQ"


class Result(StrEnum):
    """What came of an item; ``MANUAL`` waits for a person's eye, ``NA`` has no object here."""

    PASS = "PASS"  # noqa: S105 (no password)
    FAIL = "FAIL"
    WARN = "WARN"
    MANUAL = "MANUAL"
    NA = "NA"


STAGE_WORDS = {
    Stage.FILING: Text("归档", "Filing"),
    Stage.TRANSFER: Text("移交与接收", "Transfer"),
    Stage.KEEPING: Text("长期保存", "Long-term keeping"),
}
RESULT_WORDS = {
    Result.PASS: Text("合格", "Pass"),
    Result.FAIL: Text("不合格", "Fail"),
    Result.WARN: Text("注意", "Warning"),
    Result.MANUAL: Text("待人工核对", "By hand"),
    Result.NA: Text("不适用", "Not applicable"),
}
PROPERTY_WORDS = {
    "A": Text("真实性", "Authenticity"),
    "I": Text("完整性", "Integrity"),
    "U": Text("可用性", "Usability"),
    "S": Text("安全性", "Security"),
    "C": Text("定期复核", "Periodic checks"),
}


@dataclass(frozen=True)
class Item:
    """An item: ``must`` means that a failure fails the whole check."""

    number: str
    name: Text
    stages: frozenset[Stage]
    must: bool


def _item(number: str, zh: str, en: str, stages: str = "GD YJ CQ", *, must: bool = False) -> Item:
    return Item(number, Text(zh, en), frozenset(Stage(one) for one in stages.split(" ")), must)


ITEMS: dict[str, Item] = {
    one.number: one
    for one in (
        _item("A1", "固化信息有效性", "Fixity holds", must=True),
        _item("A2", "元数据项数据长度", "Lengths of metadata", "GD YJ", must=True),
        _item("A3", "元数据项数据类型、格式", "Types and formats of metadata", "GD YJ", must=True),
        _item("A4", "设定值域的元数据项值域符合度", "Values within their ranges", "GD YJ", must=True),
        _item("A5", "元数据项数据值合理性", "Values make sense together", "GD YJ"),
        _item("A6", "元数据项数据包含特殊字符", "Special characters in metadata", "GD YJ"),
        _item("A7", "档号规范性", "Archival code by its scheme", must=True),
        _item("A8", "元数据项数据重复性", "No double code", "GD YJ", must=True),
        _item("A9", "内容数据的电子属性一致性", "Stored object agrees with its metadata", must=True),
        _item("A10", "元数据与内容关联一致性", "Every entry has its object", must=True),
        _item("A11", "说明文件和目录文件规范性", "Package layout"),
        _item("A12", "信息包一致性", "Package digest"),
        _item("I1", "总件数相符性", "Number of items as stated"),
        _item("I2", "总字节数相符性", "Number of bytes as stated", must=True),
        _item("I3", "元数据项完整性", "Metadata complete", must=True),
        _item("I4", "元数据必填著录项目完整性", "Mandatory descriptive fields"),
        _item("I5", "过程信息完整性", "Process information complete", must=True),
        _item("I6", "连续性元数据项", "Numbers without gap", "GD YJ"),
        _item("I7", "内容数据完整性", "Content complete to the last page"),
        _item("I8", "附件数据完整性", "Attachments complete", must=True),
        _item("I9", "归档范围", "Within the filing scope", "GD"),
        _item("I10", "信息包元数据完整性", "Package metadata complete"),
        _item("I11", "信息包内容数据完整性", "Package content complete"),
        _item("U1", "信息包中元数据的可读性", "Package metadata readable"),
        _item("U2", "目标数据库中元数据可访问性", "Metadata accessible", must=True),
        _item("U3", "内容数据格式检测", "Format is what it says"),
        _item("U4", "内容数据的可读性", "Content opens"),
        _item("U5", "内容数据格式长期可用性", "Format fit for long keeping", "CQ"),
        _item("U6", "软硬件环境合规性", "Software and hardware needed"),
        _item("U7", "信息包中包含的内容数据格式合规性", "No encryption, no macros", "GD YJ"),
        _item("SE1", "系统环境中是否安装杀毒软件", "Virus scanner with fresh signatures"),
        _item("SE2", "病毒感染", "No virus found", must=True),
        _item("SE3", "载体中多余文件", "No file besides those listed"),
        _item("SE4", "载体读取速度、外观", "Carrier reads well and looks sound", "YJ CQ"),
        _item("SE5", "操作过程安全性", "Process was safe"),
        _item("C1", "定期固化复核", "Read again within the time set", "CQ"),
        _item("C2", "备份一致性", "Copies agree", "CQ", must=True),
    )
}


@dataclass(frozen=True)
class Signed:
    """What a person put a name to, where the machine cannot tell: when, by whom, with which words."""

    person_id: str
    at: str
    note: str


@dataclass(frozen=True)
class Outcome:
    """The result of one item with its evidence; evidence names no content, files are called by their number."""

    number: str
    result: Result
    evidence: Text
    signed: Signed | None = None

    @property
    def item(self) -> Item:
        """The item itself."""
        return ITEMS[self.number]

    @property
    def signable(self) -> bool:
        """True for what waits for a person: to be looked at, or to be taken note of where it fails and need not pass."""
        waits = self.result is Result.MANUAL or (self.result is Result.FAIL and not self.item.must)
        return waits and self.signed is None

    @property
    def blocks(self) -> bool:
        """True for a failed must-item, and for what a person has looked at and found wanting."""
        return self.result is Result.FAIL and (self.item.must or self.signed is not None)


def verdict(outcomes: Sequence[Outcome]) -> Result:
    """Return what a whole check came to: FAIL by a must-item or a person's word, MANUAL while something waits, else PASS."""
    if any(one.blocks for one in outcomes):
        return Result.FAIL
    return Result.MANUAL if any(one.signable for one in outcomes) else Result.PASS


def as_json(outcomes: Sequence[Outcome]) -> str:
    """Return outcomes as they are stored."""
    rows = [[one.number, one.result.value, one.evidence.zh, one.evidence.en] for one in outcomes]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> list[Outcome]:
    """Read outcomes that were stored; an item that is no longer known is left out."""
    rows = json.loads(text)
    return [Outcome(number, Result(result), Text(zh, en)) for number, result, zh, en in rows if number in ITEMS]
