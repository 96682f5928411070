"""The plan on the pages: drafted by one person, looked at with its effects, published by another."""

from __future__ import annotations

import io
import re

from tests.archive_service.web.conftest import House

TYPE = {
    "old": "ZBG04",
    "class": "DAG",
    "rule": "ZBG04",
    "name_zh": "公开文本",
    "name_en": "Disclosure texts",
    "note_zh": "含发布记录",
    "note_en": "With the log of publication",
    "level": "TS",
    "required": ["document_no"],
}


def test_a_change_is_drafted_looked_at_and_published_by_a_second_person(house: House) -> None:
    lin, zhao = house.client("lin"), house.client("zhao")
    assert lin.get("/catalogue/plan/draft").status_code == 404
    assert lin.post("/catalogue/plan/draft").status_code == 303
    assert "ZBG04" in lin.get("/catalogue/plan/draft/type?code=ZBG04").text
    assert lin.post("/catalogue/plan/draft/type", data=TYPE).status_code == 303
    mine = lin.get("/catalogue/plan/draft").text
    assert "类：ZBG → DAG" in mine
    assert "暂不能办" in mine
    hers = zhao.get("/catalogue/plan/draft").text
    assert "default level: INT → TS" in hers
    draft = re.search(r'name="draft" value="([^"]+)"', hers)
    assert draft is not None
    assert lin.post("/catalogue/plan/draft/publish", data={"draft": draft[1]}).status_code == 403
    assert zhao.post("/catalogue/plan/draft/publish", data={"draft": draft[1]}).status_code == 303
    shown = lin.get("/catalogue/plan/").text
    assert "公开文本" in shown
    assert "含发布记录" in shown
    form = {"fonds": "Q001", "type": "ZBG04", "title": "x", "date": "2024-01-01"}
    refused = lin.post("/file", data={**form, "files": [(io.BytesIO(b"x"), "a.txt")]})
    assert "ZBG04 还须填写：文号" in refused.text


def test_a_faulty_form_keeps_what_was_typed(house: House) -> None:
    lin = house.client("lin")
    lin.post("/catalogue/plan/draft")
    wrong = {"code": "FKY", "name_zh": "照旧的字", "name_en": "x", "category": "ZY·AX"}
    answer = lin.post("/catalogue/plan/draft/class", data=wrong)
    assert answer.status_code == 422
    assert "已有类 FKY" in answer.text
    assert "照旧的字" in answer.text
    assert lin.post("/catalogue/plan/draft/discard").status_code == 303


def test_readers_see_the_plan_and_no_draft(house: House) -> None:
    wang = house.client("wang")
    assert "KCQ03" in wang.get("/catalogue/plan/").text
    assert wang.get("/catalogue/plan/draft").status_code == 403
    assert wang.post("/catalogue/plan/draft").status_code == 403
