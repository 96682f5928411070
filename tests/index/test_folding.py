"""Folding: every folded character knows where it came from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.folding import fold, simplify

CHINESE = st.text(
    alphabet=st.sampled_from("安全生產隱患發髮後后里裏乾幹鬱(chǎn)（shí）·-－．ＡａÉé ́\u200b\u00ad\n\r\t 12３½㈱℃")
)
ANYTHING = st.one_of(st.text(), CHINESE)


@given(ANYTHING)
def test_each_folded_character_comes_from_a_place_in_the_original_and_the_order_is_kept(text: str) -> None:
    folded = fold(text)
    assert len(folded.text) == len(folded.starts) == len(folded.ends)
    before = 0
    for start, end in zip(folded.starts, folded.ends, strict=True):
        assert before <= start < end <= len(text)
        before = start


@given(ANYTHING)
def test_folding_has_an_end(text: str) -> None:
    once = fold(text).text
    assert fold(fold(once).text).text == fold(once).text


@given(ANYTHING)
def test_simplifying_keeps_the_length(text: str) -> None:
    assert len(simplify(text)) == len(text)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("產(chǎn)品", "产品"),
        ("實（shí）施", "实施"),
        ("公司(abc)", "公司(abc)"),
        ("了(le)", "了(le)"),
        ("(chǎn)", "(chan)"),
        ("通 知", "通知"),
        ("通\u3000\u3000知", "通知"),
        ("安全\n生产", "安全生产"),
        ("安全\n\n生产", "安全\n\n生产"),
        ("安全\tA", "安全 a"),
        ("inspec-\ntion", "inspection"),
        ("ＡＢＣ１２３", "abc123"),
        ("Q001－WS・2024", "q001-ws·2024"),
        ("3．5", "3.5"),
        ("Ⅷ", "viii"),
        ("後裏乾發", "后里干发"),
    ],
)
def test_many_ways_of_writing_become_one(written: str, folded: str) -> None:
    assert fold(written).text == folded
