"""The classification plan: as it stands, its draft, what the draft would do, and its publication by a second person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from archive_service.catalog.classification import drafts
from archive_service.catalog.classification.drafts import Draft, Raw
from archive_service.catalog.classification.plan import REQUIRABLE, Plan
from archive_service.catalog.filing.intake import REQUIRED_WORDS
from archive_service.errors import ArchiveError, NotFound
from archive_service.people.model import LEVEL_WORDS
from archive_service.people.policy import Action, Thing, can, require
from archive_service.web.errors import status_of
from archive_service.web.here import archive, done, in_place, local_time, names_of, person, t, words
from archive_service.web.holdings.catalogue import period_words

blueprint = Blueprint("plan", __name__, url_prefix="/catalogue/plan")


@blueprint.get("/")
def page() -> str:
    """Show the plan in force and its versions."""
    versions = archive().plan_drafts.versions(person())
    plan = archive().schedules.plan
    return render_template(
        "plan.html",
        name=words(plan.name),
        version=plan.version,
        tree=_tree(plan),
        versions=[{"version": one.version, "when": local_time(one.loaded_at)} for one in versions],
    )


def _tree(plan: Plan) -> list[dict[str, Any]]:
    return [
        {
            "code": group.code,
            "name": words(group.name),
            "note": words(group.note),
            "types": [
                {
                    "code": one.code,
                    "name": words(one.name),
                    "note": words(one.note),
                    "rule": one.rule.code,
                    "period": period_words(one.rule.terms.period.code) if one.rule.terms else t("视情况", "depends"),
                    "level": words(LEVEL_WORDS[one.default_level])
                    if one.default_level
                    else t("随主件", "as main record"),
                    "scheme": one.scheme.name,
                    "required": [words(REQUIRED_WORDS[name]) for name in one.required],
                }
                for one in group.types
            ],
        }
        for group in plan.classes
    ]


@blueprint.post("/draft")
def begin() -> Response:
    """Open a draft."""
    archive().plan_drafts.begin(person())
    return redirect(url_for("plan.draft"), 303)


@blueprint.get("/draft")
def draft() -> str:
    """Show the draft: what it holds, what is wrong with it, what it would do, and who may publish it."""
    found = _draft()
    effects = archive().plan_effects.of(person(), found.plan) if found.plan else []
    verdict = can(person(), Action.PUBLISH_PLAN, Thing(hands={"drafter": found.hands}))
    names = names_of(sorted(found.hands))
    return render_template(
        "plan_draft.html",
        draft=found,
        hands=t("、", ", ").join(names.get(one, "") for one in sorted(found.hands)),
        when=local_time(found.made_at),
        effects=[{"effect": one, "words": [words(word) for word in one.words]} for one in effects],
        may_publish=verdict.allowed,
        why_not=words(verdict.reason),
        known=set(archive().schedules.plan.types),
        names=_names(found),
    )


def _names(found: Draft) -> dict[str, str]:
    """Return the names of a draft's types: their own, else their rule's."""
    rules, named = archive().schedules.current.rules, {}
    for code in (code for group in found.raw["classes"] for code in group["types"]):
        said = found.raw.get("types", {}).get(code, {})
        rule = rules.get(said.get("rule", code))
        title = t(rule.title.zh, rule.title.en) if rule else ""
        named[code] = t(said.get("name_zh", ""), said.get("name_en", "")) or title
    return named


def _draft() -> Draft:
    found = archive().plan_drafts.draft(person())
    if found is None:
        raise NotFound("没有草案。", "There is no draft.")
    return found


@blueprint.post("/draft/publish")
def publish() -> Response:
    """Publish the draft, as a person with no hand in it, and bring what is held in line."""
    version = archive().plan_drafts.publish(person(), request.form.get("draft", ""))
    archive().plan_effects.bring_in_line(5)
    done(f"分类方案 {version} 已公布。", f"Version {version} of the plan is published.")
    return redirect(url_for("plan.page"), 303)


@blueprint.post("/draft/discard")
def discard() -> Response:
    """Give the draft up."""
    archive().plan_drafts.discard(person())
    done("草案已撤销。", "The draft is discarded.")
    return redirect(url_for("plan.page"), 303)


FORMS = ("class", "type", "category")


@blueprint.get("/draft/<what>")
def form(what: str) -> str:
    """Show the form of a class, a type or a category (``?code=``: of one that there is)."""
    require(person(), Action.KEEP_PLAN)
    code = request.args.get("code", "")
    return _form(what, code, _typed(_draft().raw, what, code), None)


def _form(what: str, old: str, typed: dict[str, Any], fault: str | None) -> str:
    if what not in FORMS:
        raise NotFound("没有这一页。", "There is no such page.")
    raw, schedule = _draft().raw, archive().schedules.current
    rules = [(code, f"{code} {t(rule.title.zh, rule.title.en)}") for code, rule in schedule.rules.items()]
    return render_template(
        "plan_form.html",
        what=what,
        old=old,
        typed=typed,
        fault=fault,
        heading={"class": t("类", "Class"), "type": t("类型", "Type"), "category": t("门类", "Category")}[what],
        categories=[(one["code"], f"{one['code']} {t(one['name_zh'], one['name_en'])}") for one in raw["categories"]],
        classes=[(one["code"], f"{one['code']} {t(one['name_zh'], one['name_en'])}") for one in raw["classes"]],
        schemes=[(name, name) for name in archive().plan_drafts.scheme_names()],
        rules=rules,
        levels=[(code, words(text)) for code, text in LEVEL_WORDS.items()],
        required=[(name, words(REQUIRED_WORDS[name])) for name in REQUIRABLE],
    )


def _typed(raw: Raw, what: str, code: str) -> dict[str, Any]:
    """Return what a form begins with: the thing as the draft has it."""
    if not code:
        return {}
    if what == "type":
        group = next((one["code"] for one in raw["classes"] if code in one["types"]), "")
        said = raw.get("types", {}).get(code, {})
        return {"rule": code, **said, "class": group, "code": code}
    found = next((one for one in raw["classes" if what == "class" else "categories"] if one["code"] == code), None)
    if found is None:
        raise NotFound("草案中没有它。", "The draft does not have it.")
    return {**found, "without_problem": found.get("problem") == ""}


@blueprint.post("/draft/<what>")
def save(what: str) -> Response | tuple[str, int]:
    """Write a class, a type or a category into the draft, or take it out; what was typed stays where something is wrong."""
    require(person(), Action.KEEP_PLAN)
    said: dict[str, Any] = defaultdict(str, request.form.to_dict())  # what a form does not say is empty
    said["required"] = request.form.getlist("required")
    old = request.form.get("old", "")
    try:
        archive().plan_drafts.change(person(), _edit(what, old, said))
    except ArchiveError as error:
        if in_place() or status_of(error) >= 500:
            raise
        return _form(what, old, said, words(error.text)), status_of(error)
    done("草案已保存。", "The draft is saved.")
    return redirect(url_for("plan.draft"), 303)


def _edit(what: str, old: str, said: dict[str, Any]) -> Callable[[Raw], None]:
    remove = bool(said.get("remove")) and bool(old)
    keeper = archive().plan_drafts

    def category(raw: Raw) -> None:
        keeper.take_scheme(raw, str(said["scheme"]))
        drafts.put_category(raw, old, said)

    edits: dict[str, Callable[[Raw], None]] = {
        "class": (lambda raw: drafts.remove_class(raw, old))
        if remove
        else lambda raw: drafts.put_class(raw, old, said),
        "type": (lambda raw: drafts.remove_type(raw, old)) if remove else lambda raw: drafts.put_type(raw, old, said),
        "category": (lambda raw: drafts.remove_category(raw, old)) if remove else category,
    }
    if what not in edits:
        raise NotFound("没有这一页。", "There is no such page.")
    return edits[what]
