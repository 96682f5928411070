"""Numbering schemes are refused when they are loaded, before they can break an accession."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_service.catalog.codes import matching_grammars
from archive_service.catalog.numbering import Scheme, read_scheme, shared_code
from archive_service.errors import BadInput, Conflict

DAT22 = "{fonds}-{category}·{year}-{retention}-{problem}-{item:4}"
DAT13 = "{fonds}-{category}·{year}·{retention}·{problem}-{item:4}"
PARTS = {"fonds": "Q001", "category": "ZY·AX", "year": "2024", "retention": "D30", "problem": "KCQ"}


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("{fonds}-{category}·{year}-{retention}-{item:4}", "problem"),
        ("{fonds}-{category}-{problem}-{item:4}", "year, retention"),
        (DAT22 + "-{fonds}", "a part stands twice"),
        ("{fonds}-{category}·{year}-{retention}-{problem}-{item}", "it must end with {item:3} to {item:6}"),
        ("{fonds}-{category}·{year}-{retention}-{problem}-{item:2}", "it must end with"),
        ("{fonds}-{category}·{year}-{retention}-{problem}-{item:7}", "it must end with"),
        ("{item:4}-{fonds}-{category}·{year}-{retention}-{problem}", "it must end with"),
        ("{fonds}{category}·{year}-{retention}-{problem}-{item:4}", "told apart"),
        ("{fonds}-{category}·{year}-{retention}X{problem}-{item:4}", "told apart"),
        ("{fonds}-{category}·{year}-{retention}-{problem}{item:4}", "told apart"),
        ("{fonds}-{category}·{year}-{retention}-{problem}-{unit}-{item:4}", "unknown parts: unit"),
        ("{fonds}-{category}.{year}-{retention}-{problem}-{item:4}", "fixed text"),
        ("{fonds}-{category} {year}-{retention}-{problem}-{item:4}", "fixed text"),
        ("{fonds}-{category}·{year:2}-{retention}-{problem}-{item:4}", "only item has a width"),
        ("{fonds-{category}·{year}-{retention}-{problem}-{item:4}", "fixed text"),
        ("A" * 100 + "-" + DAT22, "characters of fixed text"),
        ("", "without fonds"),
    ],
)
def test_a_pattern_that_would_break_numbering_is_refused_with_the_reason(pattern: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_scheme("NEU", pattern)
    assert said in refused.value.text.en
    assert refused.value.text.zh != refused.value.text.en


def test_everything_wrong_with_a_pattern_is_said_at_once() -> None:
    with pytest.raises(BadInput) as refused:
        read_scheme("NEU", "{fonds}{fonds}.{unit}")
    for said in (
        "unknown parts: unit",
        "category, year, retention, problem, item",
        "twice",
        "fixed text",
        "told apart",
    ):
        assert said in refused.value.text.en


@pytest.mark.parametrize(("pattern", "grammar"), [(DAT22, "DAT22_ITEM"), (DAT13, "DAT13_ITEM")])
def test_the_shipped_patterns_render_codes_of_their_standards(pattern: str, grammar: str) -> None:
    scheme = read_scheme(grammar, pattern)
    assert grammar in matching_grammars(scheme.code(scheme.scope(PARTS), 7))


@pytest.mark.parametrize("width", [3, 4, 5, 6])
def test_a_full_scheme_refuses_the_next_number_and_neither_widens_nor_wraps(width: int) -> None:
    scheme = read_scheme("NEU", DAT22.replace("{item:4}", f"{{item:{width}}}"))
    scope = scheme.scope(PARTS)
    last = 10**width - 1
    assert scheme.code(scope, last) == f"{scope}{last}"
    with pytest.raises(Conflict) as full:
        scheme.code(scope, last + 1)
    assert str(last) in full.value.text.zh
    assert "start a new scheme" in full.value.text.en


def test_numbering_starts_at_one() -> None:
    scheme = read_scheme("NEU", DAT22)
    with pytest.raises(Conflict):
        scheme.code(scheme.scope(PARTS), 0)
    assert scheme.code(scheme.scope(PARTS), 1).endswith("-0001")


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("fonds", "Q01"),
        ("fonds", "q001"),
        ("category", "ZY·2019"),
        ("category", "Z"),
        ("year", "24"),
        ("year", "2１24"),
        ("year", "1899"),
        ("retention", "30"),
        ("retention", "D0"),
        ("retention", "D100"),
        ("problem", "KCQ-1"),
    ],
)
def test_a_part_that_has_not_its_shape_is_refused(part: str, value: str) -> None:
    with pytest.raises(BadInput):
        read_scheme("NEU", DAT22).scope({**PARTS, part: value})


@given(st.integers(1, 9999))
def test_a_code_gives_back_its_number(number: int) -> None:
    scheme = read_scheme("NEU", DAT22)
    scope = scheme.scope(PARTS)
    assert scheme.number_in(scope, scheme.code(scope, number)) == number


@pytest.mark.parametrize(
    "code",
    [
        "Q001-ZY·AX·2024-D30-KCQ-7",
        "Q001-ZY·AX·2024-D10-KCQ-0007",
        "Q001-ZY·AX·2024-D30-KCQ-00007",
        "Q001-ZY·AX·2024-D30-KCQ-0000",
        "Q001-ZY·AX·2024-D30-KCQ-000x",
        "0007",
    ],
)
def test_a_given_code_of_another_scope_or_shape_is_refused(code: str) -> None:
    scheme = read_scheme("NEU", DAT22)
    with pytest.raises(BadInput):
        scheme.number_in(scheme.scope(PARTS), code)


def test_two_schemes_that_could_give_the_same_code_are_found_with_an_example() -> None:
    # Fixed text can look like the first digit of a number.
    wide = read_scheme("A", DAT22)
    narrow = read_scheme("B", DAT22.replace("{item:4}", "2{item:3}"))
    code = shared_code((wide, "ZY·AX", "KCQ"), (narrow, "ZY·AX", "KCQ"))
    assert code is not None
    assert code.endswith("-KCQ-2000")


def test_a_category_with_sub_codes_can_collide_with_a_class_behind_a_shorter_one() -> None:
    scheme = read_scheme("A", "{fonds}-{category}·{problem}·{year}-{retention}-{item:4}")
    assert shared_code((scheme, "ZY·AX", "KCQ"), (scheme, "ZY", "AX")) is None
    longer = read_scheme("B", "{fonds}-{category}·KCQ·{problem}·{year}-{retention}-{item:4}")
    assert shared_code((scheme, "ZY·KCQ", "FAZ"), (longer, "ZY", "FAZ")) is not None


@pytest.mark.parametrize(("one", "other"), [("KCQ", "FAZ"), ("KCQ", "KCQ1")])
def test_classes_of_one_scheme_never_share_a_code(one: str, other: str) -> None:
    scheme: Scheme = read_scheme("A", DAT22)
    assert shared_code((scheme, "ZY·AX", one), (scheme, "ZY·AX", other)) is None


@given(
    st.sampled_from([DAT22, DAT13]), st.sampled_from(["ZY", "ZY·AX", "ZP·AX"]), st.sampled_from(["KCQ", "AX", "FAZ"])
)
def test_a_shared_code_is_really_one_that_both_render(pattern: str, category: str, problem: str) -> None:
    one = read_scheme("A", pattern)
    code = shared_code((one, category, problem), (one, category, problem))
    assert code is not None
    scope = code[: -one.width]
    assert one.code(scope, int(code[-one.width :]) or 1)[: -one.width] == scope
