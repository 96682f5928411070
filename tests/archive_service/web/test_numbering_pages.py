"""The pages over archival codes: schemes with their versions, the next codes while one is written."""

from __future__ import annotations

from tests.archive_service.web.conftest import House

WANTED = {
    "of": "DAT13_ITEM",
    "name_zh": "按件档号",
    "name_en": "Item code",
    "pattern": "{fonds}-{category}·{year}·{retention}·{problem}-{item:5}",
    "starts_on": "2099-01-01",
}


def test_a_new_version_is_written_with_its_codes_in_view_and_stands_in_the_list(house: House) -> None:
    lin = house.client("lin")
    form = lin.get("/catalogue/schemes/new?of=DAT13_ITEM").text
    assert "-0010" in form  # ten codes of the version that there is
    seen = lin.get("/catalogue/schemes/next", query_string={**WANTED, "type": "KCQ03", "year": "2031"}).text
    assert "Q001-ZY·AX·2031·D30·KCQ-00010" in seen
    assert lin.post("/catalogue/schemes/", data=WANTED).status_code == 303
    shown = lin.get("/catalogue/schemes/DAT13_ITEM").text
    assert "{item:5}" in shown
    assert "尚未启用" in shown
    assert "2099-01-01 起有新版本" in lin.get("/catalogue/schemes/").text


def test_a_faulty_version_keeps_what_was_typed_and_says_everything_that_is_wrong(house: House) -> None:
    lin = house.client("lin")
    wrong = {**WANTED, "pattern": "{fonds}-{unit}", "starts_on": "2001-01-01", "name_en": "Left as typed"}
    answer = lin.post("/catalogue/schemes/", data=wrong)
    assert answer.status_code == 422
    for said in ("Left as typed", "没有这样的部分：unit", "缺少 item", "启用日期不能早于"):
        assert said in answer.text
    assert "没有这样的部分" in lin.get("/catalogue/schemes/next", query_string=wrong).text


def test_readers_see_schemes_and_make_none(house: House) -> None:
    wang = house.client("wang")
    assert "新建方案" not in wang.get("/catalogue/schemes/").text
    assert wang.get("/catalogue/schemes/new").status_code == 403
    assert wang.post("/catalogue/schemes/", data=WANTED).status_code == 403
