"""Real files: what must come out of the known ones, and that none brings anything down."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive_service.catalog.formats.signatures import HEAD, identify
from index.extract import Extraction, Limits, extract
from index.extract.kinds import KINDS

pytestmark = pytest.mark.corpus

EXPECTED = {
    "zh_made/中华人民共和国安全生产法（2021修正）.docx": [
        "安全生产工作实行管行业必须管安全",
        "生产经营单位的安全生产保障",
    ],
    "zh_made/中华人民共和国档案法（2020修订）.pdf": ["档案", "国家档案主管部门"],
    "zh_made/归档文件目录.xlsx": ["汕头经济特区消防条例", "2022-12-30"],
    "zh_made/生产安全事故报告和调查处理条例-GB18030.txt": ["生产安全事故报告和调查处理条例", "特别重大事故"],
    "zh_made/生产安全事故报告和调查处理条例-UTF16.txt": ["生产安全事故报告和调查处理条例", "特别重大事故"],
    "office/stress009.docx": ["产品"],
    "office/stress020.xlsx": ["银行业金融机构存贷款情况"],
    "office/testWORD.docx": ["Sample Word Document"],
    "office/testPPT.pptx": ["Attachment Test", "Rajiv"],
    "office/testEXCEL.xlsx": ["Sample Excel Worksheet"],
    "office/fc-lorem-ipsum.pdf": ["Lorem ipsum"],
    "office/testComment.docx": ["comment"],
    "pdf/testPDF.pdf": ["Apache Tika"],
    "pdf/pdflatex-4-pages.pdf": ["here is some text without a meaning"],
    "pdf/minimal-document.pdf": ["Lorem ipsum"],
    "office/49273.xlsx": ["合并单元格", "图案颜色和图案样式"],
    "mail/testRFC822_multipart_attachments.eml": ["test email for EML1", "html body of the main", "TxtA.txt"],
    "office/testWORD.doc": ["Sample Word Document Title", "Heading Level 3"],
    "office/fc-lorem-ipsum.doc": ["Lorem ipsum dolor sit amet"],
    "office/testEXCEL.xls": ["Sample Excel Worksheet", "Numbers and their Squares"],
    "office/testPPT.ppt": ["Sample Powerpoint Slide"],
    "office/testRTF.rtf": ["indexation Word"],
    "office/testOpenOffice2.odt": ["sample Open Office document"],
    "office/testODT_svgTitleInStyledSpan.odt": ["國立雲林科技大學國際課程活動甄選"],
    "office/test-columnar.ods": ["Square of the Record Number"],
    "office/testMasterFooter.odp": ["Master footer is here"],
    "office/testEPUB.epub": ["Table of Contents"],
    "ofd/helloworld.ofd": ["你好呀，OFD Reader&Writer！"],
    "ofd/拿来主义_page6.ofd": ["中国一向是所谓“闭关主义”"],
    "ofd/path_unstd.ofd": ["立案决定书"],
    "mail/testMSG.msg": ["MIME registry use cases", "Jukka Zitting"],
    "mail/testMSG_chinese.msg": ["MSG 格式測試", "張毓倫", "恭喜 HQ 保全課"],
    "archives/gbk.zip": ["自动巡检需求文档"],
    "archives/test-documents.zip": ["Sample Excel Worksheet", "Sample Word Document"],
    "images/testJPEG_GEO.jpg": ["Canon EOS 40D", "GPS 12.54321 N"],
    "audio_video/testMP3id3v24.mp3": ["Test Title", "Test Artist"],
    "mail/testEmailWithPNGAtt.eml": ["This email has a PNG attachment", "testPNG.png"],
}
LOCKED = ["pdf/libreoffice-writer-password.pdf", "pdf/testPDF_no_extract_no_accessibility_owner_user.pdf"]


def taken(path: Path, media_type: str = "") -> Extraction:
    with path.open("rb") as file:
        kind = media_type or identify(file.read(HEAD), path.name)
    return extract([path.read_bytes()], kind, Limits(cpu_seconds=20, wall_seconds=40))


@pytest.mark.parametrize("name", EXPECTED)
def test_what_a_person_reads_in_a_known_file_comes_out(corpus: Path, name: str) -> None:
    found = taken(corpus / "documents" / name)
    flat = " ".join(found.text.split())
    assert found.status == "ok"
    for phrase in EXPECTED[name]:
        assert phrase.lower() in flat.lower()


@pytest.mark.parametrize("name", LOCKED)
def test_a_locked_file_says_that_it_is_locked(corpus: Path, name: str) -> None:
    found = taken(corpus / "documents" / name)
    assert found.status == "failed"
    assert found.reason is not None
    assert "password" in found.reason.en


@pytest.mark.parametrize("name", ["office/bug53475-password-is-pass.docx", "office/testEXCEL_protected_passtika.xlsx"])
def test_a_locked_office_file_says_that_it_is_locked(corpus: Path, name: str) -> None:
    path = corpus / "documents" / name
    kind = next(kind for kind, reader in KINDS.items() if reader == path.suffix[1:])
    for found in (taken(path, kind), taken(path)):
        assert found.reason is not None
        assert "password" in found.reason.en


@pytest.mark.slow
def test_no_file_of_the_corpus_brings_anything_down(corpus: Path) -> None:
    """Also under every reader that its name or content could be taken for, hostile ones included."""
    readers = {reader: kind for kind, reader in KINDS.items()}
    tried = 0
    for folder in ("broken", "archives", "office", "ofd", "mail", "pdf", "text", "images", "audio_video"):
        for path in sorted((corpus / "documents" / folder).iterdir()):
            if path.stat().st_size > 3 << 20:
                continue
            with path.open("rb") as file:
                kinds = {identify(file.read(HEAD), path.name), readers.get(path.suffix[1:].lower(), "text/plain")}
            for kind in sorted(kinds & set(KINDS)):
                tried += 1
                found = extract([path.read_bytes()], kind, Limits(memory_mib=512, cpu_seconds=10, wall_seconds=20))
                assert found.status in ("ok", "none", "failed"), path.name
                assert found.status == "ok" or (found.reason is not None and found.reason.zh), path.name
                assert not found.timed_out, path.name
    assert tried > 60
