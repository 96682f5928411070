"""A redacted copy goes with its record: its bytes, its key, and the words that told of it."""

from __future__ import annotations

from sqlalchemy import select

from archive_service.catalog.records.browse import Catalogue
from archive_service.catalog.tables import components, records
from archive_service.disposal.destroying.proofs import verify_certificate
from archive_service.reading_room.copies import Copies
from archive_service.reading_room.pages import Viewer
from archive_service.reading_room.redactions import Redactions, Wish
from archive_service.reading_room.tables import redactions
from index.extract.redacting import read_marked
from index.extract.runner import Limits
from tests.support.disposal_world import COOLING_OFF_DAYS, PROPOSER, SECRET, World


def test_a_copy_made_while_a_list_is_under_way_is_destroyed_with_its_record(world: World) -> None:
    list_no = world.approved(1)
    catalogue = Catalogue(world.ledger, world.vault, world.schedules)
    maker = world.person(PROPOSER)
    with world.ledger.read() as connection:
        row = connection.execute(select(records)).one()
    file = catalogue.find(maker, row.code).files[0]
    desk = Redactions(catalogue, Limits(), None)
    copy = desk.make(maker, row.code, file.id, Wish("PUB", "月报（遮盖）", "学习", read_marked([SECRET[-5:]], "")))
    desk.release(world.person("li.zheng"), copy)
    shown = Copies(Viewer(catalogue, Limits(), ""))
    assert [one.title for one in shown.of_code(maker, row.code)] == ["月报（遮盖）"]
    with world.ledger.read() as connection:
        kept = connection.execute(select(components.c.id).where(components.c.role == "preview")).scalar_one()
    assert SECRET[-5:].encode() not in b"".join(world.vault.open(row.id, kept, 1))
    world.wait(days=COOLING_OFF_DAYS)
    world.order(list_no)
    world.destruction.carry_out(list_no)
    assert world.vault.remains(row.id, [kept, file.id, row.id]) == []
    assert shown.of_code(maker, row.code) == []
    with world.ledger.read() as connection:
        said = connection.execute(select(redactions.c.sealed_words)).scalar_one()
    assert "月报".encode() not in bytes(said), "what it was called is sealed with a key that is gone"
    body = world.certificates.body(world.person("zhao.shen"), list_no)
    assert {one["role"] for one in body["items"][0]["components"]} == {"original", "preview"}
    assert verify_certificate(body) == []
