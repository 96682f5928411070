"""The second factor at sign-in and before grave acts, and the page on which people keep their factors and sign-ins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

import segno
from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from archive_service.clock import from_stamp
from archive_service.errors import BadInput, Forbidden, Unavailable
from archive_service.people.factors import KEY, RECOVERY, Site
from archive_service.people.model import Person
from archive_service.people.rights import split
from archive_service.people.tokens import SCOPES
from archive_service.web import devices
from archive_service.web.here import archive, done, local_path, local_time, number_of, person, person_or_none, words

blueprint = Blueprint("second", __name__, url_prefix="/people")

FRESH = timedelta(minutes=5)
"""How long a second factor that was shown serves for grave acts, and how long one may take to show it at the door."""

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


class SecondWanted(Forbidden):
    """The act needs the second factor, shown within the last minutes."""


def site() -> Site:
    """Return the site that keys are bound to: by setting, never by what a request calls it."""
    origin = archive().settings.public_url
    return Site(urlsplit(origin).hostname or "localhost", origin)


def wait_at_the_door(reader: Person, login: str) -> None:
    """Remember, in the signed cookie and for minutes only, that the password was right and the second factor is missing."""
    session["half"] = {"person": reader.id, "login": login, "at": archive().clock.stamp()}


def _half() -> Person | None:
    said = session.get("half")
    if not isinstance(said, dict) or not _fresh(said.get("at")):
        session.pop("half", None)
        return None
    found = archive().people.by_id(str(said["person"]))
    return None if found.disabled else found


def _fresh(stamp: object) -> bool:
    if not isinstance(stamp, str):
        return False
    age = archive().clock.now() - from_stamp(stamp)
    return timedelta() <= age <= FRESH


def shown_lately() -> bool:
    """Say whether this person has no second factor, or showed it within the last minutes in this session."""
    return _fresh(session.get("second")) or not archive().factors.of(person())


def require_second() -> None:
    """Refuse a grave act (approve, order destruction, grant, export) without a fresh second factor, where there is one.

    A form may bring the code along in the field ``code``.
    """
    if shown_lately():
        return
    code = request.form.get("code", "").strip()
    if code:
        archive().factors.check(person(), code, request.remote_addr or "unknown")
        session["second"] = archive().clock.stamp()
        return
    raise SecondWanted(
        "此操作须再次验证第二因素；验证后请再做一次。",
        "This needs your second factor again; show it, then do this once more.",
    )


def sign_again() -> None:
    """Ask for the second factor and the own password again: what follows is a signature."""
    require_second()
    try:
        archive().sign_in.check(person().login, request.form.get("password", ""), request.remote_addr or "")
    except Forbidden as error:
        raise Forbidden("密码不正确，未作任何改动。", "The password is not right; nothing was changed.") from error


def second_again(view: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """Ask for the second factor again before this view."""

    @wraps(view)
    def wrapped(*args: Given.args, **keywords: Given.kwargs) -> Answer:
        require_second()
        return view(*args, **keywords)

    return wrapped


def to_the_door() -> Response:
    """Send one who has to show the second factor to where it is asked for, and back to where they were afterwards."""
    here = request.full_path if request.method == "GET" else "/" + "/".join((request.referrer or "").split("/")[3:])
    return redirect(url_for("second.ask", next=local_path(here.rstrip("?"))), 303)


@blueprint.route("/second", methods=["GET", "POST"])
def ask() -> Response | str | tuple[str, int]:
    """Ask for the second factor: at the door, or again in a session."""
    onward = local_path(request.values.get("next", "") or "/")
    reader = person_or_none() or _half()
    if reader is None or not archive().factors.of(reader):
        return redirect(onward if person_or_none() else url_for("people.sign_in", next=onward))
    if request.method == "GET":
        return _asking(reader, onward)
    address = request.remote_addr or "unknown"
    try:
        if request.form.get("answer"):
            challenge = str(session.pop("challenge", ""))
            archive().factors.check_key(reader, site(), challenge, request.form["answer"])
        else:
            archive().factors.check(reader, request.form.get("code", ""), address)
    except (Forbidden, Unavailable) as error:
        return _asking(reader, onward, words(error.text)), 503 if error.retry else 401
    if person_or_none() is not None:
        session["second"] = archive().clock.stamp()
        return redirect(onward, 303)
    login = str(session["half"]["login"])
    open_session(reader)
    session["second"] = archive().clock.stamp()
    return devices.remember(redirect(onward, 303), login, devices.read())


def _asking(reader: Person, onward: str, fault: str | None = None) -> str:
    options = ""
    if any(row.kind == KEY for row in archive().factors.of(reader)):
        options, session["challenge"] = archive().factors.sign_options(reader, site())
    return render_template("second.html", fault=fault, next=onward, options=options)


def open_session(reader: Person) -> None:
    """Open a fresh session: nothing from before is carried over but the language, and what was open here ends."""
    token = archive().sign_in.begin(reader, instead_of=str(session.get("token", "")))
    chosen = session.get("language")
    session.clear()
    session.permanent = True
    session["token"] = token
    if chosen:
        session["language"] = chosen


# ------------------------------------------------------------------------------------------------- one's own


@blueprint.get("/security")
def page() -> str:
    """Show one's second factors and where one is signed in."""
    return _page()


