"""The metadata that a transfer package carries beside its payload (DOMAIN 5.1, 7.3): EAD, PREMIS, a mapping to DA/T 46.

Each is written so that the same package gives the same bytes. The DA/T 46 file is made with reference to that standard:
elements and numbers as far as they are known here, nothing more is claimed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from archive_service.audit import acts
from archive_service.catalog.properties.items import Stage, from_json, verdict
from archive_service.catalog.records.exchange import Described, as_ead
from archive_service.disposal.transfer.shape import Handed, Head, path_of
from archive_service.people.model import LEVEL_WORDS, OPEN_LEVELS

PREMIS = "http://www.loc.gov/premis/v3"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
CONTROL = ("控制", "开放")
"""DA/T 46 M74 控制标识 of what is not open, and of what is."""


def plain(text: str) -> str:
    """Return text without what XML cannot hold."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", text)


def written(root: ET.Element) -> bytes:
    """Return an XML document as UTF-8."""
    ET.indent(root)
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return body + b"\n"


def ead(head: Head, handed: Sequence[Handed]) -> bytes:
    """Return the finding aid, as the catalogue exports its own."""
    title = f"{head.sender} 移交档案 {head.package_no}"
    return as_ead([_described(one) for one in handed], title=title, agency=head.sender, made_at=head.prepared_on)


def _described(one: Handed) -> Described:
    row, said = one.row, one.description
    return {
        "code": row["code"],
        "document_no": plain(said.document_no),
        "title": plain(said.title),
        "author": plain(said.author),
        "document_date": row["document_date"].isoformat(),
        "type_code": row["type_code"],
        "description_level": "件",
        "case_no": one.case_no,
        "year": str(row["year"]),
        "level": row["level"],
        "opening": CONTROL[row["level"] == OPEN_LEVELS[0]],
        "period": row["period"],
        "due_on": row["due_on"].isoformat() if row["due_on"] else "",
        "status": row["status"],
        "note": plain(said.note),
    }


# ------------------------------------------------------------------------------------------------------------- DA/T 46


def dat46(head: Head, handed: Sequence[Handed]) -> bytes:
    """Return each record's elements under their DA/T 46 names and numbers."""
    root = ET.Element("电子文件元数据", {"参照": "DA/T 46-2009", "包号": head.package_no})
    for one in handed:
        entity = ET.SubElement(root, "文件实体")
        for number, name, value in _elements(head, one):
            if value:
                ET.SubElement(entity, name, {"编号": number}).text = plain(value)
        for place, file in enumerate(one.files, 1):
            _part(entity, "文档", _of_file(one, place, file))
        for event in one.events:
            _part(entity, "业务实体", _of_event(event))
    return written(root)


def _part(above: ET.Element, name: str, elements: Iterator[tuple[str, str, str]]) -> None:
    part = ET.SubElement(above, name)
    for number, element, value in elements:
        if value:
            ET.SubElement(part, element, {"编号": number}).text = plain(value)


def _elements(head: Head, one: Handed) -> Iterator[tuple[str, str, str]]:
    row, said = one.row, one.description
    yield "M1", "聚合层次", "单件"
    yield "M5", "全宗名称", head.sender
    yield "M6", "立档单位名称", head.sender
    yield "M7", "电子文件号", row["id"]
    yield "M8", "档号", row["code"]
    yield "M9", "全宗号", head.fonds_no
    yield "M11", "年度", str(row["year"])
    yield "M12", "保管期限", row["period"]
    yield "M14", "类别号", row["class_code"]
    yield "M22", "题名", said.title
    yield "M30", "分类号", row["type_code"]
    yield "M31", "文件编号", said.document_no
    yield "M32", "责任者", said.author
    yield "M33", "日期", row["document_date"].isoformat()
    yield "M38", "密级", "" if row["level"] in OPEN_LEVELS else LEVEL_WORDS[row["level"]].zh
    yield "M42", "件数", "1"
    yield "M74", "控制标识", CONTROL[row["level"] == OPEN_LEVELS[0]]
    yield "M75", "附注", said.note


