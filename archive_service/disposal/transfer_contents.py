"""What a transfer package holds: folders and catalogue of the offline transfer of electronic archives (DOMAIN 7.1, 7.3), and metadata."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from archive_service.catalog.model import Description
from archive_service.disposal.transfer_bag import Part, part_of
from archive_service.people.model import LEVEL_WORDS
from archive_service.vault import Vault

PREMIS = "http://www.loc.gov/premis/v3"
EAD = "urn:isbn:1-931666-22-9"
NOT_IN_A_NAME = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|%]")
LONGEST_NAME = 120


@dataclass(frozen=True)
class Handed:
    """A record that is handed over: its row, its words, its files with their names, the acts of its history."""

    row: Mapping[str, Any]
    description: Description
    files: Sequence[Any]
    events: Sequence[Any]

    def name_of(self, file: Any) -> str:
        """Return the name that a file was filed under."""
        return str(file.file_name or self.description.files.get(file.id, {}).get("name", "") or file.id)


@dataclass(frozen=True)
class Head:
    """The package as a whole."""

    package_no: str
    list_no: str
    list_digest: str
    nature: str
    prepared_on: str
    sender: str
    fonds_no: str
    receiver: str


def safe_name(name: str) -> str:
    """Return a name that every file system takes and that leads nowhere; NFC, as the profile asks."""
    composed = NOT_IN_A_NAME.sub("_", unicodedata.normalize("NFC", name)).strip(". ")
    if len(composed) > LONGEST_NAME:
        stem, dot, end = composed.rpartition(".")
        composed = f"{stem[: LONGEST_NAME - 12]}{dot}{end[:11]}" if dot else composed[:LONGEST_NAME]
    return composed or "_"


def path_of(record: Handed, position: int, file: Any) -> str:
    """Return where a file lies below ``data``; the number keeps two files of one name apart."""
    row = record.row
    name = f"{position:02d}-{safe_name(record.name_of(file))}"
    return f"电子档案/{row['year']}/{safe_name(row['class_code'])}/{safe_name(row['code'])}/{name}"


def payload(vault: Vault, head: Head, handed: Sequence[Handed]) -> list[Part]:
    """Return everything below ``data``; the bytes of a file are opened only when it is written."""
    parts = [
        Part(path_of(record, position, file), file.size, _Opened(vault, record.row["id"], file))
        for record in handed
        for position, file in enumerate(record.files, 1)
    ]
    size = sum(part.size for part in parts)
    return [
        *parts,
        part_of("说明文件.TXT", _note(head, len(handed), len(parts), size)),
        part_of("文件目录.XML", _catalogue(handed)),
        part_of("其他/移交信息.json", handover(head, handed)),
    ]


class _Opened:
    """The clear bytes of a file, from the beginning each time they are asked for."""

    def __init__(self, vault: Vault, record_id: str, file: Any) -> None:
        self._vault, self._record_id, self._file = vault, record_id, file

    def __iter__(self) -> Any:
        return self._vault.open(self._record_id, self._file.id, self._file.version)


def _note(head: Head, records: int, files: int, size: int) -> bytes:
    lines = [
        f"包号：{head.package_no}",
        f"移交单位：{head.sender}（全宗号 {head.fonds_no}）",
        f"接收单位：{head.receiver}",
        f"移交性质：{head.nature}",
        f"制作日期：{head.prepared_on}",
        f"数量：档案 {records} 件，文件 {files} 个，共 {size} 字节",
        "结构：BagIt 1.0（RFC 8493），摘要算法 SHA-256；文件目录见 文件目录.XML",
        "包的摘要：对 tagmanifest-sha256.txt 计算 SHA-256，回执须写明此值",
    ]
    return ("\r\n".join(lines) + "\r\n").encode()


def _catalogue(handed: Sequence[Handed]) -> bytes:
    root = ET.Element("文件目录")
    for number, record in enumerate(handed, 1):
        entry = ET.SubElement(root, "文件")
        names = "；".join(path_of(record, place, file) for place, file in enumerate(record.files, 1))
        values = {
            "顺序号": str(number),
            "档号": record.row["code"],
            "责任者": record.description.author,
            "题名": record.description.title,
            "日期": record.row["document_date"].isoformat(),
            "密级": LEVEL_WORDS[record.row["level"]].zh,
            "电子档案名称": names,
            "备注": record.description.note,
        }
        for name, value in values.items():
            ET.SubElement(entry, name).text = plain(value)
    return written(root)


def plain(text: str) -> str:
    """Return text without what XML cannot hold."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", text)


