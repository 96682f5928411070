"""Numbering schemes: what numbers here, new versions of it, and the next codes shown while one is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from archive_service.catalog.codes.patterns import PARTS
from archive_service.catalog.codes.scheme import Scheme, read_scheme
from archive_service.catalog.dates import parse_date
from archive_service.catalog.numbering.schemes import Kept, NewScheme, Sample, Version, read_restart
from archive_service.errors import ArchiveError, NotFound, Text
from archive_service.people.policy import Action, require
from archive_service.web.errors import status_of
from archive_service.web.here import archive, done, in_place, names_of, number_of, person, t, words
from archive_service.web.holdings.catalogue import fonds_options, period_words, type_options

blueprint = Blueprint("schemes", __name__, url_prefix="/catalogue/schemes")

PART_WORDS: dict[str, Text] = {
    "fonds": Text("全宗号", "fonds"),
    "category": Text("门类", "category"),
    "year": Text("年度", "year"),
    "retention": Text("保管期限", "retention code"),
    "problem": Text("机构（问题）", "unit or problem"),
    "file": Text("案卷号", "file number"),
    "item": Text("件号", "item number"),
}
RETENTIONS = ("Y", "D30", "D10")


def retention_options() -> list[tuple[str, str]]:
    """Return the usual retention codes for a choice."""
    return [(code, f"{code} {period_words(code)}") for code in RETENTIONS]


@blueprint.get("/")
def page() -> str:
    """Show every scheme."""
    rows = [_row(one) for one in archive().schemes.every(person())]
    return render_template("schemes.html", rows=rows)


@blueprint.get("/new")
def new() -> str:
    """Show the form of a scheme, or of a new version of one (``?of=NAME``)."""
    require(person(), Action.KEEP_SCHEMES)
    return _form(_typed_of(request.args.get("of", "")), None)


@blueprint.get("/next")
def next_codes() -> str:
    """Show the next codes of what is being written; for the script of the form."""
    require(person(), Action.KEEP_SCHEMES)
    return render_template("_next_codes.html", shown=_shown(request.args))


@blueprint.get("/<name>")
def scheme(name: str) -> str:
    """Show one scheme with all its versions."""
    kept = archive().schemes.kept(person(), name)
    names = names_of([one.made_by for one in kept.versions])
    return render_template("scheme.html", row=_row(kept), versions=[_version(one, names) for one in kept.versions])


@blueprint.post("/")
def make() -> Response | tuple[str, int]:
    """Save a scheme or a version; what was typed stays in the form when something is wrong with it."""
    require(person(), Action.KEEP_SCHEMES)
    try:
        made = archive().schemes.make(person(), _new(request.form))
    except ArchiveError as error:
        if in_place() or status_of(error) >= 500:
            raise
        return _form(request.form, words(error.text)), status_of(error)
    done(
        f"已保存编号方案 {made.name} 版本 {made.version}。",
        f"Version {made.version} of scheme {made.name} is saved.",
    )
    return redirect(url_for("schemes.scheme", name=made.name), 303)


def _typed_of(name: str) -> MultiDict[str, str]:
    """Return what the form of a new version begins with: the newest version as it is."""
    typed: MultiDict[str, str] = MultiDict({"starts_on": archive().clock.today().isoformat()})
    if not name:
        return typed
    newest = archive().schemes.kept(person(), name).versions[0]
    typed.update({"name": name, "of": name, "pattern": newest.scheme.pattern})
    typed.update({"name_zh": newest.name.zh, "name_en": newest.name.en})
    typed.setlist("restart", list(newest.scheme.restart))
    return typed


def _new(form: Mapping[str, str]) -> NewScheme:
    return NewScheme(
        name=form.get("of", "") or form.get("name", "").strip().upper(),
        name_zh=form.get("name_zh", ""),
        name_en=form.get("name_en", ""),
        pattern=form.get("pattern", "").strip(),
        restart=read_restart(_listed(form, "restart")),
        starts_on=parse_date(form.get("starts_on", "")),
    )


def _listed(form: Mapping[str, str], name: str) -> Sequence[str]:
    return form.getlist(name) if isinstance(form, MultiDict) else [form[name]] if name in form else []


def _form(typed: Mapping[str, str], fault: str | None) -> str:
    return render_template(
        "scheme_new.html",
        typed=typed,
        fault=fault,
        restart=_listed(typed, "restart"),
        parts=[(part, words(PART_WORDS[part])) for part in PARTS if part != "item"],
        all_parts=[(part, words(PART_WORDS[part])) for part in PARTS],
        fonds=fonds_options(),
        types=type_options(),
        retentions=retention_options(),
        shown=_shown(typed),
        today=archive().clock.today(),
    )


def _shown(typed: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the next codes of what is typed, or what is wrong with it; ``None`` as long as there is nothing to show."""
    if not typed.get("pattern"):
        return None
    shown: dict[str, Any] = {}
    try:
        written = _new(typed)
        scheme = read_scheme(written.name or "NEW", written.pattern, written.restart)
        shown["codes"] = _next(scheme, typed)
        if typed.get("name_zh") and typed.get("name_en"):
            archive().schemes.check(person(), written)
    except ArchiveError as error:
        shown["fault"] = words(error.text)
    return shown


def _next(scheme: Scheme, typed: Mapping[str, str]) -> list[str]:
    fonds, types = fonds_options(), type_options()
    if not fonds:
        raise NotFound("还没有全宗，无法预览档号。", "There is no fonds yet, so no code can be shown.")
    sample = Sample(
        fonds_no=typed.get("fonds") or fonds[0][0],
        type_code=typed.get("type") or types[0][0],
        year=number_of(typed.get("year", ""), "年度", "The year") or archive().clock.today().year,
        retention=typed.get("retention") or RETENTIONS[1],
    )
    return archive().schemes.next_codes(person(), scheme, sample)


def _row(kept: Kept) -> dict[str, Any]:
    holding = next((one for one in kept.versions if one.holds), None)
    shown = holding or kept.versions[0]
    return {
        "name": kept.name,
        "title": words(shown.name),
        "pattern": shown.scheme.pattern,
        "version": shown.scheme.version,
        "types": len(kept.types),
        "used": bool(kept.sequences),
        "coming": [one.starts_on for one in kept.versions if one.starts_on and one.starts_on > archive().clock.today()],
    }


def _version(one: Version, names: Mapping[str, str]) -> dict[str, Any]:
    coming = one.starts_on is not None and one.starts_on > archive().clock.today()
    states = {
        True: ("ok", t("现行", "In force")),
        False: ("queued", t("尚未启用", "Not yet")) if coming else ("", t("已被替代", "Replaced")),
    }
    restart = [words(PART_WORDS[part]) for part in one.scheme.restart]
    return {
        "version": one.scheme.version,
        "title": words(one.name),
        "pattern": one.scheme.pattern,
        "restart": t("、", ", ").join(restart) if restart else t("件号之外的各部分", "all parts but the item number"),
        "starts_on": one.starts_on or t("方案载入时", "when the plan was loaded"),
        "badge": states[one.holds],
        "who": names.get(one.made_by or "", t("分类方案", "the plan")),
    }
