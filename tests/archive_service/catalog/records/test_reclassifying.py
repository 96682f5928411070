"""A record in another class: its code stays, its due date is computed anew, its history is told, and nothing is shortened."""

from __future__ import annotations

from datetime import date

import pytest

from archive_service.catalog.records.reclassifying import Reclassifying
from archive_service.errors import BadInput, Forbidden, NotFound
from tests.support.disposal_world import APPRAISER, PROPOSER, World


def keeper(world: World) -> Reclassifying:
    return Reclassifying(world.ledger, world.schedules)


def test_into_a_class_that_keeps_longer_the_due_date_moves_and_the_code_stays(world: World) -> None:
    receipt = world.file("ZBG04")  # ten years from the end of its year
    done = keeper(world).change(world.person(PROPOSER), receipt.archival_code, "GZD02", "原归错类")
    assert (done.old, done.new, done.period_stays) == ("ZBG04", "GZD02", False)
    row = world.record(receipt)
    assert (row.code, row.problem_code, row.scope) == (receipt.archival_code, "ZBG", receipt.archival_code[:-4])
    assert (row.class_code, row.type_code, row.rule_code, row.period) == ("GZD", "GZD02", "GZD02", "D30")
    assert row.due_on is None  # that clock starts when the paper is superseded
    (change,) = keeper(world).history(receipt.record_id)
    assert (change.old_type, change.new_type, change.reason) == ("ZBG04", "GZD02", "原归错类")
    assert world.file("ZBG04").archival_code.endswith("-ZBG-0002")


def test_into_a_class_that_keeps_less_long_the_old_period_stays(world: World) -> None:
    receipt = world.file("ZBG02")  # kept for ever
    done = keeper(world).change(world.person(PROPOSER), receipt.archival_code, "ZBG04", "原归错类")
    assert done.period_stays
    row = world.record(receipt)
    assert (row.type_code, row.rule_code, row.period, row.due_on) == ("ZBG04", "ZBG02", "Y", None)
    back = keeper(world).change(world.person(PROPOSER), receipt.archival_code, "ZBG02", "改回")
    assert not back.period_stays
    assert len(keeper(world).history(receipt.record_id)) == 2


def test_several_are_changed_and_what_is_wrong_with_one_holds_up_no_other(desk: World) -> None:
    codes = [desk.file("ZBG04").archival_code, "Q001-ZY·AX·2014-D10-ZBG-0099", desk.file("YSH05").archival_code]
    done = keeper(desk).change_all(desk.person(PROPOSER), codes, "YSH05", "原归错类")
    assert [one.fault is None for one in done] == [True, False, False]
    assert "already" in (done[2].fault or done[0].fault).en  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("type_code", "reason", "said"),
    [
        ("YSH05", "误", "already"),
        ("YSH04", "  ", "say why"),
        ("KCQ99", "误", "KCQ99"),
        ("SXD01", "误", "kept otherwise"),
        ("KCQ04", "误", "may not be filed as INT"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(desk: World, type_code: str, reason: str, said: str) -> None:
    code = desk.file("YSH05").archival_code
    with pytest.raises(BadInput, match=said):
        keeper(desk).change(desk.person(PROPOSER), code, type_code, reason)


def test_only_who_may_file_at_its_level_changes_a_record_and_a_hidden_one_is_not_there(desk: World) -> None:
    code = desk.file("YSH05").archival_code
    with pytest.raises(Forbidden):
        keeper(desk).change(desk.person(APPRAISER), code, "YSH04", "误")
    with pytest.raises(NotFound):
        keeper(desk).change(desk.person(PROPOSER), code[:-1] + "9", "YSH04", "误")


def test_what_follows_the_case_file_follows_the_new_class_too(desk: World) -> None:
    desk.open_case("AX2024-005")
    paper = desk.file("ZBG04", case_no="AX2024-005")
    photo = desk.file("SXD01", case_no="AX2024-005", level="INT")
    assert desk.record(photo).period == "D10"
    keeper(desk).change(desk.person(PROPOSER), paper.archival_code, "ZBG02", "原归错类")
    assert (desk.record(photo).period, desk.record(photo).due_on) == ("Y", None)
    assert desk.record(paper).document_date == date(2014, 6, 1)