def _page(**more: Any) -> str:
    factors, reader = archive().factors, person()
    options, session["challenge"] = factors.key_options(reader, site())
    return render_template(
        "security.html",
        factors=[
            {"id": row.id, "name": row.name, "key": row.kind == KEY, "since": local_time(row.created_at)}
            for row in factors.of(reader)
            if row.kind != RECOVERY
        ],
        codes_left=factors.left(reader),
        sessions=[
            {"id": one.id_hash, "since": local_time(one.opened_at), "seen": local_time(one.seen_at), "here": one.here}
            for one in archive().sign_in.sessions_of(reader, str(session.get("token", "")))
        ],
        options=options,
        must=factors.missing(reader),
        sso=words(archive().sso.name) if archive().sso else "",
        sso_linked=archive().sso.linked(reader),
        elsewhere=site().origin if request.host != urlsplit(site().origin).netloc else "",
        tokens=[
            {
                "id": row.id,
                "name": row.name,
                "until": local_time(row.until),
                "scopes": [words(SCOPES[one]) for one in SCOPES if one in split(row.scopes)],
            }
            for row in archive().tokens.of(reader)
        ],
        scopes=[(name, words(text)) for name, text in SCOPES.items()],
        **{"begun": None, "codes": [], "token": None, **more},
    )


@blueprint.post("/security/tokens")
def make_token() -> str:
    """Make a token for a program: it is in this answer and nowhere else."""
    require_second()
    own_password()
    form = request.form
    days = number_of(form.get("days", ""), "天数", "The number of days") or 0
    token = archive().tokens.make(person(), form.get("name", ""), frozenset(form.getlist("scopes")), days)
    return _page(token=token)


@blueprint.post("/security/tokens/<token_id>/revoke")
def revoke_token(token_id: str) -> Response:
    """End one of one's own tokens."""
    archive().tokens.revoke(person(), token_id)
    done("令牌已作废。", "The token has ended.")
    return redirect(url_for("second.page"), 303)


def own_password() -> None:
    """Ask for one's own password before something is changed that opens the door."""
    reader = person()
    device = devices.read().get(devices.mark_of(reader.login))
    try:
        archive().sign_in.check(
            reader.login, request.form.get("password", ""), request.remote_addr or "unknown", device
        )
    except Forbidden as error:
        raise BadInput("密码不正确，未作任何改动。", "The password is not right; nothing was changed.") from error


@blueprint.post("/security/code")
def begin_code() -> str:
    """Begin to add a code generator: the square to scan is in this answer and nowhere else."""
    require_second()
    own_password()
    factor_id, secret, address = archive().factors.begin_code(person())
    square = segno.make(address, error="m").svg_data_uri(scale=5, dark="#000", light="#fff")
    return _page(begun={"id": factor_id, "secret": secret, "square": square})


@blueprint.post("/security/code/confirm")
def confirm_code() -> str:
    """Take a code generator into use after its first right code."""
    form = request.form
    codes = archive().factors.confirm_code(person(), form.get("factor", ""), form.get("code", ""), form.get("name", ""))
    session["second"] = archive().clock.stamp()
    return _page(codes=codes)


@blueprint.post("/security/key")
def add_key() -> str:
    """Add a key that signs."""
    require_second()
    own_password()
    form = request.form
    challenge = str(session.pop("challenge", ""))
    codes = archive().factors.add_key(person(), site(), challenge, form.get("answer", ""), form.get("name", ""))
    session["second"] = archive().clock.stamp()
    return _page(codes=codes)


@blueprint.post("/security/factors/<factor_id>/remove")
def remove(factor_id: str) -> Response:
    """Take one of one's own factors away."""
    require_second()
    own_password()
    archive().factors.remove(person(), factor_id)
    done("已移除。", "It is removed.")
    return redirect(url_for("second.page"), 303)


@blueprint.post("/security/codes")
def new_codes() -> str:
    """Make new recovery codes; the old ones are void."""
    require_second()
    own_password()
    return _page(codes=archive().factors.new_codes(person()))


@blueprint.post("/security/sessions/<id_hash>/end")
def end_session(id_hash: str) -> Response:
    """End one of one's own sign-ins."""
    archive().sign_in.end_one(person(), id_hash)
    done("这处登录已结束。", "That sign-in has ended.")
    return redirect(url_for("second.page"), 303)
