"""What a case file should hold: what is missing, for whom, and closing it all the same (scenario 21)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from archive_service.catalog.classification.checklist import load_case_kind
from archive_service.errors import BadSettings, Conflict
from tests.support.disposal_world import PROPOSER, World

CASE = "AX2024-001"


def there(world: World, login: str, case_id: str) -> dict[str, int]:
    found = world.cases.checklist(world.person(login), case_id)
    return {one.type_code: one.there for _, expected in found for one in expected}


def test_a_case_file_without_its_conclusion_is_closed_only_with_an_explained_exception(world: World) -> None:
    case_id = world.open_case(CASE)
    actor = world.person(PROPOSER)
    assert world.cases.missing_to_close(actor, case_id) == ["YSH02", "ZBG01"]
    world.file("ZBG01", case_no=CASE)
    with pytest.raises(Conflict, match="YSH02 Acceptance conclusion") as refused:
        world.cases.record_event(actor, CASE, "CASE_CLOSED", date(2024, 12, 31))
    assert "ZBG01" not in refused.value.text.zh
    assert world.cases.events(case_id) == []
    world.cases.record_event(actor, CASE, "CASE_CLOSED", date(2024, 12, 31), "企业已破产，无从验收")
    assert world.cases.events(case_id)[0].exception == "企业已破产，无从验收"


def test_a_complete_case_file_is_closed_without_a_word(desk: World) -> None:
    case_id = desk.open_case(CASE)
    desk.file("YSH02", case_no=CASE)
    desk.file("ZBG01", case_no=CASE)
    desk.cases.record_event(desk.person(PROPOSER), CASE, "CASE_CLOSED", date(2024, 12, 31))
    assert desk.cases.events(case_id)[0].exception is None


def test_what_somebody_may_not_see_is_not_there_for_the_checklist(desk: World) -> None:
    case_id = desk.open_case(CASE)
    archivist = there(desk, PROPOSER, case_id)
    assert archivist["KCQ04"] == 0
    desk.file("KCQ04", case_no=CASE)
    desk.file("KCQ03", case_no=CASE, level="PI")
    assert there(desk, PROPOSER, case_id) == archivist | {"KCQ04": 1, "KCQ03": 1}
    seen = there(desk, "wang.yue", case_id)  # cleared for open levels only
    assert "KCQ04" not in seen
    assert seen["KCQ03"] == 0


def test_a_list_with_faults_names_them(tmp_path: Path) -> None:
    path = tmp_path / "kind.toml"
    path.write_text('needed_to_close = ["x"]\nstage = []\n', encoding="utf-8")
    with pytest.raises(BadSettings) as caught:
        load_case_kind(path)
    assert len(caught.value.faults) == 2
