"""Descriptions as other systems read them: EAD (EAD3) and a table of Dublin Core, written and read again without loss.

What stands here is the minimum record of DA/T 18-2022 with the elements of DA/T 46-2009 that the catalogue holds.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from lxml import etree

from archive_service.catalog.model import Description
from archive_service.catalog.records.browse import Line
from archive_service.errors import BadInput
from archive_service.people.model import OPEN_LEVELS

LARGEST = 50 * 1024 * 1024
"""Bytes of a file of descriptions that is read."""

Described = dict[str, str]
"""A description: value by field (:data:`FIELDS`); every field is there, empty where nothing is said."""

FIELDS: dict[str, str] = {
    "code": "dc:identifier",
    "document_no": "dcterms:alternative-identifier",
    "title": "dc:title",
    "author": "dc:creator",
    "document_date": "dc:date",
    "type_code": "dc:type",
    "description_level": "archive:descriptionLevel",
    "case_no": "dcterms:isPartOf",
    "year": "archive:year",
    "level": "dcterms:accessRights",
    "opening": "archive:opening",
    "period": "archive:retention",
    "due_on": "archive:retentionDue",
    "status": "archive:status",
    "note": "dc:description",
}
"""Fields of a description, and the heading of each in the Dublin Core table."""

MANDATORY = ("description_level", "code", "title", "document_date", "author", "period", "opening")
"""DA/T 18-2022: 著录层级, 档号, 题名, 日期, 责任者, 保管期限, 开放标识."""

EAD = "http://ead3.archivists.org/schema/"
_E = f"{{{EAD}}}"
_RISKY = ("=", "+", "-", "@", "\t", "\r", "'")
"""What a spreadsheet would take for a formula when a cell begins with it; such a cell gets an apostrophe in front."""


def described(line: Line, said: Description) -> Described:
    """Return the description of a record of the catalogue."""
    return {
        "code": line.code,
        "document_no": said.document_no,
        "title": line.title,
        "author": said.author,
        "document_date": line.document_date,
        "type_code": line.type_code,
        "description_level": "件",
        "case_no": line.case_no,
        "year": str(line.year),
        "level": line.level,
        "opening": "开放" if line.level == OPEN_LEVELS[0] else "控制",
        "period": line.period,
        "due_on": line.due_on,
        "status": line.status,
        "note": said.note,
    }


def missing(one: Mapping[str, str]) -> list[str]:
    """Return the mandatory fields that a description leaves empty."""
    return [name for name in MANDATORY if not one[name]]


# -------------------------------------------------------------------------------------------------- Dublin Core as CSV


def as_dublin_core(some: Iterable[Described]) -> bytes:
    """Return descriptions as CSV in UTF-8 with mark, so that spreadsheets read it right."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(FIELDS.values())
    for one in some:
        writer.writerow([f"'{one[name]}" if one[name].startswith(_RISKY) else one[name] for name in FIELDS])
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def from_dublin_core(data: bytes) -> list[Described]:
    """Read what :func:`as_dublin_core` writes; columns may stand in any order, unknown ones are refused by name."""
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput("此文件不是 UTF-8 编码的 CSV。", "This file is no CSV in UTF-8.") from error
    names = {heading: name for name, heading in FIELDS.items()}
    head = rows[0] if rows else []
    unknown = [heading for heading in head if heading not in names]
    if unknown or names.keys() - set(head) - {"archive:status", "archive:retentionDue"} or len(set(head)) != len(head):
        wrong = "、".join(unknown[:5]) or "?"
        raise BadInput(
            f"首行应为都柏林核心的各列；不认识或缺少的列：{wrong}。",
            f"The first line must hold the Dublin Core columns; unknown or missing: {wrong}.",
        )
    found = []
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(head):
            raise BadInput(f"第 {number} 行的列数不对。", f"Line {number} has the wrong number of cells.")
        cells = {names[heading]: _plain(cell) for heading, cell in zip(head, row, strict=True)}
        found.append({name: cells.get(name, "") for name in FIELDS})
    return found


