"""The facts that retention rules ask for: which, how they may be answered, what happens without an answer."""

from __future__ import annotations

from datetime import date

import pytest

from archive_service.catalog.records.facts import checked_facts
from archive_service.errors import BadInput
from retention_policies import Rule, default_schedule_path, load_schedule
from tests.support.disposal_world import World

RULES = load_schedule(default_schedule_path()).rules
ACCIDENT, SANCTION, REPORT = RULES["KCQ10"], RULES["YYJ01"], RULES["JBJ01"]


@pytest.mark.parametrize(
    ("rule", "fact", "value", "kept"),
    [
        (ACCIDENT, "deaths", 0, 0),
        (ACCIDENT, "deaths", "2", 2),
        (ACCIDENT, "deaths", " ２ ", 2),
        (ACCIDENT, "loss_yuan", "10,000,000", 10_000_000),
        (ACCIDENT, "loss_yuan", "10，000，000", 10_000_000),
        (SANCTION, "sanction_level", "warning", "warning"),
        (SANCTION, "sanction_level", "警告", "warning"),
        (SANCTION, "sanction_level", "Grave Demerit", "grave_demerit"),
        (REPORT, "leader_instruction", "是", True),
        (REPORT, "leader_instruction", "No", False),
        (REPORT, "leader_instruction", True, True),
    ],
)
def test_an_answer_is_understood_as_people_write_it(rule: Rule, fact: str, value: object, kept: object) -> None:
    answers = checked_facts(rule, {fact: value})  # type: ignore[dict-item]
    assert answers == {fact: kept}
    assert type(answers[fact]) is type(kept)


@pytest.mark.parametrize(
    ("rule", "fact", "value", "said"),
    [
        (ACCIDENT, "deaths", "-1", "whole number"),
        (ACCIDENT, "deaths", -1, "whole number"),
        (ACCIDENT, "deaths", "1.5", "whole number"),
        (ACCIDENT, "deaths", "两人", "whole number"),
        (ACCIDENT, "deaths", True, "whole number"),
        (ACCIDENT, "loss_yuan", "9" * 30, "whole number"),
        (SANCTION, "sanction_level", "严重", "Use one of: talk"),
        (SANCTION, "sanction_level", 3, "Use one of: talk"),
        (REPORT, "leader_instruction", "也许", "yes or no"),
        (REPORT, "leader_instruction", 2, "yes or no"),
        (REPORT, "deaths", "1", "does not ask for 'deaths'; it asks for: leader_instruction"),
        (RULES["KCQ03"], "deaths", "1", "asks for: nothing"),
    ],
)
def test_an_answer_that_cannot_be_meant_is_refused_with_what_is_wrong(
    rule: Rule, fact: str, value: object, said: str
) -> None:
    with pytest.raises(BadInput) as refused:
        checked_facts(rule, {fact: value})  # type: ignore[dict-item]
    assert said in refused.value.text.en


def test_a_blank_is_no_answer() -> None:
    assert checked_facts(ACCIDENT, {"deaths": " ", "loss_yuan": ""}) == {}
    assert checked_facts(RULES["KCQ03"], {"deaths": ""}) == {}


def test_accession_says_what_to_ask_for_a_type(desk: World) -> None:
    asked = {code: [one.code for one in desk.accession.questions_for(code)] for code in ("KCQ10", "kcq03", "YYJ01")}
    assert asked == {
        "KCQ10": ["deaths", "serious_injuries", "loss_yuan"],
        "kcq03": [],
        "YYJ01": ["sanction_level"],
    }
    with pytest.raises(BadInput):
        desk.accession.questions_for("XYZ01")


def test_one_death_makes_a_case_analysis_permanent_in_its_code_too(desk: World) -> None:
    desk.open_case()
    facts = {"deaths": "1", "serious_injuries": "0", "loss_yuan": "0"}
    receipt = desk.file("KCQ10", date(2024, 5, 1), case_no="AX2024-001", facts=facts)
    assert "-Y-KCQ-" in receipt.archival_code
    row = desk.record(receipt)
    assert (row.period, row.due_on) == ("Y", None)
    assert row.retention_zh


def test_without_answers_a_record_is_filed_and_kept(desk: World) -> None:
    desk.open_case()
    receipt = desk.file("KCQ10", date(2014, 5, 1), case_no="AX2024-001")
    row = desk.record(receipt)
    assert row.due_on is None
    assert "死亡人数" in row.retention_zh


def test_a_wrong_answer_leaves_no_record_and_burns_no_number(desk: World) -> None:
    with pytest.raises(BadInput):
        desk.file("KCQ10", date(2024, 5, 1), facts={"deaths": "many"})
    facts = {"deaths": 0, "serious_injuries": 0, "loss_yuan": 0}
    assert desk.file("KCQ10", date(2024, 5, 1), facts=facts).archival_code.endswith("-0001")
