"""The web application over an opened archive."""

from __future__ import annotations

import base64
from datetime import timedelta

from apiflask import APIFlask
from werkzeug.middleware.proxy_fix import ProxyFix

from archive_service import api, web
from archive_service.archive import Archive
from archive_service.vault import read_key_file


def create_app(archive: Archive) -> APIFlask:
    """Return the application that shows this archive."""
    settings = archive.settings
    app = APIFlask(
        "archive_service.web",
        root_path=web.ROOT,
        title="Archive",
        version="1",
        docs_path=None,
        spec_path=api.SPEC_PATH,
        json_errors=False,
    )
    secure = settings.public_url.startswith("https://")
    if settings.server.proxies:  # only what our own proxies add is believed: the last so many addresses
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.server.proxies, x_proto=settings.server.proxies)  # type: ignore[method-assign]
    app.config.update(
        SECRET_KEY=base64.b64encode(read_key_file(settings.key_file("session"))).decode(),
        SESSION_COOKIE_NAME="__Host-archive" if secure else "archive",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.sessions.absolute_hours),
        MAX_CONTENT_LENGTH=settings.server.max_upload_mib * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,  # a half-filled form must survive a long afternoon; the session's own limits hold
    )
    web.register(app, archive)
    api.register(app, archive)
    return app
