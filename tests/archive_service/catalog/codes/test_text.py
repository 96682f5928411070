"""Archival codes as text: the worked examples of the standards, and the laws of normalising."""

from __future__ import annotations

import csv
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_service.catalog.codes.text import DASHES, DOTS, GRAMMARS, matching_grammars, normalise_code

GOLDEN = Path(__file__).parents[3] / "golden" / "codes.csv"
with GOLDEN.open(encoding="utf-8", newline="") as file:
    EXAMPLES = list(csv.DictReader(file))

CODE = "Q001-ZY·AX·2024-D30-KCQ-0007"
ANYTHING = st.text(st.characters(codec=None, exclude_categories=["Cs"]))
SEPARATED = st.text(
    st.sampled_from("AZ09永久定期年30" + DASHES + DOTS + "-·－ .　\u200b\ufeff\ufe58\ufe31\uff65\u2024")
)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["id"])
def test_an_example_fits_exactly_the_grammars_it_is_said_to(example: dict[str, str]) -> None:
    code = normalise_code(example["code"])
    assert code == (example["normalised"] or example["code"])
    wanted = [name for name in (example["grammar"], example["also_fits"]) if name]
    assert matching_grammars(code) == wanted


@pytest.mark.parametrize("example", [one for one in EXAMPLES if one["normalised"]], ids=lambda example: example["id"])
def test_what_has_to_be_normalised_fits_nothing_as_it_was_typed(example: dict[str, str]) -> None:
    assert matching_grammars(example["code"]) == []


def test_the_table_holds_every_example() -> None:
    assert [one["id"] for one in EXAMPLES] == [f"V{n}" for n in range(1, 16)] + [f"I{n}" for n in range(1, 17)]


@given(ANYTHING | SEPARATED)
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise_code(text)
    assert normalise_code(once) == once


@given(
    st.lists(st.sampled_from(DASHES + "-"), min_size=4, max_size=4), st.lists(st.sampled_from(DOTS + "·"), min_size=2)
)
def test_every_look_alike_of_a_separator_means_the_separator(dashes: list[str], dots: list[str]) -> None:
    typed = f"Q001{dashes[0]}ZY{dots[0]}AX{dots[1]}2024{dashes[1]}D30{dashes[2]}KCQ{dashes[3]}0007"
    assert normalise_code(typed) == CODE


@given(st.data())
def test_spaces_and_invisible_signs_between_the_characters_do_not_matter(data: st.DataObject) -> None:
    noise = st.text(st.sampled_from(" \t\n\u3000\u00a0\u200b\u200e\ufeff"), max_size=2)
    assert normalise_code("".join(sign + data.draw(noise) for sign in CODE)) == CODE


@given(ANYTHING)
def test_what_comes_out_holds_no_space_no_look_alike_and_nothing_invisible(text: str) -> None:
    code = normalise_code(text)
    assert not any(sign.isspace() or sign in DASHES + DOTS for sign in code)
    assert not any(unicodedata.category(sign) == "Cf" for sign in code)


@given(st.sampled_from([one["code"] for one in EXAMPLES if one["id"].startswith("V")]))
def test_a_valid_code_is_left_as_it_is_in_full_width_and_lower_case_too(code: str) -> None:
    full = "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in code)
    assert normalise_code(full) == normalise_code(code.lower()) == code


def test_numbers_are_never_padded_or_mended() -> None:
    assert normalise_code("1012-s·1980-Y-11") == "1012-S·1980-Y-11"


@pytest.mark.parametrize(
    "words", [("永久", "Y"), ("定期30年", "D30"), ("30年", "D30"), ("10年", "D10"), ("定期 10 年", "D10")]
)
def test_words_in_the_place_of_a_retention_code_are_mapped(words: tuple[str, str]) -> None:
    assert normalise_code(f"Q001-WS·2024-{words[0]}-KCQ-0007") == f"Q001-WS·2024-{words[1]}-KCQ-0007"


def test_a_unit_whose_name_holds_such_a_word_keeps_its_name() -> None:
    code = "Z109-WS·2011·Y·永久保管处-0001"
    assert normalise_code(code) == code
    assert matching_grammars(code) == ["DAT13_ITEM"]


def test_a_year_as_sub_class_is_no_code() -> None:
    assert matching_grammars("Q001-ZY·2019·2019-D30-KCQ-0001") == []


@pytest.mark.parametrize("name", list(GRAMMARS))
def test_digits_of_other_scripts_are_no_digits_of_a_code(name: str) -> None:
    example = next(one["code"] for one in EXAMPLES if one["grammar"] == name)
    arabic = example[:-1] + "\N{ARABIC-INDIC DIGIT SEVEN}"
    assert name not in matching_grammars(arabic)
