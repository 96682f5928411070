"""Item numbers run without a gap, each class by its own scheme; a gap is named as the scheme would have written it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from archive_service.audit.acts import NUMBER_VOIDED
from archive_service.catalog.classification.plan import SHIPPED
from archive_service.catalog.classification.schedules import read_files, take_into_use
from archive_service.catalog.tables import sequences, void_numbers
from archive_service.search.doctor import continuity
from retention_policies import default_schedule_path
from tests.support.disposal_world import PROPOSER, World, make_world

THREE, SIX = "{category}·{year}·{retention}·{problem}-{item:3}", "{category}·{year}-{retention}-{problem}-{item:6}"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An archive that numbered by four digits and now numbers by three, photographs by six."""
    folder = tmp_path / "archive"
    folder.mkdir()
    made = make_world(f"sqlite:///{folder / 'catalogue.db'}", folder)
    made.file("YSH05")
    body = SHIPPED.read_text(encoding="utf-8").replace('version = "2026-1"', 'version = "2027-1"')
    body = body.replace(
        "[[categories]]",
        f'[schemes.OWN_3]\nname_zh = "三"\nname_en = "3"\npattern = "{{fonds}}-{THREE}"\n'
        f'[schemes.OWN_6]\nname_zh = "六"\nname_en = "6"\npattern = "{{fonds}}-{SIX}"\n[[categories]]',
        1,
    )
    head, first, rest = body.partition('scheme = "DAT22_ITEM"')
    body = head + first.replace("DAT22_ITEM", "OWN_3") + rest.replace('scheme = "DAT22_ITEM"', 'scheme = "OWN_6"')
    plan = tmp_path / "plan.toml"
    plan.write_text(body, encoding="utf-8")
    schedules = take_into_use(made.ledger, *read_files(plan, default_schedule_path()))
    made.accession = replace(made.accession, schedules=schedules)
    made.schedules = schedules
    yield made
    made.close()


def skip_one(world: World, scope: str) -> None:
    """Let the sequence of a scope run on by one number that nobody has."""
    with world.ledger.work(None) as work:
        row = work.connection.execute(select(sequences).where(sequences.c.scope == scope)).one()
        work.update(sequences, row.id, {"last_no": row.last_no + 1})
        work.act(NUMBER_VOIDED, "record", row.id)
        work.commit()


def test_classes_of_three_schemes_that_run_without_a_gap_are_sound(world: World) -> None:
    codes = [
        world.file("YSH05").archival_code,
        world.file("YSH05").archival_code,
        world.file("SXD01", level="INT").archival_code,
    ]
    assert [code.rsplit("-", 1)[1] for code in codes] == ["001", "002", "000001"]
    assert continuity(world.ledger) == []


@pytest.mark.parametrize(
    ("scope", "named"),
    [
        ("Q001-ZY·AX·2014-D10-YSH-", "Q001-ZY·AX·2014-D10-YSH-0002"),
        ("Q001-ZY·AX·2014·D10·YSH-", "Q001-ZY·AX·2014·D10·YSH-002"),
        ("Q001-ZP·AX·2014-D30-SXD-", "Q001-ZP·AX·2014-D30-SXD-000002"),
    ],
)
def test_a_missing_number_is_named_as_its_scheme_writes_it(world: World, scope: str, named: str) -> None:
    world.file("YSH05")
    world.file("SXD01", level="INT")
    skip_one(world, scope)
    assert [finding.place for finding in continuity(world.ledger)] == [named]


def test_a_number_that_was_voided_is_not_missing(world: World) -> None:
    scope = world.file("YSH05").archival_code.removesuffix("001")
    skip_one(world, scope)
    with world.ledger.work(None) as work:
        row = {"id": uuid.uuid4().hex, "scheme": "OWN_3", "scope": scope, "number": 2, "code": f"{scope}002"}
        by = {"reason": "录入有误", "voided_at": work.at, "voided_by": world.person(PROPOSER).id}
        work.insert(void_numbers, row | by)
        work.act(NUMBER_VOIDED, "record", row["id"])
        work.commit()
    assert continuity(world.ledger) == []
