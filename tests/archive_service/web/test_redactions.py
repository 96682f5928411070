"""Redacted copies: what is removed is nowhere in the copy, two people make it, and who may not read the record gets the copy alone."""

from __future__ import annotations

import base64
import io
import json
import re
import zlib
from urllib.parse import unquote

import pypdfium2
import pytest
from flask.testing import FlaskClient
from PIL import Image, ImageDraw, ImageFont
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from archive_service.audit.log import Wanted, newest
from archive_service.reading_room import redactions
from index.extract.kinds import REDACT
from index.extract.redacting import Marked, Unread, found_again, read_marked
from index.extract.runner import Limits, extract, run
from tests.archive_service.web.conftest import House
from tests.archive_service.web.test_reading import filed, filed_together

NAME, PHONE = "欧阳慕白", "13812345678"
SECRET_FACT = "Hidden Author 7731"


def a_paper() -> bytes:
    """Return a PDF with a name split over two lines, a telephone, metadata, and white words under the picture."""
    written = io.BytesIO()
    canvas = Canvas(written)
    canvas.setAuthor(SECRET_FACT)
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    canvas.setFont("STSong-Light", 16)
    canvas.drawString(80, 740, "巡察记录：反映人欧阳")
    canvas.drawString(80, 716, "慕白，电话")
    canvas.drawString(80, 690, PHONE)
    canvas.setFillGray(1)
    canvas.drawString(80, 560, f"白字{NAME}")
    canvas.setFillGray(0)
    canvas.setFont("Helvetica", 16)
    canvas.drawString(80, 600, "To be put right within thirty days")
    canvas.showPage()
    canvas.save()
    return written.getvalue()


def a_photo() -> bytes:
    """Return a photograph stored on its side, with EXIF and a thumbnail in it that shows what is to go."""
    picture = Image.new("RGB", (300, 600), "white")
    ImageDraw.Draw(picture).rectangle((0, 0, 100, 200), fill=(255, 0, 0))
    exif = Image.Exif()
    exif[0x0112], exif[0x013B] = 6, SECRET_FACT  # shown turned by a quarter; the artist
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=95, exif=exif)
    return written.getvalue()


def redacted(data: bytes, kind: str, marked: Marked) -> tuple[bytes, str]:
    head = json.dumps({"kind": kind, "words": marked.words, "areas": marked.areas}).encode() + b"\n"
    found = run([head, data], REDACT, Limits(output_characters=50_000_000))
    assert found.status == "ok", found.reason
    answer = json.loads(found.text)
    return base64.b64decode(answer["copy"]), answer["kind"]


def test_nothing_of_what_was_removed_is_in_the_bytes_of_a_copy():
    marked = read_marked([NAME, PHONE], "")
    copy, kind = redacted(a_paper(), "application/pdf", marked)
    assert kind == "application/pdf"
    assert extract([copy], kind).text == "", "a copy has no letters, only pixels"
    streams = b"".join(_unpacked(copy))
    for said in (NAME.encode(), NAME.encode("utf-16-be"), PHONE.encode(), SECRET_FACT.encode(), b"Author", b"Producer"):
        assert said not in copy
        assert said not in streams
    page = pypdfium2.PdfDocument(copy)[0]
    sheet = page.render(scale=1).to_pil().convert("L")
    wide = sheet.width / 595.3
    telephone = sheet.crop(tuple(int(one * wide) for one in (84, 841 - 700, 150, 841 - 692)))
    assert telephone.getextrema()[1] < 60, "the number is one black bar"
    kept = sheet.crop(tuple(int(one * wide) for one in (80, 841 - 615, 300, 841 - 598)))
    assert 0.02 < sum(one < 128 for one in kept.tobytes()) / len(kept.tobytes()) < 0.6, "what stays can be read"


def _unpacked(data: bytes) -> list[bytes]:
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL):
        try:
            found.append(zlib.decompress(stream))
        except zlib.error:
            found.append(stream)
    return found


