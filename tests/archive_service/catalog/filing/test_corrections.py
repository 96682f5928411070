"""Originals are never altered: a correction stands beside what it corrects, with the reason; a declared record takes none."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from archive_service.catalog.classification.checklist import load_case_kind
from archive_service.catalog.filing.corrections import Corrections
from archive_service.catalog.filing.rows import component_id
from archive_service.catalog.keeping.capsules import write_capsule
from archive_service.catalog.model import SourceFile
from archive_service.catalog.tables import components, corrections
from archive_service.errors import BadInput, Conflict, NotFound
from tests.archive_service.catalog.records.test_describing import describing
from tests.support.disposal_world import PROPOSER, World

WHY = "原扫描缺第三页，只有本件才有的原因"


def hands(world: World) -> Corrections:
    return Corrections(world.ledger, world.vault, 10_000_000, load_case_kind())


def better(text: str = "补全的扫描") -> SourceFile:
    return SourceFile("补全.txt", lambda: [text.encode()])


@pytest.mark.parametrize(("type_code", "sealed"), [("YSH05", False), ("KCQ04", True)])
def test_a_correction_stands_beside_the_original_and_both_are_kept(world: World, type_code: str, sealed: bool) -> None:
    receipt = world.file(type_code)
    actor, first = world.person(PROPOSER), component_id(receipt.record_id, 0)
    before = b"".join(world.vault.open(receipt.record_id, first, 1))
    new_id = hands(world).correct(actor, receipt.archival_code, first, better(), WHY)
    assert b"".join(world.vault.open(receipt.record_id, first, 1)) == before
    assert b"".join(world.vault.open(receipt.record_id, new_id, 1)).decode() == "补全的扫描"
    (told,), declared = hands(world).of(receipt.record_id)
    assert (told.corrected_id, told.component_id, told.reason, declared) == (first, new_id, WHY, False)
    with world.ledger.read() as connection:
        row = connection.execute(select(corrections)).one()
        file = connection.execute(select(components).where(components.c.id == new_id)).one()
    assert (row.reason is None) is sealed
    assert (file.file_name is None) is sealed
    assert world.accession.receipt(receipt.record_id).files == receipt.files
    write_capsule(world.ledger, world.vault, receipt.record_id)
    assert {one.component_id for one in world.vault.read_capsule(receipt.record_id).components} >= {first, new_id}


def test_a_correction_may_be_corrected_but_no_file_twice(desk: World) -> None:
    receipt = desk.file()
    actor, first = desk.person(PROPOSER), component_id(receipt.record_id, 0)
    new_id = hands(desk).correct(actor, receipt.archival_code, first, better(), WHY)
    with pytest.raises(Conflict):
        hands(desk).correct(actor, receipt.archival_code, first, better("又一份"), WHY)
    last = hands(desk).correct(actor, receipt.archival_code, new_id, better("第三份"), WHY)
    assert len({first, new_id, last}) == 3


def test_without_a_reason_or_right_nothing_is_added(desk: World) -> None:
    receipt = desk.file("KCQ04")
    first = component_id(receipt.record_id, 0)
    with pytest.raises(BadInput):
        hands(desk).correct(desk.person(PROPOSER), receipt.archival_code, first, better(), "  ")
    with pytest.raises(BadInput):
        hands(desk).correct(desk.person(PROPOSER), receipt.archival_code, first, SourceFile("空.txt", list), WHY)
    with pytest.raises(NotFound):
        hands(desk).correct(desk.person("wang.yue"), receipt.archival_code, first, better(), WHY)
    assert hands(desk).of(receipt.record_id) == ([], False)
    assert component_id(receipt.record_id, 1) not in desk.vault.keys_of(receipt.record_id)


def test_a_declared_record_takes_no_correction(world: World) -> None:
    receipt = world.file()
    actor = world.person(PROPOSER)
    with pytest.raises(BadInput, match="the responsible body"):
        hands(world).declare(actor, receipt.archival_code)
    describing(world).change(actor, receipt.archival_code, {"author": "示例巡察组"}, "补著录")
    hands(world).declare(actor, receipt.archival_code)
    with pytest.raises(Conflict, match="declared"):
        describing(world).change(actor, receipt.archival_code, {"title": "另一题名"}, "改题名")
    with pytest.raises(Conflict):
        hands(world).correct(actor, receipt.archival_code, component_id(receipt.record_id, 0), better(), WHY)
    with pytest.raises(Conflict):
        hands(world).declare(actor, receipt.archival_code)
