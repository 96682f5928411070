"""The catalogue: the tree of classes, lists of records, case files and their events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request, url_for

from archive_service.catalog.records.browse import PAGE, Filters, Line
from archive_service.catalog.records.counting import Value
from archive_service.errors import BadInput, NotFound, Text
from archive_service.people.model import LEVEL_WORDS
from archive_service.people.policy import Action
from archive_service.web.here import archive, class_name, may, names_of, number_of, person, t, type_name, words
from archive_service.web.home import badges_of

OFFERED = 300
"""Case files that are offered for a choice; others are named by number or by words of their title."""

blueprint = Blueprint("catalogue", __name__, url_prefix="/catalogue")

AXES: dict[str, Text] = {
    "fonds": Text("按全宗", "By fonds"),
    "year": Text("按年度", "By year"),
    "enterprise": Text("按企业", "By enterprise"),
    "inspection": Text("按巡察", "By inspection"),
}
"""What the catalogue can be browsed by beside its classes."""

NARROWING = ("class", "type", "case", "year", "level", "fonds", "enterprise")
"""What a list can be narrowed to, as it stands in its address."""

KEYS: dict[str, Text] = {
    "fonds": Text("全宗号", "Fonds"),
    "year": Text("年度", "Year"),
    "enterprise": Text("企业", "Enterprise"),
    "inspection": Text("案卷编号", "Case number"),
}
"""What stands in the first column there."""

FILTER_OF = {"inspection": "case"}

AT_HAND = 100
"""Case files and enterprises that are offered while one types; every other is found by its number or name."""


@dataclass(frozen=True)
class Narrowing:
    """What a list is narrowed to, as it stands in the address, and the addresses with more or less of it."""

    endpoint: str
    now: Mapping[str, str]

    def url(self, **changes: str) -> str:
        """Return the list's address with some values changed; an empty one leaves it out."""
        values = {name: value for name, value in {**self.now, **changes}.items() if value}
        return url_for(self.endpoint, **values)  # type: ignore[arg-type]

    def chips(self, shown: Callable[[str, str], tuple[str, str] | None]) -> list[tuple[str, str, str]]:
        """Return label, value and address without it of every filter in use."""
        found = [(name, shown(name, value)) for name, value in self.now.items()]
        return [(*said, self.url(**{name: ""})) for name, said in found if said]


def type_options() -> list[tuple[str, str]]:
    """Return every record type for a choice, in the plan's order."""
    return [
        (item.code, f"{item.code} {words(item.name)}")
        for group in archive().schedules.plan.classes
        for item in group.types
    ]


def case_options() -> list[tuple[str, str]]:
    """Return case files for a choice, the newest first; where there are more than a list can show, only these are offered."""
    return [(row.case_no, f"{row.case_no} {row.title}") for row in archive().cases.all_cases()[:OFFERED]]


def case_said(text: str) -> str | None:
    """Return the case file that a person means: by its number, or by words that stand in one number, title or enterprise only.

    What names none is returned as it is: who looks for it says that it is not there.
    """
    said = " ".join(text.split())
    if not said:
        return None
    every = archive().cases.all_cases()
    if any(row.case_no == said for row in every):
        return said
    wanted = said.casefold()
    found = [row for row in every if wanted in f"{row.case_no}\n{row.title}\n{row.enterprise}".casefold()]
    if len(found) > 1:
        named = "；".join(f"{row.case_no} {row.title}" for row in found[:5])
        raise BadInput(
            f"有 {len(found)} 个案卷含“{said}”，请填写其中一个的编号：{named}{'……' if len(found) > 5 else ''}",
            f"{len(found)} case files hold {said!r}; give the number of one of them: {named}{' ...' if len(found) > 5 else ''}",
        )
    return str(found[0].case_no) if found else said


def fonds_options() -> list[tuple[str, str]]:
    """Return every fonds for a choice."""
    return [(row.fonds_no, f"{row.fonds_no} {t(row.name_zh, row.name_en)}") for row in archive().cases.all_fonds()]


@blueprint.get("/")
def page() -> str:
    """Show the tree, and the records of what is chosen in it."""
    narrowing = Narrowing("catalogue.page", _wanted())
    wanted = narrowing.now
    after = request.args.get("after", "")
    lines = archive().catalogue.records(person(), filters_of(wanted), after, PAGE + 1)
    shown, more = lines[:PAGE], len(lines) > PAGE
    return render_template(
        "catalogue.html",
        tree=_tree(narrowing),
        axes=[(words(name), url_for("catalogue.by", axis=axis)) for axis, name in AXES.items()],
        views=_views(),
        may_edit=may(Action.FILE_RECORD),
        heading=_heading(wanted),
        crumbs=_crumbs(wanted),
        rows=rows_of(shown),
        chips=narrowing.chips(_shown),
        clear_url=url_for("catalogue.page"),
        keep={name: value for name, value in wanted.items() if name in ("type", "class")},
        wanted=wanted,
        cases=[(row.case_no, row.title) for row in archive().cases.newest(AT_HAND)],
        fonds=fonds_options(),
        enterprises=[one.key for one in archive().counting.enterprises(person(), limit=AT_HAND)],
        levels=[(code, words(text)) for code, text in LEVEL_WORDS.items()],
        next_url=narrowing.url(after=shown[-1].code) if more else None,
        first_url=narrowing.url() if after else None,
        void=[] if more else archive().void_ledger.among(person(), filters_of(wanted)),
        void_at_most=AT_HAND,
    )


