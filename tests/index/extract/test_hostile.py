"""Documents made to hurt: bombs, entities, locks, cut ends."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from docx import Document as WordDocument
from openpyxl import Workbook
from pptx import Presentation

from index.extract import Limits, extract
from index.extract.kinds import KINDS, OOXML

DOCX, XLSX, PPTX = (
    OOXML + "wordprocessingml.document",
    OOXML + "spreadsheetml.sheet",
    OOXML + "presentationml.presentation",
)
LIMITS = Limits(memory_mib=512, cpu_seconds=10, wall_seconds=20)


def docx_of(text: str = "整改验收报告") -> bytes:
    file, document = io.BytesIO(), WordDocument()
    document.add_paragraph(text)
    document.save(file)
    return file.getvalue()


def xlsx_of(text: str = "整改验收报告") -> bytes:
    file, book = io.BytesIO(), Workbook()
    book.active["A1"] = text
    book.save(file)
    return file.getvalue()


def pptx_of(text: str = "整改验收报告") -> bytes:
    file, show = io.BytesIO(), Presentation()
    show.slides.add_slide(show.slide_layouts[5]).shapes.title.text = text
    show.save(file)
    return file.getvalue()


MAKERS: dict[str, Callable[[], bytes]] = {DOCX: docx_of, XLSX: xlsx_of, PPTX: pptx_of}
MAIN_PART = {DOCX: "word/document.xml", XLSX: "xl/sharedStrings.xml", PPTX: "ppt/slides/slide1.xml"}


def with_part(package: bytes, name: str, content: bytes) -> bytes:
    """Return a package with one part replaced or added."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            if member != name:
                new.writestr(member, old.read(member))
        new.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize("kind", [DOCX, XLSX, PPTX])
def test_a_package_that_is_sound_is_read(kind: str) -> None:
    assert "整改验收报告" in extract([MAKERS[kind]()], kind, LIMITS).text


@pytest.mark.parametrize("kind", [DOCX, XLSX, PPTX])
def test_a_package_that_unpacks_to_far_too_much_is_refused_with_a_reason(kind: str) -> None:
    bomb = with_part(MAKERS[kind](), MAIN_PART[kind], b"<a>" + b" " * (400 << 20) + b"</a>")
    assert len(bomb) < 1 << 20
    found = extract([bomb], kind, LIMITS)
    assert found.status == "failed"
    assert found.reason is not None
    assert "unpacks" in found.reason.en


def test_a_package_that_lies_about_its_size_is_refused() -> None:
    bomb = bytearray(with_part(docx_of(), "word/document.xml", b"<a>" + b" " * (64 << 20) + b"</a>"))
    at = bomb.rfind(b"PK\x01\x02", 0, bomb.rfind(b"word/document.xml"))
    bomb[at + 24 : at + 28] = (100).to_bytes(4, "little")
    found = extract([bytes(bomb)], DOCX, LIMITS)
    assert found.status in ("failed", "none")
    assert found.text == ""


def test_a_package_with_too_many_parts_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        for number in range(10_001):
            package.writestr(f"x{number}", b"")
    found = extract([file.getvalue()], DOCX, LIMITS)
    assert found.status == "failed"


def laughs(levels: int = 12) -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, levels))
    return f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "haha">{entities}]>'.encode()


@pytest.mark.parametrize("kind", [DOCX, XLSX, PPTX])
def test_a_billion_laughs_end_quickly(kind: str) -> None:
    part = laughs() + b"<a>&l11;</a>"
    found = extract([with_part(MAKERS[kind](), MAIN_PART[kind], part)], kind, LIMITS)
    assert not found.timed_out
    assert "hahahaha" not in found.text


@pytest.mark.parametrize("kind", [DOCX, XLSX, PPTX])
@pytest.mark.parametrize("outside", ["file:///etc/passwd", "{file}", "http://127.0.0.1:9/x"])
def test_entities_from_outside_are_not_followed(kind: str, outside: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("zxqv-secret")
    target = outside.replace("{file}", secret.as_uri())
    words = {
        DOCX: '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>before &x; after</w:t></w:r></w:p></w:body></w:document>',
        XLSX: '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>before &x; after</t></si></sst>',
        PPTX: '<a:p xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:r><a:t>before &x; after</a:t></a:r></a:p>',
    }
    part = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "{target}">]>{words[kind]}'
    found = extract([with_part(MAKERS[kind](), MAIN_PART[kind], part.encode())], kind, LIMITS)
    assert "zxqv-secret" not in found.text
    assert "root:" not in found.text


