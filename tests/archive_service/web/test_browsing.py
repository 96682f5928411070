"""The catalogue narrowed to a fonds or an enterprise."""

from __future__ import annotations

import io

from tests.archive_service.web.conftest import House


def test_the_catalogue_is_browsed_by_fonds_and_by_enterprise(house: House):
    client, lin = house.client("lin"), house.archive.people.by_login("lin")
    house.archive.cases.open_fonds(lin, "Q002", "第二全宗", "Second fonds", "enterprise")
    for fonds, case, title in (("Q001", "AX2024-001", "华东的件"), ("Q002", "", "另一全宗的件")):
        form = {"fonds": fonds, "case": case, "type": "YSH05", "title": title, "date": "2024-03-01"}
        assert client.post("/file", data={**form, "files": [(io.BytesIO("内容".encode()), "a.txt")]}).status_code == 303
    for asked, there, absent in (
        ("fonds=Q002", "另一全宗的件", "华东的件"),
        ("enterprise=华东化工", "华东的件", "另一全宗的件"),
    ):
        page = client.get(f"/catalogue/?{asked}").text
        assert there in page
        assert absent not in page
    assert "没有符合这些条件" in client.get("/catalogue/?enterprise=没有的企业").text