@blueprint.get("/by/<axis>")
def by(axis: str) -> str:
    """Show the values that the catalogue can be browsed by, with how much there is of each."""
    if axis not in AXES:
        raise NotFound("目录不能按此浏览。", "The catalogue cannot be browsed by that.")
    after, counting = request.args.get("after", ""), archive().counting
    values: list[Value]
    if axis == "year":
        values = counting.years(person())
    elif axis == "fonds":
        values = counting.fonds(person())
    elif axis == "enterprise":
        values = counting.enterprises(person(), after, PAGE + 1)
    else:
        values = counting.inspections(person(), after, PAGE + 1)
    paged = axis in ("enterprise", "inspection")
    shown = values[:PAGE] if paged else values
    return render_template(
        "catalogue_by.html",
        axes=[(words(name), url_for("catalogue.by", axis=one), one == axis) for one, name in AXES.items()],
        heading=words(AXES[axis]),
        key=words(KEYS[axis]),
        rows=[
            {"value": one, "url": url_for("catalogue.page", **{FILTER_OF.get(axis, axis): one.key})}  # type: ignore[arg-type]
            for one in shown
        ],
        named=axis in ("fonds", "inspection"),
        next_url=url_for("catalogue.by", axis=axis, after=shown[-1].key) if paged and len(values) > PAGE else None,
        first_url=url_for("catalogue.by", axis=axis) if after else None,
    )


def filters_of(wanted: Mapping[str, str]) -> Filters:
    """Read what a list is narrowed to from an address or a form."""
    return Filters(
        type_code=wanted.get("type", ""),
        class_code=wanted.get("class", ""),
        case_no=wanted.get("case", ""),
        year=number_of(wanted.get("year", ""), "年度", "The year"),
        level=wanted.get("level", ""),
        fonds_no=wanted.get("fonds", ""),
        enterprise=wanted.get("enterprise", ""),
    )


def _wanted() -> dict[str, str]:
    return {name: value for name in NARROWING if (value := request.args.get(name, "").strip())}


def _views() -> list[dict[str, Any]]:
    """Return the saved views that the person has, and those that others share."""
    found = archive().saved_views.of(person())
    names = names_of([view.person_id for view in found])
    return [
        {
            "id": view.id,
            "name": view.name,
            "url": url_for("catalogue.page", **view.narrowed),  # type: ignore[arg-type]
            "own": view.person_id == person().id,
            "shared": view.shared,
            "who": names.get(view.person_id, ""),
        }
        for view in found
    ]


def rows_of(lines: list[Line]) -> list[dict[str, Any]]:
    """Return records as a table shows them."""
    return [
        {
            "line": line,
            "url": url_for("record.page", code=line.code),
            "type": words(line.type_name),
            "badges": badges_of(line),
            "period": period_words(line.period),
        }
        for line in lines
    ]


def period_words(code: str) -> str:
    """Write a period code out: Y is for ever, D30 is thirty years."""
    if code == "Y":
        return t("永久", "Permanent")
    years = code[1:]
    return t(f"{years} 年", f"{years} years") if years.isdigit() else code


def _shown(name: str, value: str) -> tuple[str, str] | None:
    shown = {
        "class": (t("类", "Class"), class_name(value)),
        "type": (t("类型", "Type"), f"{value} {type_name(value)}"),
        "case": (t("案卷", "Case file"), value),
        "year": (t("年度", "Year"), value),
        "fonds": (t("全宗", "Fonds"), value),
        "enterprise": (t("企业", "Enterprise"), value),
        "level": (t("密级", "Level"), words(LEVEL_WORDS[value]) if value in LEVEL_WORDS else value),
    }
    return shown.get(name)


def _heading(wanted: Mapping[str, str]) -> str:
    if "type" in wanted:
        return type_name(wanted["type"])
    if "class" in wanted:
        return class_name(wanted["class"])
    return t("目录", "Catalogue")


def _crumbs(wanted: Mapping[str, str]) -> list[tuple[str, str]]:
    crumbs = [(t("目录", "Catalogue"), url_for("catalogue.page"))] if "type" in wanted or "class" in wanted else []
    found = archive().schedules.plan.types.get(wanted.get("type", ""))
    if found:
        crumbs.append((class_name(found.class_code), url_for("catalogue.page", **{"class": found.class_code})))  # type: ignore[arg-type]
    return crumbs


def _tree(narrowing: Narrowing) -> list[dict[str, Any]]:
    chosen_type, chosen_class = narrowing.now.get("type", ""), narrowing.now.get("class", "")
    plan = archive().schedules.plan
    found = plan.types.get(chosen_type)
    opened = found.class_code if found else chosen_class
    inside = [item for group in plan.classes if group.code == opened for item in group.types]
    counts = archive().counting.tree(person(), [group.code for group in plan.classes], [item.code for item in inside])
    types = [
        {
            "name": f"{item.code} {words(item.name)}",
            "count": counts[item.code],
            "url": narrowing.url(type=item.code, **{"class": ""}),
            "active": item.code == chosen_type,
        }
        for item in inside
    ]
    return [
        {
            "name": f"{group.code} {words(group.name)}",
            "count": counts[group.code],
            "url": narrowing.url(type="", **{"class": group.code}),
            "active": group.code == chosen_class and not chosen_type,
            "types": types if group.code == opened else [],
        }
        for group in plan.classes
    ]
