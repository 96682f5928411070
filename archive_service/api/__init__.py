"""The REST side: the same services and the same policy as the pages, for programs that carry a token.

A session's cookie opens nothing here, so no forged form can; a token opens what its scopes and its person's rights do.
"""

from __future__ import annotations

from apiflask import APIFlask
from flask_wtf import CSRFProtect

from archive_service.api import routes
from archive_service.archive import Archive

SPEC_PATH = "/api/openapi.json"


def register(app: APIFlask, archive: Archive) -> None:
    """Give the application its REST addresses, with their description at ``/api/openapi.json``."""
    app.extensions["archive"] = archive
    app.security_schemes = {"token": {"type": "http", "scheme": "bearer"}}
    csrf: CSRFProtect = app.extensions["csrf"]
    csrf.exempt(routes.blueprint)  # there is no cookie that a forged form could use
    app.register_blueprint(routes.blueprint)
