"""The plan changed by people: draft, effects, a second person who publishes, records brought in line and never shortened."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_service.catalog.classification import drafts
from archive_service.catalog.classification.drafts import PlanDrafts
from archive_service.catalog.classification.plan import SHIPPED
from archive_service.catalog.classification.schedules import read_files, take_into_use
from archive_service.catalog.numbering.schemes import NewScheme, Schemes
from archive_service.catalog.records.browse import Catalogue
from archive_service.catalog.records.plan_effects import Effect, PlanEffects
from archive_service.errors import BadInput, Conflict, Forbidden, NotFound
from retention_policies import default_schedule_path
from tests.support.disposal_world import APPROVERS, ORDERER, PROPOSER, World

NO_TEXTS = {"name_zh": "", "name_en": "", "note_zh": "", "note_en": ""}


def keeper(world: World) -> PlanDrafts:
    return PlanDrafts(world.ledger, world.schedules)


def effects(world: World) -> PlanEffects:
    return PlanEffects(world.ledger, world.schedules, Catalogue(world.ledger, world.vault, world.schedules))


def said(**more: Any) -> dict[str, Any]:
    return {"code": "", "class": "ZBG", "rule": "", "level": "", "required": [], **NO_TEXTS, **more}


def draft_with(world: World, *edits: Any) -> str:
    """Write a draft and return the mark of what it is now."""
    actor = world.person(PROPOSER)
    keeper(world).begin(actor)
    for edit in edits:
        keeper(world).change(actor, edit)
    return mark(world)


def mark(world: World) -> str:
    found = keeper(world).draft(world.person(PROPOSER))
    assert found is not None
    return found.id


def moved_and_longer(raw: drafts.Raw) -> None:
    """Put the monthly briefs into another class, for ever; and the annual summary under a rule of ten years."""
    drafts.put_type(raw, "ZBG04", said(**{"class": "DAG"}, rule="ZBG02"))
    drafts.put_type(raw, "ZBG02", said(rule="ZBG04", level="TS", required=["author"]))


def test_what_a_draft_would_do_is_told_and_done_when_another_person_publishes_it(world: World) -> None:
    brief, summary = world.file("ZBG04"), world.file("ZBG02")
    wanted = draft_with(world, moved_and_longer)
    found = keeper(world).draft(world.person(PROPOSER))
    assert found is not None
    assert found.plan is not None
    told = {one.code: one for one in effects(world).of(world.person(PROPOSER), found.plan)}
    assert {code: (e.records, e.later, e.stays, e.below) for code, e in told.items()} == {
        "ZBG04": (1, 1, 0, 0),
        "ZBG02": (1, 0, 1, 1),
    }
    assert "class: ZBG → DAG" in [word.en for word in told["ZBG04"].words]
    assert world.record(brief).class_code == "ZBG"
    assert keeper(world).publish(world.person(APPROVERS[0]), wanted) == "2026-2"
    assert not effects(world).bring_in_line()
    row = world.record(brief)
    assert (row.class_code, row.rule_code, row.period, row.code) == ("DAG", "ZBG02", "Y", brief.archival_code)
    row = world.record(summary)
    assert (row.rule_code, row.period, row.level, row.plan_version) == ("ZBG02", "Y", "INT", "2026-2")
    with pytest.raises(BadInput, match="also requires the responsible body"):
        world.file("ZBG02", level="TS")
    assert world.record(world.file("ZBG02", level="TS", author="巡察办")).rule_code == "ZBG04"
    assert world.file("ZBG04").archival_code == "Q001-ZY·AX·2014-Y-DAG-0001"


def test_whoever_wrote_in_a_draft_cannot_publish_it_nor_what_was_changed_since(desk: World) -> None:
    wanted = draft_with(desk, moved_and_longer)
    with pytest.raises(Forbidden, match="wrote in this draft"):
        keeper(desk).publish(desk.person(PROPOSER), wanted)
    keeper(desk).change(desk.person(ORDERER), lambda raw: drafts.remove_type(raw, "ZBG03"))
    with pytest.raises(Conflict, match="just been changed"):
        keeper(desk).publish(desk.person(APPROVERS[0]), wanted)
    with pytest.raises(Forbidden, match="wrote in this draft"):
        keeper(desk).publish(desk.person(ORDERER), mark(desk))
    with pytest.raises(Conflict, match="a draft already"):
        keeper(desk).begin(desk.person(ORDERER))
    keeper(desk).discard(desk.person(ORDERER))
    assert keeper(desk).draft(desk.person(PROPOSER)) is None


def test_a_category_leaves_a_draft_once_no_class_uses_it() -> None:
    raw = {
        "categories": [{"code": "ZY·AX"}, {"code": "ZP·AX"}],
        "classes": [{"code": "A", "category": "ZY·AX", "types": ["A1"], "categories": {"A1": "ZP·AX"}}],
    }
    for used in ("ZY·AX", "ZP·AX"):
        with pytest.raises(BadInput, match="still use this category: A"):
            drafts.remove_category(raw, used)
    raw["classes"][0]["categories"] = {}
    drafts.remove_category(raw, "ZP·AX")
    assert raw["categories"] == [{"code": "ZY·AX"}]
    with pytest.raises(NotFound):
        drafts.remove_category(raw, "ZP·AX")


def test_a_type_without_a_rule_cannot_be_published_and_an_unchanged_draft_neither(desk: World) -> None:
    same = draft_with(desk)
    with pytest.raises(Conflict, match="plan in force"):
        keeper(desk).publish(desk.person(APPROVERS[0]), same)
    keeper(desk).change(desk.person(PROPOSER), lambda raw: drafts.put_type(raw, "", said(code="ZBG09", name_zh="新")))
    found = keeper(desk).draft(desk.person(PROPOSER))
    assert found is not None
    assert found.plan is None
    assert any("ZBG09 has no rule" in fault for fault in found.faults)
    with pytest.raises(Conflict, match="ZBG09 has no rule"):
        keeper(desk).publish(desk.person(APPROVERS[0]), found.id)
    assert desk.schedules.plan.version == "2026-1"


def test_a_new_class_is_numbered_by_a_scheme_that_people_made(world: World) -> None:
    actor = world.person(PROPOSER)
    own = NewScheme(
        "OWN_FILE",
        "按卷",
        "By file",
        "{fonds}-{category}·{year}·{retention}-{file:3}-{item:3}",
        (),
        world.hands.now.date(),
    )
    Schemes(world.ledger, world.schedules).make(actor, own)

    def photographs(raw: drafts.Raw) -> None:
        keeper(world).take_scheme(raw, "OWN_FILE")
        drafts.put_category(raw, "", {"code": "zp·xc", "name_zh": "现场", "name_en": "Site", "scheme": "OWN_FILE"})
        drafts.put_class(
            raw, "", {"code": "xcz", "category": "ZP·XC", **NO_TEXTS, "name_zh": "现场", "name_en": "Site"}
        )
        drafts.put_type(
            raw, "", said(**{"class": "XCZ"}, code="XCZ01", rule="ZBG04", name_zh="现场照片", name_en="Site")
        )

    keeper(world).publish(world.person(APPROVERS[0]), draft_with(world, photographs))
    world.open_case("AX2024-008")
    assert world.file("XCZ01", case_no="AX2024-008").archival_code == "Q001-ZP·XC·2014·D10-001-001"


def test_a_published_plan_stays_in_force_when_the_archive_is_opened_again(desk: World) -> None:
    keeper(desk).publish(desk.person(APPROVERS[0]), draft_with(desk, lambda raw: drafts.remove_type(raw, "ZBG03")))
    opened = take_into_use(desk.ledger, *read_files(SHIPPED, default_schedule_path()))
    assert opened.plan.version == "2026-2"
    assert "ZBG03" not in opened.plan.types


def test_effects_count_only_what_the_person_may_see(desk: World) -> None:
    desk.file("KCQ09", level="TS")
    draft_with(desk, lambda raw: drafts.remove_type(raw, "KCQ09"))
    found = keeper(desk).draft(desk.person(PROPOSER))
    assert found is not None
    assert found.plan is not None
    from dataclasses import replace

    narrow = replace(desk.person(PROPOSER), clearance=frozenset({"INT"}))
    (seen,) = effects(desk).of(desk.person(PROPOSER), found.plan)
    (hidden,) = effects(desk).of(narrow, found.plan)
    assert (seen.records, hidden.records) == (1, 0)
    assert isinstance(hidden, Effect)


TABLE = st.dictionaries(
    st.sampled_from(["code", "name_zh", "note_en"]), st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
)


@given(
    TABLE,
    st.lists(TABLE, max_size=3),
    st.dictionaries(st.text(st.sampled_from('ABC·"\\\n'), min_size=1), TABLE, max_size=3),
)
def test_a_plan_written_is_the_plan_read(
    head: dict[str, str], classes: list[dict[str, Any]], types: dict[str, Any]
) -> None:
    raw = {name: value for name, value in head.items() if name != "note_en"}
    raw |= {"classes": [{**one, "types": ["A1"], "categories": {"A1": "Z"}} for one in classes], "types": types}  # type: ignore[dict-item]
    again = tomllib.loads(drafts.written(raw))
    assert again == {name: value for name, value in raw.items() if value or name not in ("classes", "types")}


def test_the_shipped_plan_written_is_the_plan_read() -> None:
    raw = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    assert tomllib.loads(drafts.written(raw)) == raw
