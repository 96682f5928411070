"""Names and words as people and machines give them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_service.catalog.names import LONGEST_NAME, clean_name, one_line, several_lines
from archive_service.errors import BadInput

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("现场检查记录.pdf", "现场检查记录.pdf"),
        ("a\nb\tc.txt", "a\ufffdb\ufffdc.txt"),
        ("发票\u202egnp.exe", "发票\ufffdgnp.exe"),
        (f"全家{FAMILY}.jpg", f"全家{FAMILY}.jpg"),
        ("..", "unnamed"),
        (".", "unnamed"),
        ("", "unnamed"),
        ("   ", "unnamed"),
        ("../../etc/passwd", "passwd"),
        ("C:\\档案\\照片\\a.jpg", "a.jpg"),
        ("目录/", "unnamed"),
        ("全\u3000角\u00a0空格.doc", "全 角 空格.doc"),
        (" 前后空格.doc ", "前后空格.doc"),
        ("a\x00b.pdf", "a\ufffdb.pdf"),
        ("e\u0301tude.txt", "étude.txt"),
        ("\udcff\udcfe.txt", "\ufffd\ufffd.txt"),
        (".bashrc", ".bashrc"),
        ("...a", "...a"),
    ],
)
def test_an_odd_name_is_kept_as_far_as_it_can_be_shown(given_name: str, kept: str) -> None:
    assert clean_name(given_name) == kept


@pytest.mark.parametrize("letter", ["a", "汉", "\U0001f600"])
def test_a_name_of_300_characters_keeps_its_beginning_and_its_ending(letter: str) -> None:
    name = clean_name(letter * 300 + ".docx")
    assert name.startswith(letter * 50)
    assert name.endswith(".docx")
    assert len(name.encode()) <= LONGEST_NAME
    assert "\ufffd" not in name


@given(st.text())
def test_no_name_is_ever_a_path_empty_or_too_long_for_a_file_system(name: str) -> None:
    kept = clean_name(name)
    assert kept
    assert kept not in (".", "..")
    assert not set(kept) & set("/\\\0\n")
    assert len(kept.encode()) <= LONGEST_NAME


@given(st.text())
def test_cleaning_a_clean_name_changes_nothing(name: str) -> None:
    once = clean_name(name)
    assert clean_name(once) == once


def test_white_space_in_a_line_is_made_single_and_lines_of_a_note_stay() -> None:
    assert one_line("  关于\n三号车间\u3000的 通知 ", "题名", "A title", 50) == "关于 三号车间 的 通知"
    assert several_lines(" 一\r\n二\r三 ", "备注", "A note", 50) == "一\n二\n三"


@pytest.mark.parametrize("sign", ["\0", "\x1b", "\x7f", "\ud800"])
def test_a_sign_that_no_database_can_hold_is_named_with_its_place(sign: str) -> None:
    with pytest.raises(BadInput) as refused:
        one_line(f"题{sign}名", "题名", "A title", 50)
    assert f"U+{ord(sign):04X}" in refused.value.text.zh
    assert "第 2 个字符" in refused.value.text.zh


def test_the_longest_is_taken_and_one_more_is_not() -> None:
    assert one_line("汉" * 50, "题名", "A title", 50) == "汉" * 50
    with pytest.raises(BadInput, match="at most 50"):
        one_line("汉" * 51, "题名", "A title", 50)


def test_format_signs_of_written_language_are_kept_in_titles() -> None:
    assert one_line(FAMILY, "题名", "A title", 50) == FAMILY
    assert unicodedata.category("\u200d") == "Cf"
