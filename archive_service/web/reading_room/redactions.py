"""Redacted copies: made, looked at by a second person, released, read."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from archive_service.errors import BadInput
from archive_service.people.model import LEVEL_WORDS
from archive_service.people.policy import Action, Thing
from archive_service.reading_room.redactions import MADE, RELEASED, Wish, waiting_of
from archive_service.web.here import archive, done, may, number_of, person, words
from archive_service.web.reading_room.reading import SANDBOX
from archive_service.web.redacted import shown
from archive_service.web.second import second_again
from index.extract.kinds import TEXT_PAGES
from index.extract.redacting import Unread, read_marked

blueprint = Blueprint("redactions", __name__)


@blueprint.get("/redacted/")
def page() -> str:
    """Show the copies that a person gets, and those that wait for a second person."""
    copies = archive().redacted_copies
    code = request.args.get("code", "").strip()
    found = copies.readable(person())
    return render_template(
        "redacted_copies.html",
        copies=shown([one for one in found if not code or one.code == code]),
        code=code,
        waiting=shown([copies.one(person(), row.id) for row in _waiting()]),
        checks=may(Action.CHECK_REDACTION),
    )


def _waiting() -> list[Any]:
    return list(waiting_of(archive().ledger, person())) if may(Action.CHECK_REDACTION) else []


@blueprint.get("/record/<code>/redact/<component_id>")
def begin(code: str, component_id: str) -> str:
    """Show what a copy is made of: what to remove, for whom, and why."""
    return _form(code, component_id, None)


def _form(code: str, component_id: str, fault: str | None) -> str:
    whole, source = archive().redactions.source(person(), code, component_id)
    pictures = source.media_type != TEXT_PAGES
    levels = archive().redactions.levels_for(whole.row["level"])
    return render_template(
        "redact.html",
        line=whole.line,
        file=next(one for one in whole.files if one.id == component_id),
        component_id=component_id,
        fault=fault,
        form=request.form,
        ticked=request.form.getlist("found"),
        found=[(one, one) for one in archive().redactions.suggestions(person(), code)],
        levels=[(one, words(LEVEL_WORDS[one])) for one in reversed(levels)],
        pages=archive().viewer.count(person(), code, component_id) if pictures else None,
    )


@blueprint.get("/record/<code>/redact/<component_id>/<int:number>.png")
def sheet(code: str, component_id: str, number: int) -> Response:
    """Send a page to mark places on, in the proportions of the page itself."""
    archive().redactions.source(person(), code, component_id)
    found = archive().viewer.page(person(), code, component_id, number, strip=False)
    return _picture(found.png, found.pages)


@blueprint.post("/record/<code>/redact/<component_id>")
def make(code: str, component_id: str) -> AnyResponse | str | tuple[str, int]:
    """Make a copy from which words and places are gone."""
    form = request.form
    try:
        marked = read_marked([*form.getlist("found"), *form.get("words", "").splitlines()], form.get("areas", ""))
    except Unread as unread:
        raise BadInput(
            f"这一行没有看懂：{unread.args[0]}。位置请写成 2: 10, 20, 55, 24（页: 左, 上, 右, 下，百分比）。",
            f"This line was not understood: {unread.args[0]}. Write a place as 2: 10, 20, 55, 24 "
            "(page: left, top, right, bottom in per cent).",
        ) from unread
    wish = Wish(form.get("level", ""), form.get("title", ""), form.get("reason", ""), marked)
    made = archive().redactions.make(person(), code, component_id, wish)
    done(
        "遮盖件已制作，待另一人复核后放行。",
        "The copy is made; another person has to look at it before anybody gets it.",
    )
    return redirect(url_for("redactions.copy", redaction_id=made), 303)


@blueprint.get("/redacted/<redaction_id>")
def copy(redaction_id: str) -> str:
    """Show a copy page by page."""
    found = archive().redacted_copies.one(person(), redaction_id)
    pages = found.row.pages
    pictures = found.media_type != TEXT_PAGES
    number = max(1, number_of(request.args.get("page", ""), "页码", "The page") or 1)
    number = min(number, pages) if pictures else number
    here = {"redaction_id": redaction_id}
    record = Thing(level=found.row.record_level)
    checks = found.row.state == MADE and found.whole and may(Action.CHECK_REDACTION, record)
    return render_template(
        "redacted.html",
        item=shown([found])[0],
        found=found,
        number=number,
        pages=pages if pictures else None,
        picture_url=url_for("redactions.picture", number=number, **here),  # type: ignore[arg-type]
        before_url=url_for("redactions.copy", page=number - 1, **here) if number > 1 else None,  # type: ignore[arg-type]
        next_url=url_for("redactions.copy", page=number + 1, **here) if number < pages else None,  # type: ignore[arg-type]
        record_url=url_for("record.page", code=found.code) if found.whole else None,
        download_url=url_for("redactions.download", **here)  # type: ignore[arg-type]
        if archive().redacted_copies.may_download(person(), found)
        else None,
        checks=checks and found.row.made_by != person().id,
        own=checks and found.row.made_by == person().id,
        withdraws=found.row.state in (MADE, RELEASED) and found.whole and may(Action.REDACT, record),
    )


@blueprint.get("/redacted/<redaction_id>/<int:number>.png")
def picture(redaction_id: str, number: int) -> Response:
    """Send a page of a copy as a picture, with the reader burnt in."""
    if not 1 <= number <= 9999:
        raise BadInput("页码应在 1 至 9999 之间。", "A page number lies between 1 and 9999.")
    found = archive().redacted_copies.page(person(), redaction_id, number)
    return _picture(found.png, found.pages)


def _picture(png: bytes, pages: int) -> Response:
    response = Response(png, mimetype="image/png")
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Pages"] = str(pages)
    return response


@blueprint.get("/redacted/<redaction_id>/file")
def download(redaction_id: str) -> Response:
    """Send a copy as a file to be saved."""
    found, chunks = archive().redacted_copies.download(person(), redaction_id)
    response = Response(chunks, mimetype="application/octet-stream")
    response.headers["Content-Type"] = found.media_type
    response.headers["Content-Length"] = str(found.size)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.name, safe='')}"
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


@blueprint.post("/redacted/<redaction_id>/release")
@second_again
def release(redaction_id: str) -> AnyResponse:
    """Release a copy that another person made."""
    archive().redactions.release(person(), redaction_id)
    done("遮盖件已放行。", "The copy is released.")
    return redirect(url_for("redactions.copy", redaction_id=redaction_id), 303)


@blueprint.post("/redacted/<redaction_id>/refuse")
def refuse(redaction_id: str) -> AnyResponse:
    """Send a copy back."""
    archive().redactions.refuse(person(), redaction_id, request.form.get("finding", ""))
    done("遮盖件已退回。", "The copy is sent back.")
    return redirect(url_for("redactions.copy", redaction_id=redaction_id), 303)


@blueprint.post("/redacted/<redaction_id>/withdraw")
def withdraw(redaction_id: str) -> AnyResponse:
    """Take a copy back."""
    archive().redactions.withdraw(person(), redaction_id)
    done("遮盖件已收回，此后无人可阅。", "The copy is taken back; nobody gets it from now on.")
    return redirect(url_for("redactions.copy", redaction_id=redaction_id), 303)
