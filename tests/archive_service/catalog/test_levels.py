"""Levels: what people write for them, state secrets at the door, and no way down from what the rule says."""

from __future__ import annotations

import pytest

from archive_service.catalog.model import check_level, parse_level
from archive_service.errors import BadInput


@pytest.mark.parametrize(
    "mark",
    [
        "秘密",
        "机密",
        "绝密",
        " 机密 ",
        "机密★10年",
        "绝密★",
        "秘密☆长期",
        "机 密",
        "机密级",
        "SECRET",
        "top  secret",
        "Confidential",
        "ＳＥＣＲＥＴ",
    ],
)
def test_a_state_secret_is_refused_at_the_door_however_it_is_written(mark: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_level(mark, "INT")
    assert "国家秘密" in refused.value.text.zh
    assert "state secret" in refused.value.text.en


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("公开", "PUB"),
        ("内部", "INT"),
        ("商业秘密", "TS"),
        ("商业 秘密", "TS"),
        ("个人隐私", "PI"),
        ("密封", "SEAL"),
        (" ts ", "TS"),
        ("ＩＮＴ", "INT"),
    ],
)
def test_a_level_is_known_by_its_code_and_by_its_word(word: str, level: str) -> None:
    assert parse_level(word, None) == level


def test_nothing_written_means_the_default_and_without_one_it_must_be_said() -> None:
    assert parse_level("  ", "PI") == "PI"
    with pytest.raises(BadInput, match="no default"):
        parse_level("", None)


@pytest.mark.parametrize("word", ["internal use", "普通", "XX", "0"])
def test_an_unknown_level_is_refused_with_those_that_there_are(word: str) -> None:
    with pytest.raises(BadInput, match="PUB, INT, TS, PI or SEAL"):
        parse_level(word, "INT")


@pytest.mark.parametrize(
    ("level", "usual", "permitted", "good"),
    [
        ("INT", "INT", (), True),
        ("TS", "INT", (), True),
        ("PUB", "INT", (), False),
        ("PUB", "INT", ("PUB",), True),
        ("PI", "TS", (), True),
        ("INT", "PI", (), False),
        ("PI", "SEAL", (), False),
        ("SEAL", "SEAL", (), True),
        ("PUB", "", (), True),
    ],
)
def test_a_level_may_be_raised_and_is_lowered_only_where_the_rule_permits(
    level: str, usual: str, permitted: tuple[str, ...], good: bool
) -> None:
    if good:
        check_level(level, usual, permitted)
    else:
        with pytest.raises(BadInput, match="may not be filed as"):
            check_level(level, usual, permitted)
