"""Correcting descriptions on the pages: one record's from its page, many alike from a list, with a preview; saved views."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from archive_service.catalog.records.browse import Whole
from archive_service.catalog.records.describing import FIELD_WORDS, MUST_STAY, TOGETHER, Edit, Planned, mark_of
from archive_service.catalog.tables import ARCHIVED
from archive_service.errors import ArchiveError
from archive_service.people.policy import Action, Thing, require
from archive_service.web.answers import open_to_filers
from archive_service.web.errors import status_of
from archive_service.web.here import archive, done, local_time, may, names_of, person, words
from archive_service.web.holdings.catalogue import NARROWING, filters_of

blueprint = Blueprint("describing", __name__)


@blueprint.post("/record/<code>/describe")
def one(code: str) -> Response:
    """Correct what is said of one record."""
    level = archive().catalogue.find(person(), code).row["level"]
    require(person(), Action.FILE_RECORD, Thing(level=level))
    wanted = {name: request.form[name] for name in FIELD_WORDS if name in request.form}
    changed = archive().describing.change(person(), code, wanted, request.form.get("reason", ""))
    if changed:
        named = [FIELD_WORDS[name] for name in changed]
        done(
            f"已更正：{'、'.join(field.zh for field in named)}。原来的文字留在更正记录里。",
            f"Corrected: {', '.join(field.en.lower() for field in named)}. The words before stay in its history.",
        )
    else:
        done("与原来相同，没有改动。", "These are the words that stand already; nothing was changed.")
    return redirect(url_for("record.page", code=code), 303)


def said_before(whole: Whole, *, readable: bool) -> dict[str, Any]:
    """Return, for a record's page, what may be corrected, and what stood before with the reasons.

    These may tell of the content: they are for those who may read it, or change it.
    """
    changes = archive().describing.history(whole.row["id"])
    names = names_of([change.person_id for change in changes])
    may_file = may(Action.FILE_RECORD, Thing(level=whole.row["level"]))
    _, declared = archive().corrections.of(whole.row["id"])
    return {
        "fields": [(name, words(field), getattr(whole.description, name)) for name, field in FIELD_WORDS.items()]
        if may_file and whole.row["status"] == ARCHIVED and not declared
        else [],
        "lacking": [
            words(FIELD_WORDS[name])
            for name in MUST_STAY
            if may_file and whole.row["status"] == ARCHIVED and not getattr(whole.description, name)
        ],
        "changes": [
            {
                "when": local_time(change.at),
                "who": names.get(change.person_id, ""),
                "reason": change.reason,
                "before": [(words(FIELD_WORDS[name]), text) for name, text in change.before.items()],
            }
            for change in (changes if readable or may_file else [])
        ],
    }


@blueprint.route("/catalogue/edit", methods=["GET", "POST"])
def several() -> str | tuple[str, int]:
    """Correct many records alike: choose them, look at what would change, do it.

    They are those that were ticked, or all that fit a filter, as many as are changed in one go after another.
    """
    open_to_filers()
    form = request.values
    narrowed = {name: value for name in NARROWING if (value := form.get(name, "").strip())}
    whole, after = form.get("all") == "yes", form.get("after", "")
    service, step = archive().describing, request.form.get("step", "")
    if whole:
        codes = service.codes_of(person(), filters_of(narrowed), after)
    else:
        codes = list(dict.fromkeys(form.getlist("chosen")))[:TOGETHER]
    edit = Edit(form.get("field", ""), form.get("value", ""), form.get("piece", ""))
    planned: list[Planned] = []
    made, fault, status = False, "", 200
    try:
        if step == "apply":
            planned = service.change_all(person(), codes, edit, form.get("reason", ""), form.get("mark", ""))
            made = True
        elif step == "preview":
            planned = service.plan(person(), codes, edit)
    except ArchiveError as error:
        fault, status = words(error.text), status_of(error)
        planned = _preview(codes, edit)
    more = whole and len(codes) == TOGETHER
    return (
        render_template(
            "edit_many.html",
            codes=[] if whole else codes,
            count=len(codes),
            whole=whole,
            narrowed=narrowed,
            after=after,
            edit=edit,
            fields=[(name, words(field)) for name, field in FIELD_WORDS.items()],
            planned=planned,
            changing=sum(1 for one in planned if one.changes),
            refused=sum(1 for one in planned if one.refused),
            mark=mark_of(planned),
            made=made,
            fault=fault,
            reason=form.get("reason", ""),
            next_after=codes[-1] if more else "",
            most=TOGETHER,
        ),
        status,
    )


def _preview(codes: list[str], edit: Edit) -> list[Planned]:
    """Return the preview again beside a fault, as far as there can be one."""
    try:
        return archive().describing.plan(person(), codes, edit)
    except ArchiveError:
        return []


@blueprint.post("/catalogue/views")
def save_view() -> Response:
    """Save what the list is narrowed to under a name."""
    require(person(), Action.BROWSE)
    narrowed = {name: value for name in NARROWING if (value := request.form.get(name, "").strip())}
    name, shared = request.form.get("name", ""), request.form.get("shared") == "yes"
    archive().saved_views.save(person(), name, narrowed, shared=shared)
    done("视图已保存。", "The view is saved.")
    return redirect(url_for("catalogue.page", **narrowed), 303)  # type: ignore[arg-type]


@blueprint.post("/catalogue/views/<view_id>/remove")
def remove_view(view_id: str) -> Response:
    """Remove one of one's own views."""
    archive().saved_views.remove(person(), view_id)
    done("视图已删除。", "The view is removed.")
    return redirect(url_for("catalogue.page"), 303)