def test_an_encrypted_package_says_so() -> None:
    compound = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 4096
    found = extract([compound], DOCX, LIMITS)
    assert found.reason is not None
    assert "password" in found.reason.en
    locked = bytearray(docx_of())
    at = -1
    while (at := locked.find(b"PK\x01\x02", at + 1)) >= 0:
        locked[at + 8] |= 1
    found = extract([bytes(locked)], DOCX, LIMITS)
    assert found.reason is not None
    assert "encrypted" in found.reason.en


@pytest.mark.parametrize("kind", [DOCX, XLSX, PPTX])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_a_package_cut_short_is_a_damaged_file(kind: str, part: float) -> None:
    whole = MAKERS[kind]()
    found = extract([whole[: int(len(whole) * part)]], kind, LIMITS)
    assert (found.status, found.text) == ("failed", "")
    assert found.reason is not None
    assert "damaged" in found.reason.en


@pytest.mark.parametrize("kind", sorted(set(KINDS)))
@pytest.mark.parametrize(
    "data", [b"", b"\x00" * 1000, b"%PDF-1.7\n", b"PK\x03\x04", b"\xff" * 5000, b"<" * 5000, bytes(range(256)) * 20]
)
def test_rubbish_is_answered_for_every_kind(kind: str, data: bytes) -> None:
    found = extract([data], kind, LIMITS)
    assert found.status in ("ok", "none", "failed")
    assert found.status == "ok" or found.reason is not None


def test_a_pdf_whose_stream_swells_stays_within_its_limits() -> None:
    stream = zlib.compress(b"BT /F1 12 Tf (x) Tj ET " * (20 << 20))
    pdf = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
    pdf += b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>endobj "
    pdf += b"4 0 obj<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream endobj trailer<</Root 1 0 R>>" % (
        len(stream),
        stream,
    )
    found = extract([pdf], "application/pdf", Limits(memory_mib=256, cpu_seconds=3, wall_seconds=15))
    assert found.status in ("failed", "none", "ok")


def test_a_letter_with_letters_in_letters_ends() -> None:
    inner = b"Subject: inside\r\n\r\nthe end"
    for _ in range(200):
        inner = b"Content-Type: message/rfc822\r\n\r\n" + inner
    found = extract([b"Subject: outside\r\n" + inner], "message/rfc822", LIMITS)
    assert not found.timed_out


def test_an_attachment_that_is_a_bomb_leaves_the_letter_readable() -> None:
    import base64

    bomb = base64.encodebytes(with_part(docx_of(), "word/document.xml", b" " * (400 << 20)))
    letter = (
        b"Subject: =?utf-8?b?" + base64.b64encode("整改通知".encode()) + b"?=\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain; charset=gb18030\r\n\r\n'
        + "请于月底前验收".encode("gb18030")
        + b"\r\n--b\r\nContent-Type: "
        + DOCX.encode()
        + b'\r\nContent-Disposition: attachment; filename="a.docx"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n" + bomb + b"\r\n--b--\r\n"
    )
    found = extract([letter], "message/rfc822", LIMITS)
    assert "整改通知" in found.text
    assert "请于月底前验收" in found.text
    assert "a.docx" in found.text


@pytest.mark.parametrize("charset", ["no-such-charset", "utf-7", "idna", "rot13", "hex"])
def test_a_letter_in_an_encoding_that_is_none_keeps_its_heads(charset: str) -> None:
    letter = f"Subject: notice\r\nContent-Type: text/plain; charset={charset}\r\n\r\nbody".encode()
    assert "notice" in extract([letter], "message/rfc822", LIMITS).text


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be", "big5"]
)
def test_text_in_the_encodings_of_chinese_offices_is_read(encoding: str) -> None:
    text = "安全生產考核報告：整改情況良好。" if encoding == "big5" else "安全生产考核报告：整改情况良好。"
    assert text in extract([(text * 20).encode(encoding)], "text/plain", LIMITS).text
