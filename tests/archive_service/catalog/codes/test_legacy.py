"""Old codes are read and proposed for, never repaired: every change is named, and a code without a proposal stays what it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_service.catalog.codes.legacy import propose
from archive_service.catalog.codes.scheme import read_scheme

DAT22 = read_scheme("DAT22_ITEM", "{fonds}-{category}·{year}-{retention=Y/D30/D10}[-{problem:3}]-{item:4}")
PHOTO = read_scheme("PHOTO", "{fonds}-{category}·{year}·{retention}-{file:3}-{item:3}")
WORDS = {"举报情况说明": "JBJ", "文书": "WS", "S": "WS"}


@pytest.mark.parametrize(
    ("typed", "code", "changes"),
    [
        ("Q001-WS·2024-D30-KCQ-0007", "Q001-WS·2024-D30-KCQ-0007", 0),
        ("q001—ws・2024—d30—kcq—0007", "Q001-WS·2024-D30-KCQ-0007", 1),
        ("Q001-WS·24-D30-KCQ-0007", "Q001-WS·2024-D30-KCQ-0007", 1),
        ("Q001-WS·2024-30-KCQ-0007", "Q001-WS·2024-D30-KCQ-0007", 1),
        ("Q001-WS-2024-D30-KCQ-0007", "Q001-WS·2024-D30-KCQ-0007", 1),
        ("Q001-WS.2024-D30-KCQ-0007", "Q001-WS·2024-D30-KCQ-0007", 1),
        ("Q001-WS·2024-D30-KCQ-7", "Q001-WS·2024-D30-KCQ-0007", 1),
        ("Z109-WS·2011·Y-BGS-0001", "Z109-WS·2011-Y-BGS-0001", 1),
        ("Z081-WS·2022-永久-举报情况说明-0001", "Z081-WS·2022-Y-JBJ-0001", 1),
        ("1031-WS ·2006-Y-001", "1031-WS·2006-Y-0001", 1),
        ("1012-s·1980-Y-11", "1012-WS·1980-Y-0011", 2),
        ("J001-WS·2017-长期-BGS0001", "J001-WS·2017-D30-BGS-0001", 2),
        ("K021-ZP·2019·D30-25-5", "K021-ZP·2019·D30-025-005", 2),
    ],
)
def test_a_legacy_code_is_proposed_for_with_every_change_named(typed: str, code: str, changes: int) -> None:
    first = propose(typed, [DAT22, PHOTO], WORDS)[0]
    assert (first.code, len(first.changes)) == (code, changes)
    assert all(change.zh != change.en for change in first.changes)


@pytest.mark.parametrize(
    "typed",
    ["Q01-WS·2024-D30-KCQ-0007", "Q001-WS·2024-D30-KCQ-0000", "Q001-WS·2024-D15-KCQ-0007", "", "甲-1", "-" * 500],
)
def test_what_cannot_be_understood_gets_no_proposal(typed: str) -> None:
    assert propose(typed, [DAT22, PHOTO], WORDS) == []


@given(st.text(st.sampled_from("Q01WSZY·-. 24D30YKC7永久年\u2014・"), max_size=40))
def test_whatever_is_proposed_is_a_code_of_its_scheme(typed: str) -> None:
    for one in propose(typed, [DAT22, PHOTO], WORDS):
        assert {"DAT22_ITEM": DAT22, "PHOTO": PHOTO}[one.scheme].parse(one.code) is not None
