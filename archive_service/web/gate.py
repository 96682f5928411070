"""The gate before every view: closed unless an address is named as open."""

from __future__ import annotations

from flask import Flask, Response, abort, g, jsonify, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from archive_service.web.here import archive, in_place

OPEN_ENDPOINTS = frozenset(
    {
        "people.sign_in",
        "second.ask",
        "sso.begin",
        "sso.back",
        "static",
        "health.page",
        "settings.language",
        "openapi.spec",
    }
)
"""All that a person who is not signed in reaches."""

BEFORE_OWN_PASSWORD = frozenset({"people.change_password", "people.sign_out"}) | OPEN_ENDPOINTS
"""All that a person with a one-time password reaches."""

BEFORE_SECOND_FACTOR = BEFORE_OWN_PASSWORD | {
    "second.page",
    "second.begin_code",
    "second.confirm_code",
    "second.add_key",
}
"""All that a person reaches whose role needs a second factor that is still missing."""

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)

YEAR = 365 * 24 * 3600


def register(app: Flask) -> None:
    """Set the gate and the headers; must come before whatever reads a form."""
    app.before_request(_enter)
    app.after_request(_headers)
    app.after_request(_say_where)


def _enter() -> AnyResponse | None:
    g.person = None
    endpoint = request.endpoint or ""
    if endpoint == "static" or endpoint.startswith("api."):
        return None  # for programs there is a gate of its own, which opens to tokens only
    token = session.get("token")
    if isinstance(token, str):
        g.person = archive().sign_in.person(token)
        if g.person is None:
            session.pop("token", None)
    if g.person is None:
        return None if endpoint in OPEN_ENDPOINTS else _turn_away()
    if g.person.must_change and endpoint not in BEFORE_OWN_PASSWORD:
        return redirect(url_for("people.change_password"))
    if endpoint not in BEFORE_SECOND_FACTOR and archive().factors.missing(g.person):
        return redirect(url_for("second.page"))
    return None


def _turn_away() -> AnyResponse:
    if request.method not in ("GET", "HEAD"):
        abort(401)
    wanted = request.full_path.rstrip("?")
    return redirect(url_for("people.sign_in", next=None if wanted == "/" else wanted))


def _say_where(response: Response) -> Response:
    """Tell a script that sent a form where to go: it could not read the address of a redirect."""
    if in_place() and response.status_code in (302, 303):
        return jsonify(to=response.location)
    return response


def _headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if archive().settings.public_url.startswith("https://"):
        headers["Strict-Transport-Security"] = f"max-age={YEAR}; includeSubDomains"
    if request.endpoint != "static":
        headers["Cache-Control"] = "no-store"
    return response
