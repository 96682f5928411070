"""Faults as pages: the one place that knows which error is which HTTP status."""

from __future__ import annotations

import logging
import secrets

from flask import Flask, Response, g, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from archive_service.audit import acts
from archive_service.errors import ArchiveError, BadInput, Conflict, Damaged, Forbidden, NotFound, Text, Unavailable
from archive_service.vault import DiskFull
from archive_service.web.here import archive, in_place, person_or_none, words
from archive_service.web.second import SecondWanted, to_the_door

log = logging.getLogger("archive_service.web")

STATUS: dict[type[ArchiveError], int] = {
    DiskFull: 507,  # before the family that it belongs to
    BadInput: 422,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Unavailable: 503,
    Damaged: 500,
}

TITLES: dict[int, Text] = {
    400: Text("请求不完整", "The request was not complete"),
    401: Text("请先登录", "Please sign in first"),
    403: Text("不能这样做", "Not allowed"),
    404: Text("没有找到", "Not found"),
    405: Text("不能这样做", "Not possible here"),
    409: Text("现在不能这样做", "Not possible now"),
    413: Text("文件过大", "Too large"),
    422: Text("请改正后再试", "Please correct and try again"),
    500: Text("出现故障", "Something broke"),
    503: Text("稍后再试", "Please try again later"),
    507: Text("存储空间已满", "The disk is full"),
}

SENTENCES: dict[int, tuple[Text, Text]] = {
    400: (
        Text("发来的内容不完整，未作任何改动。", "What was sent was not complete; nothing was changed."),
        Text("请返回上一页，刷新后再试。", "Go back, reload the page and try again."),
    ),
    401: (
        Text("此操作需要登录，未作任何改动。", "This needs a sign-in; nothing was changed."),
        Text("登录后请再试一次。", "Sign in and try again."),
    ),
    404: (
        Text("这个地址没有页面，或您无权知悉。", "There is no such page, or none that you may know of."),
        Text("可用上方的检索框查找。", "The search box above may find it."),
    ),
    405: (
        Text("这个地址不接受这种操作。", "This address does not take that kind of request."),
        Text("请从页面上的按钮操作。", "Use the buttons on the pages."),
    ),
    413: (
        Text(
            "上传的内容超过了设定的上限，未归档。",
            "The upload is larger than the limit that is set; nothing was filed.",
        ),
        Text(
            "请分批上传，或请系统管理员在服务器上归档。",
            "Upload in parts, or ask the system administrator to file on the server.",
        ),
    ),
    507: (
        Text("存储空间已满，未写入任何内容。", "The disk is full; nothing was stored."),
        Text("请告诉系统管理员腾出空间，再试一次。", "Tell the system administrator to make room, then try again."),
    ),
}


def register(app: Flask) -> None:
    """Have every fault answered by a page in the person's language."""
    app.register_error_handler(ArchiveError, _known)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)


def status_of(error: ArchiveError) -> int:
    """Return the HTTP status of one of our own errors."""
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)


def note_refusal() -> None:
    """Log that a signed-in person was refused; the address is named by its endpoint, never by what was typed."""
    reader = person_or_none()
    if reader is not None:
        archive().ledger.note(reader.id, acts.ACTION_REFUSED, "page", (request.endpoint or "unknown")[:64])


def _known(error: ArchiveError) -> tuple[str | Response, int] | AnyResponse:
    if isinstance(error, Forbidden):
        note_refusal()
    if isinstance(error, SecondWanted) and not in_place():
        return to_the_door()
    status = status_of(error)
    if status == 500:
        reference = _reference()
        log.error("%s: %s", reference, error.text.en)
        return _page(status, words(error.text), _ask_for_help(), reference)
    if status == 507:
        return _page(status, words(error.text), words(SENTENCES[507][1]))
    what = Text("过一会儿再试。", "Try again in a while.") if error.retry else None
    return _page(status, words(error.text), words(what) if what else "")


def _forged(error: CSRFError) -> tuple[str | Response, int]:
    del error
    return _page(
        400,
        words(Text("此页已过期，未作任何改动。", "This page has expired; nothing was changed.")),
        words(SENTENCES[400][1]),
    )


def _http(error: HTTPException) -> tuple[str | Response, int] | HTTPException:
    status = error.code or 500
    if status < 400:
        return error
    sentence, what = SENTENCES.get(status, SENTENCES[400])
    return _page(status, words(sentence), words(what))


def _unknown(error: Exception) -> tuple[str | Response, int]:
    reference = _reference()
    log.error("%s: request to %s failed", reference, request.endpoint, exc_info=error)
    return _page(
        500,
        words(Text("服务内部出错，这次操作没有完成。", "The service failed inside; this was not completed.")),
        _ask_for_help(),
        reference,
    )


def _ask_for_help() -> str:
    return words(Text("请把下面的编号告诉系统管理员。", "Tell the system administrator the reference below."))


def _reference() -> str:
    return secrets.token_hex(4)


def _page(status: int, sentence: str, what_to_do: str, reference: str | None = None) -> tuple[str | Response, int]:
    if in_place():
        return jsonify(sentence=sentence, what_to_do=what_to_do, reference=reference), status
    if "person" not in g:
        g.person = None
    title = words(TITLES.get(status, TITLES[400]))
    page = render_template(
        "error.html", status=status, title=title, sentence=sentence, what_to_do=what_to_do, reference=reference
    )
    return page, status
