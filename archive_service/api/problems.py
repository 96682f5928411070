"""Faults as problem JSON (RFC 9457), in both languages."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from flask import Response, current_app, g, json

from archive_service.audit import acts
from archive_service.errors import ArchiveError, BadInput, Conflict, Damaged, Forbidden, NotFound, Text, Unavailable

log = logging.getLogger("archive_service.api")

STATUS: dict[type[ArchiveError], tuple[int, str]] = {
    BadInput: (422, "Cannot be used"),
    Forbidden: (403, "Not allowed"),
    NotFound: (404, "Not found"),
    Conflict: (409, "Not possible now"),
    Unavailable: (503, "Try again later"),
    Damaged: (500, "Damaged"),
}
INSIDE = Text("服务内部出错，这次操作没有完成。", "The service failed inside; this was not completed.")
NOT_READ = Text("请求的内容不合要求。", "What was sent is not as it must be.")


def problem(status: int, title: str, text: Text, **more: Any) -> Response:
    """Return a fault as the answer."""
    said = {"type": "about:blank", "title": title, "status": status, "detail": text.en, "detail_zh": text.zh, **more}
    return Response(json.dumps(said), status=status, mimetype="application/problem+json")


def of_ours(error: ArchiveError) -> Response:
    """Return one of our own errors; that somebody was refused is logged."""
    status, title = next((found for kind, found in STATUS.items() if isinstance(error, kind)), (500, "Damaged"))
    if status == 500:
        return of_unknown(error)
    if isinstance(error, Forbidden) and g.get("person") is not None:
        current_app.extensions["archive"].ledger.note(g.person.id, acts.ACTION_REFUSED, "page", "api")
    return problem(status, title, error.text)


def of_http(error: Any) -> Response:
    """Return what the framework refuses: a field that is missing or of a wrong kind."""
    return problem(error.status_code, str(error.message), NOT_READ, errors=error.detail)


def of_unknown(error: Exception) -> Response:
    """Return a fault of ours with the reference under which the log of the service holds it."""
    reference = secrets.token_hex(4)
    log.error("%s: a request to the API failed", reference, exc_info=error)
    return problem(500, "Failed inside", INSIDE, reference=reference)
