"""The care of rooms: alarms against limits, rounds, damage and repair, and the calendar of what is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from archive_service.custody.model import ROUND_ITEMS
from archive_service.errors import BadInput, Conflict, NotFound
from tests.archive_service.custody.conftest import Store
from tests.support.disposal_world import ORDERER, PROPOSER

ALL_WELL = {"made_on": "2026-03-02", **dict.fromkeys(ROUND_ITEMS, "ok")}


def due(store: Store) -> list[tuple[str, date]]:
    return [(one.kind, one.on) for one in store.care.calendar(store.keeper)]


def test_a_reading_beyond_the_limits_alarms_and_asks_what_was_done(store: Store):
    assert store.care.read_climate(store.keeper, "K1", {"temperature": "20.5", "humidity": "50"}) == ""
    with pytest.raises(BadInput, match="what was done"):
        store.care.read_climate(store.keeper, "K1", {"temperature": "24.1", "humidity": "44,9"})
    beyond = {"temperature": "24.1", "humidity": "44.9", "remedy": "开空调"}
    store.world.wait(minutes=1)
    assert store.care.read_climate(store.keeper, "K1", beyond) == "warm dry"
    assert [one.alarm for one in store.care.readings(store.keeper, "K1")] == ["warm dry", ""]
    assert ("alarm", date(2026, 3, 2)) in due(store)
    assert store.world.told("climate_alarm", PROPOSER) == []  # who read it knows
    assert [one.number for one in store.world.told("climate_alarm", ORDERER)] == ["K1"]
    store.world.wait(minutes=1)
    store.care.read_climate(store.keeper, "K1", {"temperature": "20", "humidity": "50"})
    assert "alarm" not in [kind for kind, _ in due(store)]


def test_the_calendar_counts_from_the_last_reading_and_round(store: Store):
    assert due(store) == [("reading", date(2026, 3, 3)), ("round", date(2026, 4, 1))]
    store.world.wait(days=40)
    store.care.walk(store.keeper, "K1", {**ALL_WELL, "made_on": "2026-04-10"})
    assert due(store) == [("reading", date(2026, 3, 3)), ("round", date(2026, 5, 10))]


def test_a_round_looks_at_everything_and_says_what_is_wrong(store: Store):
    with pytest.raises(BadInput, match="Nothing was chosen"):
        store.care.walk(store.keeper, "K1", {**ALL_WELL, "pests": ""})
    with pytest.raises(BadInput, match="say what is wrong"):
        store.care.walk(store.keeper, "K1", {**ALL_WELL, "pests": "fault"})
    with pytest.raises(BadInput, match="after today"):
        store.care.walk(store.keeper, "K1", {**ALL_WELL, "made_on": "2026-03-03"})
    assert store.care.walk(store.keeper, "K1", {**ALL_WELL, "pests": "fault", "pests-note": "北墙有虫迹"}) == 1


def test_damage_is_due_until_it_is_repaired_once(store: Store):
    said = {"kind": "mould", "what": "三盒有霉斑", "repair_by": "2026-03-20", "box": store.box()}
    store.care.report_damage(store.keeper, "K1", said)
    assert ("repair", date(2026, 3, 20)) in due(store)
    [damage] = store.care.damages(store.keeper, "K1")
    store.care.repair(store.keeper, damage.id, "除霉、隔离")
    assert "repair" not in [kind for kind, _ in due(store)]
    with pytest.raises(Conflict):
        store.care.repair(store.keeper, damage.id, "再修一次")


def test_damage_to_a_record_that_one_may_not_see_is_told_nowhere(store: Store):
    hidden = store.world.file("GZD01", level="TS")
    said = {"kind": "torn", "what": "封面破损", "repair_by": "2026-03-20", "record": hidden.archival_code}
    narrow = replace(store.keeper, clearance=frozenset({"PUB", "INT"}))
    with pytest.raises(NotFound):
        store.care.report_damage(narrow, "K1", said)
    store.care.report_damage(store.keeper, "K1", said)
    [damage] = store.care.damages(store.keeper, "K1")
    assert store.care.damages(narrow, "K1") == []
    assert "repair" not in [one.kind for one in store.care.calendar(narrow)]
    with pytest.raises(NotFound):
        store.care.repair(narrow, damage.id, "修裱")
