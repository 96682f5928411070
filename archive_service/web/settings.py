"""The language that a person reads."""

from __future__ import annotations

from flask import Blueprint, redirect, request, session
from werkzeug.wrappers import Response

from archive_service.errors import BadInput
from archive_service.web.here import LANGUAGES, archive, local_path, person_or_none

blueprint = Blueprint("settings", __name__, url_prefix="/settings")


@blueprint.post("/language")
def language() -> Response:
    """Change the language, for the person where there is one, and go back to the page."""
    wanted = request.form.get("language", "")
    if wanted not in LANGUAGES:
        raise BadInput("界面语言只有中文和英文。", "The languages are Chinese and English.")
    reader = person_or_none()
    if reader is not None:
        archive().people.set_language(reader, wanted)
    session["language"] = wanted
    return redirect(local_path(request.form.get("next", "/")), 303)
