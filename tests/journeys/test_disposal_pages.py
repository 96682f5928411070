"""The disposal desk through the pages: from the queue to the certificate, each hand another person's."""

from __future__ import annotations

import re
from datetime import date, timedelta

from archive_service.app import create_app
from tests.journeys.conftest import Life

PASSWORD = "纸短情长 the long road"


def _client(app, archive, login):
    person = archive.people.by_login(login)
    archive.people._store_password(person.id, person.id, PASSWORD, must_change=False)
    client = app.test_client()
    client.post("/people/sign-in", data={"login": login, "password": PASSWORD})
    return client


def test_a_list_goes_from_the_queue_to_the_certificate_through_the_pages(life: Life):
    archive = life.archive
    receipt = life.file("KCQ02", "工艺文件复制件", "配方内容")
    archive.cases.record_event(life.who("archivist"), "AX2024-001", "CASE_CLOSED", date(2024, 3, 4), exception="测试")
    life.on(2035, 1, 1)
    app = create_app(archive)
    app.config["WTF_CSRF_ENABLED"] = False
    hands = {}

    def hand(login):
        hands[login] = _client(app, archive, login)
        return hands[login]

    archivist = hand("archivist")
    assert archivist.post("/disposal/check").status_code == 303
    page = archivist.get("/disposal/").text
    assert receipt.archival_code in page
    chosen = re.search(r'name="chosen" value="(\w+)"', page)
    assert archivist.post("/disposal/lists", data={"chosen": chosen[1]}).status_code == 303
    desk = "/disposal/lists/CZ2035-001"
    opinion = {"position": "1", "opinion": "DESTROY", "reason": "已无保存价值"}
    assert archivist.post(f"{desk}/appraise", data=opinion).status_code == 403
    assert hand("appraiser").post(f"{desk}/appraise", data=opinion).status_code == 303
    assert archivist.post(f"{desk}/submit").status_code == 303
    for login in ("approver1", "approver2"):
        client = hand(login)
        digest = re.search(r'name="digest" value="(\w+)"', client.get(desk).text)[1]
        assert client.post(f"{desk}/approve", data={"digest": digest, "password": "wrong"}).status_code == 403
        assert client.post(f"{desk}/approve", data={"digest": digest, "password": PASSWORD}).status_code == 303
    for login in ("appraiser", "approver1"):
        client = hand(login)
        digest = re.search(r'name="digest" value="(\w+)"', client.get(desk).text)[1]
        assert client.post(f"{desk}/supervise", data={"digest": digest, "password": PASSWORD}).status_code == 303
    life.now[0] += timedelta(days=8)
    second = hand("second")
    assert "CZ2035-001" in second.get(desk).text
    assert second.post(f"{desk}/order", data={"confirm": "no", "password": PASSWORD}).status_code == 422
    assert second.post(f"{desk}/order", data={"confirm": "CZ2035-001", "password": PASSWORD}).status_code == 303
    archive.chores.carry_on_destructions()
    auditor = second.get(f"{desk}/certificate")
    assert receipt.archival_code in auditor.text
    assert second.get(f"{desk}/certificate.json").json
    for login in ("appraiser", "approver1"):
        assert hand(login).post(f"{desk}/sign-off", data={"password": PASSWORD}).status_code == 303
