from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from retention_policies import Facts, FactsError, Trigger


def test_an_instant_is_no_civil_date() -> None:
    with pytest.raises(FactsError):
        Facts(document_date=datetime(2024, 1, 1, tzinfo=UTC))
    with pytest.raises(FactsError):
        Facts(triggers={Trigger.CASE_CLOSED: datetime(2024, 1, 1, tzinfo=UTC)})


def test_a_text_is_no_date() -> None:
    with pytest.raises(FactsError):
        Facts(document_date="2024-01-01")  # type: ignore[arg-type]


def test_a_trigger_may_be_given_by_its_name() -> None:
    facts = Facts(triggers={"CASE_CLOSED": date(2024, 1, 1)})
    assert facts.triggers == {Trigger.CASE_CLOSED: date(2024, 1, 1)}


@pytest.mark.parametrize("name", ["closed", "case_closed", "PARENT", "", "X", "CASE CLOSED", "EVENT_" * 6])
def test_an_unknown_trigger_is_refused(name: str) -> None:
    with pytest.raises(FactsError):
        Facts(triggers={name: date(2024, 1, 1)})


@pytest.mark.parametrize("years", [-1, True, 1.0])
def test_extension_years_are_a_whole_number_not_negative(years: object) -> None:
    with pytest.raises(FactsError):
        Facts(extension_years=years)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [1.5, None, date(2024, 1, 1)])
def test_a_value_is_a_yes_or_no_a_number_or_a_word(value: object) -> None:
    with pytest.raises(FactsError):
        Facts(values={"deaths": value})  # type: ignore[dict-item]


def test_facts_cannot_be_changed_from_outside() -> None:
    given = {"deaths": 0}
    facts = Facts(values=given)
    given["deaths"] = 1
    assert facts.values == {"deaths": 0}
    with pytest.raises(TypeError):
        facts.values["deaths"] = 2  # type: ignore[index]