def _of_file(one: Handed, place: int, file: Any) -> Iterator[tuple[str, str, str]]:
    yield "M19", "文档序号", str(place)
    yield "M47", "格式信息", " ".join(part for part in (file.media_type, file.puid) if part)
    yield "M48", "计算机文件名", path_of(one, place, file)
    yield "M49", "计算机文件大小", str(file.size)


def _of_event(event: Any) -> Iterator[tuple[str, str, str]]:
    yield "M80", "业务状态", "历史行为"
    yield "M81", "业务行为", acts.words_of(event.act).zh
    yield "M82", "行为时间", event.at


def fourtest(head: Head, handed: Sequence[Handed]) -> bytes:
    """Return the four-property check that each record went through before the package was frozen; empty where none was made."""
    checks = [{"code": one.row["code"], **_checked(one.check)} for one in handed]
    body = {"format": 1, "package_no": head.package_no, "stage": Stage.TRANSFER.value, "records": checks}
    return (json.dumps(body, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def _checked(row: Any) -> dict[str, Any]:
    if row is None:
        return {"made_at": None, "verdict": None, "items": []}
    outcomes = from_json(row.outcomes)
    items = [
        {"item": one.number, "name": one.item.name.zh, "result": one.result.value, "evidence": one.evidence.zh}
        for one in outcomes
    ]
    return {"made_at": row.made_at, "verdict": verdict(outcomes).value, "items": items}


# -------------------------------------------------------------------------------------------------------------- PREMIS


def premis(handed: Sequence[Handed], agent: str) -> bytes:
    """Return the files as objects with size, digest and format, and what happened to each record as events."""
    ET.register_namespace("premis", PREMIS)
    root = ET.Element(f"{{{PREMIS}}}premis", {"version": "3.0"})
    for one in handed:
        for place, file in enumerate(one.files, 1):
            _object(root, one, place, file)
    for one in handed:
        for event in one.events:
            _event(root, one, event, agent)
    made = _add(root, "agent")
    _identified(made, "agent", "name", agent)
    _add(made, "agentName", agent)
    _add(made, "agentType", "organization")
    return written(root)


def _object(root: ET.Element, one: Handed, place: int, file: Any) -> None:
    made = _add(root, "object")
    made.set(f"{{{XSI}}}type", "premis:file")
    _identified(made, "object", "path", f"data/{path_of(one, place, file)}")
    about = _add(made, "objectCharacteristics")
    fixity = _add(about, "fixity")
    _add(fixity, "messageDigestAlgorithm", "SHA-256")
    _add(fixity, "messageDigest", one.digest_of(file))
    _add(about, "size", str(file.size))
    shape = _add(about, "format")
    _add(_add(shape, "formatDesignation"), "formatName", file.media_type)
    if file.puid:
        registry = _add(shape, "formatRegistry")
        _add(registry, "formatRegistryName", "PRONOM")
        _add(registry, "formatRegistryKey", file.puid)
    _add(made, "originalName", one.name_of(file))


def _event(root: ET.Element, one: Handed, event: Any, agent: str) -> None:
    made = _add(root, "event")
    _identified(made, "event", "log entry", str(event.seq))
    _add(made, "eventType", event.act)
    _add(made, "eventDateTime", event.at)
    _add(_add(made, "eventDetailInformation"), "eventDetail", acts.words_of(event.act).zh)
    _identified(made, "linkingAgent", "name", agent)
    _identified(made, "linkingObject", "archival code", one.row["code"])


def _add(above: ET.Element, name: str, text: str | None = None) -> ET.Element:
    made = ET.SubElement(above, f"{{{PREMIS}}}{name}")
    made.text = plain(text) if text is not None else None
    return made


def _identified(above: ET.Element, what: str, kind: str, value: str) -> None:
    made = _add(above, f"{what}Identifier")
    _add(made, f"{what}IdentifierType", kind)
    _add(made, f"{what}IdentifierValue", value)
