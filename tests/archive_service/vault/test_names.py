from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_service.errors import BadInput
from archive_service.vault import names
from tests.contracts.vault_suite import BAD_NAMES, RECORD

IDS = st.uuids().map(lambda one: one.hex)


@given(IDS, IDS, st.integers(1, 999_999_999))
def test_a_name_says_what_it_was_made_of(record_id: str, component_id: str, version: int) -> None:
    name = names.object_name(record_id, component_id, version)
    assert names.parse(name) == (record_id, component_id, version)
    assert name.startswith(names.folder(record_id))


@given(IDS)
def test_a_capsule_has_no_component(record_id: str) -> None:
    assert names.parse(names.capsule_name(record_id)) == (record_id, "", 0)


@pytest.mark.parametrize("name", BAD_NAMES)
def test_what_we_would_not_have_made_is_no_name(name: str) -> None:
    assert not names.is_name(name)
    with pytest.raises(BadInput):
        names.parse(name)
    with pytest.raises(BadInput):
        names.staging_name(name, UUID(int=1).hex)


@pytest.mark.parametrize(
    "given", ["", "..", "a" * 31, "a" * 33, "A" * 32, "g" * 32, "a" * 31 + "\n", "１" * 32, "a" * 32 + "\n"]
)
def test_what_is_no_id_makes_no_name(given: str) -> None:
    for make in (names.folder, names.capsule_name, lambda one: names.object_name(RECORD, one, 1)):
        with pytest.raises(BadInput):
            make(given)


@pytest.mark.parametrize("version", [0, -1, 1_000_000_000])
def test_versions_are_counted_from_one(version: int) -> None:
    with pytest.raises(BadInput):
        names.object_name(RECORD, RECORD, version)


def test_a_leftover_can_be_traced_to_its_record() -> None:
    aside = names.staging_name(names.capsule_name(RECORD), "f" * 32)
    assert f"-{RECORD}-" in aside
    assert "/" not in aside
