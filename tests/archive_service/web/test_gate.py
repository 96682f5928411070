"""Nothing is reached without a sign-in but what is named as open."""

from __future__ import annotations

import pytest
from werkzeug.routing import IntegerConverter

from archive_service.web.gate import OPEN_ENDPOINTS
from tests.archive_service.web.conftest import House


def addresses(house: House) -> list[tuple[str, str, str]]:
    """Return endpoint, method and address of every rule."""
    found = []
    for rule in house.app.url_map.iter_rules():
        values = {name: 1 if isinstance(rule._converters[name], IntegerConverter) else "x" for name in rule.arguments}
        with house.app.test_request_context():
            address = house.app.url_map.bind("localhost").build(rule.endpoint, values, method=None)
        found += [(rule.endpoint, method, address) for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})]
    return found


def test_every_address_that_is_not_named_as_open_needs_a_sign_in(house: House) -> None:
    for endpoint, method, address in addresses(house):
        if endpoint in OPEN_ENDPOINTS:
            continue
        answer = house.client().open(address, method=method)
        to_sign_in = answer.status_code == 302 and answer.location.startswith("/people/sign-in")
        assert to_sign_in or answer.status_code in (401, 403), (endpoint, method, answer.status_code)


def test_every_address_named_as_open_exists(house: House) -> None:
    assert set(house.app.view_functions) >= OPEN_ENDPOINTS


def test_a_person_with_a_one_time_password_reaches_nothing_but_its_change(house: House) -> None:
    client = house.client()
    client.post("/people/sign-in", data={"login": "newcomer", "password": house.one_time["newcomer"]})
    assert client.get("/").location == "/people/password"
    assert client.get("/people/password").status_code == 200


@pytest.mark.parametrize("onward", ["//evil.example/", "https://evil.example/", "/\\evil.example"])
def test_a_sign_in_leads_to_no_other_site(house: House, onward: str) -> None:
    data = {"login": "wang", "password": "a quiet reading room", "next": onward}
    assert house.client().post("/people/sign-in", data=data).location == "/"


def test_a_wrong_password_and_an_unknown_login_get_the_same_answer(house: House) -> None:
    wrong_words = "登录名或密码不正确。"
    wrong = house.client().post("/people/sign-in", data={"login": "wang", "password": "nothing like it"})
    unknown = house.client().post("/people/sign-in", data={"login": "nobody", "password": "nothing like it"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong_words in wrong.text
    assert wrong_words in unknown.text


def test_a_form_without_its_token_changes_nothing(house: House) -> None:
    client = house.client("wang")
    house.app.config["WTF_CSRF_ENABLED"] = True
    try:
        assert client.post("/people/sign-out").status_code == 400
    finally:
        house.app.config["WTF_CSRF_ENABLED"] = False
    assert client.get("/").status_code == 200


def test_pages_are_neither_kept_nor_framed(house: House) -> None:
    headers = house.client("wang").get("/").headers
    assert headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
