"""Searches that a person keeps, and what is new in them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from archive_service.people.policy import Action, require
from archive_service.search.completion import completions
from archive_service.search.saved import Saved
from archive_service.web.here import archive, done, person, words
from archive_service.web.home import badges_of

blueprint = Blueprint("searches", __name__, url_prefix="/search")
KEPT = ("q", "class", "type", "year", "level", "enterprise", "code", "after", "before", "sort")


@blueprint.get("/complete")
def complete() -> Response:
    """Answer what may be about to be typed."""
    require(person(), Action.SEARCH)
    return jsonify(completions(archive().catalogue, person(), request.args.get("q", "")))


@blueprint.get("/saved")
def page() -> str:
    """Show one's searches with what is new in each."""
    return render_template(
        "saved_searches.html", searches=[_shown(one) for one in archive().saved_searches.of(person())]
    )


def _shown(saved: Saved) -> dict[str, Any]:
    return {
        "id": saved.id,
        "name": saved.name,
        "query": saved.wanted.get("q", ""),
        "url": url_for("search.page", **saved.wanted),  # type: ignore[arg-type]
        "total": saved.total,
        "new": saved.new,
        "hits": [
            {
                "title": line.title,
                "code": line.code,
                "url": url_for("record.page", code=line.code),
                "facts": [words(line.type_name), line.document_date],
                "badges": badges_of(line),
            }
            for line in saved.lines
        ],
    }


@blueprint.post("/saved")
def save() -> AnyResponse:
    """Keep a search."""
    form = request.form
    archive().saved_searches.save(person(), form.get("name", ""), {name: form.get(name, "").strip() for name in KEPT})
    done("检索已保存；有新的结果时会通知您。", "The search is kept; you are told when it finds something new.")
    return redirect(url_for("searches.page"), 303)


@blueprint.post("/saved/<search_id>/look")
def look(search_id: str) -> AnyResponse:
    """Take what is new as seen."""
    archive().saved_searches.look(person(), search_id)
    return redirect(url_for("searches.page"), 303)


@blueprint.post("/saved/<search_id>/remove")
def remove(search_id: str) -> AnyResponse:
    """Forget a search."""
    archive().saved_searches.remove(person(), search_id)
    done("已删除。", "It is removed.")
    return redirect(url_for("searches.page"), 303)