def test_a_picture_is_covered_where_it_is_seen_and_leaves_its_properties_behind():
    # As it is seen (turned), the red field is at the upper right: two thirds to the whole width, down to a third.
    copy, kind = redacted(a_photo(), "image/jpeg", read_marked([], "1: 60, 0, 100, 40"))
    picture = Image.open(io.BytesIO(copy))
    assert (kind, picture.size) == ("image/jpeg", (600, 300))
    assert not picture.getexif()
    assert SECRET_FACT.encode() not in copy
    assert b"Exif" not in copy
    colours = picture.convert("RGB").getcolors(1_000_000)
    assert colours is not None
    assert not [one for _, one in colours if one[0] > 150 and one[1] < 100], "no red is left"


def test_text_loses_words_however_they_are_written_and_broken():
    text = "反映人：欧 阳\n慕白（电话１３８１２３４５６７８），ouyang@example.com".encode()
    copy, kind = redacted(text, "text/plain", read_marked([NAME, PHONE, "OUYANG@example.com"], ""))
    said = copy.decode()
    assert kind == "text/plain"
    assert said == "反映人:█████(电话█████),█████"
    assert found_again(text, "text/plain", Marked((NAME,)), Limits(), None).pages == 1
    with pytest.raises(Unread, match="2: 50"):
        read_marked([], "1: 0,0,10,10\n2: 50, 0, 40, 10")


def posted(client: FlaskClient, address: str, file: str, **form: object) -> str:
    about = {"level": "INT", "title": "巡察记录（遮盖件）", "reason": "公开学习", **form}
    answer = client.post(f"{address}/redact/{file}", data=about)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


@pytest.fixture(scope="module")
def made(house: House) -> tuple[str, str, str]:
    """A record of the level of personal privacy, and a copy of it for everybody inside; made, not yet looked at."""
    address, file = filed(house, "反映.pdf", a_paper(), "PI")
    page = house.client("lin").get(f"{address}/redact/{file}")
    assert page.status_code == 200
    assert PHONE in page.text, "personal data found in the text is offered to be confirmed"
    with pytest.MonkeyPatch.context() as patch:  # recognising words is slow; the test of the scan does it in earnest
        patch.setattr(redactions, "found_again", lambda *given: found_again(*given[:4], None))
        return address, file, posted(house.client("lin"), address, file, found=[PHONE], words=NAME)


def test_one_makes_a_copy_another_releases_it_and_readers_get_the_copy_alone(house: House, made: tuple[str, str, str]):
    address, file, copy = made
    lin, wang, zhao = house.client("lin"), house.client("wang"), house.client("zhao")
    before = house.archive.catalogue.find(house.archive.people.by_login("lin"), unquote(address.split("/")[2])).files
    hidden = wang.get(address).status_code
    assert hidden == 404
    for client in (wang, house.client("auditor")):
        assert client.get(copy).status_code in (403, 404), "nobody but those who make and check sees it yet"
    assert lin.post(f"{copy}/release").status_code == 403, "who made it does not release it"
    assert zhao.get("/").text.count("redacted copies wait") == 1
    assert zhao.get(f"{copy}/1.png").status_code == 200
    assert zhao.post(f"{copy}/release").status_code == 303
    shown = wang.get(copy)
    assert shown.status_code == 200
    assert "公开学习" not in shown.text, "why it was made may tell of what is gone"
    assert wang.get(f"{copy}/1.png").mimetype == "image/png"
    assert copy in wang.get("/redacted/").text
    for closed in (address, f"{address}/read/{file}", f"{address}/file/{file}", f"{copy}/file"):
        assert wang.get(closed).status_code in (403, 404), closed
    saved = lin.get(f"{copy}/file")
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert NAME.encode() not in saved.data
    after = house.archive.catalogue.find(house.archive.people.by_login("lin"), unquote(address.split("/")[2])).files
    assert after == before, "the record's own files are what they were"
    acts = [row.act for row in newest(house.archive.ledger, Wanted(), page=200).rows]
    assert {"record:redacted", "record:redacted:released"} <= set(acts)
    used = newest(house.archive.ledger, Wanted(act="record:read")).rows
    assert any('"purpose":"redacted"' in row.body for row in used)
    assert lin.post(f"{copy}/withdraw").status_code == 303
    assert wang.get(copy).status_code == 404
    assert copy not in wang.get("/redacted/").text


