"""Whether the service answers; says nothing more."""

from __future__ import annotations

from flask import Blueprint, Response

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def page() -> Response:
    """Answer ok."""
    return Response("ok\n", mimetype="text/plain")
