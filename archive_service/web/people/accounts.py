"""Signing in and out, one's own password, and the people whom the administrators keep."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from archive_service.errors import BadInput, Conflict, Forbidden, Unavailable
from archive_service.people.model import LEVEL_WORDS, ROLE_WORDS
from archive_service.people.passwords import SHORTEST_PASSWORD
from archive_service.people.policy import Action
from archive_service.people.service import NewPerson
from archive_service.web import devices
from archive_service.web.errors import status_of
from archive_service.web.here import archive, done, language, local_path, person, person_or_none, t, words
from archive_service.web.second import open_session, wait_at_the_door

blueprint = Blueprint("people", __name__, url_prefix="/people")


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response | str | tuple[str, int]:
    """Sign in; the answer to a wrong login and a wrong password is the same."""
    onward = local_path(request.values.get("next", "") or "/")
    if request.method == "GET":
        if person_or_none() is not None:
            return redirect(onward)
        return render_template("sign_in.html", login="", fault=None, next=onward, sso=_sso())
    login = request.form.get("login", "").strip().lower()
    known = devices.read()
    address, device = request.remote_addr or "unknown", known.get(devices.mark_of(login))
    try:
        signed_in = archive().sign_in.check(login, request.form.get("password", ""), address, device)
    except (Forbidden, Unavailable) as error:
        page = render_template("sign_in.html", login=login, fault=words(error.text), next=onward, sso=_sso())
        return page, 401 if isinstance(error, Forbidden) else status_of(error)
    if archive().factors.of(signed_in):
        wait_at_the_door(signed_in, login)
        return redirect(url_for("second.ask", next=onward), 303)
    open_session(signed_in)
    return devices.remember(redirect(onward, 303), login, known)


def _sso() -> str:
    return words(archive().sso.name) if archive().sso else ""


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End the session here and on the server."""
    token = session.get("token", "")
    archive().sign_in.close(token, person())
    chosen = language()
    session.clear()
    session["language"] = chosen
    return redirect(url_for("people.sign_in"), 303)


@blueprint.route("/password", methods=["GET", "POST"])
def change_password() -> Response | str | tuple[str, int]:
    """Change one's own password; every other session of the person ends with it."""
    reader = person()
    if request.method == "GET":
        return _password_page({}, reader.must_change)
    new = request.form.get("new", "")
    if new != request.form.get("again", ""):
        faults = {"again": t("两次输入的新密码不一样。", "The two new passwords differ.")}
        return _password_page(faults, reader.must_change), 422
    current = request.form.get("current", "")
    device = devices.read().get(devices.mark_of(reader.login))
    try:
        # A session that somebody left open must not serve to guess the password: the same throttle as at the door.
        archive().sign_in.check(reader.login, current, request.remote_addr or "unknown", device)
        archive().people.change_password(reader, current, new)
    except Forbidden:
        faults = {"current": t("原密码不正确。", "The present password is not right.")}
        return _password_page(faults, reader.must_change), 422
    except BadInput as error:
        return _password_page({"": words(error.text)}, reader.must_change), 422
    open_session(reader)
    g.person = archive().people.by_id(reader.id)
    done("密码已更换，其他地方的登录已结束。", "Your password is changed; sign-ins elsewhere have ended.")
    return redirect(url_for("home.page"), 303)


def _password_page(faults: dict[str, str], must: bool) -> str:
    return render_template("change_password.html", must=must, least=SHORTEST_PASSWORD, faults=faults)


@blueprint.get("/")
def page() -> str:
    """Show everybody, to those who administer people."""
    return _people_page()


def _people_page(shown: tuple[str, str] | None = None) -> str:
    everybody = archive().people.all(person())
    return render_template(
        "people.html",
        everybody=everybody,
        role_words={role: words(text) for role, text in ROLE_WORDS.items()},
        level_words={level: words(text) for level, text in LEVEL_WORDS.items()},
        shown=shown,
        add=Action.ADD_PERSON,
    )


@blueprint.post("/")
def add() -> str:
    """Add a person; the one-time password is in this answer and nowhere else."""
    login = request.form.get("login", "").strip().lower()
    chosen = request.form.get("language", "zh")
    newcomer = NewPerson(login, request.form.get("name", ""), language="en" if chosen == "en" else "zh")
    password = archive().people.add(person(), newcomer)
    return _people_page((login, password))


@blueprint.get("/<login>")
def one(login: str) -> str:
    """Show one person's rights, to be set by the security administrator."""
    everybody = {item.login: item for item in archive().people.all(person())}
    subject = everybody.get(login) or archive().people.by_login(login)
    return render_template(
        "person.html",
        subject=subject,
        itself=subject.id == person().id,
        roles=[(role, words(text)) for role, text in ROLE_WORDS.items()],
        levels=[(level, f"{level} {words(text)}") for level, text in LEVEL_WORDS.items()],
    )


@blueprint.post("/<login>/rights")
def set_rights(login: str) -> Response:
    """Set a person's roles and clearance."""
    roles, levels = frozenset(request.form.getlist("roles")), frozenset(request.form.getlist("levels"))
    archive().people.set_rights(person(), login, roles=roles, clearance=levels)
    done(f"已设定 {login} 的角色与密级权限。", f"Roles and clearance of {login} are set.")
    return redirect(url_for("people.one", login=login), 303)


@blueprint.post("/<login>/password")
def reset_password(login: str) -> str:
    """Issue a one-time password; it is in this answer and nowhere else."""
    return _people_page((login, archive().people.reset_password(person(), login)))


@blueprint.post("/<login>/disable")
def disable(login: str) -> Response:
    """Disable a person, after the login was typed to confirm it."""
    if request.form.get("confirm", "").strip() != login:
        raise Conflict("输入的登录名不一致，未停用。", "The login that was typed differs; nobody was disabled.")
    archive().people.disable(person(), login)
    done(f"{login} 已停用。", f"{login} is disabled.")
    return redirect(url_for("people.page"), 303)
