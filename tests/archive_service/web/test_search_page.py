"""The search page: its filters, and what it offers where nothing is found."""

from __future__ import annotations

import io

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
