"""A record's page names what belongs together, as far as one may see it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from archive_service.catalog.records.browse import Catalogue
from archive_service.errors import Forbidden, NotFound
from tests.support.disposal_world import PROPOSER, World

DAY = date(2014, 6, 1)


@pytest.fixture
def catalogue(world: World) -> Catalogue:
    return Catalogue(world.ledger, world.vault, world.schedules)


def test_a_photograph_and_its_record_name_each_other(world: World, catalogue: Catalogue) -> None:
    report = world.file("YSH05", DAY)
    pictures = [world.file("SXD01", DAY, level="INT", parent=report.archival_code) for _ in range(2)]
    whole = catalogue.find(world.person(PROPOSER), report.archival_code)
    assert [line.code for line in whole.belonging] == [picture.archival_code for picture in pictures]
    assert whole.parent is None
    picture = catalogue.find(world.person(PROPOSER), pictures[0].archival_code)
    assert picture.parent is not None
    assert (picture.parent.code, picture.belonging) == (report.archival_code, ())


def test_what_one_may_not_see_is_not_named(world: World, catalogue: Catalogue) -> None:
    report = world.file("YSH05", DAY)
    world.file("SXD01", DAY, level="TS", parent=report.archival_code)
    low = replace(world.person(PROPOSER), clearance=frozenset({"INT"}))
    assert catalogue.find(low, report.archival_code).belonging == ()


def test_reading_a_file_is_logged_and_so_is_a_refusal(world: World, catalogue: Catalogue) -> None:
    receipt = world.file("YSH05", DAY, level="SEAL")
    file = world.component_ids(receipt)[0]
    person = world.person(PROPOSER)
    with pytest.raises((Forbidden, NotFound)):
        catalogue.open_component(person, receipt.record_id, file, "test")
    assert (world.acts("record:read"), world.acts("record:read:refused")) == (0, 1)
    plain = world.file("YSH05", DAY)
    _, content = catalogue.open_component(person, plain.record_id, world.component_ids(plain)[0], "test")
    assert b"".join(content).decode()
    assert (world.acts("record:read"), world.acts("record:read:refused")) == (1, 1)


@pytest.mark.parametrize(
    "typed",
    [
        "q001-zy・ax・2014-d10-ysh-0001",
        "Ｑ００１－ＺＹ·ＡＸ·２０１４－Ｄ１０－ＹＳＨ－０００１",
        "Q001 - ZY·AX·2014 - D10 - YSH - 0001",
    ],
)
def test_a_record_is_found_by_its_code_typed_in_any_way_and_kept_with_the_middle_dot(
    world: World, catalogue: Catalogue, typed: str
) -> None:
    receipt = world.file("YSH05", DAY)
    assert "\u00b7" in receipt.archival_code
    assert catalogue.find(world.person(PROPOSER), typed).line.code == receipt.archival_code
