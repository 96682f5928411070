"""Descriptions taken out as EAD and Dublin Core, read again, and held against what the person may see."""

from __future__ import annotations

import io
import re

import pytest

from archive_service.catalog.records.exchange import from_dublin_core, from_ead
from tests.archive_service.web.conftest import House

SECRET = "绝不外泄的题名"


@pytest.fixture(scope="module")
def filed(house: House) -> None:
    client = house.client("lin")
    for type_code, level, title in (("YSH05", "", "=公开的题名"), ("GZD01", "TS", SECRET)):
        form = {"fonds": "Q001", "type": type_code, "title": title, "date": "2024-03-01", "level": level}
        assert client.post("/file", data={**form, "files": [(io.BytesIO("内容".encode()), "a.txt")]}).status_code == 303


def posted(house: House, login: str, data: bytes, to: str = "compare"):
    return house.client(login).post("/reports/descriptions", data={"to": to, "files": [(io.BytesIO(data), "x")]})


@pytest.mark.usefixtures("filed")
def test_both_forms_hold_the_same_and_only_what_the_person_may_see(house: House):
    for login, titles in (("lin", {"=公开的题名", SECRET}), ("wang", {"=公开的题名"})):
        ead = from_ead(house.client(login).get("/reports/ead.xml").data)
        table = from_dublin_core(house.client(login).get("/reports/dublin-core.csv").data)
        assert ead == table
        assert {one["title"] for one in ead} == titles


@pytest.mark.usefixtures("filed")
def test_a_file_is_compared_with_what_one_sees_and_becomes_a_manifest(house: House):
    data = house.client("lin").get("/reports/dublin-core.csv").data
    changed = data.decode("utf-8").replace("=公开的题名", "=改过的题名").encode()
    page = posted(house, "lin", changed).text
    assert "=改过的题名" in page
    assert "=公开的题名" in page
    mark = re.search(r'name="mark" value="([0-9a-f]{64})"', page)
    assert mark
    said = {"to": "apply", "mark": mark[1], "reason": "按外部目录更正"}
    for login, sent, status in (("lin", data, 409), ("wang", changed, 409), ("lin", changed, 200)):
        answer = house.client(login).post("/reports/descriptions", data={**said, "files": [(io.BytesIO(sent), "x")]})
        assert answer.status_code == status, login
    titles = {one["title"] for one in from_ead(house.client("lin").get("/reports/ead.xml").data)}
    assert titles == {"=改过的题名", SECRET}
    assert 'name="mark"' not in posted(house, "lin", changed).text, "read in again, there is nothing left to do"
    seen = posted(house, "wang", data).text
    assert "<dd>1</dd>" in seen, "what one may not see is not here"
    manifest = posted(house, "lin", data, "manifest").data.decode("utf-8-sig")
    assert manifest.startswith("文件,题名")
    assert posted(house, "lin", b"<x/>").status_code == 422
