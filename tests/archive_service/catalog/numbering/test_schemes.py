"""Numbering schemes kept by people: versions, what is refused when one is saved, the next codes, numbering by file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from archive_service.catalog.classification.plan import SHIPPED
from archive_service.catalog.classification.schedules import read_files, take_into_use
from archive_service.catalog.codes.scheme import Scheme
from archive_service.catalog.numbering.schemes import NewScheme, Sample, Schemes
from archive_service.errors import BadInput, BadSettings, Conflict, Forbidden
from archive_service.search.doctor import continuity
from retention_policies import default_schedule_path
from tests.support.disposal_world import APPRAISER, PROPOSER, World

TODAY = date(2026, 3, 2)
SIX = "{fonds}-{category}·{year}-{retention}-{problem}-{item:6}"
SAMPLE = Sample("Q001", "YSH05", 2014, "D10")


def new(name: str = "DAT22_ITEM", pattern: str = SIX, starts_on: date = TODAY, *restart: str) -> NewScheme:
    return NewScheme(name, "六位件号", "Six digits", pattern, restart, starts_on)


def schemes(world: World) -> Schemes:
    return Schemes(world.ledger, world.schedules)


def test_a_new_version_numbers_from_its_day_on_and_the_count_goes_on(world: World) -> None:
    assert world.file().archival_code.endswith("-YSH-0001")
    made = schemes(world).make(world.person(PROPOSER), new(starts_on=date(2026, 3, 4)))
    assert made.version == 2
    assert world.file().archival_code.endswith("-YSH-0002")
    world.set_date(2026, 3, 4)
    assert world.file().archival_code.endswith("-YSH-000003")
    (first,) = [one for one in schemes(world).every(world.person(PROPOSER)) if one.name == "DAT22_ITEM"]
    assert [(one.scheme.version, one.holds) for one in first.versions] == [(2, True), (1, False)]
    assert continuity(world.ledger) == []


def test_everything_wrong_with_a_version_is_said_at_once_and_nothing_is_saved(desk: World) -> None:
    wrong = replace(new(pattern="{fonds}-{item:4}·{unit}", starts_on=date(2026, 3, 1)), name_en=" ")
    with pytest.raises(BadInput) as refused:
        schemes(desk).make(desk.person(PROPOSER), wrong)
    assert len(refused.value.text.en.splitlines()) == 3
    for said in ("English name is missing", "cannot start before 2026-03-02", "unknown parts: unit"):
        assert said in refused.value.text.en
    (kept,) = [one for one in schemes(desk).every(desk.person(PROPOSER)) if one.name == "DAT22_ITEM"]
    assert len(kept.versions) == 1


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (new("OTHER", "{fonds}-ZY·AX·{year}-{retention}-KCQ-{item:4}"), None),
        (new(pattern="{fonds}-{category}·{year}-{retention}-{problem}-{item:4}"), "nothing is changed"),
        (
            new("DAT22_ITEM", "{fonds}-{category}·{year}-{retention}-{problem}-{item:4}", TODAY, "fonds", "year"),
            "version 1 gives too",
        ),
        (new(pattern="{fonds}-{category}·{year}-{retention}[-{problem}]-{item:4}"), None),
    ],
)
def test_a_version_that_could_give_a_code_twice_is_refused(desk: World, made: NewScheme, said: str | None) -> None:
    if said is None:  # no type of the plan is numbered by it, or it goes on counting where the old one stopped
        schemes(desk).make(desk.person(PROPOSER), made)
        return
    with pytest.raises(BadInput, match=said):
        schemes(desk).make(desk.person(PROPOSER), made)


def test_only_archivists_make_schemes(desk: World) -> None:
    with pytest.raises(Forbidden):
        schemes(desk).make(desk.person(APPRAISER), new())


def test_the_next_ten_codes_are_those_that_are_given_and_looking_takes_none(world: World) -> None:
    keeper, actor = schemes(world), world.person(PROPOSER)
    world.file()
    scheme = world.schedules.plan.type("YSH05").scheme
    seen = keeper.next_codes(actor, scheme, SAMPLE)
    assert seen == keeper.next_codes(actor, scheme, SAMPLE)
    assert [int(code[-4:]) for code in seen] == list(range(2, 12))
    assert [world.file().archival_code for _ in range(2)] == seen[:2]


def test_classes_that_count_together_get_different_numbers(world: World) -> None:
    free = new("DAT22_ITEM", "{fonds}-{problem}·{year}-{item:5}", TODAY, "fonds", "year")
    schemes(world).make(world.person(PROPOSER), free)
    codes = [world.file(one).archival_code for one in ("YSH05", "ZBG04", "YSH05")]
    assert codes == ["Q001-YSH·2014-00001", "Q001-ZBG·2014-00002", "Q001-YSH·2014-00003"]
    assert world.file("YSH05", code="Q001-YSH·2014-00004").archival_code.endswith("4")
    assert world.file("ZBG04").archival_code == "Q001-ZBG·2014-00005"
    with pytest.raises(Conflict):  # its own code is free, but the number is another class's
        world.file("ZBG04", code="Q001-ZBG·2014-00003")
    assert continuity(world.ledger) == []


def test_by_file_every_case_file_has_one_number_in_its_class_and_items_count_in_it(world: World) -> None:
    by_file = new(pattern="{fonds}-{category}·{year}·{retention}-{file:3}-{item:3}")
    schemes(world).make(world.person(PROPOSER), by_file)
    for case in ("AX2024-007", "AX2024-009"):
        world.open_case(case)
    codes = [world.file(case_no=case).archival_code[-7:] for case in ("AX2024-009", "AX2024-007", "AX2024-009")]
    assert codes == ["001-001", "002-001", "001-002"]
    assert world.file("ZBG04", case_no="AX2024-007").archival_code == "Q001-ZY·AX·2014·D10-002-002"
    with pytest.raises(BadInput, match="choose a case file"):
        world.file()
    assert schemes(world).next_codes(world.person(PROPOSER), _by_file(world), SAMPLE)[0].endswith("003-001")
    assert continuity(world.ledger) == []


def _by_file(world: World) -> Scheme:
    return schemes(world).in_force(world.schedules.plan.type("YSH05").scheme)


def test_a_plan_cannot_change_a_scheme_that_has_numbered(desk: World) -> None:
    desk.file()
    changed = SHIPPED.read_text(encoding="utf-8").replace('version = "2026-1"', 'version = "2027-1"')
    plan = desk.folder / "plan.toml"
    plan.write_text(changed.replace("-{problem}-{item:4}", "-{problem}-{item:5}"), encoding="utf-8")
    with pytest.raises(BadSettings, match=r"\[schemes.DAT22_ITEM\].*is in use"):
        take_into_use(desk.ledger, *read_files(plan, default_schedule_path()))
    plan.write_text(changed, encoding="utf-8")
    take_into_use(desk.ledger, *read_files(plan, default_schedule_path()))
