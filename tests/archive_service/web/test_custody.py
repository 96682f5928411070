"""The storerooms on the pages: from an empty room to a labelled box with papers in it."""

from __future__ import annotations

import io

from archive_service.custody.model import ROUND_ITEMS
from tests.archive_service.custody.conftest import ROOM
from tests.archive_service.web.conftest import House


def test_from_an_empty_room_to_a_labelled_box(house: House):
    client, lin = house.client("lin"), house.archive.people.by_login("lin")
    assert "没有待办" in client.get("/custody/").text
    assert client.post("/custody/rooms", data=ROOM).status_code == 303
    room = "/custody/rooms/K1"
    assert client.post(f"{room}/shelves", data={"shelf": "A-01", "holds": "5"}).status_code == 303
    [shelf] = house.archive.places.shelves(lin)
    form = {
        "fonds": "Q001",
        "year": "2024",
        "period": "D10",
        "problem": "巡察办",
        "millimetres": "20",
        "shelf": shelf.id,
    }
    assert client.post(f"{room}/boxes", data=form).status_code == 303
    filed = {"fonds": "Q001", "type": "YSH05", "title": "装盒样件", "date": "2024-03-01"}
    answer = client.post("/file", data={**filed, "files": [(io.BytesIO("内容".encode()), "a.txt")]})
    code = client.get(answer.location).request.path.split("/")[2]
    box = "/custody/boxes/Q001-2024-D10-001"
    assert client.post(f"{box}/put", data={"codes": code, "reason": "归档装盒"}).status_code == 303
    assert client.post(f"{box}/note", data={"note": "缺附件二"}).status_code == 303
    page = client.get(box).text
    assert "装盒样件" in page
    assert "缺附件二" in page
    assert "Q001-2024-D10-001 · 1" in client.get(f"/record/{code}").text
    for paper in ("spine.pdf", "label.pdf", "note.pdf"):
        assert client.get(f"{box}/{paper}").data.startswith(b"%PDF"), paper
    assert client.get(f"{box}/note.xlsx").data.startswith(b"PK")
    assert client.get(f"{box}/spine.xlsx").status_code == 404


def test_what_is_entered_in_a_room_stands_on_its_page_and_in_the_calendar(house: House):
    client = house.client("lin")
    client.post("/custody/rooms", data={**ROOM, "code": "K9"})
    room = "/custody/rooms/K9"
    assert client.post(f"{room}/readings", data={"temperature": "30", "humidity": "50"}).status_code == 422
    beyond = {"temperature": "30", "humidity": "50", "remedy": "开空调"}
    assert client.post(f"{room}/readings", data=beyond).status_code == 303
    made_on = house.archive.clock.today().isoformat()
    answers = {"made_on": made_on, **dict.fromkeys(ROUND_ITEMS, "ok"), "dust": "fault", "dust-note": "架顶积尘"}
    assert client.post(f"{room}/rounds", data=answers).status_code == 303
    damage = {"kind": "water", "what": "墙角渗水", "repair_by": "2030-01-01"}
    assert client.post(f"{room}/damages", data=damage).status_code == 303
    page = client.get(room).text
    for words in ("温度过高", "开空调", "架顶积尘", "墙角渗水"):
        assert words in page, words
    assert "温湿度超限" in client.get("/custody/").text
    assert client.post(f"{room}/nothing", data={}).status_code == 404
