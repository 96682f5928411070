"""The four-property check on the pages: made, shown, printed."""

from __future__ import annotations

import io

from tests.archive_service.web.conftest import House


def test_a_check_is_made_shown_and_printed(house: House):
    client = house.client("lin")
    form = {"fonds": "Q001", "type": "YSH05", "title": "四性检测样件", "date": "2024-03-01", "author": "示例组"}
    answer = client.post("/file", data={**form, "files": [(io.BytesIO("内容".encode()), "a.txt")]})
    code = client.get(answer.location).request.path.split("/")[2]
    address = f"/record/{code}/properties"
    assert "还没有检测过" in client.get(address).text
    assert client.post(address, data={"stage": "XX"}).status_code == 422
    assert client.post(address, data={"stage": "CQ"}).status_code == 303
    page = client.get(address)
    assert "固化信息有效性" in page.text
    assert "未设置病毒扫描程序" in page.text
    [report] = house.archive.properties.reports(house.archive.people.by_login("lin"), code)
    signed = {"item": "I7", "note": "逐页核对至末页", "decision": "pass"}
    assert client.post(f"{address}/{report.id}/sign", data={**signed, "note": ""}).status_code == 422
    assert client.post(f"{address}/{report.id}/sign", data=signed).status_code == 303
    assert "签认：逐页核对至末页" in client.get(address).text
    printed = client.get(f"{address}/{report.id}.pdf")
    assert printed.data.startswith(b"%PDF")
    assert client.get(f"{address}/{'0' * 32}.pdf").status_code == 404
    assert "Fixity holds" in house.client("zhao").get(address).text


def test_exceptions_have_a_page_that_says_when_there_are_none(house: House):
    assert "没有被拦下的文件" in house.client("lin").get("/file/exceptions").text
    assert house.client("zhao").post("/file/exceptions/none", data={"reason": "a reason"}).status_code == 404
