"""The page of a record: what it belongs to and what belongs to it, and the facts that may be answered later."""

from __future__ import annotations

import io
import re

import pytest
from flask.testing import FlaskClient

from tests.archive_service.web.conftest import House


def filed(client: FlaskClient, type_code: str, title: str, **more: str) -> str:
    """File a record through the form and return the address of its page."""
    form = {"fonds": "Q001", "case": "AX2024-001", "type": type_code, "title": title, "date": "2024-03-01", **more}
    answer = client.post("/file", data={**form, "files": [(io.BytesIO(title.encode()), "a.txt")]})
    assert answer.status_code == 303, answer.text
    return answer.location.removesuffix("/receipt")


def code_of(client: FlaskClient, address: str) -> str:
    return str(client.get(address).request.path).split("/")[2]


def test_a_photograph_and_its_main_record_lead_to_each_other(house: House) -> None:
    client = house.client("lin")
    main = filed(client, "PGF02", "考核结果认定")
    picture = filed(client, "SXD01", "现场照片", level="INT", parent=code_of(client, main))
    shown = client.get(picture).text
    assert f'href="{main}"' in shown
    assert "考核结果认定" in shown
    assert "随主件永久保管，永不到期" in shown
    assert f'href="{picture}"' in client.get(main).text


def test_a_main_record_that_is_not_seen_is_not_named(house: House) -> None:
    client = house.client("lin")
    main = filed(client, "PGF02", "不给利用者看的底稿", level="INT")
    secret = filed(client, "SXD01", "有人像的照片", level="PI", parent=code_of(client, main))
    shown = house.client("wang").get(main).text
    assert secret not in shown
    assert "有人像的照片" not in shown


def test_a_photograph_without_a_main_record_says_what_it_follows(house: House) -> None:
    client = house.client("lin")
    filed(client, "ZBG01", "巡察报告")
    shown = client.get(filed(client, "SXD01", "散片", level="INT")).text
    assert "未指明主件" in shown
    assert "随案卷永久保管，永不到期" in shown


def test_a_description_is_completed_on_the_page_and_many_are_corrected_after_a_look(house: House) -> None:
    client = house.client("lin")
    address = filed(client, "YSH05", "待补的月报")
    assert "缺必填著录项目：责任者" in client.get(address).text
    code = code_of(client, address)
    said = {"title": "待补的月报", "author": "原组", "document_no": "", "note": "", "reason": "补著录"}
    assert client.post(f"/record/{code}/describe", data={**said, "title": ""}).status_code == 422
    assert client.post(f"/record/{code}/describe", data=said).status_code == 303
    assert "缺必填著录项目" not in client.get(address).text
    form = {"chosen": code, "field": "author", "piece": "原组", "value": "第三组", "reason": "统一名称"}
    looked = client.post("/catalogue/edit", data={**form, "step": "preview"}).text
    mark = re.search(r'name="mark" value="([0-9a-f]{64})"', looked)
    assert mark
    assert "更正这 1 件" in looked
    assert client.post("/catalogue/edit", data={**form, "step": "apply", "mark": "0" * 64}).status_code == 409
    assert client.post("/catalogue/edit", data={**form, "step": "apply", "mark": mark[1]}).status_code == 200
    shown = client.get(address).text
    assert "第三组" in shown
    assert "统一名称" in shown
    assert house.client("wang").post("/catalogue/edit", data=form).status_code == 403


def test_facts_are_answered_on_the_page_and_the_history_says_so(house: House) -> None:
    client = house.client("lin")
    address = filed(client, "KCQ10", "典型案例")
    assert "缺少事实" in client.get(address).text
    form = {"fact-deaths": "0", "fact-serious_injuries": "1", "fact-loss_yuan": "460000"}
    answer = client.post(f"{address}/facts", data=form)
    assert answer.status_code == 303
    shown = client.get(address).text
    assert "永久保管，永不到期" in shown
    assert "补答保管期限所依的事实" in shown
    assert "460,000" in shown
    refused = client.post(f"{address}/facts", data={"fact-serious_injuries": "0"})
    assert refused.status_code == 409
    assert "鉴定" in refused.text


@pytest.mark.parametrize("login", ["wang", "zhao"])
def test_who_may_not_file_sees_the_answers_and_no_form(house: House, login: str) -> None:
    lin, other = house.client("lin"), house.client(login)
    address = filed(lin, "KCQ10", f"案例 {login}", **{"fact-deaths": "2"})
    shown = other.get(address).text
    assert f'action="{address}/facts"' in lin.get(address).text
    assert f'action="{address}/facts"' not in shown
    assert other.post(f"{address}/facts", data={"fact-deaths": "0"}).status_code == 403
