"""The second factor: at the door, again before grave acts, each code once, nothing of it in clear in the database."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pyotp
import pytest
from flask import request
from flask.testing import FlaskClient

from archive_service.app import create_app
from archive_service.errors import BadInput
from archive_service.people.passwords import check_common
from tests.archive_service.web.conftest import PASSWORD, House


def code_of(secret: str, house: House, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(int(house.archive.clock.now().timestamp()) + 30 * steps)


def enrol(house: House, login: str) -> tuple[FlaskClient, str, list[str]]:
    """Add an authenticator as a person does; return the browser, the secret and the recovery codes."""
    client = house.client(login)
    begun = client.post("/people/security/code", data={"password": PASSWORD})
    secret = re.search(r">([A-Z2-7]{32})<", begun.text)
    factor = re.search(r'name="factor" value="([0-9a-f]{32})"', begun.text)
    assert secret is not None
    assert factor is not None
    form = {"factor": factor[1], "code": code_of(secret[1], house, -1), "name": "手机"}
    done = client.post("/people/security/code/confirm", data=form)
    assert done.status_code == 200, done.text
    codes = re.findall(r">([a-z2-9]{5}(?:-[a-z2-9]{5}){3})<", done.text)
    assert len(codes) == 10
    return client, secret[1], codes


@pytest.fixture(scope="module")
def armed(house: House) -> tuple[House, str, list[str]]:
    _, secret, codes = enrol(house, "zhao")
    return house, secret, codes


def at_the_door(house: House) -> FlaskClient:
    client = house.app.test_client()
    answer = client.post("/people/sign-in", data={"login": "zhao", "password": PASSWORD})
    assert answer.location.startswith("/people/second")
    return client


def test_the_password_alone_opens_nothing_and_a_code_works_once(armed: tuple[House, str, list[str]]):
    house, secret, _ = armed
    client = at_the_door(house)
    assert client.get("/").status_code == 302
    assert client.post("/people/second", data={"code": "000000"}).status_code == 401
    code = code_of(secret, house)
    assert client.post("/people/second", data={"code": code}).status_code == 303
    assert client.get("/").status_code == 200
    again = at_the_door(house)
    assert again.post("/people/second", data={"code": code}).status_code == 401, "a code seen by another is used up"


def test_a_recovery_code_works_once(armed: tuple[House, str, list[str]]):
    house, _, codes = armed
    assert at_the_door(house).post("/people/second", data={"code": codes[0].upper()}).status_code == 303
    assert at_the_door(house).post("/people/second", data={"code": codes[0]}).status_code == 401


def test_granting_and_exporting_ask_for_it_again(armed: tuple[House, str, list[str]]):
    house, _, codes = armed
    client = at_the_door(house)
    client.post("/people/second", data={"code": codes[1]})
    assert client.get("/reports/cases.xlsx").status_code == 200, "it was shown a moment ago"
    with client.session_transaction() as session:
        session.pop("second")
    for answer in (client.get("/reports/cases.xlsx"), client.post("/access/" + "f" * 32 + "/grant")):
        assert answer.status_code == 303
        assert answer.location.startswith("/people/second")
    assert client.post("/access/" + "f" * 32 + "/grant", data={"code": codes[2]}).status_code == 404


def test_neither_secret_nor_codes_lie_in_the_database(armed: tuple[House, str, list[str]]):
    house, secret, codes = armed
    data = b"".join(path.read_bytes() for path in Path(house.archive.settings.data_dir).glob("catalogue.db*"))
    for one in (secret, *codes, *(code.replace("-", "") for code in codes), *(code[6:] for code in codes)):
        assert one.encode() not in data
    assert data.count(b":$argon2id$") >= len(codes)


def test_guesses_at_the_code_are_slowed_down(house: House):
    _, secret, _ = enrol(house, "lin")
    client = house.app.test_client()
    client.post("/people/sign-in", data={"login": "lin", "password": PASSWORD})
    answers = [client.post("/people/second", data={"code": "123456"}).status_code for _ in range(12)]
    assert answers[0] == 401
    assert answers[-1] == 503
    assert client.post("/people/second", data={"code": code_of(secret, house, 1)}).status_code == 503


def test_one_sees_and_ends_ones_own_sign_ins_and_nobody_elses(house: House):
    here, there, other = house.client("wang"), house.client("wang"), house.client("security")
    page = here.get("/people/security").text
    ends = re.findall(r"/people/security/sessions/([0-9a-f]{64})/end", page)
    assert len(ends) >= 1
    assert other.post(f"/people/security/sessions/{ends[0]}/end").status_code == 404
    for one in ends:
        assert here.post(f"/people/security/sessions/{one}/end").status_code == 303
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302


@pytest.mark.parametrize("bad", ["password1234", "qwertyuiop123", "wangwang2024", "111111222222"])
def test_common_and_easily_guessed_passwords_are_refused_without_a_network(bad: str):
    with pytest.raises(BadInput):
        check_common(bad, "wang", "王读者")


@pytest.mark.parametrize(
    "good", ["a quiet reading room", "纸短情长 the long road", "x" * 10 + "Ruderboot-Kalium-42 Teppich"]
)
def test_phrases_are_taken(good: str):
    check_common(good, "wang", "王读者")


def other_app(house: House, **changes: Any) -> House:
    """Return the same archive under an application with other settings."""
    archive = replace(house.archive, **changes)
    app = create_app(archive)
    app.config["WTF_CSRF_ENABLED"] = False
    return House(app, archive, house.one_time)


def with_server(house: House, **server: Any) -> House:
    settings = house.archive.settings
    return other_app(house, settings=settings.model_copy(update={"server": settings.server.model_copy(update=server)}))


def test_a_role_that_needs_a_second_factor_does_nothing_before_it_has_one(house: House):
    strict = other_app(house, factors=replace(house.archive.factors, required_of=frozenset({"reader"})))
    wang = strict.archive.people.by_login("wang")
    client, token = strict.client("wang"), strict.archive.tokens.make(wang, "程序", frozenset({"read"}), 3)
    assert client.get("/").location == "/people/security"
    assert client.post("/access/", data={"code": "Q001", "purpose": "x", "days": "1"}).location == "/people/security"
    page = client.get("/people/security").text
    assert "您的角色须有第二因素" in page
    assert "/access/" not in page, "no way leads on but this"
    api = client.get("/api/v1/search?q=x", headers={"Authorization": f"Bearer {token}"})
    assert (api.status_code, "second factor" in api.json["detail"]) == (403, True)
    client, _, codes = enrol(strict, "wang")
    assert client.get("/").status_code == 200
    factor = re.search(r"/people/security/factors/([0-9a-f]{32})/remove", client.get("/people/security").text)
    assert factor is not None
    kept = client.post(f"/people/security/factors/{factor[1]}/remove", data={"password": PASSWORD, "code": codes[0]})
    assert kept.status_code == 409


def test_what_a_request_calls_the_site_counts_for_nothing(house: House):
    client = house.client("security")
    cookie = client.get_cookie("archive")
    assert cookie is not None
    client.set_cookie("archive", cookie.value, domain="evil.example")
    page = client.get("/people/security", base_url="http://evil.example")
    assert "http://localhost:8000" in page.text
    assert '"id": "localhost"' in unescape(page.text)
    sound = with_server(house, public_url="https://archive.example.org/")
    assert sound.app.config["SESSION_COOKIE_SECURE"]
    assert sound.app.config["SESSION_COOKIE_NAME"] == "__Host-archive"
    client = sound.app.test_client()
    data = {"login": "security", "password": PASSWORD}
    client.post("/people/sign-in", data=data, base_url="https://archive.example.org")
    page = client.get("/people/security", base_url="https://archive.example.org")
    assert '"id": "archive.example.org"' in unescape(page.text)
    assert page.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_an_address_is_believed_only_of_ones_own_proxies(house: House):
    seen: list[str | None] = []
    for one in (with_server(house, proxies=1), with_server(house)):
        one.app.before_request(lambda: seen.append(request.remote_addr))
        one.app.test_client().get("/healthz", headers={"X-Forwarded-For": "6.6.6.6, 10.1.2.3"})
    assert seen == ["10.1.2.3", "127.0.0.1"]
