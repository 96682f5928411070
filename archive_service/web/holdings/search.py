"""Searching titles and texts."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for

from archive_service.catalog.collecting.legacy_tables import likely_codes
from archive_service.errors import BadInput, Text
from archive_service.people.model import LEVEL_WORDS
from archive_service.people.policy import Action, require
from archive_service.reports.found import found_register
from archive_service.search.fields import LONGEST_VALUE, SearchFilters, read_day
from archive_service.search.progress import progress_of
from archive_service.search.service import Hit, Results
from archive_service.web.here import archive, class_name, language, level_badge, number_of, person, t, type_name, words
from archive_service.web.holdings.catalogue import Narrowing
from archive_service.web.holdings.reports import handed_out
from archive_service.web.home import badges_of
from archive_service.web.second import second_again

blueprint = Blueprint("search", __name__)
PAGE = 20
FILTERS = ("class", "type", "year", "level", "enterprise", "code", "after", "before")
NEWEST = "date"
LITTLE = 3
"""Where fewer are found another way of writing the words is offered."""


@blueprint.get("/search")
def page() -> str:
    """Show what was found, or how to search."""
    require(person(), Action.SEARCH)
    query = request.args.get("q", "").strip()[:500]
    if not query:
        return render_template("search.html", query="", found=None)
    narrowing = Narrowing("search.page", {**_wanted(), "q": query})
    offset = number_of(request.args.get("from", ""), "起点", "The start") or 0
    filters = _filters(narrowing)
    newest = narrowing.now.get("sort") == NEWEST
    behind = request.args.get("behind", "").strip()[:LONGEST_VALUE]
    found = archive().search.find(
        person(), query, filters, limit=PAGE, offset=offset, behind=behind, newest_first=newest
    )
    last = found.start + len(found.hits)
    return render_template(
        "search.html",
        query=query,
        found=found,
        results=[_result(hit) for hit in found.hits],
        meant=_meant(query) if not found.total else [],
        better=_better(query, filters) if found.total < LITTLE else None,
        facets=_facets(found, narrowing),
        told=[words(one) for one in found.told],
        orders=[
            (t("最相关的在前", "Best match first"), narrowing.url(sort=""), not newest),
            (t("日期新的在前", "Newest first"), narrowing.url(sort=NEWEST), newest),
        ],
        export_url=url_for("search.exported", **narrowing.now),  # type: ignore[arg-type]
        chips=narrowing.chips(_shown),
        clear_url=url_for("search.page", q=query),
        now=narrowing.now,
        next_url=narrowing.url(**{"from": str(last), "behind": found.hits[-1].line.code})
        if found.hits and last < found.total
        else None,
        first_url=narrowing.url() if found.start else None,
        waiting=_waiting(),
        masked=masked_entry(query),
        keep={**narrowing.now, "q": query},
    )


@blueprint.get("/search/found.xlsx")
@second_again
def exported() -> Response:
    """Hand out the list of what was found as a spreadsheet; the log notes who took it."""
    require(person(), Action.SEARCH)
    narrowing = Narrowing("search.page", _wanted())
    query = request.args.get("q", "").strip()[:500]
    house = archive().settings.archive
    register = found_register(
        archive().search,
        person(),
        query,
        _filters(narrowing),
        Text(house.name_zh, house.name_en),
        language(),
        newest_first=narrowing.now.get("sort") == NEWEST,
    )
    return handed_out(register, "xlsx")


def _filters(narrowing: Narrowing) -> SearchFilters:
    now = narrowing.now
    return SearchFilters(
        class_code=now.get("class", ""),
        type_code=now.get("type", ""),
        year=number_of(now.get("year", ""), "年度", "The year"),
        level=now.get("level", ""),
        enterprise=now.get("enterprise", "")[:LONGEST_VALUE],
        code=now.get("code", "")[:LONGEST_VALUE],
        before=_day_of(now.get("before", ""), "早于", "Before"),
        after=_day_of(now.get("after", ""), "晚于", "From"),
    )


def _day_of(typed: str, zh: str, en: str) -> date | None:
    day = read_day(typed) if typed else None
    if typed and day is None:
        raise BadInput(f"“{zh}”的日期请写成 2024-05-01。", f"Write the date of “{en}” as 2024-05-01.")
    return day


def masked_entry(typed: str) -> dict[str, Any] | None:
    """Return the masked entry of a code that was typed, for a level that is discoverable; it is in no count."""
    found = archive().masked.find(person(), typed)
    if found is None:
        return None
    return {
        "code": found.code,
        "badges": [level_badge(found.level)],
        "ask_url": url_for("access.page", code=found.code),
        "copies": url_for("redactions.page", code=found.code)
        if archive().redacted_copies.of_code(person(), found.code)
        else None,
        "emergency_url": url_for("emergency.page", code=found.code)
        if archive().emergencies.open_to(person())
        else None,
    }


def _meant(query: str) -> list[dict[str, str]]:
    """Return records that the person sees and that a code typed amiss may mean; it was not found as it was typed."""
    codes = likely_codes(archive().ledger, archive().schedules, query)
    lines = archive().catalogue.by_codes(person(), codes)
    return [{"code": one.code, "title": one.title, "url": url_for("record.page", code=one.code)} for one in lines]


def _waiting() -> str:
    """Say how many of the records that the person sees cannot be found by their text yet; nothing where none waits."""
    now = progress_of(archive().catalogue, person())
    said = []
    if now.texts:
        said.append(t(f"{now.texts} 件的文字正在提取，还查不到", f"the text of {now.texts} is still being taken out"))
    if now.pictures:
        pages = t(f"（{now.done}/{now.pages} 页）", f" ({now.done} of {now.pages} pages)") if now.pages else ""
        said.append(
            t(
                f"{now.pictures} 件图像中的文字正在识别{pages}",
                f"words in pictures of {now.pictures} are being read{pages}",
            )
        )
    return t("；", "; ").join(said)


def _better(query: str, filters: SearchFilters) -> dict[str, str] | None:
    """Return the question with words of records that the person sees in the place of those that nothing holds."""
    better = archive().search.better(person(), query, filters)
    return {"query": better, "url": Narrowing("search.page", _wanted()).url(q=better)} if better else None


def _wanted() -> dict[str, str]:
    return {name: value for name in (*FILTERS, "sort") if (value := request.args.get(name, "").strip())}


def _result(hit: Hit) -> dict[str, Any]:
    line = hit.line
    facts = [words(line.type_name), line.document_date, line.case_no]
    return {
        "title": line.title,
        "code": line.code,
        "url": url_for("record.page", code=line.code),
        "parts": hit.parts,
        "facts": [fact for fact in facts if fact],
        "badges": badges_of(line),
    }


def _shown(name: str, value: str) -> tuple[str, str] | None:
    if name == "class":
        return t("类", "Class"), class_name(value)
    if name == "year":
        return t("年度", "Year"), value
    if name == "level":
        return t("密级", "Level"), words(LEVEL_WORDS[value]) if value in LEVEL_WORDS else value
    if name == "type":
        return t("类型", "Type"), f"{value} {type_name(value)}".strip()
    plain = {
        "enterprise": t("企业", "Enterprise"),
        "code": t("档号", "Code"),
        "after": t("自", "From"),
        "before": t("早于", "Before"),
    }
    return (plain[name], value) if name in plain else None


def _facets(found: Results, narrowing: Narrowing) -> list[tuple[str, list[tuple[str, int, str, bool]]]]:
    headings = {
        "class": t("类", "Class"),
        "type": t("类型", "Type"),
        "year": t("年度", "Year"),
        "level": t("密级", "Level"),
    }
    facets = []
    for name, heading in headings.items():
        options = []
        for value, count in found.facets.get(name, []):
            shown = _shown(name, value)
            active = narrowing.now.get(name) == value
            url = narrowing.url(**{name: "" if active else value})
            options.append((shown[1] if shown else value, count, url, active))
        facets.append((heading, options))
    return facets
