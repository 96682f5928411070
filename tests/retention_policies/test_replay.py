from __future__ import annotations

import json
from typing import Any

import pytest

from retention_policies import RetentionError, ScheduleError, decide, replay
from tests.retention_policies.cases import GOLDEN, RULES, SAMPLE, closed, day

STORED = [json.loads(line) for line in (GOLDEN / "retention_replay.jsonl").read_text(encoding="utf-8").splitlines()]


def inputs() -> dict[str, Any]:
    return dict(decide(RULES["KCQ10"], closed("2024-12-31"), day("2030-01-01")).inputs)


def test_inputs_of_another_edition_are_refused() -> None:
    with pytest.raises(RetentionError):
        replay({**inputs(), "engine": 2})


@pytest.mark.parametrize("key", ["rule", "questions", "facts", "as_of"])
def test_inputs_that_lack_something_are_refused(key: str) -> None:
    given = inputs()
    del given[key]
    with pytest.raises(RetentionError):
        replay(given)


def test_a_rule_that_was_spoilt_is_refused() -> None:
    given = inputs()
    given["rule"] = {**given["rule"], "period": "ten years"}
    with pytest.raises(ScheduleError):
        replay(given)


@pytest.mark.parametrize("stored", STORED, ids=lambda stored: f"{stored['state']}-{stored['due_on']}")
def test_what_the_first_edition_decided_is_decided_again_word_for_word(stored: dict[str, Any]) -> None:
    decision = replay(stored["inputs"])
    period = decision.period.code if decision.period else None
    days = [day.isoformat() if day else None for day in (decision.trigger_date, decision.last_day, decision.due_on)]
    assert (decision.state, period, decision.action) == (stored["state"], stored["period"], stored["action"])
    assert days == [stored["trigger_date"], stored["last_day"], stored["due_on"]]
    assert decision.sentence == (stored["zh"], stored["en"])
    assert decision.inputs == stored["inputs"]


def test_the_digest_of_the_sample_stays_as_archives_have_it_in_use() -> None:
    # An archive refuses a version that it knows under another digest: new words of the language must not change old ones.
    assert SAMPLE.digest == "5b6005752a3242bc24eccf82dd891e383492494f442cc530f59e48420803ce09"
