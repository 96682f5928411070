"""Counts are bounded, and never tell of what one may not see."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from archive_service.audit import acts
from archive_service.catalog.records import counting
from archive_service.catalog.records.browse import Catalogue, Filters
from archive_service.catalog.records.counting import Bounded, Counting
from archive_service.people.tables import grants
from tests.support.disposal_world import ORDERER, PROPOSER, World


def test_what_is_counted_is_what_is_listed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.open_case()
    for year in (2014, 2014, 2016):
        world.file(on=date(year, 6, 1))
    hidden = world.file("KCQ02", date(2019, 1, 1), level="TS", case_no="AX2024-001")
    desk, catalogue = Counting(world.ledger), Catalogue(world.ledger, world.vault, world.schedules)
    archivist = world.person(PROPOSER)
    reader = replace(archivist, clearance=frozenset({"PUB", "INT"}))
    with world.ledger.work(world.person(ORDERER).id) as work:
        leave = {"person_id": archivist.id, "record_id": hidden.record_id, "level": "TS", "until": "9999"}
        given = {"granted_by": work.person_id, "granted_at": work.at, "revoked_at": None, "actions": "view"}
        work.insert(grants, {"id": "a" * 32, "request_id": "b" * 32, **leave, **given})
        work.act(acts.ACCESS_GRANTED, "request", "b" * 32)
        work.commit()
    guest = replace(world.person(PROPOSER), clearance=reader.clearance)
    blind = replace(guest, id="f" * 32, grants=())
    for person, whole in ((archivist, 4), (guest, 4), (blind, 3)):
        counts = desk.tree(person, ["KCQ", "YSH"], ["YSH05", "KCQ02"])
        for code, filters in (("KCQ", Filters(class_code="KCQ")), ("YSH05", Filters(type_code="YSH05"))):
            assert counts[code] == Bounded(len(catalogue.records(person, filters))), code
        assert desk.holdings(person) == Bounded(whole)
        years = [one.key for one in desk.years(person)]
        assert years == (["2019"] if whole == 4 else []) + ["2016", "2014"]
        [inspection] = desk.inspections(person)
        [enterprise] = desk.enterprises(person)
        assert (inspection.key, enterprise.key) == ("AX2024-001", "安泰示例一矿")
        listed = catalogue.records(person, Filters(case_no=inspection.key, enterprise=enterprise.key))
        assert inspection.count == enterprise.count == Bounded(len(listed))
        assert sum(one.count.number for one in desk.fonds(person)) == whole
    monkeypatch.setattr(counting, "MOST", 2)
    assert str(desk.tree(archivist, ["YSH"], [])["YSH"]) == "2+"
