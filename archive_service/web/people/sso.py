"""Signing in through the organisation's own sign-on, and linking one's account to it."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from archive_service.clock import from_stamp
from archive_service.errors import ArchiveError, Forbidden, NotFound
from archive_service.people.oidc import Asked, Provider, refused
from archive_service.web import devices
from archive_service.web.errors import status_of
from archive_service.web.here import archive, done, local_path, person, person_or_none, words
from archive_service.web.second import open_session, own_password, require_second, wait_at_the_door

blueprint = Blueprint("sso", __name__, url_prefix="/people/sso")

MINUTES = timedelta(minutes=10)
"""How long one may take at the provider."""


def _provider() -> Provider:
    found = archive().sso.provider
    if found is None:
        raise NotFound("没有设定统一登录。", "No single sign-on is set.")
    return found


@blueprint.get("/")
def begin() -> Response | tuple[str, int]:
    """Send the browser to the provider; what it brings back is held against what is remembered here."""
    onward = local_path(request.args.get("next", "") or "/")
    if person_or_none() is not None:
        return redirect(onward)
    try:
        asked = _provider().ask()
    except ArchiveError as error:
        return _at_the_door(error, onward)
    _remember(asked, onward, link="")
    return redirect(asked.address, 303)


@blueprint.post("/link")
def link() -> str:
    """Lead to the provider to link one's own account to whoever signs in there.

    By a link on a page of ours: a form that ends on another site is what the content policy forbids.
    """
    require_second()
    own_password()
    asked = _provider().ask()
    _remember(asked, url_for("second.page"), link=person().id)
    return render_template("sso_link.html", address=asked.address, sso=_words())


def _remember(asked: Asked, onward: str, link: str) -> None:
    at = archive().clock.stamp()
    kept = {"state": asked.state, "nonce": asked.nonce, "verifier": asked.verifier}
    session["sso"] = {**kept, "at": at, "next": onward, "link": link}


@blueprint.post("/unlink")
def unlink() -> Response:
    """Take one's own link away."""
    require_second()
    own_password()
    archive().sso.unlink(person())
    done("统一登录的关联已解除。", "Your account is no longer linked.")
    return redirect(url_for("second.page"), 303)


@blueprint.get("/back")
def back() -> Response | tuple[str, int]:
    """Take what the browser brings back from the provider."""
    said: Any = session.pop("sso", None)
    onward = local_path(str(said.get("next", "/"))) if isinstance(said, dict) else "/"
    try:
        told = _told(said)
        linking = str(said["link"])
        if linking:
            if person_or_none() is None or person().id != linking:
                raise refused()
            archive().sso.link(person(), told)
            done("已关联统一登录。", "Your account is linked to the sign-on.")
            return redirect(onward, 303)
        reader = archive().sso.person(told)
    except ArchiveError as error:
        return _at_the_door(error, onward)
    if archive().factors.of(reader):
        wait_at_the_door(reader, reader.login)
        return redirect(url_for("second.ask", next=onward), 303)
    open_session(reader)
    return devices.remember(redirect(onward, 303), reader.login, devices.read())


def _told(said: Any) -> Any:
    provider, given = _provider(), request.args
    state = given.get("state", "")
    if not isinstance(said, dict) or not hmac.compare_digest(state.encode(), str(said["state"]).encode()):
        raise refused()
    age = archive().clock.now() - from_stamp(str(said["at"]))
    if (
        not timedelta() <= age <= MINUTES
        or given.get("iss", provider.issuer) != provider.issuer
        or not given.get("code")
    ):
        raise refused()
    return provider.answer(given["code"], str(said["nonce"]), str(said["verifier"]))


def _at_the_door(error: ArchiveError, onward: str) -> tuple[str, int]:
    status = 401 if isinstance(error, Forbidden) else status_of(error)
    if person_or_none() is not None:
        raise error
    return render_template("sign_in.html", login="", fault=words(error.text), next=onward, sso=_words()), status


def _words() -> str:
    return words(archive().sso.name) if archive().sso else ""
