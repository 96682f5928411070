"""The addresses for programs: the same answers as the pages, faults as problem JSON, and no request that breaks them."""

from __future__ import annotations

import io
from typing import Any

import pytest
import schemathesis
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings

from tests.archive_service.web.conftest import PASSWORD, House, house  # noqa: F401

EVERY = frozenset({"read", "file", "dispose", "audit"})


def bearer(house: House, login: str, scopes: frozenset[str] = EVERY) -> dict[str, str]:  # noqa: F811
    token = house.archive.tokens.make(house.archive.people.by_login(login), "程序", scopes, 30)
    return {"Authorization": f"Bearer {token}"}


def sent(client: FlaskClient, headers: dict[str, str], **more: str) -> Any:
    about = {"fonds": "Q001", "type": "KCQ03", "title": "接口归档", "date": "2024-03-01", "level": "INT", **more}
    return client.post("/api/v1/records", headers=headers, data={**about, "files": (io.BytesIO(b"alpha"), "a.txt")})


def test_a_record_is_filed_shown_found_and_explained(house: House):  # noqa: F811
    client, headers = house.app.test_client(), bearer(house, "lin")
    filed = sent(client, headers, key="k1")
    assert filed.status_code == 201, filed.text
    assert sent(client, headers, key="k1").json["code"] == filed.json["code"]
    code = filed.json["code"]
    shown = client.get(f"/api/v1/records/{code}", headers=headers).json
    assert shown["title"] == "接口归档"
    assert [one["name"] for one in shown["files"]] == ["a.txt"]
    assert client.get(f"/api/v1/records/{code}/retention", headers=headers).json["sentence"]["en"].endswith(".")
    house.archive.chores.settle_outbox()
    hits = client.get("/api/v1/search", query_string={"q": "接口归档"}, headers=headers).json
    assert [hit["code"] for hit in hits["hits"]] == [code]


def test_facts_that_the_rule_asks_for_come_with_the_filing(house: House):  # noqa: F811
    client, headers = house.app.test_client(), bearer(house, "lin")
    told = '{"deaths": 1, "serious_injuries": 0, "loss_yuan": 0}'
    filed = sent(client, headers, type="KCQ10", case="AX2024-001", facts=told)
    assert filed.status_code == 201, filed.text
    assert "-Y-" in filed.json["code"], "one death makes the paper permanent"
    for wrong in ("[1]", "{", '{"deaths": null}', '{"no such question": 1}'):
        refused = sent(client, headers, type="KCQ10", case="AX2024-001", facts=wrong)
        assert refused.status_code == 422, wrong


def test_an_event_is_told_once_corrected_with_its_history_and_taken_back(house: House):  # noqa: F811
    client, headers = house.app.test_client(), bearer(house, "lin")
    code = sent(client, headers, type="YSH05", case="AX2024-001").json["code"]
    events, told = "/api/v1/cases/AX2024-001/events", {"trigger": "RECT_ACCEPTED", "on": "2024-05-01"}
    for _ in range(3):
        assert client.post(events, headers=headers, json=told).status_code == 201
    (one,) = [one for one in client.get(events, headers=headers).json["events"] if one["trigger"] == told["trigger"]]
    right = {"on": "2023-05-01", "reason": "录入有误"}
    assert client.post(f"{events}/{'f' * 32}/correction", headers=headers, json=right).status_code == 404
    assert (
        client.post(f"{events}/{one['id']}/correction", headers=headers, json={**right, "reason": " "}).status_code
        == 422
    )
    corrected = client.post(f"{events}/{one['id']}/correction", headers=headers, json=right).json["events"]
    stands = {one["on"]: one["revoked_reason"] for one in corrected if one["trigger"] == told["trigger"]}
    assert stands == {"2023-05-01": None, "2024-05-01": "录入有误"}
    assert client.post(f"{events}/{one['id']}/correction", headers=headers, json=right).status_code == 409
    new = next(one["id"] for one in corrected if one["on"] == "2023-05-01")
    back = client.post(f"{events}/{new}/revocation", headers=headers, json={"reason": "并未验收"}).json["events"]
    assert all(one["revoked_at"] for one in back if one["trigger"] == told["trigger"])
    assert client.get(f"/api/v1/records/{code}/retention", headers=headers).status_code == 200
    assert client.get(events, headers=bearer(house, "auditor")).status_code == 403


def test_the_log_is_verified_for_an_auditor(house: House):  # noqa: F811
    answer = house.app.test_client().post("/api/v1/audit/verify", headers=bearer(house, "auditor"))
    assert answer.json["sound"] is True


def test_faults_are_problems_in_both_languages(house: House):  # noqa: F811
    client, headers = house.app.test_client(), bearer(house, "lin")
    missing = client.get("/api/v1/records/none", headers=headers)
    assert (missing.status_code, missing.mimetype) == (404, "application/problem+json")
    assert missing.json["detail_zh"].endswith("。")
    bad = client.get("/api/v1/search", headers=headers)
    assert bad.status_code == 422
    assert bad.mimetype == "application/problem+json"


def test_a_token_ends_by_the_clock_by_its_owner_and_with_the_account(house: House):  # noqa: F811
    archive = house.archive
    wang = archive.people.by_login("wang")
    token = archive.tokens.make(wang, "程序", frozenset({"read"}), 1)
    assert archive.tokens.person(token) is not None
    assert token.encode() not in b"".join(path.read_bytes() for path in archive.settings.data_dir.glob("catalogue.db*"))
    archive.tokens.revoke(wang, archive.tokens.of(wang)[-1].id)
    assert archive.tokens.person(token) is None
    page = house.client("wang").post(
        "/people/security/tokens", data={"password": PASSWORD, "name": "脚本", "scopes": "read", "days": "3"}
    )
    assert "archive_" in page.text


@pytest.fixture
def schema(house: House) -> Any:  # noqa: F811
    return schemathesis.openapi.from_wsgi("/api/openapi.json", house.app)


def test_no_request_that_can_be_thought_of_breaks_the_service(house: House, schema: Any):  # noqa: F811
    """Requests made up from the description, proper and improper: whatever comes, no fault of the service."""
    headers = bearer(house, "lin")
    seen: set[str] = set()
    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            answer = case.call(headers=headers)
            assert answer.status_code < 500, (case.method, case.formatted_path, answer.text[:500])

        ask()
        seen.add(f"{operation.method.upper()} {operation.path}")
    assert len(seen) == 12
