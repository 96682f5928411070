"""The search page: its filters, and what it offers where nothing is found."""

from __future__ import annotations

import io

from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import select

from archive_service.audit.log import Wanted, newest
from archive_service.catalog.outbox import enqueue
from archive_service.catalog.tables import records
from tests.archive_service.web.conftest import House


def test_results_are_narrowed_by_every_field_and_slips_are_offered(house: House) -> None:
    client = house.client("lin")
    for title, day in (("应急演练方案 hazard", "2024-03-01"), ("应急演练小结", "2024-06-01")):
        form = {"fonds": "Q001", "case": "AX2024-001", "type": "KCQ03", "title": title, "date": day, "level": "INT"}
        answer = client.post("/file", data={**form, "files": [(io.BytesIO(title.encode()), "a.txt")]})
        assert answer.status_code == 303, answer.text
    house.archive.chores.settle_outbox()
    shown = client.get("/search?q=应急演练").text
    assert "共 2 件" in shown
    assert "type=KCQ03" in shown
    for name in ("enterprise", "code", "after", "before"):
        assert f'name="{name}"' in shown
    narrowed = client.get("/search?q=应急演练&after=2024-05-01&type=KCQ03&code=Q001").text
    assert "共 1 件" in narrowed
    assert "应急演练小结" in narrowed
    assert "共 0 件" in client.get("/search?q=应急演练&enterprise=无此企业").text
    odd = client.get("/search?q=应急演练&before=昨天")
    assert odd.status_code == 422
    assert "2024-05-01" in odd.text
    offered = client.get("/search?q=hazzard").text
    assert "您是不是要找" in offered
    assert ">hazard</a>" in offered
    assert "您是不是要找" not in client.get("/search?q=龘靐").text


def _filed(house: House, title: str, data: bytes, name: str, level: str = "INT") -> str:
    form = {"fonds": "Q001", "case": "AX2024-001", "type": "KCQ03", "title": title, "date": "2024-03-01"}
    answer = house.client("lin").post("/file", data={**form, "level": level, "files": [(io.BytesIO(data), name)]})
    assert answer.status_code == 303, answer.text
    house.archive.chores.settle_outbox()
    return "/".join(answer.location.split("/")[:3])


def test_a_kept_search_tells_what_is_new_with_the_rights_of_the_moment(house: House) -> None:
    wang, lin = house.client("wang"), house.client("lin")
    _filed(house, "粉尘防爆检查", "粉尘防爆".encode(), "甲.txt")
    assert wang.post("/search/saved", data={"name": "粉尘", "q": "粉尘防爆", "level": "INT"}).status_code == 303
    assert wang.post("/search/saved", data={"name": "", "q": "粉尘"}).status_code == 422
    assert "新 " not in wang.get("/search/saved").text
    assert house.archive.saved_searches.tell_news() == 0
    _filed(house, "粉尘防爆密报", "粉尘防爆 密".encode(), "乙.txt", "PI")
    assert house.archive.saved_searches.tell_news() == 0, "what may not be seen is no news"
    _filed(house, "粉尘防爆复查", "粉尘防爆".encode(), "丙.txt")
    assert house.archive.saved_searches.tell_news() == 1
    assert house.archive.saved_searches.tell_news() == 0, "told once until they look"
    assert "有新的结果" in wang.get("/notices/").text
    shown = wang.get("/search/saved").text
    assert "新 1 件" in shown
    assert "粉尘防爆复查" in shown
    assert "密报" not in shown
    assert "粉尘" not in lin.get("/search/saved").text, "nobody else's"
    search_id = shown.split("/search/saved/")[1].split("/")[0]
    assert lin.post(f"/search/saved/{search_id}/look").status_code == 404
    assert wang.post(f"/search/saved/{search_id}/look").status_code == 303
    assert "新 1 件" not in wang.get("/search/saved").text
    with house.archive.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM saved_search").all()
    assert "粉尘".encode() not in repr(rows).encode(), "what somebody looks for lies sealed"
    assert wang.post(f"/search/saved/{search_id}/remove").status_code == 303
    assert "还没有保存的检索" in wang.get("/search/saved").text


def test_typing_is_completed_from_what_the_person_sees(house: House) -> None:
    _filed(house, "有限空间作业台账", b"a", "a.txt")
    _filed(house, "有限空间举报", b"b", "b.txt", "PI")
    wang = house.client("wang")
    assert wang.get("/search/complete?q=有限空").json == ["有限空间作业台账"]
    assert wang.get("/search/complete?q=华东").json == ["华东化工"]
    assert wang.get("/search/complete?q=有").json == []
    assert wang.get("/search/complete?q=%25_").json == [], "signs of the database's own are letters here"
    assert house.client("auditor").get("/search/complete?q=有限空").status_code == 403


def test_words_are_found_inside_a_record_with_their_page(house: House) -> None:
    written = io.BytesIO()
    canvas = Canvas(written)
    for text in ("Nothing here", "the hazard list and the HAZARD plan"):
        canvas.drawString(100, 700, text)
        canvas.showPage()
    canvas.save()
    address = _filed(house, "两页", written.getvalue(), "two.pdf", "TS")
    lin = house.client("lin")
    shown = lin.get(f"{address}/find?q=ｈazard").text
    assert "找到 2 处" in shown
    assert shown.count("第 2 页") == 2
    assert "<mark>HAZARD</mark>" in shown
    assert "没有这些字词" in lin.get(f"{address}/find?q=不在").text
    assert house.client("wang").get(f"{address}/find?q=hazard").status_code == 404
    plain = _filed(house, "繁体", "從業人員發現緊急\n情況時有權停止作業".encode(), "t.txt")
    assert "<mark>緊急 情況</mark>" in house.client("wang").get(f"{plain}/find?q=紧急情况").text
    used = newest(house.archive.ledger, Wanted(act="record:read")).rows
    assert any('"purpose":"find"' in row.body for row in used)


def test_the_next_page_goes_on_behind_the_last_hit_whatever_came_before_it_meanwhile(house: House) -> None:
    lin = house.archive.people.by_login("lin")
    for number in range(4):
        _filed(house, f"吊篮检查 {number}", f"吊篮 {number}".encode(), f"{number}.txt")
    find = house.archive.search.find
    codes = [hit.line.code for hit in find(lin, "吊篮", newest_first=True).hits]
    assert len(codes) == 4
    rest = find(lin, "吊篮", newest_first=True, limit=2, offset=1, behind=codes[1])
    assert [hit.line.code for hit in rest.hits] == codes[2:], "one fewer before it than when the page was made"
    assert (rest.start, rest.total) == (2, 4)
    gone = find(lin, "吊篮", newest_first=True, limit=2, offset=2, behind="Q001-无此号")
    assert [hit.line.code for hit in gone.hits] == codes[2:]


def test_the_page_says_what_cannot_be_found_yet_of_what_the_person_sees(house: House) -> None:
    with house.archive.ledger.read() as connection:
        rows = connection.execute(select(records.c.id, records.c.level).where(records.c.level.in_(("INT", "PI")))).all()
    one = {row.level: row.id for row in rows}
    with house.archive.ledger.work(None) as work:
        enqueue(work, "index", one["PI"])
        work.commit()
    assert "正在提取" not in house.client("wang").get("/search?q=吊篮").text
    assert "1 件的文字正在提取" in house.client("lin").get("/search?q=吊篮").text
    with house.archive.ledger.work(None) as work:
        enqueue(work, "scan", one["INT"])
        work.commit()
    assert "1 件图像中的文字正在识别" in house.client("wang").get("/search?q=吊篮").text
    house.archive.chores.settle_outbox()
