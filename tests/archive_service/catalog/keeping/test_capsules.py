"""What lies beside the objects is enough to make a record again, and follows every change of it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from archive_service.catalog.descriptions import describe
from archive_service.catalog.keeping.capsules import record_again, write_capsule
from archive_service.catalog.model import Receipt
from archive_service.catalog.records.answers import answer_facts
from archive_service.catalog.records.linking import set_parent
from archive_service.catalog.tables import case_files, fonds, outbox, record_parents, records
from archive_service.errors import ArchiveError
from archive_service.vault.objects.capsule import to_json
from tests.support.disposal_world import PROPOSER, World

DAY = date(2014, 5, 1)
CASE = "AX2024-001"
COMPUTED = {"fonds_id", "case_id", "retention_zh", "retention_en", "sealed_description", "destroyed_at", "salt"}
"""Ids that a new database gives anew, sentences that follow from the facts, and what stands opened in the words."""


def catalogued(world: World, receipt: Receipt) -> dict[str, Any]:
    """What the database says of a record, with its description opened, its fonds and case file by number."""
    query = (
        select(records, fonds.c.fonds_no, case_files.c.case_no, record_parents.c.parent_id)
        .join(fonds, fonds.c.id == records.c.fonds_id)
        .outerjoin(case_files, case_files.c.id == records.c.case_id)
        .outerjoin(record_parents, record_parents.c.record_id == records.c.id)
        .where(records.c.id == receipt.record_id)
    )
    with world.ledger.read() as connection:
        row = dict(connection.execute(query).mappings().one())
    said = describe(world.vault, row)
    words = {name: getattr(said, name) for name in ("title", "author", "document_no", "note")}
    return {name: value for name, value in (row | words).items() if name not in COMPUTED}


def settle(world: World) -> None:
    """Write every capsule that the outbox asks for, as the service does between requests."""
    with world.ledger.read() as connection:
        asked = set(connection.execute(select(outbox.c.record_id).where(outbox.c.topic == "capsule")).scalars())
    for record_id in asked:
        write_capsule(world.ledger, world.vault, record_id)


@pytest.mark.parametrize("level", ["INT", "TS"])
def test_a_capsule_tells_everything_that_the_catalogue_knows(desk: World, level: str) -> None:
    desk.open_case()
    facts = {"deaths": 0, "serious_injuries": "1", "loss_yuan": ""}
    about = {"author": "巡察组", "document_no": "安巡〔2014〕3号", "note": "附图", "key": "k"}
    main = desk.file("KCQ10", DAY, case_no=CASE, level=level, facts=facts, **about)
    picture = desk.file("SXD01", DAY, case_no=CASE, level=level, parent=main.archival_code)
    for receipt in (main, picture):
        assert record_again(desk.vault, receipt.record_id) == catalogued(desk, receipt)
    assert record_again(desk.vault, picture.record_id)["parent_id"] == main.record_id


def test_an_answer_and_a_main_record_named_later_stand_in_new_capsules(world: World) -> None:
    world.open_case()
    analysis = world.file("KCQ10", DAY, case_no=CASE)
    picture = world.file("SXD01", DAY, level="INT", case_no=CASE)
    actor = world.person(PROPOSER)
    answer_facts(world.ledger, world.schedules, actor, analysis.archival_code, {"deaths": 1})
    settle(world)
    assert record_again(world.vault, analysis.record_id)["facts"] == '{"deaths": 1}'
    set_parent(world.ledger, world.schedules, actor, picture.archival_code, analysis.archival_code)
    settle(world)
    for receipt in (analysis, picture):
        assert record_again(world.vault, receipt.record_id) == catalogued(world, receipt)


def test_an_answer_about_a_person_does_not_lie_in_clear_beside_the_objects(desk: World) -> None:
    receipt = desk.file("YYJ01", DAY, facts={"sanction_level": "dismissal"})
    assert record_again(desk.vault, receipt.record_id)["facts"] == '{"sanction_level": "dismissal"}'
    assert b"dismissal" not in to_json(desk.vault.read_capsule(receipt.record_id))


def test_a_confidential_capsule_is_not_written_again_once_its_key_is_gone(desk: World) -> None:
    receipt = desk.file("YYJ01", DAY)
    desk.vault.destroy_keys(receipt.record_id, [receipt.record_id])
    with pytest.raises(ArchiveError):
        write_capsule(desk.ledger, desk.vault, receipt.record_id)
    assert receipt.record_id not in desk.vault.keys_of(receipt.record_id)
