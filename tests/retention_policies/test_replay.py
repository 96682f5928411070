from __future__ import annotations

from typing import Any

import pytest

from retention_policies import RetentionError, ScheduleError, decide, replay
from tests.retention_policies.cases import RULES, closed, day


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
