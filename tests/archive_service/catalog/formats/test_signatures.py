"""Formats are told from the content, whatever a file is called."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import magic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_service.catalog.formats.signatures import identify

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0\x90wS\xde"
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n"
ELF = b"\x7fELF\2\1\1" + bytes(9) + b"\2\0\x3e\0" + bytes(100)
PROSE = "现场检查记录。三号车间灭火器压力不足，已责令当日更换。\n".encode()


def a_zip(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for name, text in files.items():
            package.writestr(name.replace("__", "."), text)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (PNG, "照片.jpg", "image/png"),
        (JPEG, "报告.pdf", "image/jpeg"),
        (PDF, "无扩展名", "application/pdf"),
        (PDF, "扫描.JPG", "application/pdf"),
        (PDF, "x.p\u202efdp", "application/pdf"),
        (ELF, "安全手册.docx", "application/x-executable"),
        (PROSE, "记录.exe", "text/plain"),
        (PROSE, "记录", "text/plain"),
        (PROSE, "记录.md", "text/markdown"),
        (PROSE, "记录.MD", "text/markdown"),
        ("\ufeff现场检查。".encode(), "记录.txt", "text/plain"),
        ("姓名,部门\n张,安监\n".encode(), "名单.csv", "text/csv"),
        (b"<!DOCTYPE html><html><body>x</body></html>", "a.txt", "text/html"),
        (b"\0\1\2\3" * 50, "记录.txt", "application/octet-stream"),
    ],
)
def test_the_content_decides_and_not_the_ending(head: bytes, name: str, kind: str) -> None:
    found = identify(head, name)
    assert found == kind or {found, kind} == {"application/x-executable", "application/x-pie-executable"}


def test_a_bare_zip_is_no_word_document_because_of_its_name_alone() -> None:
    # Where the container leaves it open, the ending decides; an image named so stays an image.
    assert identify(PNG, "a.docx") == "image/png"
    assert identify(a_zip(a__txt="x"), "a.zip") == "application/zip"


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=3, max_size=300))
def test_chinese_prose_is_told_as_libmagic_tells_it(text: str) -> None:
    data = text.encode()
    assert identify(data, "x") == magic.from_buffer(data, mime=True) == "text/plain"


@pytest.mark.parametrize("cut", [1, 2])
def test_a_text_cut_inside_its_last_character_is_still_text(cut: int) -> None:
    assert identify(PROSE.strip()[:-cut], "x") == "text/plain"


@pytest.mark.parametrize(
    "broken", [PROSE[:10] + b"\0" + PROSE[10:], PROSE + b"\x1b[2J", PROSE[:7] + b"\xff\xfe" + PROSE]
)
def test_chinese_at_the_beginning_does_not_make_text_of_bytes_that_are_none(broken: bytes) -> None:
    assert identify(broken, "x") == magic.from_buffer(broken, mime=True)


@pytest.mark.corpus
def test_real_documents_are_known(corpus: Path) -> None:
    kinds = {".pdf": "application/pdf", ".png": "image/png", ".jpg": "image/jpeg"}
    seen = 0
    for path in sorted(corpus.rglob("*")):
        if path.is_file() and path.suffix.lower() in kinds:
            with path.open("rb") as file:
                assert identify(file.read(65536), "nameless") == kinds[path.suffix.lower()], path.name
            seen += 1
    assert seen
