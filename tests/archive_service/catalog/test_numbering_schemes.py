"""Numbering schemes are refused when they are loaded, before they can break an accession."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from archive_service.catalog.codes.patterns import SHAPES
from archive_service.catalog.codes.scheme import Scheme, read_scheme, shared_code
from archive_service.catalog.codes.text import matching_grammars, normalise_code
from archive_service.errors import BadInput, Conflict

DAT22 = "{fonds}-{category}·{year}-{retention}-{problem}-{item:4}"
DAT13 = "{fonds}-{category}·{year}·{retention}·{problem}-{item:4}"
PARTS = {"fonds": "Q001", "category": "ZY·AX", "year": "2024", "retention": "D30", "problem": "KCQ"}


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (DAT22.removesuffix("-{item:4}"), "without item"),
        (DAT22 + "-{fonds}", "a part stands twice"),
        ("{fonds}-{category}·{year}-{retention}-{problem}-{item}", "item needs a width, {item:3} to {item:6}"),
        ("{fonds}-{category}·{year}-{retention}-{problem}-{item:2}", "item needs a width"),
        ("{fonds}-{category}·{year}-{retention}-{problem}-{item:7}", "item needs a width"),
        ("{fonds}-{category}-{item:3}-{file:3}", "the file number belongs before"),
        ("{fonds}{category}·{year}-{retention}-{problem}-{item:4}", "told apart"),
        ("{fonds}-{category}·{year}-{retention}X{problem}-{item:4}", "told apart"),
        ("{fonds}-{category}·{year}-{retention}-{problem}{item:4}", "told apart"),
        ("{fonds}-{category}·{year}-{retention}-{problem}-{unit}-{item:4}", "unknown parts: unit"),
        ("{fonds}-{category}.{year}-{retention}-{problem}-{item:4}", "fixed text"),
        ("{fonds}-{category} {year}-{retention}-{problem}-{item:4}", "fixed text"),
        ("{fonds}-{category}·{year:2}-{retention}-{problem}-{item:4}", "only problem, file and item have a width"),
        ("{fonds-{category}·{year}-{retention}-{problem}-{item:4}", "fixed text"),
        ("{fonds}-{category}[·{year}]-{item:4}", "square brackets"),
        ("{fonds}-{category}[-{problem}-{item:4}", "square brackets"),
        ("A" * 100 + "-" + DAT22, "characters of fixed text"),
        ("", "without item"),
        ("{fonds}-{category}[·{problem}]-{item:4}", "it is ambiguous"),
    ],
)
def test_a_pattern_that_would_break_numbering_is_refused_with_the_reason(pattern: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_scheme("NEU", pattern)
    assert said in refused.value.text.en
    assert refused.value.text.zh != refused.value.text.en


def test_everything_wrong_with_a_pattern_is_said_at_once() -> None:
    with pytest.raises(BadInput) as refused:
        read_scheme("neu", "{fonds}{fonds}.{unit}", ("year", "item"))
    for said in (
        "unknown parts: unit",
        "without item",
        "twice",
        "fixed text",
        "told apart",
        "cannot restart for each item",
        "restart for each year, which the code does not show",
        "capital letters, digits or underscores",
    ):
        assert said in refused.value.text.en


def test_a_code_that_can_be_read_in_two_ways_is_named() -> None:
    """The category may have sub-codes, so a class that may be left out cannot be told from one of them."""
    with pytest.raises(BadInput) as refused:
        read_scheme("NEU", "{category}[·{problem}]-{item:4}")
    assert "AA·0-0000" in refused.value.text.en
    assert "AA·0-0000" in refused.value.text.zh


@pytest.mark.parametrize(("pattern", "grammar"), [(DAT22, "DAT22_ITEM"), (DAT13, "DAT13_ITEM")])
def test_the_shipped_patterns_render_codes_of_their_standards(pattern: str, grammar: str) -> None:
    scheme = read_scheme(grammar, pattern)
    assert grammar in matching_grammars(scheme.run(PARTS).code(7))


@pytest.mark.parametrize("width", [3, 4, 5, 6])
def test_a_full_scheme_refuses_the_next_number_and_neither_widens_nor_wraps(width: int) -> None:
    scheme = read_scheme("NEU", DAT22.replace("{item:4}", f"{{item:{width}}}"))
    run = scheme.run(PARTS)
    last = 10**width - 1
    assert run.code(last) == f"{run.before}{last}"
    with pytest.raises(Conflict) as full:
        run.code(last + 1)
    assert str(last) in full.value.text.zh
    assert "start a new scheme" in full.value.text.en


def test_numbering_starts_at_one() -> None:
    scheme = read_scheme("NEU", DAT22)
    with pytest.raises(Conflict):
        scheme.run(PARTS).code(0)
    assert scheme.run(PARTS).code(1).endswith("-0001")


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
        read_scheme("NEU", DAT22).run({**PARTS, part: value})


@given(st.integers(1, 9999))
def test_a_code_gives_back_its_number(number: int) -> None:
    run = read_scheme("NEU", DAT22).run(PARTS)
    assert run.number_in(run.code(number)) == number


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
        scheme.run(PARTS).number_in(code)


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
    # Its item number may be 0, which stands for any.
    parts = one.parse(code[:-1] + "1")
    assert parts is not None
    assert (parts["category"], parts["problem"]) == (category, problem)
    assert one.run(parts).code(int(parts["item"])) == code[:-1] + "1"


# ------------------------------------------------------------------------------- the schemes of the standards as data

SCHEMES = {
    "DAT22_ITEM": ["{fonds}-{category}·{year}-{retention=Y/D30/D10}[-{problem:3}]-{item:4}"],
    "DAT13_ITEM": [f"{{fonds}}-{{category}}·{{year}}·{{retention}}[·{{problem}}]-{{item:{n}}}" for n in (3, 4, 5)],
    "DAT13_CLASS": ["{fonds}-{category}·{problem}·{year}·{retention}-{item:4}"],
    "DAT13_FILE": [
        "{fonds}-{category}·{year}·{retention}-{file:3}-{item:3}",
        "{fonds}-{category}-{file:3}-{item:3}",
        "{fonds}-{problem}-{file:3}-{item:3}",
    ],
    "ENT_FREE": ["{problem}-{file:3}-{item:3}", "KY-{year}·{problem}-{item:4}"],
}
"""What the standards describe, as patterns: by item, by item in a class, by file (photographs too), enterprises' own."""

