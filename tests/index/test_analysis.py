"""Terms, words and chains."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis import LONGEST_TERM, analyse, phrase_terms, words

TEXT = st.one_of(st.text(), st.text(alphabet="安全生产整改的了，。 ab-·0123.’\n\t(（"))


@given(TEXT)
def test_terms_are_bounded_and_their_places_lie_in_the_text(text: str) -> None:
    position = 0
    for token in analyse(text):
        assert 0 < len(token.term) <= LONGEST_TERM
        assert 0 <= token.start < token.end <= len(text)
        assert token.position >= position or token.position >= 0
        position = max(position, token.position)


@given(TEXT)
def test_every_chain_of_a_text_is_found_in_the_text_itself(text: str) -> None:
    """Whatever is copied out of a document as a phrase finds the document."""
    at = {(token.term, token.position) for token in analyse(text)}
    assert all(link in at for link in phrase_terms(text))


@given(st.text(alphabet="安全生产整改验收巡察隐患工作组", min_size=1, max_size=30))
def test_words_of_a_question_are_the_question_cut_up(text: str) -> None:
    assert "".join(words(text)) == text or len(set(words(text))) < len(text)


def test_a_code_is_one_term_and_its_parts() -> None:
    terms = [token.term for token in analyse("Q001-WS·2024-D10-KCQ-0001")]
    assert terms == ["q001-ws·2024-d10-kcq-0001", "q001", "ws", "2024", "d10", "kcq", "0001"]


@pytest.mark.parametrize(
    ("text", "chain"),
    [
        ("安全生产", [("安全", 0), ("生产", 2)]),
        ("安全，生产", [("安全", 0), ("生产", 2)]),
        ("安全的生产", [("安全", 0), ("生产", 3)]),
        ("health and safety", [("health", 0), ("safeti", 2)]),
        ("的", [("的", 0)]),
        ("", []),
        ("，。", []),
    ],
)
def test_a_chain_keeps_the_places_between_its_terms(text: str, chain: list[tuple[str, int]]) -> None:
    assert phrase_terms(text) == chain
