from __future__ import annotations

import csv

import pytest

from retention_policies import default_schedule_path, load_schedule
from retention_policies.rule import Terms
from tests.retention_policies.cases import GOLDEN, RULES, SAMPLE

with (GOLDEN / "schedule_types.csv").open(encoding="utf-8") as file:
    TABLE = list(csv.DictReader(file))


def exception_of(code: str) -> Terms | None:
    rule = RULES[code]
    return rule.alternatives[0].terms if rule.alternatives else rule.otherwise


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["code"])
def test_a_type_stands_as_in_the_golden_table(row: dict[str, str]) -> None:
    rule = RULES[row["code"]]
    exception = exception_of(row["code"])
    assert {
        "code": rule.code,
        "title_zh": rule.title.zh,
        "title_en": rule.title.en,
        "sections": " ".join(rule.sections),
        "period": rule.period_code,
        "trigger": rule.trigger or "",
        "level": rule.level,
        "action": rule.action,
        "exception_period": exception.period.code if exception else "",
        "exception_action": exception.action if exception else "",
        "other_levels": " ".join(rule.other_levels),
    } == row


def test_the_schedule_has_the_69_types_of_the_table_in_its_order_and_no_others() -> None:
    assert len(TABLE) == 69
    assert list(RULES) == [row["code"] for row in TABLE]


def test_it_says_that_it_is_sample_data() -> None:
    assert "样例数据" in SAMPLE.note.zh
    assert "sample data" in SAMPLE.note.en
    text = default_schedule_path().read_text(encoding="utf-8")
    assert "This is sample data" in text


@pytest.mark.parametrize("code", RULES)
def test_a_rule_gives_its_reason_and_its_basis(code: str) -> None:
    rule = RULES[code]
    assert rule.reason.zh
    assert rule.reason.en
    assert {"INSPECTION"} < set(rule.basis) <= set(SAMPLE.basis)


def test_a_reason_does_not_end_with_a_full_stop_because_sentences_go_on_after_it() -> None:
    for rule in RULES.values():
        assert not rule.reason.zh.endswith("。")
        assert not rule.reason.en.endswith(".")


def test_the_digest_is_the_same_each_time_and_of_64_digits() -> None:
    again = load_schedule(default_schedule_path())
    assert again.digest == SAMPLE.digest
    assert len(SAMPLE.digest) == 64
    assert again == SAMPLE


def test_only_seven_types_ask_for_facts() -> None:
    asking = {code: [q.code for q in rule.questions] for code, rule in RULES.items() if rule.questions}
    assert asking == {
        "KCQ10": ["deaths", "serious_injuries", "loss_yuan"],
        "YYJ01": ["sanction_level"],
        "YYJ02": ["sanction_level"],
        "YYJ09": ["award_level"],
        "JBJ01": ["leader_instruction"],
        "DAG03": ["log_kind"],
        "DAG04": ["last_test_before_transfer"],
    }
