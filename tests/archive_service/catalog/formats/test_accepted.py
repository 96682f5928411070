"""What is said of a file's format: an ending that lies, and what will not keep."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive_service.catalog.formats.accepted import load_formats
from archive_service.errors import BadSettings

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.mark.parametrize(
    ("name", "media_type", "puid", "lies", "keeps"),
    [
        ("记录.pdf", "application/pdf", None, False, True),
        ("记录.PDF", "image/jpeg", None, True, True),
        ("照片.jpg", "application/x-executable", None, True, False),
        ("记录.docx", WORD, "fmt/412", False, False),
        ("记录.xlsx", WORD, None, True, False),
        ("宏.xlsm", SHEET, "fmt/445", False, False),
        ("版式.ofd", "application/zip", "x-fmt/263", False, True),
        ("包.zip", "application/zip", None, False, False),
        ("邮件.msg", "application/CDFV2", None, False, False),
        ("名单.csv", "text/plain", None, False, True),
        ("脚本.bat", "text/plain", None, False, False),
        ("记录.odt", "text/plain", "x-fmt/111", True, True),
        ("无扩展名", "text/plain", None, False, True),
        ("第1.2版", "application/pdf", None, False, True),
        ("奇怪.xyz", "application/octet-stream", "UNKNOWN", False, False),
        ("坏的.mp3", "application/octet-stream", None, True, False),
        ("加密.docx", "application/encrypted", "fmt/494", False, False),
    ],
)
def test_an_ending_that_lies_and_a_format_that_will_not_keep_are_told(
    name: str, media_type: str, puid: str | None, lies: bool, keeps: bool
) -> None:
    judged = load_formats().judge(name, media_type, puid)
    assert (bool(judged.lie), judged.keeping is None) == (lies, keeps)
    for said in judged.warnings:
        assert name in said.zh
        assert name in said.en


def test_pronom_has_the_last_word_where_it_knows_the_format() -> None:
    judged = load_formats().judge("数据.docx", "application/octet-stream", "fmt/214")
    assert judged.format is not None
    assert judged.format.code == "xlsx"
    assert judged.lie is not None


def test_a_list_with_faults_names_them_all(tmp_path: Path) -> None:
    path = tmp_path / "formats.toml"
    path.write_text(
        '[[format]]\ncode = "a"\nname = {zh = "甲", en = "A"}\nmedia_types = []\nendings = ["pdf"]\n'
        'reason = {zh = "因", en = "why"}\nwrong = 1\n',
        encoding="utf-8",
    )
    with pytest.raises(BadSettings) as caught:
        load_formats(path)
    assert len(caught.value.faults) == 3
    assert all("[[format]] 1" in fault for fault in caught.value.faults)
