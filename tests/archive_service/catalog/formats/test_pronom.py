"""Identifiers come to the components after filing; nothing that goes wrong harms a record."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from archive_service.catalog.filing.rows import component_id
from archive_service.catalog.formats.pronom import Identification
from archive_service.catalog.model import NewRecord, SourceFile
from archive_service.catalog.tables import components
from archive_service.errors import Damaged
from tests.support.disposal_world import PROPOSER, World

PDF = b"%PDF-1.4\n%\xe2\xe3\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


def file_two(world: World) -> str:
    files = (SourceFile("报告.pdf", lambda: [PDF]), SourceFile("附件.pdf", lambda: [b"\x89PNG\r\n\x1a\n" + bytes(40)]))
    new = NewRecord("Q001", "YSH05", "月报", world.ledger.clock.today(), files)
    return world.accession.file_record(world.person(PROPOSER), new).record_id


def puids(world: World, record_id: str) -> list[str | None]:
    with world.ledger.read() as connection:
        wanted = select(components.c.puid).where(components.c.record_id == record_id).order_by(components.c.position)
        return list(connection.execute(wanted).scalars())


def test_every_file_gets_its_identifier_once_and_the_log_vouches_for_it(world: World) -> None:
    record_id = file_two(world)
    assert puids(world, record_id) == [None, None]
    desk = Identification(world.ledger, world.vault)
    assert desk.settle() == 2
    first, second = puids(world, record_id)
    assert first == "fmt/18"
    assert second is not None
    assert desk.settle() == 0


def test_a_file_that_cannot_be_read_waits_and_keeps_no_other_out(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, broken = file_two(desk), file_two(desk)
    lost, as_ever = component_id(broken, 0), desk.vault.open

    def open_but_one(record_id: str, component: str, version: int) -> Any:
        if component == lost:
            raise Damaged("坏了。", "It is broken.")
        return as_ever(record_id, component, version)

    monkeypatch.setattr(desk.vault, "open", open_but_one)
    assert Identification(desk.ledger, desk.vault).settle() == 3
    assert None not in puids(desk, whole)
    assert puids(desk, broken)[0] is None
