"""The catalogue: the tree of classes, lists of records, case files and their events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request, url_for

from archive_service.catalog.browse import PAGE, Filters, Line
from archive_service.people.model import LEVEL_WORDS
from archive_service.web.here import archive, class_name, number_of, person, t, type_name, words
from archive_service.web.home import badges_of

blueprint = Blueprint("catalogue", __name__, url_prefix="/catalogue")


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
    """Return every case file for a choice, the newest first."""
    return [(row.case_no, f"{row.case_no} {row.title}") for row in archive().cases.all_cases()]


def enterprise_options() -> list[tuple[str, str]]:
    """Return every enterprise that a case file is about."""
    names = sorted({row.enterprise for row in archive().cases.all_cases() if row.enterprise})
    return [(name, name) for name in names]


def fonds_options() -> list[tuple[str, str]]:
    """Return every fonds for a choice."""
    return [(row.fonds_no, f"{row.fonds_no} {t(row.name_zh, row.name_en)}") for row in archive().cases.all_fonds()]


@blueprint.get("/")
def page() -> str:
    """Show the tree, and the records of what is chosen in it."""
    counts = archive().catalogue.counts(person())
    narrowing = Narrowing("catalogue.page", _wanted())
    wanted = narrowing.now
    filters = Filters(
        type_code=wanted.get("type", ""),
        class_code=wanted.get("class", ""),
        case_no=wanted.get("case", ""),
        year=number_of(wanted.get("year", ""), "年度", "The year"),
        level=wanted.get("level", ""),
        fonds_no=wanted.get("fonds", ""),
        enterprise=wanted.get("enterprise", ""),
    )
    after = request.args.get("after", "")
    lines = archive().catalogue.records(person(), filters, after)
    return render_template(
        "catalogue.html",
        tree=_tree(counts, narrowing),
        heading=_heading(wanted),
        crumbs=_crumbs(wanted),
        rows=rows_of(lines),
        chips=narrowing.chips(_shown),
        clear_url=url_for("catalogue.page"),
        keep={name: value for name, value in wanted.items() if name in ("type", "class")},
        wanted=wanted,
        cases=case_options(),
        fonds=fonds_options(),
        enterprises=enterprise_options(),
        levels=[(code, words(text)) for code, text in LEVEL_WORDS.items()],
        next_url=narrowing.url(after=lines[-1].code) if len(lines) == PAGE else None,
        first_url=narrowing.url() if after else None,
        total=sum(counts.values()) if not wanted else None,
    )


def _wanted() -> dict[str, str]:
    names = ("class", "type", "case", "year", "level", "fonds", "enterprise")
    return {name: value for name in names if (value := request.args.get(name, "").strip())}


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


def _tree(counts: Mapping[str, int], narrowing: Narrowing) -> list[dict[str, Any]]:
    chosen_type, chosen_class = narrowing.now.get("type", ""), narrowing.now.get("class", "")
    found = archive().schedules.plan.types.get(chosen_type)
    opened = found.class_code if found else chosen_class
    tree = []
    for group in archive().schedules.plan.classes:
        types = [
            {
                "name": f"{item.code} {words(item.name)}",
                "count": counts.get(item.code, 0),
                "url": narrowing.url(type=item.code, **{"class": ""}),
                "active": item.code == chosen_type,
            }
            for item in group.types
        ]
        tree.append(
            {
                "name": f"{group.code} {words(group.name)}",
                "count": sum(counts.get(item.code, 0) for item in group.types),
                "url": narrowing.url(type="", **{"class": group.code}),
                "active": group.code == chosen_class and not chosen_type,
                "types": types if group.code == opened else [],
            }
        )
    return tree
