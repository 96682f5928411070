"""The pages over archival codes: schemes, reserved and void numbers, old codes, codes typed amiss, other classes."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from urllib.parse import unquote

from openpyxl import load_workbook

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


def test_numbers_are_reserved_used_by_the_form_withdrawn_and_printed(house: House) -> None:
    lin = house.client("lin")
    block = {"fonds": "Q001", "type": "ZBG04", "year": "2024", "retention": "D10", "count": "2", "purpose": "第七盒"}
    assert lin.post("/catalogue/numbers/", data={**block, "expires_on": "2001-01-01"}).status_code == 422
    until = (house.archive.clock.today() + timedelta(days=30)).isoformat()
    assert lin.post("/catalogue/numbers/", data={**block, "expires_on": until}).status_code == 303
    shown = lin.get("/catalogue/numbers/?check=1").text
    assert "第七盒" in shown
    assert "连续的" in shown
    code = re.findall(r"Q001-ZY·AX·2024-D10-ZBG-\d{4}", shown)[0]
    form = {"fonds": "Q001", "type": "ZBG04", "title": "第七盒月报", "date": "2024-03-01", "code": code}
    filed = lin.post("/file", data={**form, "files": [(io.BytesIO(b"x"), "a.txt")]})
    assert filed.status_code == 303, filed.text
    spoilt = code[:-1] + "9"
    assert lin.post("/catalogue/numbers/withdraw", data={"code": spoilt, "reason": "纸上写坏"}).status_code == 303
    assert lin.post("/catalogue/numbers/withdraw", data={"code": code, "reason": "误"}).status_code == 409
    assert "纸上写坏" in lin.get("/catalogue/numbers/").text
    wrong = {"renumber": code, "right_year": "2023", "why": "年度编错"}
    assert lin.post("/catalogue/numbers/corrections", data={**wrong, "why": ""}).status_code == 422
    assert lin.post("/catalogue/numbers/corrections", data=wrong).status_code == 303
    waits = lin.get("/catalogue/numbers/").text
    assert "须另一人办理" in waits
    (where,) = set(re.findall(r'"(/catalogue/numbers/corrections/\w+)"', waits))
    assert lin.post(where).status_code == 403
    assert code in lin.get(f"/record/{code}").text
    assert lin.post(where, data={"act": "strike"}).status_code == 303
    assert lin.post(where).status_code == 404
    printed = load_workbook(io.BytesIO(lin.get("/reports/items.xlsx?class=ZBG").data)).active
    assert printed is not None
    cells = {str(cell.value) for row in printed.iter_rows() for cell in row}
    assert {spoilt, "纸上写坏", "作废"} <= cells
    hers = load_workbook(io.BytesIO(house.client("wang").get("/reports/items.xlsx?class=ZBG").data)).active
    assert hers is not None
    assert spoilt not in {str(cell.value) for row in hers.iter_rows() for cell in row}
    # On the page too: behind the list whose gap it explains, for those who see every record of it.
    for listed, there in (("class=ZBG", True), ("class=ZBG&year=2024&fonds=Q001", True), ("class=KCQ", False)):
        assert (spoilt in lin.get(f"/catalogue/?{listed}").text) is there
    for narrower in ("year=2023", "type=ZBG04", "case=AX2024-001", "level=INT", "enterprise=x"):
        assert "纸上写坏" not in lin.get(f"/catalogue/?{narrower}").text
    assert spoilt not in house.client("wang").get("/catalogue/?class=ZBG").text


def test_a_code_typed_amiss_leads_to_the_record_that_one_may_see(house: House) -> None:
    lin = house.client("lin")
    form = {"fonds": "Q001", "type": "PGF02", "title": "评估报告", "date": "2023-03-01"}
    lin.post("/file", data={**form, "files": [(io.BytesIO(b"x"), "a.txt")]})
    for typed in ("Q001-ZY・AX・2023－Y－PGF－0001", "q001—zy·ax·2023—y—pgf—0001"):
        assert "评估报告" in lin.get("/search", query_string={"q": typed}).text
    assert "您是不是要找" in lin.get("/search", query_string={"q": "Q001-ZY.AX.2023-Y-PGF-1"}).text


def test_old_codes_are_proposed_for_and_only_what_is_taken_stands_in_the_manifest(house: House) -> None:
    lin = house.client("lin")
    text = "档号,题名\nQ001-ZY·AX·1999-D30-FKY-7,甲\nQ001-ZY·AX·1999-D30-FKY-8,乙\n什么,丙"
    shown = lin.post("/file/codes", data={"text": text}).text
    assert "Q001-ZY·AX·1999-D30-FKY-0007" in shown
    assert "“7”改为“0007”" in shown
    assert "无法识别" in shown
    answer = lin.post("/file/codes/table", data={"text": text, "line-1": "Q001-ZY·AX·1999-D30-FKY-0007"})
    lines = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert lines == [
        ["档号", "题名", "备注"],
        ["Q001-ZY·AX·1999-D30-FKY-0007", "甲", "原档号 Q001-ZY·AX·1999-D30-FKY-7"],
        ["Q001-ZY·AX·1999-D30-FKY-8", "乙", ""],
        ["什么", "丙", ""],
    ]
    other = lin.post("/file/codes/table", data={"text": text, "line-1": "Q001-ZY·AX·1999-D30-FKY-0009"})
    assert other.status_code == 422


def test_a_record_is_put_into_another_class_from_its_page_and_from_a_list(house: House) -> None:
    lin = house.client("lin")
    codes = []
    for title in ("甲", "乙"):
        form = {"fonds": "Q001", "type": "YYJ08", "title": title, "date": "2022-03-01", "level": "PI"}
        sent = lin.post("/file", data={**form, "files": [(io.BytesIO(title.encode()), "a.txt")]})
        codes.append(re.findall(r"Q001-[^/]+", unquote(sent.location))[0])
    assert lin.post(f"/record/{codes[0]}/class", data={"type": "JBJ03", "reason": "归错"}).status_code == 303
    page = lin.get(f"/record/{codes[0]}").text
    assert "档号是按原类编的" in page
    assert "归错" in page
    several = {"from": "YYJ08", "chosen": codes, "type": "JBJ03", "reason": "归错"}
    said = lin.post("/catalogue/reclassify", data=several).text
    assert "已由 YYJ08 改为 JBJ03" in said
    assert "未改" in said
