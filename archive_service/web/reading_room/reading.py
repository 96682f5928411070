"""The reading room: pages as pictures, recordings by ranges. Nothing that was uploaded is shown as it came."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for

from archive_service.catalog.records.browse import Component, Whole
from archive_service.errors import NotFound
from archive_service.people.policy import Action, Thing, require
from archive_service.reading_room.pages import OutOfRange
from archive_service.web.here import archive, number_of, person

blueprint = Blueprint("reading", __name__, url_prefix="/record")

SANDBOX = "sandbox; default-src 'none'"
RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")


@blueprint.get("/<code>/read/<component_id>")
def page(code: str, component_id: str) -> str:
    """Show the frame around a page or a recording; the picture itself is asked for by the browser."""
    whole = archive().catalogue.find(person(), code)
    thing = Thing(level=whole.row["level"], record_id=whole.row["id"])
    require(person(), Action.READ_RECORD, thing, at=archive().clock.stamp())
    file = _file(whole, component_id)
    way = archive().viewer.way(whole, file)
    if not way:
        raise NotFound("这种格式不能在此显示。", "This format cannot be shown here.")
    number = max(1, number_of(request.args.get("page", ""), "页码", "The page") or 1)
    pages = archive().viewer.count(person(), code, component_id) if way == "pages" else None
    number = min(number, pages or number)
    here: dict[str, Any] = {"code": code, "component_id": component_id}
    return render_template(
        "reading.html",
        line=whole.line,
        file=file,
        way=way,
        number=number,
        pages=pages,
        media_url=url_for("reading.play", **here),
        picture_url=url_for("reading.picture", number=number, **here),
        before_url=url_for("reading.page", page=number - 1, **here) if number > 1 else None,
        next_url=url_for("reading.page", page=number + 1, **here) if pages and number < pages else None,
    )


@blueprint.get("/<code>/find")
def within(code: str) -> str:
    """Show where words stand in a record."""
    query = request.args.get("q", "").strip()
    found = archive().finder.find(person(), code, query)
    return render_template(
        "within.html",
        line=found.whole.line,
        query=query,
        more=found.more,
        spots=[
            {
                **one.place._asdict(),
                "page": one.page,
                "recognised": one.recognised,
                "file": one.file.name if one.file else "",
                "url": url_for("reading.page", code=found.whole.line.code, component_id=one.file.id, page=one.page)
                if one.file and archive().viewer.way(found.whole, one.file) == "pages"
                else None,
            }
            for one in found.spots
        ],
    )


def _file(whole: Whole, component_id: str) -> Component:
    files = (*whole.files, *([whole.text] if whole.text else []))
    found = next((one for one in files if one.id == component_id), None)
    if found is None:
        raise NotFound("此件没有这个文件。", "This record has no such file.")
    return found


@blueprint.get("/<code>/read/<component_id>/<int:number>.png")
def picture(code: str, component_id: str, number: int) -> Response:
    """Send one page as a picture drawn by us, with the marks in it."""
    found = archive().viewer.page(person(), code, component_id, number)
    response = Response(found.png, mimetype="image/png")
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Pages"] = str(found.pages)
    return response


@blueprint.get("/<code>/play/<component_id>")
def play(code: str, component_id: str) -> Response:
    """Send a range of a recording; without a range its beginning."""
    asked = RANGE.fullmatch(request.headers.get("Range", "bytes=0-").strip())
    start, end = (int(asked[1]), int(asked[2]) if asked[2] else None) if asked else (0, None)
    try:
        played = archive().viewer.play(person(), code, component_id, start, end)
    except OutOfRange as error:
        return Response(status=416, headers={"Content-Range": f"bytes */{error.size}"})
    response = Response(played.chunks, status=206, mimetype=played.file.media_type)
    response.headers["Content-Range"] = f"bytes {played.start}-{played.stop}/{played.file.size}"
    response.headers["Content-Length"] = str(played.stop - played.start + 1)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Security-Policy"] = SANDBOX
    return response
