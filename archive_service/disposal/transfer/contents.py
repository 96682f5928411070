"""What a transfer package holds: folders and catalogue of the offline transfer of electronic archives (DOMAIN 7.1, 7.3), and metadata."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from archive_service.disposal.transfer.bag import Part, part_of
from archive_service.disposal.transfer.lists import lists
from archive_service.disposal.transfer.metadata import CONTROL, dat46, ead, fourtest, premis
from archive_service.disposal.transfer.shape import Handed, Head, path_of
from archive_service.people.model import OPEN_LEVELS
from archive_service.vault import Vault


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
        *(part_of(path, body) for path, body in lists(head, handed).items()),
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
        "结构：BagIt 1.0（RFC 8493），摘要算法 SHA-256；文件目录见 文件目录.XML，移交清册及 XML 模式见 其他",
        "包的摘要：对 tagmanifest-sha256.txt 计算 SHA-256，回执须写明此值",
    ]
    return ("\r\n".join(lines) + "\r\n").encode()


def handover(head: Head, handed: Sequence[Handed]) -> bytes:
    """Return what machines need for taking the package in: the retention facts and where each file lies."""
    body = {
        "format": 1,
        "package_no": head.package_no,
        "list": {"no": head.list_no, "digest": head.list_digest},
        "sender": head.sender,
        "fonds_no": head.fonds_no,
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
        "note": record.description.note,
        "case_no": record.case_no,
        "year": row["year"],
        "opening": CONTROL[row["level"] == OPEN_LEVELS[0]],
        "document_date": row["document_date"].isoformat(),
        "filed_at": row["filed_at"],
        "trigger_date": row["trigger_date"].isoformat() if row["trigger_date"] else None,
        "due_on": row["due_on"].isoformat() if row["due_on"] else None,
        "facts": json.loads(row["facts"]),
        "retention": {name: row[name] for name in kept},
        "files": [_file(record, place, file) for place, file in enumerate(record.files, 1)],
    }


def _file(record: Handed, place: int, file: Any) -> dict[str, Any]:
    return {
        "path": path_of(record, place, file),
        "name": record.name_of(file),
        "role": file.role,
        "size": file.size,
        "sha256": record.digest_of(file),
        "media_type": file.media_type,
        "puid": file.puid,
    }


def tag_files(head: Head, handed: Sequence[Handed]) -> dict[str, bytes]:
    """Return the metadata beside the payload."""
    return {
        "metadata/handover.json": handover(head, handed),
        "metadata/premis.xml": premis(handed, head.sender),
        "metadata/ead.xml": ead(head, handed),
        "metadata/dat46.xml": dat46(head, handed),
        "metadata/fourtest.json": fourtest(head, handed),
    }
