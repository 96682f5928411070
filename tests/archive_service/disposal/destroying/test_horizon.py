"""The second stage of a certificate, the destruction register, and the forecast."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date

import pytest
from openpyxl import load_workbook

from archive_service.disposal.checking.forecast import ahead
from archive_service.disposal.destroying.horizon import Horizon
from archive_service.errors import Forbidden, NotFound, Text
from archive_service.reports.destruction_register import COLUMNS, destruction_register
from archive_service.reports.pdf import as_pdf
from archive_service.reports.xlsx import as_xlsx
from tests.support.disposal_world import PROPOSER, World

COLUMNS_OF_THE_LAW = ("档号", "文号", "责任者", "题名", "形成时间", "应保管期限", "已保管年数", "销毁时间")


def test_irrecoverable_is_certified_only_after_the_backups_have_expired_and_nothing_is_left(world: World):
    list_no = world.ordered()
    world.destruction.carry_on()
    backups = [world.ledger.clock.stamp()]
    horizon = Horizon(world.ledger, world.vault, world.shelf, 35, lambda: min(backups, default=None))
    viewer = world.person(PROPOSER)
    world.wait(days=35, seconds=-1)
    assert horizon.issue_due() == []
    with pytest.raises(NotFound):
        horizon.text(viewer, list_no)
    world.wait(seconds=1)
    assert horizon.issue_due() == [], "a backup from before lies there still, however long its time is over"
    backups[:] = [world.ledger.clock.stamp()]
    world.shelf.add(world.filed[0].record_id, "残留")
    assert horizon.issue_due() == [], "what is found again keeps it waiting"
    world.shelf.purge(world.filed[0].record_id)
    assert (horizon.issue_due(), horizon.issue_due()) == ([list_no], [])
    body = json.loads(horizon.text(viewer, list_no))
    assert body["stores"] == {"looked_into": ["primary"], "given_up": []}
    assert (body["horizon_days"], body["looked_again"]) == (35, {"records": 1, "left": 0})
    assert body["certificate"]["proof"]["leaf"].count(body["certificate"]["digest"]) == 1
    with pytest.raises(Forbidden):
        horizon.text(world.person("wang.yue"), list_no)


def test_the_register_has_the_columns_of_the_trade_and_says_who_supervised(world: World):
    list_no = world.ordered(2)
    world.destruction.carry_on()
    body = world.certificates.body(world.person(PROPOSER), list_no)
    made = destruction_register(body, Text("示例单位", "Sample unit"), world.ledger.clock, "zh")
    assert set(COLUMNS_OF_THE_LAW) <= {column.heading.zh for column in COLUMNS}
    sheet = load_workbook(io.BytesIO(as_xlsx(made))).active
    assert sheet is not None
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    found = next(row for row in rows if row[1] == world.filed[0].archival_code)
    assert found[5:14] == [
        "2014-06-01",
        None,
        "10 年",
        11,
        1,
        "电子",
        "保管期满，无继续保存价值",
        "销毁密钥并删除全部副本",
        "2026-03-09",
    ]
    assert "监销" in str(rows[2][0])
    assert len(body["supervisors"]) == 2
    assert as_pdf(made).startswith(b"%PDF")


def test_the_forecast_tells_records_storage_and_holds_by_month_and_class(world: World):
    world.file()
    held = world.file(on=date(2017, 3, 3))
    world.file(on=date(2017, 4, 3))
    world.hold(held.archival_code)
    found = ahead(world.ledger, world.person(PROPOSER), 5)
    assert [(one.month, one.class_code, one.records, one.held) for one in found] == [
        ("2025-01", "YSH", 1, 0),
        ("2028-01", "YSH", 2, 1),
    ]
    assert found[1].size > found[0].size > 0
    assert replace(found[0], size=0).size == 0
    with pytest.raises(Forbidden):
        ahead(world.ledger, world.person("wang.yue"), 5)
