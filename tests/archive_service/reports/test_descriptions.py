"""EAD and Dublin Core: what is written is read again without loss, and hostile files are refused."""

from __future__ import annotations

import pytest
from lxml import etree

from archive_service.catalog.records.exchange import (
    FIELDS,
    as_dublin_core,
    as_ead,
    from_dublin_core,
    from_ead,
    missing,
)
from archive_service.errors import BadInput

NS = {"e": "http://ead3.archivists.org/schema/"}
NAUGHTY = ["=1+1", "'=x", "-5", "@SUM", 'a,b;c"d"', "第一行\n第二行", " 首尾 ", "<b>&amp;]]>", "𠮷野家 é 😀", "'", ""]


def one(title: str, **said: str) -> dict[str, str]:
    usual = {"code": "Q001-ZY·AX·2024-D10-YSH-0001", "document_date": "2024-03-01", "period": "D10", "opening": "控制"}
    return {**dict.fromkeys(FIELDS, ""), **usual, "description_level": "件", "level": "INT", "title": title, **said}


def ead(some: list[dict[str, str]]) -> bytes:
    return as_ead(some, title="示例 & 目录", agency="示例档案室", made_at="2026-03-02T01:00:00Z")


def test_both_are_read_again_without_loss():
    some = [one(title, note=title, author=title, document_no=title) for title in NAUGHTY]
    assert from_dublin_core(as_dublin_core(some)) == some
    assert from_ead(ead(some)) == some


def test_no_cell_begins_as_a_formula():
    lines = as_dublin_core([one("=HYPERLINK(1)")]).decode("utf-8-sig").splitlines()
    assert not any(cell.startswith(("=", "+", "@")) for cell in lines[1].split(","))


def test_a_finding_aid_is_built_as_ead3_asks():
    root = etree.fromstring(ead([one("题名", author="示例组", document_no="示〔2024〕1号")]))
    control = root.find("e:control", NS)
    assert [etree.QName(child).localname for child in control] == [
        "recordid",
        "filedesc",
        "maintenancestatus",
        "maintenanceagency",
        "maintenancehistory",
    ]
    item = root.find("e:archdesc[@level='fonds']/e:dsc/e:c[@level='item']", NS)
    assert [etree.QName(child).localname for child in item.find("e:did", NS)] == [
        "unitid",
        "unitid",
        "unittitle",
        "unitdate",
        "origination",
    ]
    assert item.find("e:accessrestrict/e:p", NS).text == "INT"
    assert item.find("e:did/e:unitdate", NS).get("normal") == "2024-03-01"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<x/>",
        b"<ead",
        b'<!DOCTYPE ead [<!ENTITY a "b">]><ead xmlns="http://ead3.archivists.org/schema/">&a;</ead>',
    ],
)
def test_what_is_no_ead_is_refused(data: bytes):
    with pytest.raises(BadInput):
        from_ead(data)


@pytest.mark.parametrize("data", [b"", b"a,b\r\n1,2", b"\xff\xfe\x00", b'dc:title\r\n"open'])
def test_what_is_no_dublin_core_is_refused(data: bytes):
    with pytest.raises(BadInput):
        from_dublin_core(data)


def test_the_mandatory_fields_that_are_empty_are_named():
    assert missing(one("题名", author="示例组")) == []
    assert missing(one("")) == ["title", "author"]
