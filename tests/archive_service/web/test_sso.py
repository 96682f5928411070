"""Signing in through a real provider, started here: linked by subject, roles by group, and nothing by what can be forged."""

from __future__ import annotations

import base64
import hashlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask.testing import FlaskClient
from oidc_provider_mock import User, app
from werkzeug.serving import make_server

from archive_service.app import create_app
from archive_service.errors import Text
from archive_service.people.oidc import Provider
from archive_service.people.sso import SingleSignOn
from tests.archive_service.web.conftest import PASSWORD, House

ROLES = {"readers": frozenset({"reader"}), "staff": frozenset({"archivist"})}


@dataclass
class There:
    """The provider: who may sign in there, and what programs sent to its token address."""

    issuer: str
    sent: list[dict[str, list[str]]] = field(default_factory=list)

    def sign_in(self, address: str, subject: str) -> str:
        """Sign in there as a person does, and return the address to which the browser is sent back."""
        answer = requests.post(address, data={"sub": subject}, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["Location"])

    def groups(self, subject: str, *names: str) -> None:
        said = {"groups": list(names)}
        assert requests.put(f"{self.issuer}/users/{subject}", json=said, timeout=10).ok


@pytest.fixture(scope="module")
def there() -> Iterator[There]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = There(f"http://localhost:{port}")
    served = app(require_nonce=True, user_claims=[User(sub="u-wang"), User(sub="u-other")])

    @served.before_request
    def _listen() -> None:
        from flask import request

        if request.path == "/oauth2/token":
            found.sent.append(dict(request.form.lists()))

    server = make_server("localhost", port, served, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield found
    server.shutdown()
    thread.join()


@pytest.fixture(scope="module")
def here(house: House, there: There) -> House:
    provider = Provider(there.issuer, "archive", "a secret", "groups", "http://localhost:8000/people/sso/back")
    sso = SingleSignOn(house.archive.ledger, provider, Text("集团登录", "the group's sign-on"), ROLES)
    archive = replace(house.archive, sso=sso)
    made = create_app(archive)
    made.config["WTF_CSRF_ENABLED"] = False
    return House(made, archive, house.one_time)


def local(address: str) -> str:
    parts = urlsplit(address)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "http://localhost:8000/people/sso/back"
    return f"{parts.path}?{parts.query}"


def come_in(here: House, there: There, subject: str) -> tuple[FlaskClient, Any]:
    client = here.app.test_client()
    out = client.get("/people/sso/?next=/search/").location
    return client, client.get(local(there.sign_in(out, subject)))


def linked(here: House, there: There) -> None:
    if not here.archive.sso.linked(here.archive.people.by_login("wang")):
        client = here.client("wang")
        page = client.post("/people/sso/link", data={"password": PASSWORD}).text
        out = page.split('class="button primary" href="')[1].split('"')[0].replace("&amp;", "&")
        assert client.get(local(there.sign_in(out, "u-wang"))).location == "/people/security"


def test_a_subject_that_is_not_linked_opens_nothing_and_a_linked_one_opens_its_own_account(here: House, there: There):
    there.groups("u-wang", "readers")
    assert "使用集团登录" in here.app.test_client().get("/people/sign-in").text
    client, answer = come_in(here, there, "u-wang")
    assert answer.status_code == 401
    assert client.get("/").status_code == 302
    linked(here, there)
    client, answer = come_in(here, there, "u-wang")
    assert answer.location == "/search/"
    assert "王读者" in client.get("/").text
    _, other = come_in(here, there, "u-other")
    assert other.status_code == 401
    with pytest.raises(Exception, match="another person"):
        here.archive.sso.link(here.archive.people.by_login("zhao"), type("T", (), {"subject": "u-wang"})())


def test_the_proof_key_goes_with_the_code_and_the_challenge_with_the_question(here: House, there: There):
    client = here.app.test_client()
    out = client.get("/people/sso/").location
    asked = parse_qs(urlsplit(out).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert {"state", "nonce"} <= asked.keys()
    client.get(local(there.sign_in(out, "u-other")))
    verifier = there.sent[-1]["code_verifier"][0]
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    assert asked["code_challenge"] == [digest]


def test_what_is_forged_on_the_way_back_opens_nothing(here: House, there: There):
    linked(here, there)
    client = here.app.test_client()
    back = local(there.sign_in(client.get("/people/sso/").location, "u-wang"))
    assert here.app.test_client().get(back).status_code == 401, "another browser's answer"
    assert client.get(back.replace("state=", "state=x")).status_code == 401
    assert client.get(back).status_code == 401, "a state is good for one answer"
    client = here.app.test_client()
    out = client.get("/people/sso/").location
    with client.session_transaction() as session:
        session["sso"] = {**session["sso"], "nonce": "another"}
    assert client.get(local(there.sign_in(out, "u-wang"))).status_code == 401, "a token made for another sign-in"
    for changed in ({"client_id": "another"}, {"issuer": there.issuer + "/"}):
        provider = replace(here.archive.sso.provider, _kept={}, **changed)  # type: ignore[type-var]
        asked = here.archive.sso.provider.ask()  # type: ignore[union-attr]
        code = parse_qs(urlsplit(there.sign_in(asked.address, "u-wang")).query)["code"][0]
        with pytest.raises(Exception, match="sign-on"):
            provider.answer(code, asked.nonce, asked.verifier)


def test_groups_set_working_roles_and_neither_clearance_nor_an_administrator(here: House, there: There):
    linked(here, there)
    before = here.archive.people.by_login("wang")
    there.groups("u-wang", "staff", "unknown")
    come_in(here, there, "u-wang")
    now = here.archive.people.by_login("wang")
    assert (now.roles, now.clearance) == (frozenset({"archivist"}), before.clearance)
    security = here.archive.people.by_login("security")
    here.archive.sso.link(security, type("T", (), {"subject": "u-other"})())
    there.groups("u-other", "staff")
    _, answer = come_in(here, there, "u-other")
    assert answer.status_code == 303
    assert here.archive.people.by_login("security").roles == security.roles
    here.archive.sso.unlink(security)
    there.groups("u-wang", "readers")
    come_in(here, there, "u-wang")
    assert here.archive.people.by_login("wang").roles == before.roles
