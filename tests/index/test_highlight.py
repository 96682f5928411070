"""Passages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from index.highlight import fragments
from index.query import parse_query


def shown(text: str, question: str) -> list[str]:
    return [piece for fragment in fragments(text, parse_query(question)) for piece, match in fragment if match]


def test_the_match_is_shown_as_it_stands_in_the_original() -> None:
    assert shown("關於安全生產(chǎn)的通知", "安全生产") == ["安全生產"]
    assert shown("ＡＢＣ設備", "abc") == ["ＡＢＣ"]
    assert shown("The Inspections began", "inspection") == ["Inspections"]


def test_of_a_phrase_only_the_whole_is_marked() -> None:
    assert shown("安全第一，预防为主。预防火灾。", "“安全第一预防为主”") == ["安全第一，预防为主"]


def test_what_is_excluded_is_not_marked() -> None:
    assert shown("安全与整改", "安全 -整改") == ["安全"]


def test_without_a_match_the_beginning_is_shown() -> None:
    assert fragments("会议通知\n内容", parse_query("安全")) == [[("会议通知 内容", False)]]
    assert fragments(" \n", parse_query("安全")) == []


@given(
    st.text(alphabet="安全生產(chǎn)整改 的，。ab\n-", max_size=300),
    st.sampled_from(["安全生产", "整改", "a", "“安全，生产”"]),
)
def test_passages_are_pieces_of_the_text(text: str, question: str) -> None:
    flat = " ".join(text.split("\n"))
    for fragment in fragments(text, parse_query(question)):
        whole = "".join(piece for piece, _ in fragment)
        assert whole in flat or whole == " ".join(text[:90].split())
