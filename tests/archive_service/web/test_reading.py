"""The reading room: pages are pictures with the reader burnt in, recordings come by ranges, nothing uploaded is shown as it came."""

from __future__ import annotations

import io
import wave
from urllib.parse import unquote

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from archive_service.audit.log import Wanted, newest
from tests.archive_service.web.conftest import House

HOSTILE = b"<html><script>alert(1)</script><body onload=alert(2)>\xe8\xaf\xb4\xe6\x98\x8e</body></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>'


def a_pdf(pages: int) -> bytes:
    written = io.BytesIO()
    canvas = Canvas(written)
    for number in range(pages):
        canvas.drawString(100, 700, f"page {number + 1}")
        canvas.showPage()
    canvas.save()
    return written.getvalue()


def filed(house: House, name: str, data: bytes, level: str = "INT") -> tuple[str, str]:
    """File a document; return the address of its record and of reading its file."""
    return filed_together(house, {name: data}, level)


def filed_together(house: House, files: dict[str, bytes], level: str = "INT") -> tuple[str, str]:
    """File a record of several files; return its address and its first file."""
    title = next(iter(files))
    form = {
        "fonds": "Q001",
        "case": "AX2024-001",
        "type": "KCQ03",
        "title": title,
        "date": "2024-03-01",
        "level": level,
    }
    sent = [(io.BytesIO(data), name) for name, data in files.items()]
    answer = house.client("lin").post("/file", data={**form, "files": sent})
    assert answer.status_code == 303, answer.text
    house.archive.chores.settle_outbox()
    code = answer.location.split("/")[2]
    whole = house.archive.catalogue.find(house.archive.people.by_login("lin"), _plain(code))
    return f"/record/{code}", whole.files[0].id


def _plain(code: str) -> str:
    return unquote(code)


def test_a_page_is_a_picture_in_which_the_reader_is_burnt(house: House):
    address, file = filed(house, "报告.pdf", a_pdf(2))
    lin, wang = house.client("lin"), house.client("wang")
    frame = wang.get(f"{address}/read/{file}?page=2")
    assert frame.status_code == 200
    assert f"{file}/2.png" in frame.text
    assert "第 2 页，共 2 页" in frame.text
    assert "page=3" not in frame.text, "nobody is sent past the end"
    assert "page=2" in wang.get(f"{address}/read/{file}").text
    mine, theirs = lin.get(f"{address}/read/{file}/1.png"), wang.get(f"{address}/read/{file}/1.png")
    for answer in (mine, theirs):
        assert answer.mimetype == "image/png"
        assert answer.headers["Content-Security-Policy"].startswith("sandbox")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Pages"] == "2"
    assert mine.data != theirs.data
    picture = Image.open(io.BytesIO(theirs.data))
    strip = picture.crop((0, picture.height - 40, picture.width, picture.height)).convert("L")
    assert strip.getextrema()[0] < 100, "the strip below the page says who reads"
    assert wang.get(f"{address}/read/{file}/3.png").status_code == 409


def test_each_page_stands_in_the_log_before_it_is_shown(house: House):
    address, file = filed(house, "图.png", _png())
    house.client("wang").get(f"{address}/read/{file}/1.png")
    row = newest(house.archive.ledger, Wanted(act="record:read")).rows[0]
    assert f'"component":"{file}","page":1,"purpose":"page"' in row.body


def _png() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (300, 200), "green").save(written, "PNG")
    return written.getvalue()


@pytest.mark.parametrize(("name", "data"), [("恶意.html", HOSTILE), ("恶意.svg", SVG), ("假.png", HOSTILE)])
def test_what_could_run_is_shown_as_a_picture_or_not_at_all_and_saved_as_an_attachment(
    house: House, name: str, data: bytes
):
    address, file = filed(house, name, data)
    client = house.client("wang")
    answer = client.get(f"{address}/read/{file}/1.png")
    if answer.status_code == 200:
        assert answer.mimetype == "image/png"
        assert answer.data.startswith(b"\x89PNG")
    else:
        assert answer.status_code in (404, 409)
    saved = house.client("lin").get(f"{address}/file/{file}")
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert saved.headers["Content-Security-Policy"].startswith("sandbox")
    assert saved.headers["X-Content-Type-Options"] == "nosniff"
    assert saved.headers["Cache-Control"] == "no-store"


