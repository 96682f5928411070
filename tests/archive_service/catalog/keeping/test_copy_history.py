"""What was done with every copy is told on the record, and the fixity report says what was checked and what came of it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook

from archive_service.catalog.keeping.copy_views import copies_of, history_of
from archive_service.catalog.keeping.fixity_report import figures
from archive_service.errors import Text
from archive_service.reports.fixity_reports import fixity_report
from archive_service.reports.pdf import as_pdf
from archive_service.reports.xlsx import as_xlsx
from tests.archive_service.catalog.copies_world import CopiesWorld, found, two_more_stores
from tests.archive_service.catalog.keeping.test_copies import damage


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[CopiesWorld]:
    world = found(two_more_stores(tmp_path, database_url))
    yield world
    world.archive.close()


def test_a_life_of_copies_is_told_on_the_record_and_in_the_report(world: CopiesWorld) -> None:
    archive, system = world.archive, world.person("system")
    record = world.file()
    archive.chores.settle_outbox()
    archive.chores.keep_copies()
    archive.fixity.everything()
    archive.fixity.everything()
    name = world.object_name(record, "second")
    damage(world, "second", name)
    assert len(archive.fixity.everything().found) == 1
    archive.chores.keep_copies()
    archive.administering.change_root_key(system, "key-file")
    with archive.ledger.read() as connection:
        filed_at = connection.exec_driver_sql("SELECT filed_at FROM record").scalar_one()
    told = [one for one in history_of(archive.ledger, record, filed_at) if one.place in ("second", "")]
    hurt = next(one.thing for one in told if one.bad)
    said = [(one.what.en, one.times) for one in told if one.thing in (hurt, Text("密钥", "Keys"))]
    assert said == [
        ("Copied, and read back", 1),
        ("Read and found good (with everything)", 2),
        ("Found damaged", 1),
        ("Copy repaired", 1),
        ("Keys wrapped anew under a new root key; content untouched", 1),
    ]
    places = {one.name: one for one in copies_of(archive.ledger, record)}
    assert list(places) == ["primary", "second"]
    assert (places["primary"].state, places["second"].state) == ("good", "written")  # repaired, not read again yet
    archive.fixity.nightly()
    # The report: runs by method, the damage with its repair, the stores as they stand.
    today = archive.clock.today()
    drawn = figures(archive.fixity, today - timedelta(days=1), today)
    assert (drawn.whole, drawn.nights, len(drawn.incidents), drawn.open) == (3, 1, 1, 0)
    assert drawn.sampled > 0
    assert [one.name for one in drawn.stores] == ["primary", "second", "third"]
    second = drawn.stores[1]
    assert (second.held, second.recent, second.overdue, second.never, second.faulty) == (3, 3, 0, 0, 0)
    unit = Text("档案室", "Archive")
    for language, words in {"en": ("made good on", "of everything"), "zh": ("由完好的副本修复", "全检 3 次")}.items():
        register = fixity_report(drawn, archive.settings.fixity, unit, archive.clock, language)
        assert as_pdf(register).startswith(b"%PDF")
        sheet = load_workbook(io.BytesIO(as_xlsx(register))).active
        assert sheet is not None
        text = "\n".join(str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None)
        assert all(word in text for word in words), text
        assert "SHA-256" in text
    # A day later than the span asked for: nothing happened then.
    later = figures(archive.fixity, today + timedelta(days=1), today + timedelta(days=2))
    assert (later.copies, later.incidents) == (0, [])