READ_AS: dict[str, tuple[str, dict[str, str]]] = {
    "V1": ("DAT22_ITEM", {"fonds": "Z109", "category": "WS", "year": "2011", "retention": "Y", "problem": "BGS"}),
    "V3": ("DAT22_ITEM", {"fonds": "0094", "retention": "D10", "problem": "", "item": "0533"}),
    "V5": ("DAT13_ITEM", {"retention": "D30", "problem": "003", "item": "005"}),
    "V6": ("DAT13_ITEM", {"problem": "办公室", "item": "0001"}),
    "V7": ("DAT13_ITEM", {"category": "WY·TZGG", "problem": "", "item": "00001"}),
    "V8": ("DAT13_FILE", {"category": "ZY·JC·CC", "file": "001", "item": "001"}),
    "V9": ("DAT13_FILE", {"category": "KJ·JJ·02", "file": "005", "item": "054"}),
    "V10": ("DAT13_FILE", {"category": "ZP", "year": "2019", "file": "025", "item": "005"}),
    "V11": ("DAT13_FILE", {"category": "RS", "file": "001", "item": "002"}),
    "V12": ("DAT13_FILE", {"problem": "001", "file": "002", "item": "003"}),
    "V14": ("DAT13_CLASS", {"category": "ZY·AX", "problem": "KCQ", "item": "0007"}),
    "V15": ("DAT13_FILE", {"category": "ZP·AX", "file": "003", "item": "012"}),
}

with (Path(__file__).parents[2] / "golden" / "codes.csv").open(encoding="utf-8", newline="") as golden:
    EXAMPLES = list(csv.DictReader(golden))


def readings(code: str) -> dict[str, dict[str, str]]:
    """Take a code apart by every scheme that it is one of."""
    found = {}
    for name, patterns in SCHEMES.items():
        for pattern in patterns:
            parsed = read_scheme(name, pattern).parse(code)
            found |= {name: parsed} if parsed and name not in found else {}
    return found


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["id"])
def test_the_standards_schemes_take_their_examples_and_nothing_else(example: dict[str, str]) -> None:
    code, valid = normalise_code(example["code"]), bool(example["grammar"])
    found = readings(code)
    if valid:
        assert example["grammar"] in found or example["id"] == "V14"
        wanted, parts = READ_AS.get(example["id"], (example["grammar"], {}))
        assert parts.items() <= found[wanted].items()
    else:
        assert not {"DAT22_ITEM", "DAT13_ITEM", "DAT13_CLASS", "DAT13_FILE"} & found.keys()


@given(
    st.sampled_from([pattern for patterns in SCHEMES.values() for pattern in patterns]),
    st.fixed_dictionaries(
        {
            "fonds": st.from_regex(SHAPES["fonds"], fullmatch=True),
            "category": st.from_regex(re.compile(SHAPES["category"], re.ASCII), fullmatch=True),
            "year": st.integers(1900, 2099).map(str),
            "retention": st.sampled_from(["Y", "D10", "D30", "D5"]),
            "problem": st.sampled_from(["KCQ", "003", "办公室", "D30", "2019"]),
            "file": st.just("017"),
        }
    ),
    st.integers(1, 999),
)
def test_every_code_that_a_scheme_gives_is_taken_apart_into_what_it_was_made_of(
    pattern: str, parts: dict[str, str], number: int
) -> None:
    scheme = read_scheme("NEU", pattern)
    assume(all(re.fullmatch(piece.shape, parts[piece.part]) for piece in scheme.pieces if piece.part in SHAPES))
    run = scheme.run(parts)
    read = scheme.parse(run.code(number))
    assert read is not None
    assert int(read.pop("item")) == number
    assert read == {name: parts[name] for name in scheme.parts if name != "item"}
