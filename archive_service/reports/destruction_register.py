"""The destruction register 销毁清册 with the columns that the trade demands (DOMAIN 2.5), from the certificate as it was issued."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from archive_service.clock import Clock, from_stamp
from archive_service.disposal.destroying.certificates import PROVED_STEPS
from archive_service.errors import Text
from archive_service.people.model import LEVEL_WORDS, OPEN_LEVELS
from archive_service.reports.register import Cell, Column, Kind, Register

COLUMNS = (
    Column(Text("序号", "No."), 3, Kind.NUMBER),
    Column(Text("档号", "Code"), 14, Kind.CODE),
    Column(Text("文号", "Document no."), 8),
    Column(Text("责任者", "Responsible"), 8),
    Column(Text("题名", "Title"), 20),
    Column(Text("形成时间", "Made"), 7, Kind.DATE),
    Column(Text("密级", "Level"), 5),
    Column(Text("应保管期限", "Period"), 6),
    Column(Text("已保管年数", "Years kept"), 5, Kind.NUMBER),
    Column(Text("份数", "Files"), 4, Kind.NUMBER),
    Column(Text("载体", "Carrier"), 5),
    Column(Text("销毁原因", "Reason"), 10),
    Column(Text("销毁方式", "Method"), 8),
    Column(Text("销毁时间", "Destroyed"), 8, Kind.DATE),
    Column(Text("备注", "Note"), 5),
)
SIGN = (
    Text("单位负责人", "Head of the unit"),
    Text("档案部门负责人", "Head of archives"),
    Text("业务部门负责人", "Head of the business department"),
    Text("档案经办人", "Archives handler"),
    Text("业务经办人", "Business handler"),
    Text("监销人", "Supervisor"),
    Text("监销人", "Supervisor"),
)
METHOD = Text("销毁密钥并删除全部副本", "keys destroyed, every copy deleted")


def destruction_register(body: Mapping[str, Any], unit: Text, clock: Clock, language: str) -> Register:
    """Return the register of what a list destroyed. Whoever may read the certificate may have it; it says no more."""
    fonds = body["fonds"]

    def say(zh: str, en: str) -> str:
        return Text(zh, en).in_language(language)

    hands = [one["name"] for one in body.get("supervisors", ())]
    fields = [
        (say("清册号", "List"), str(body["list_no"])),
        (say("全宗", "Fonds"), f"{fonds['fonds_no']} {fonds['zh'] if language == 'zh' else fonds['en']}"),
        (say("鉴定小组", "Appraisal group"), say("、", ", ").join(members_in_words(body, language))),
        (say("批准", "Approved by"), say("、", ", ").join(one["name"] for one in body["approvers"])),
        (say("下达", "Ordered by"), str(body["orderer"]["name"])),
        (say("监销", "Supervised by"), say("、", ", ").join(hands)),
        (say("销毁地点", "Place"), say("本系统存储库", "the store of this system")),
    ]
    rows = [_row(number, item, clock, language) for number, item in enumerate(body["items"], 1)]
    return Register(
        title=f"{say('档案销毁清册', 'Destruction register')} {body['list_no']}",
        unit=unit.in_language(language),
        drawn_up_on=_day(str(body["issued_at"]), clock),
        fields=[(name, value) for name, value in fields if value],
        columns=COLUMNS,
        rows=rows,
        signatures=tuple(role.in_language(language) for role in SIGN),
        note=say(
            f"共 {len(rows)} 件，均已销毁；元数据、鉴定与审批记录永久保存。清册摘要 SHA-256 {body['list_digest']}",
            f"{len(rows)} records, all destroyed; their metadata and the decisions are kept for ever."
            f" SHA-256 of the approved list: {body['list_digest']}",
        ),
        language=language,
    )


def members_in_words(body: Mapping[str, Any], language: str) -> list[str]:
    """Return the members of the appraisal group with their capacities, and of how many opinions each dissented."""
    found = []
    for one in body.get("appraisal_group", ()):
        dissents = sum(1 for said in one["said"] if not said["agrees"])
        other = Text(f"，{dissents} 件不同意", f", {dissents} dissents").in_language(language) if dissents else ""
        open_, close = ("（", "）") if language == "zh" else (" (", ")")
        found.append(f"{one['name']}{open_}{one['capacity'][language]}{other}{close}")
    return found


def _row(number: int, item: Mapping[str, Any], clock: Clock, language: str) -> tuple[Cell, ...]:
    def say(zh: str, en: str) -> str:
        return Text(zh, en).in_language(language)

    made, paper = date.fromisoformat(item["document_date"]), item.get("paper")
    at = next((str(step["at"]) for step in item["steps"] if step["act"] == PROVED_STEPS[-1]), "")
    gone = _day(at, clock) if at else ""
    until = date.fromisoformat(gone) if gone else made
    kept = until.year - made.year - ((until.month, until.day) < (made.month, made.day))
    years = str(item["period"]).removeprefix("D")
    return (
        number,
        item["code"],
        item.get("document_no") or "",
        item.get("author") or "",
        item["title"] or say("（题名密）", "(confidential)"),
        item["document_date"],
        "" if item["level"] in OPEN_LEVELS else LEVEL_WORDS[item["level"]].in_language(language),
        say(f"{years} 年", f"{years} years"),
        kept,
        len(item["components"]),
        say("电子、纸质", "electronic, paper") if paper else say("电子", "electronic"),
        item["opinion"]["reason"],
        METHOD.in_language(language) + (say("；纸质：", "; paper: ") + paper["way"] if paper else ""),
        gone,
        _note(paper, gone, say),
    )


def _note(paper: Mapping[str, Any] | None, gone: str, say: Callable[[str, str], str]) -> str:
    """Say that it is destroyed; of papers also from which box, when, where and before whom."""
    said = say("已销毁", "destroyed") if gone else ""
    if not paper:
        return said
    who = say("、", ", ").join(one["name"] for one in paper["supervisors"])
    facts = (paper["box_no"], paper["done_on"], paper["place"], who)
    return f"{said}{say('；纸质 ', '; paper ')}{say('，', ', ').join(facts)}"


def _day(stamp: str, clock: Clock) -> str:
    return from_stamp(stamp).astimezone(clock.zone).date().isoformat()
