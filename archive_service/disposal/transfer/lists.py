"""The lists within a package, 文件目录 and 移交清册, with the schemas that they are held against on both sides.

The schemas are our own and travel in the package. What does not fit is neither handed over nor taken in.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from lxml import etree

from archive_service.disposal.transfer.metadata import plain, written
from archive_service.disposal.transfer.shape import Handed, Head, path_of
from archive_service.errors import Damaged
from archive_service.people.model import LEVEL_WORDS

CATALOGUE, CATALOGUE_SCHEMA = "文件目录.XML", "其他/文件目录.XSD"
REGISTER, REGISTER_SCHEMA, REGISTER_TABLE = "其他/移交清册.XML", "其他/移交清册.XSD", "其他/移交清册.CSV"

_LEVELS = "".join(f'<xs:enumeration value="{words.zh}"/>' for words in LEVEL_WORDS.values())
_TYPES = f"""
 <xs:simpleType name="名"><xs:restriction base="xs:string"><xs:minLength value="1"/></xs:restriction></xs:simpleType>
 <xs:simpleType name="级"><xs:restriction base="xs:string">{_LEVELS}</xs:restriction></xs:simpleType>
 <xs:simpleType name="摘要"><xs:restriction base="xs:string"><xs:pattern value="[0-9a-f]{{64}}"/></xs:restriction></xs:simpleType>
"""


def _element(name: str, kind: str) -> str:
    return f'<xs:element name="{name}" type="{kind}"/>'


def _schema(root: str, head: Sequence[tuple[str, str]], row: str, fields: Sequence[tuple[str, str]], more: str) -> str:
    told = "".join(_element(name, kind) for name, kind in head)
    columns = "".join(_element(name, kind) for name, kind in fields)
    entry = f'<xs:element name="{row}" maxOccurs="unbounded"><xs:complexType><xs:sequence>{columns}{more}</xs:sequence></xs:complexType>'
    only = "".join(
        f'<xs:unique name="{name}只一次"><xs:selector xpath="{row}"/><xs:field xpath="{name}"/></xs:unique>'
        for name in ("顺序号", "档号")
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
        f'{_TYPES} <xs:element name="{root}"><xs:complexType><xs:sequence>{told}{entry}</xs:element>'
        f"</xs:sequence></xs:complexType>{only}</xs:element>\n</xs:schema>\n"
    )


_COMMON = (("顺序号", "xs:positiveInteger"), ("档号", "名"))
SCHEMAS: Mapping[str, str] = {
    CATALOGUE: _schema(
        "文件目录",
        (),
        "文件",
        (
            *_COMMON,
            ("责任者", "xs:string"),
            ("题名", "名"),
            ("日期", "xs:date"),
            ("密级", "级"),
            ("电子档案名称", "名"),
            ("备注", "xs:string"),
        ),
        "",
    ),
    REGISTER: _schema(
        "移交清册",
        (
            ("包号", "名"),
            ("移交单位", "名"),
            ("接收单位", "名"),
            ("移交性质", "名"),
            ("制作日期", "xs:date"),
            ("件数", "xs:positiveInteger"),
            ("文件数", "xs:positiveInteger"),
            ("字节数", "xs:nonNegativeInteger"),
        ),
        "件",
        (
            *_COMMON,
            ("文号", "xs:string"),
            ("责任者", "xs:string"),
            ("题名", "名"),
            ("日期", "xs:date"),
            ("密级", "级"),
            ("保管期限", "名"),
            ("备注", "xs:string"),
        ),
        '<xs:element name="文件" maxOccurs="unbounded"><xs:complexType><xs:attribute name="路径" type="名" use="required"/>'
        '<xs:attribute name="字节" type="xs:nonNegativeInteger" use="required"/>'
        '<xs:attribute name="SHA-256" type="摘要" use="required"/></xs:complexType></xs:element>',
    ),
}


def lists(head: Head, handed: Sequence[Handed]) -> dict[str, bytes]:
    """Return the lists of a package and their schemas by their paths below ``data``, each held against its schema."""
    found = {CATALOGUE: _catalogue(handed), REGISTER: _register(head, handed)}
    for name, body in found.items():
        check(name, body)
    schemas = {CATALOGUE_SCHEMA: SCHEMAS[CATALOGUE].encode(), REGISTER_SCHEMA: SCHEMAS[REGISTER].encode()}
    return {**found, REGISTER_TABLE: _table(handed), **schemas}


def check(name: str, body: bytes) -> None:
    """Raise :class:`Damaged` with line and reason unless a list is as its schema says."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        schema = etree.XMLSchema(etree.fromstring(SCHEMAS[name].encode(), parser))
        schema.assertValid(etree.fromstring(body, parser))
    except (etree.XMLSyntaxError, etree.DocumentInvalid) as error:
        raise Damaged(f"{name} 不合其模式：{error}", f"{name} is not as its schema says: {error}") from error


def _catalogue(handed: Sequence[Handed]) -> bytes:
    root = ET.Element("文件目录")
    for number, record in enumerate(handed, 1):
        names = "；".join(path_of(record, place, file) for place, file in enumerate(record.files, 1))
        told = _told(number, record)
        fields = ("顺序号", "档号", "责任者", "题名", "日期", "密级")
        _fill(
            ET.SubElement(root, "文件"),
            {**{one: told[one] for one in fields}, "电子档案名称": names, "备注": told["备注"]},
        )
    return written(root)


def _register(head: Head, handed: Sequence[Handed]) -> bytes:
    root, files = ET.Element("移交清册"), [file for record in handed for file in record.files]
    _fill(
        root,
        {
            "包号": head.package_no,
            "移交单位": head.sender,
            "接收单位": head.receiver,
            "移交性质": head.nature,
            "制作日期": head.prepared_on,
            "件数": str(len(handed)),
            "文件数": str(len(files)),
            "字节数": str(sum(file.size for file in files)),
        },
    )
    for number, record in enumerate(handed, 1):
        entry = ET.SubElement(root, "件")
        _fill(entry, _told(number, record))
        for place, file in enumerate(record.files, 1):
            where = {"路径": path_of(record, place, file), "字节": str(file.size), "SHA-256": record.digest_of(file)}
            ET.SubElement(entry, "文件", where)
    return written(root)


def _table(handed: Sequence[Handed]) -> bytes:
    """Return the transfer list as a table that a spreadsheet opens: UTF-8 with its mark, no cell that it would run."""
    out = io.StringIO()
    writer = csv.writer(out)
    for number, record in enumerate(handed, 1):
        told = _told(number, record)
        if number == 1:
            writer.writerow([*told, "文件数", "字节数"])
        sizes = [file.size for file in record.files]
        writer.writerow([*(_harmless(cell) for cell in told.values()), len(sizes), sum(sizes)])
    return out.getvalue().encode("utf-8-sig")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t")) else cell


def _told(number: int, record: Handed) -> dict[str, str]:
    row, said = record.row, record.description
    return {
        "顺序号": str(number),
        "档号": row["code"],
        "文号": said.document_no,
        "责任者": said.author,
        "题名": said.title,
        "日期": row["document_date"].isoformat(),
        "密级": LEVEL_WORDS[row["level"]].zh,
        "保管期限": row["period"],
        "备注": said.note,
    }


def _fill(parent: ET.Element, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        ET.SubElement(parent, name).text = plain(value)
