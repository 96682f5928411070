from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_service.errors import BadInput, Damaged
from archive_service.vault import Capsule, CapsuleComponent
from archive_service.vault.objects.capsule import from_json, to_json

WORDS = st.text(st.characters(codec="utf-8"), max_size=30)
HEX = st.text("0123456789abcdef", min_size=32, max_size=32)
PARTS = st.builds(
    CapsuleComponent,
    HEX,
    st.integers(1, 99),
    WORDS,
    WORDS,
    st.integers(0, 1 << 40),
    st.text("0123456789abcdef", min_size=64, max_size=64),
)
OPEN = Capsule(
    record_id="a" * 32,
    archival_code="J001-AQ·2025-Y30-0001",
    fonds="J001",
    class_code="AQ",
    level="INT",
    rule="R1",
    schedule_version="2026-1",
    dates={"document_date": "2025-06-01", "due": None},
    period="Y30",
    status="archived",
    case_id="b" * 32,
    components=(CapsuleComponent("c" * 32, 1, "original", "application/pdf", 56, "0" * 64),),
    description={"title": "安全生产考核巡察报告", "files": {"c" * 32: {"name": "报告.pdf"}}},
)


@given(
    capsule=st.builds(
        Capsule,
        record_id=HEX,
        archival_code=WORDS,
        fonds=WORDS,
        class_code=WORDS,
        level=WORDS,
        rule=WORDS,
        schedule_version=WORDS,
        dates=st.dictionaries(WORDS, st.none() | WORDS),
        period=WORDS,
        status=WORDS,
        case_id=st.none() | WORDS,
        components=st.lists(PARTS, max_size=3).map(tuple),
        description=st.none(),
        sealed_description=st.binary(max_size=80),
    )
)
def test_what_was_written_is_read(capsule: Capsule) -> None:
    assert from_json(to_json(capsule)) == capsule


def test_a_description_in_clear_is_read_back() -> None:
    assert from_json(to_json(OPEN)) == OPEN


def test_equal_capsules_are_equal_bytes() -> None:
    turned = replace(OPEN, dates=dict(reversed(OPEN.dates.items())))
    assert to_json(turned) == to_json(OPEN)


def test_a_person_can_read_a_capsule() -> None:
    text = to_json(OPEN).decode()
    assert "安全生产考核巡察报告" in text
    value = json.loads(text)
    assert value["schema"] == 1
    assert list(value) == sorted(value)


def test_a_sealed_description_shows_nothing() -> None:
    sealed = replace(OPEN, description=None, sealed_description=b"\x00\xff" * 20)
    assert json.loads(to_json(sealed))["description"] is None


@pytest.mark.parametrize(("clear", "sealed"), [(None, None), ({"title": "x"}, b"x")])
def test_a_description_is_either_in_clear_or_sealed(clear: dict[str, str] | None, sealed: bytes | None) -> None:
    with pytest.raises(ValueError, match="either"):
        replace(OPEN, description=clear, sealed_description=sealed)


def test_a_capsule_belongs_to_one_of_our_ids() -> None:
    with pytest.raises(BadInput):
        replace(OPEN, record_id="../x")


def changed(**changes: Any) -> bytes:
    value = {**json.loads(to_json(OPEN)), **changes}
    return json.dumps({key: one for key, one in value.items() if one is not ...}).encode()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        to_json(OPEN)[:-9],
        to_json(OPEN) + b" ",
        to_json(OPEN).replace(b'"fonds"', b' "fonds"'),
        changed(schema=2),
        changed(schema=...),
        changed(level=...),
        changed(surprise=1),
        changed(record_id="x"),
        changed(description=None),
        changed(components=[{"component_id": "c"}]),
        changed(description=None, sealed_description="%%%"),
    ],
)
def test_anything_else_is_damaged(text: bytes) -> None:
    with pytest.raises(Damaged):
        from_json(text)