def test_leave_for_the_copy_alone_shows_the_copy_and_nothing_of_the_record(house: House):
    address, file = filed(house, "配方.txt", f"配方由{NAME}保管".encode(), "PI")
    lin, wang, zhao = house.client("lin"), house.client("wang"), house.client("zhao")
    code = house.archive.catalogue.find(house.archive.people.by_login("lin"), unquote(address.split("/")[2])).line.code
    copy = posted(lin, address, file, words=NAME, level="TS", title="配方（遮盖）")
    wang.post("/access/", data={"code": code, "purpose": "核对", "days": "2"})
    asked = house.archive.requests.mine(house.archive.people.by_login("wang"))[0].id
    assert lin.post(f"/access/{asked}/grant", data={"redacted": "1"}).status_code == 409, "not before one is released"
    assert zhao.post(f"{copy}/release").status_code == 303
    assert wang.get(copy).status_code == 404, "the copy's level is not theirs"
    assert "redacted copies only" in zhao.get(f"/access/{asked}").text
    assert lin.post(f"/access/{asked}/grant", data={"redacted": "1"}).status_code == 303
    assert zhao.post(f"/access/{asked}/grant").status_code == 303, "of two who agree the narrower leave counts"
    assert wang.get(copy).status_code == 200
    assert wang.get(f"{copy}/1.png").status_code == 200
    assert wang.get(address).status_code == 404
    assert wang.get(f"/search?q={code}").text.count(address) == 0
    assert "只限遮盖件" in wang.get(f"/access/{asked}").text
    assert lin.post(f"/access/{asked}/revoke", data={"reason": "够了"}).status_code == 303
    assert wang.get(copy).status_code == 404


def test_what_can_still_be_read_or_is_not_found_makes_no_copy(house: House):
    address, file = filed_together(house, {"说明.txt": "只有普通的话".encode()}, "TS")
    lin = house.client("lin")
    about = {"level": "INT", "title": "件", "reason": "学习", "words": "不在其中"}
    assert lin.post(f"{address}/redact/{file}", data=about).status_code == 409
    assert lin.post(f"{address}/redact/{file}", data={**about, "words": ""}).status_code == 422
    assert lin.post(f"{address}/redact/{file}", data={**about, "level": "TS"}).status_code == 422
    assert lin.post(f"{address}/redact/{file}", data={**about, "areas": "1: 5"}).status_code == 422
    assert house.client("wang").get(f"{address}/redact/{file}").status_code == 404
    scan = Image.new("RGB", (900, 300), "white")
    pen = ImageDraw.Draw(scan)
    face = ImageFont.truetype(house.archive.viewer.font, 60)
    pen.text((40, 30), "反映人李明远", font=face, fill="black")
    pen.text((40, 180), "三十日内整改", font=face, fill="black")
    written = io.BytesIO()
    scan.save(written, "PNG")
    address, file = filed(house, "扫描.png", written.getvalue(), "PI")
    about = {"level": "INT", "title": "件", "reason": "学习", "words": "李明远", "areas": "1: 0, 55, 100, 100"}
    left = lin.post(f"{address}/redact/{file}", data=about)
    assert left.status_code == 409, "the machine reads the name in the pixels of the copy"
    assert "机器仍能读出" in left.text
    posted(lin, address, file, words="李明远", areas="1: 0, 0, 100, 50")
