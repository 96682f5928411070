"""Browsers from which somebody signed in before: a signed cookie says so, and says it to the sign-in page only.

Guesses from elsewhere can then slow down everybody else, but not them. The cookie opens nothing by itself.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

COOKIE = "archive-device"
PATH = "/"
KEPT = timedelta(days=180)
MOST = 8
"""People remembered in one browser: that of a reading room is shared."""


def mark_of(login: str) -> str:
    """Return what stands for a login in the cookie: whoever looks into it must not read who signs in here."""
    return hashlib.sha256(b"device\0" + login.encode("utf-8", "replace")).hexdigest()[:32]


def read() -> dict[str, str]:
    """Return the device's name for each login by its mark; a cookie that is not ours or too old says nothing."""
    try:
        said = _serializer().loads(request.cookies.get(COOKIE, ""), max_age=int(KEPT.total_seconds()))
    except BadSignature:
        return {}
    return {str(mark): str(name) for mark, name in said.items()} if isinstance(said, dict) else {}


def remember(response: Response, login: str, known: dict[str, str]) -> Response:
    """Set the cookie after a sign-in."""
    mark = mark_of(login)
    others = [(one, name) for one, name in known.items() if one != mark]
    kept = dict([*others, (mark, known.get(mark) or secrets.token_hex(16))][-MOST:])
    response.set_cookie(
        COOKIE,
        str(_serializer().dumps(kept)),
        max_age=int(KEPT.total_seconds()),
        path=PATH,
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        httponly=True,
        samesite="Strict",
    )
    return response


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.config["SECRET_KEY"]), salt="device")
