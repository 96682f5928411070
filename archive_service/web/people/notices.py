"""One's notices."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from archive_service.people.notices import sentence
from archive_service.people.policy import Action
from archive_service.web.here import archive, done, local_time, may, person, words

blueprint = Blueprint("notices", __name__, url_prefix="/notices")


@blueprint.get("/")
def page() -> str:
    """Show one's notices, the newest first."""
    rows = archive().notices.of(person())
    return render_template(
        "notices.html",
        address=archive().notices.address_of(person()),
        mails=bool(archive().settings.mail.host),
        notices=[
            {
                "said": words(sentence(row)),
                "when": local_time(row.at),
                "new": row.read_at is None,
                "url": _address(row),
            }
            for row in rows
        ],
    )


def _address(row: Any) -> str:
    """Return where what a notice is about is looked at; that page asks anew whether one may."""
    subject = row.kind.partition("_")[0]
    if subject == "list":
        return url_for("disposal_list.page", list_no=row.number)
    if subject == "hold":
        return url_for("holds.one", hold_no=row.number)
    if subject == "emergency":
        return url_for("emergency.page")
    if subject == "loan":
        return url_for("loans.page") if may(Action.KEEP_STORE) else url_for("notices.page")
    if subject == "search":
        return url_for("searches.page")
    if subject in ("climate", "damage"):
        return url_for("custody.room", code=row.number)
    return url_for("access.one", request_id=row.about)


@blueprint.post("/read")
def read() -> Response:
    """Mark all as read."""
    archive().notices.read(person())
    return redirect(url_for("notices.page"), 303)


@blueprint.post("/address")
def address() -> Response:
    """Keep the address to which notices are mailed."""
    archive().notices.set_address(person(), request.form.get("address", ""))
    done("已保存。", "It is kept.")
    return redirect(url_for("notices.page"), 303)
