"""Suggestions in the form: shown with what they rest on, accepted into the form, and filing nothing."""

from __future__ import annotations

import io

from tests.archive_service.web.conftest import House

PAPER = "罐区现场检查记录\n检查人：示例。身份证 370202198803254842\n示例巡察组\n2024年3月1日\n"


def asked(house: House, headers: dict[str, str] | None = None, **typed: str):
    data = {**typed, "files": [(io.BytesIO(PAPER.encode()), "扫描1.txt")]}
    return house.client("lin").post("/file/suggest", data=data, headers=headers or {})


def test_a_piece_of_the_page_tells_proposals_with_what_they_rest_on(house: House):
    answer = asked(house, {"X-In-Place": "1"})
    assert answer.status_code == 200
    assert "<html" not in answer.text
    for words in ("KCQ03", "罐区现场检查记录", "2024-03-01", "示例巡察组", "居民身份证号 ×1", 'data-accept="level"'):
        assert words in answer.text, words
    assert "370202198803254842" not in answer.text, "personal data is counted, not repeated"


def test_without_the_script_the_whole_form_comes_back_with_what_was_typed(house: House):
    answer = asked(house, note="打字中")
    assert "<html" in answer.text
    assert "打字中" in answer.text
    assert 'value="type=KCQ03"' in answer.text


def test_an_accepted_proposal_stands_in_the_form_and_nothing_is_filed(house: House):
    before = house.archive.counting.holdings(house.archive.people.by_login("lin"))
    client = house.client("lin")
    answer = client.post("/file/accept", data={"accept": "title=甲=乙", "note": "打字中"})
    assert 'value="甲=乙"' in answer.text
    assert "打字中" in answer.text
    assert client.post("/file/accept", data={"accept": "key=1"}).status_code == 422
    assert house.archive.counting.holdings(house.archive.people.by_login("lin")) == before


def test_asking_without_files_says_what_to_do(house: House):
    answer = house.client("lin").post("/file/suggest", data={"note": "打字中"})
    assert answer.status_code == 422
    assert "请先选择文件" in answer.text
    assert "打字中" in answer.text