def written(root: ET.Element) -> bytes:
    """Return an XML document as UTF-8."""
    ET.indent(root)
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return body + b"\n"


def handover(head: Head, handed: Sequence[Handed]) -> bytes:
    """Return what machines need for taking the package in: the retention facts and where each file lies."""
    body = {
        "format": 1,
        "package_no": head.package_no,
        "list": {"no": head.list_no, "digest": head.list_digest},
        "sender": head.sender,
        "receiver": head.receiver,
        "nature": head.nature,
        "prepared_on": head.prepared_on,
        "records": [_told(record) for record in handed],
    }
    return (json.dumps(body, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def _told(record: Handed) -> dict[str, Any]:
    row = record.row
    kept = ("period", "rule_code", "schedule_version", "retention_code", "extension_years", "class_code", "type_code")
    return {
        "code": row["code"],
        "level": row["level"],
        "title": record.description.title,
        "author": record.description.author,
        "document_no": record.description.document_no,
        "document_date": row["document_date"].isoformat(),
        "filed_at": row["filed_at"],
        "trigger_date": row["trigger_date"].isoformat() if row["trigger_date"] else None,
        "due_on": row["due_on"].isoformat() if row["due_on"] else None,
        "retention": {name: row[name] for name in kept},
        "files": [
            {"path": path_of(record, place, file), "size": file.size, "media_type": file.media_type, "puid": file.puid}
            for place, file in enumerate(record.files, 1)
        ],
    }


def tag_files(head: Head, handed: Sequence[Handed]) -> dict[str, bytes]:
    """Return the metadata beside the payload."""
    return {
        "metadata/handover.json": handover(head, handed),
        "metadata/premis.xml": _premis(handed),
        "metadata/ead.xml": _ead(head, handed),
    }


def _premis(handed: Sequence[Handed]) -> bytes:
    ET.register_namespace("premis", PREMIS)
    root = ET.Element(f"{{{PREMIS}}}premis", {"version": "3.0"})

    def add(above: ET.Element, name: str, text: str | None = None) -> ET.Element:
        made = ET.SubElement(above, f"{{{PREMIS}}}{name}")
        made.text = plain(text) if text is not None else None
        return made

    def identified(above: ET.Element, kind: str, name: str, value: str) -> None:
        made = add(above, f"{name}Identifier")
        add(made, f"{name}IdentifierType", kind)
        add(made, f"{name}IdentifierValue", value)

    for record in handed:
        for place, file in enumerate(record.files, 1):
            one = add(root, "object")
            one.set("{http://www.w3.org/2001/XMLSchema-instance}type", "premis:file")
            identified(one, "path", "object", path_of(record, place, file))
            about = add(one, "objectCharacteristics")
            add(about, "size", str(file.size))
            shape = add(add(about, "format"), "formatDesignation")
            add(shape, "formatName", file.media_type)
    for record in handed:
        for event in record.events:
            one = add(root, "event")
            identified(one, "log entry", "event", str(event.seq))
            add(one, "eventType", event.act)
            add(one, "eventDateTime", event.at)
            linked = add(one, "linkingObjectIdentifier")
            add(linked, "linkingObjectIdentifierType", "archival code")
            add(linked, "linkingObjectIdentifierValue", record.row["code"])
    return written(root)


def _ead(head: Head, handed: Sequence[Handed]) -> bytes:
    ET.register_namespace("ead", EAD)

    def add(above: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
        made = ET.SubElement(above, f"{{{EAD}}}{name}", attributes)
        made.text = plain(text) or None
        return made

    root = ET.Element(f"{{{EAD}}}ead")
    header = add(root, "eadheader")
    add(header, "eadid", head.package_no)
    add(add(add(header, "filedesc"), "titlestmt"), "titleproper", f"{head.sender} 移交档案 {head.package_no}")
    described = add(root, "archdesc", level="fonds")
    identity = add(described, "did")
    add(identity, "unitid", head.fonds_no)
    add(identity, "unittitle", head.sender)
    components = add(described, "dsc", type="combined")
    for record in handed:
        one = add(add(components, "c01", level="item"), "did")
        add(one, "unitid", record.row["code"])
        add(one, "unittitle", record.description.title)
        add(one, "unitdate", record.row["document_date"].isoformat())
        if record.description.author:
            add(one, "origination", record.description.author)
    return written(root)