def test_the_words_of_one_file_are_never_shown_as_those_of_another(house: House):
    address, file = filed_together(house, {"甲.txt": "甲文".encode(), "乙.txt": "乙文".encode()})
    assert house.client("wang").get(f"{address}/read/{file}/1.png").status_code == 404
    alone, only = filed(house, "丙.txt", "丙文".encode())
    assert house.client("wang").get(f"{alone}/read/{only}/1.png").status_code == 200


def test_a_recording_is_played_by_ranges(house: House):
    whole = _wav()
    address, file = filed(house, "录音.wav", whole)
    client = house.client("wang")
    assert "<audio" in client.get(f"{address}/read/{file}").text
    for given, start, stop in (
        ("bytes=0-", 0, len(whole) - 1),
        ("bytes=5-9", 5, 9),
        ("bytes=16000-99999", 16000, len(whole) - 1),
    ):
        answer = client.get(f"{address}/play/{file}", headers={"Range": given})
        assert answer.status_code == 206, answer.text
        assert answer.headers["Content-Range"] == f"bytes {start}-{stop}/{len(whole)}"
        assert answer.data == whole[start : stop + 1]
    assert client.get(f"{address}/play/{file}", headers={"Range": "bytes=999999-"}).status_code == 416


def _wav() -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(bytes(range(256)) * 64)
    return written.getvalue()


def test_leave_to_view_opens_pages_and_neither_text_nor_original(house: House):
    address, file = filed(house, "配方.txt", "配方编号甲".encode(), level="TS")
    wang, archive = house.client("wang"), house.archive
    code = archive.catalogue.find(archive.people.by_login("lin"), _plain(address.split("/")[2])).line.code
    assert wang.get(f"{address}/read/{file}/1.png").status_code == 404
    request = archive.reading_room.ask(archive.people.by_login("wang"), code, "核对", 3)
    for login in ("lin", "zhao"):
        archive.reading_room.grant(archive.people.by_login(login), request)
    page = wang.get(f"{address}?read=1")
    assert page.status_code == 200
    assert "配方编号甲" not in page.text
    assert wang.get(f"{address}/read/{file}/1.png").status_code == 200
    assert wang.get(f"{address}/file/{file}").status_code == 403
    archive.reading_room.revoke(archive.people.by_login("zhao"), request, "用途改变")
    assert wang.get(f"{address}/read/{file}/1.png").status_code == 404


def test_who_may_read_carries_nothing_away_without_asking(house: House):
    address, file = filed(house, "通报.txt", "内部通报".encode())
    wang, archive = house.client("wang"), house.archive
    page = wang.get(f"{address}?read=1")
    assert "内部通报" not in page.text
    assert "请申请" in page.text
    assert f"/file/{file}" not in page.text
    assert wang.get(f"{address}/read/{file}/1.png").status_code == 200
    assert wang.get(f"{address}/file/{file}").status_code == 403
    code = archive.catalogue.find(archive.people.by_login("lin"), _plain(address.split("/")[2])).line.code
    request = archive.reading_room.ask(archive.people.by_login("wang"), code, "核对", 3, actions=("download", "print"))
    archive.reading_room.grant(archive.people.by_login("lin"), request)
    assert wang.get(f"{address}/file/{file}").status_code == 403, "of what is not public nothing is downloaded by leave"
    assert "内部通报" in wang.get(f"{address}?read=1").text
    row = newest(archive.ledger, Wanted(act="record:read")).rows[0]
    assert f'"request":"{request}"' in row.body, "the use stands under the leave that it rests on"