def _plain(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_RISKY) else cell


# ----------------------------------------------------------------------------------------------------------------- EAD


def as_ead(some: Iterable[Described], *, title: str, agency: str, made_at: str) -> bytes:
    """Return descriptions as one EAD3 document: a finding aid with an item for each; ``made_at`` in ISO 8601."""
    root = etree.Element(f"{_E}ead", nsmap={None: EAD})  # type: ignore[dict-item]  # the default namespace
    _control(root, title, agency, made_at)
    whole = _in(root, "archdesc", level="fonds")
    did = _in(whole, "did")
    _in(did, "unittitle", title)
    items = _in(whole, "dsc", dsctype="combined")
    for one in some:
        _item(items, one)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=False))


def _control(root: Any, title: str, agency: str, made_at: str) -> None:
    control = _in(root, "control")
    _in(control, "recordid", f"export-{made_at}")
    _in(_in(_in(control, "filedesc"), "titlestmt"), "titleproper", title)
    _in(control, "maintenancestatus", value="derived")
    _in(_in(control, "maintenanceagency"), "agencyname", agency)
    event = _in(_in(control, "maintenancehistory"), "maintenanceevent")
    _in(event, "eventtype", value="derived")
    _in(event, "eventdatetime", made_at)
    _in(event, "agenttype", value="machine")
    _in(event, "agent", "archive-service")


def _item(items: Any, one: Described) -> None:
    item = _in(items, "c", level="item")
    did = _in(item, "did")
    _in(did, "unitid", one["code"], localtype="code")
    if one["document_no"]:
        _in(did, "unitid", one["document_no"], localtype="document_no")
    _in(did, "unittitle", one["title"])
    _in(did, "unitdate", one["document_date"], normal=one["document_date"])
    if one["author"]:
        _in(_in(_in(did, "origination"), "name"), "part", one["author"])
    for name, element in (("level", "accessrestrict"), ("opening", "accessrestrict"), ("period", "appraisal")):
        _in(_in(item, element, localtype=name), "p", one[name])
    for name in ("type_code", "description_level", "case_no", "year", "due_on", "status", "note"):
        if one[name]:
            _in(_in(item, "odd", localtype=name), "p", one[name])


def _in(parent: Any, name: str, text: str = "", **attributes: str) -> Any:
    child = etree.SubElement(parent, f"{_E}{name}", attributes)
    if text:
        child.text = text
    return child


def from_ead(data: bytes) -> list[Described]:
    """Read the items of an EAD3 document, ours or another's; what it does not say stays empty. DTDs are refused."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadInput("此文件不是正确的 XML。", "This file is no well-formed XML.") from error
    tree: Any = root.getroottree()
    if tree.docinfo.doctype:
        raise BadInput("不接收带 DTD 的 XML。", "XML with a DTD is not read.")
    if root.tag != f"{_E}ead":
        raise BadInput("此文件不是 EAD3。", "This file is no EAD3.")
    return [_read(item) for item in root.iter(f"{_E}c") if item.get("level") == "item"]


def _read(item: Any) -> Described:
    one = dict.fromkeys(FIELDS, "")
    for did in item.iterfind(f"{_E}did"):
        for unit in did.iterfind(f"{_E}unitid"):
            one["document_no" if unit.get("localtype") == "document_no" else "code"] = _text(unit)
        one["title"] = _text(did.find(f"{_E}unittitle"))
        day = did.find(f"{_E}unitdate")
        one["document_date"] = (day.get("normal") or _text(day)) if day is not None else ""
        one["author"] = _text(did.find(f"{_E}origination/*/{_E}part"))
    for element in ("accessrestrict", "appraisal", "odd"):
        for told in item.iterfind(f"{_E}{element}"):
            name = told.get("localtype") or ("note" if element == "odd" else "")
            if name in FIELDS:
                one[name] = "\n".join(_text(part) for part in told.iterfind(f"{_E}p"))
    return one


def _text(element: Any) -> str:
    return "" if element is None else "".join(element.itertext())
