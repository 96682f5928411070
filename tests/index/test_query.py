"""Reading what a person typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.query import MOST_WORDS, Query, parse_query


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("安全 整改", Query(("安全", "整改"))),
        ("安全生产法", Query(("安全", "生产法"))),
        ("“安全生产”", Query(phrases=("安全生产",))),
        ("「安全生产」报告", Query(("报告",), ("安全生产",))),
        ('"安全', Query(phrases=("安全",))),
        ("安全 -整改", Query(("安全",), (), ("整改",))),
        ("安全 - 整改", Query(("安全", "整改"))),
        ("what is not allowed", Query(("what", "not", "allowed"))),
        ("CANNOT stop", Query(("cannot", "stop"))),
        ("NOTICE", Query(("notice",))),
        ("非煤矿山", Query(("非", "煤矿", "矿山"))),
        ("安全 OR 整改", Query(("安全", "整改"), any_word=True)),
        ("安全 或 整改", Query(("安全", "整改"), any_word=True)),
        ("safe or sound", Query(("safe", "sound"))),
        ("安全 NOT (整改 验收) 报告", Query(("安全", "报告"), (), ("整改", "验收"))),
        ("安全 NOT (整改", Query(("安全",), (), ("整改",))),
        ("安全)) -整改", Query(("安全",), (), ("整改",))),
        ("Q001-WS·2024-D10-KCQ-0001", Query(("q001-ws·2024-d10-kcq-0001",))),
        ("2024-05-01", Query(("2024-05-01",))),
        ("2024年5月1日", Query(("2024-05-01",))),
        ("安监〔2024〕12号", Query(("安监", "〔2024〕12号"))),
        ("工人的工资应该怎么算", Query(("工人", "工资"))),
    ],
)
def test_what_is_typed_is_read_as_meant(typed: str, query: Query) -> None:
    read = parse_query(typed)
    if typed == "非煤矿山":
        assert "".join(read.words).startswith("非煤")
        assert not read.excluded
        return
    if typed == "安全生产法":
        assert "".join(read.words) == typed
        return
    assert read == query


@given(st.text(alphabet='安全整改-－NOT OR()（）"“”非 与 或\n\u3000', max_size=60))
def test_nothing_that_is_typed_is_a_fault(typed: str) -> None:
    read = parse_query(typed)
    assert len(read.words) <= MOST_WORDS
    assert all(word.strip() for word in (*read.words, *read.phrases, *read.excluded))


@given(st.text(alphabet='安全生产 ab"“” ()OR', max_size=40))
def test_what_stands_after_not_is_excluded_whatever_stands_before(before: str) -> None:
    """An unclosed quotation mark alone may swallow it."""
    read = parse_query(f"{before} NOT 整改验收")
    quotes = sum(before.count(sign) for sign in '"“”')
    if quotes % 2 == 0:
        assert "整改验收" in read.excluded
    assert not any("整改" in word for word in read.words)


def test_a_long_question_keeps_what_it_excludes() -> None:
    assert parse_query("安全生产检查" * 300 + " -整改").excluded == ("整改",)
