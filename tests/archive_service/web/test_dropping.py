"""Files come in piece by piece, survive a broken connection, are looked at, and are filed."""

from __future__ import annotations

import hashlib
import html
import io
import os
import re
import threading
import time
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from archive_service.app import create_app
from archive_service.catalog.collecting import import_folder
from archive_service.catalog.collecting.runs import ImportRuns
from archive_service.catalog.collecting.tables import import_runs as import_runs_table
from archive_service.catalog.model import NewRecord, SourceFile
from archive_service.clock import Clock
from archive_service.errors import BadInput, Conflict, Damaged, NotFound
from archive_service.vault import Keyring
from archive_service.web.collecting import import_runs
from archive_service.web.collecting.upload_desk import MOST_BATCHES, UploadDesk
from tests.archive_service.web.conftest import House

SECRET = "只在上传里出现的短语：白杨沟七号井。".encode()


def send(client: FlaskClient, batch: str, path: str, data: bytes, piece: int = 20) -> None:
    there = client.post(f"/file/drop/{batch}/files", data={"path": path, "size": str(len(data))}).get_json()
    while not there["complete"]:
        part = data[there["offset"] : there["offset"] + piece]
        answer = client.post(
            f"{there['url']}?offset={there['offset']}", data=part, content_type="application/octet-stream"
        )
        assert answer.status_code == 200
        there = answer.get_json()


def test_a_folder_is_sent_in_pieces_looked_at_and_filed(house: House) -> None:
    client, batch = house.client("lin"), uuid.uuid4().hex
    send(client, batch, "巡察/记录 1.txt", SECRET)
    send(client, batch, "巡察/照片.jpg", b"\x89PNG\r\n\x1a\n" + bytes(60))
    page = client.get(f"/file/drop/{batch}").get_data(as_text=True)
    assert "巡察/记录 1.txt" in page
    assert "扩展名为 .jpg，内容却不是" in page
    ids = re.findall(r'name="take-(\w+)"', page)
    form = {f"take-{one}": "1" for one in ids} | {f"title-{one}": "现场材料" for one in ids}
    form |= {"fonds": "Q001", "case": "AX2024-001", "type": "KCQ03", "date": "2024-03-01"}
    seen = client.post(f"/file/drop/{batch}", data={**form, "act": "preview"}).get_data(as_text=True)
    codes = re.findall(r"Q001-ZY·AX·2024-D30-KCQ-\d{4}", seen)
    assert len(set(codes)) == 2
    answer = client.post(f"/file/drop/{batch}", data={**form, "act": "file"})
    done = ended(client, answer)
    run = client.get(answer.headers["Location"] + "/progress").get_json()
    assert run["done"] == 2
    assert set(codes) <= set(re.findall(r"Q001-ZY·AX·2024-D30-KCQ-\d{4}", done))


def test_what_is_wrong_with_a_row_is_said_and_what_was_typed_stays(house: House) -> None:
    client, batch = house.client("lin"), uuid.uuid4().hex
    send(client, batch, "a.txt", b"x" * 5)
    one = re.findall(r'name="take-(\w+)"', client.get(f"/file/drop/{batch}").get_data(as_text=True))[0]
    form = {
        f"take-{one}": "1",
        f"title-{one}": "机密★10年 某件",
        "fonds": "Q001",
        "type": "KCQ03",
        "date": "2024-03-01",
    }
    page = client.post(f"/file/drop/{batch}", data={**form, "act": "preview"}).get_data(as_text=True)
    assert "国家秘密" in page
    assert "机密★10年 某件" in page
    none = client.post(f"/file/drop/{batch}", data={"fonds": "Q001", "act": "file"})
    assert none.status_code == 422
    assert client.post(f"/file/drop/{batch}/discard").status_code == 303
    assert client.get(f"/file/drop/{batch}").get_data(as_text=True).count("take-") == 0


def test_without_a_script_the_plain_form_sends_files_whole(house: House) -> None:
    client, batch = house.client("lin"), uuid.uuid4().hex
    files = {"files": [(io.BytesIO(SECRET * 9000), "甲.txt"), (io.BytesIO(b"b"), "乙.txt")]}
    answer = client.post(f"/file/drop/{batch}/plain", data=files, content_type="multipart/form-data")
    assert answer.status_code == 303
    page = client.get(answer.headers["Location"]).get_data(as_text=True)
    assert "甲.txt" in page
    assert "乙.txt" in page


def test_a_batch_is_its_owners_alone(house: House) -> None:
    batch = uuid.uuid4().hex
    send(house.client("lin"), batch, "a.txt", b"x")
    desk: UploadDesk = house.app.extensions["uploads"]
    with pytest.raises(NotFound):
        desk.find(ANOTHER, batch)
    assert desk.open(ANOTHER, batch).files == []
    desk.discard(desk.find(ANOTHER, batch))
    assert "a.txt" in house.client("lin").get(f"/file/drop/{batch}").get_data(as_text=True)


PERSON, ANOTHER = "a" * 32, "b" * 32


@pytest.fixture
def ring(tmp_path: Path) -> Iterator[Keyring]:
    made = Keyring.create_at(tmp_path / "keyring.db", "1" * 32, bytes(range(32)), Clock(ZoneInfo("Asia/Shanghai")))
    yield made
    made.close()


def test_an_upload_outlives_the_process_and_lies_nowhere_in_clear(tmp_path: Path, ring: Keyring) -> None:
    data, batch_id = SECRET * 60_000, uuid.uuid4().hex
    batch = UploadDesk(tmp_path, ring, 10_000_000, 60).open(PERSON, batch_id)
    one = batch.begin("白杨沟/七号井.txt", len(data))
    source, calls = io.BytesIO(data), 0

    def breaking(most: int) -> bytes:
        nonlocal calls
        calls += 1
        if calls > 20:
            raise ConnectionResetError
        return source.read(most)

    with pytest.raises(ConnectionResetError):
        batch.take(one.id, 0, breaking)
    folder = tmp_path / "uploads" / PERSON / batch_id
    part = folder / f"{one.id}.part"
    with part.open("ab") as file:
        file.write(b"\x00\x00\x10\x00 cut off by a power cut")
    # Another process, which knows of the disk alone.
    other = Keyring(ring.path, "1" * 32, bytes(range(32)), Clock(ZoneInfo("Asia/Shanghai")))
    desk = UploadDesk(tmp_path, other, 10_000_000, 60)
    batch = desk.find(PERSON, batch_id)
    again = batch.begin("白杨沟/七号井.txt", len(data))
    assert again.id == one.id
    assert 0 < again.received < len(data)
    with pytest.raises(Conflict):
        batch.take(one.id, 0, source.read)
    source.seek(again.received)
    assert batch.take(one.id, again.received, source.read).sha256 == hashlib.sha256(data).hexdigest()
    (whole,) = desk.of(PERSON)[0].files
    assert (whole.path, whole.complete) == ("白杨沟/七号井.txt", True)
    assert b"".join(batch.source(whole).chunks()) == data
    for path in tmp_path.rglob("*"):
        assert "白杨沟" not in str(path)
        assert path.is_dir() or (SECRET[:30] not in path.read_bytes() and "白杨沟".encode() not in path.read_bytes())
    # A piece in another's place is not read.
    pieces = part.read_bytes()
    part.write_bytes(pieces[:-1] + bytes([pieces[-1] ^ 1]))
    with pytest.raises(Damaged):
        list(batch.chunks(whole))
    with batch.filing():
        assert desk.find(PERSON, batch_id).busy
        with pytest.raises(Conflict):
            desk.discard(batch)
    desk.discard(batch)
    assert not folder.exists()
    assert ring.key_ids() == []
    other.close()


def test_what_is_idle_or_too_much_is_refused_or_let_go(tmp_path: Path, ring: Keyring) -> None:
    desk = UploadDesk(tmp_path, ring, 100, 60)
    batch = desk.open(PERSON, uuid.uuid4().hex)
    with pytest.raises(BadInput):
        batch.begin("a", 101)
    with pytest.raises(BadInput):
        batch.begin("a", 0)
    for _ in range(MOST_BATCHES - 1):
        desk.open(PERSON, uuid.uuid4().hex)
    with pytest.raises(Conflict):
        desk.open(PERSON, uuid.uuid4().hex)
    for strange in ("../../x", "", "A" * 32):
        with pytest.raises(NotFound):
            desk.open(PERSON, strange)
    folder = tmp_path / "uploads" / PERSON / batch.id
    with batch.filing():  # what is being filed is not idle
        os.utime(folder, (1, 1))
        assert desk.sweep() == 0
    os.utime(folder, (1, 1))
    with pytest.raises(NotFound):
        desk.find(PERSON, batch.id)
    assert len(ring.key_ids()) == MOST_BATCHES - 1


def test_a_container_is_taken_apart_into_further_rows_and_stays_itself(house: House) -> None:
    client, batch = house.client("lin"), uuid.uuid4().hex
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        package.writestr("里面/记录.txt", SECRET)
        package.writestr("../外面.txt", b"x")
    send(client, batch, "材料.zip", packed.getvalue(), piece=200)
    page = client.get(f"/file/drop/{batch}").get_data(as_text=True)
    (url,) = re.findall(r'formaction="([^"]+)"', page)
    seen = client.post(url, data={"fonds": "Q001"}).get_data(as_text=True)
    assert "材料.zip/里面/记录.txt" in seen
    assert "外面.txt”：名称指向压缩包之外" in seen
    assert len(re.findall(r'name="take-\w+"', seen)) == 2


def ended(client: FlaskClient, answer: TestResponse) -> str:
    """Wait for the run that an answer leads to, and return its page."""
    assert answer.status_code == 303
    for _ in range(400):
        if client.get(answer.headers["Location"] + "/progress").get_json()["finished"]:
            break
        time.sleep(0.05)  # the run goes on behind the pages
    return client.get(answer.headers["Location"]).get_data(as_text=True)


def test_a_dropped_folder_becomes_one_record_with_its_files(house: House) -> None:
    client, batch = house.client("lin"), uuid.uuid4().hex
    for name in ("三号井/甲.txt", "三号井/乙.txt", "四号井/丙.txt"):
        send(client, batch, name, f"{name} 的内容".encode())
    ids = re.findall(r'name="take-(\w+)"', client.get(f"/file/drop/{batch}").get_data(as_text=True))
    form = {f"take-{one}": "1" for one in ids} | {"fonds": "Q001", "type": "KCQ03", "date": "2024-03-01"}
    titles = dict(zip(ids, ("乙", "甲", "丙"), strict=True))  # in the order of their paths, as the page proposes them
    form |= {f"title-{one}": title for one, title in titles.items()} | {"together": "folder"}
    seen = client.post(f"/file/drop/{batch}", data={**form, "act": "preview"}).get_data(as_text=True)
    codes = re.findall(r"Q001-ZY·AX·2024-D30-KCQ-\d{4}", seen)
    assert len(set(codes)) == 2
    assert "随“三号井/乙.txt”归为一件" in seen
    page = ended(client, client.post(f"/file/drop/{batch}", data={**form, "act": "file"}))
    assert set(codes) <= set(re.findall(r"Q001-ZY·AX·2024-D30-KCQ-\d{4}", page))
    archive = house.app.extensions["archive"]
    found = [archive.catalogue.find(archive.people.by_login("lin"), code) for code in sorted(set(codes))]
    assert [(one.line.title, [file.name for file in one.files]) for one in found] == [
        ("三号井", ["乙.txt", "甲.txt"]),
        ("丙", ["丙.txt"]),
    ]


def test_a_manifest_in_a_dropped_folder_is_tried_and_filed_by(house: House) -> None:
    client, batch = house.client("lin"), uuid.uuid4().hex
    send(client, batch, "移交/一/甲.txt", "移交的甲件".encode())
    send(client, batch, "移交/乙.txt", "移交的乙件".encode())
    lines = ["文档,类型,文件标题,日期", "一/甲.txt,KCQ03,甲件,2024-03-01", "乙.txt,KCQ03,乙件,2024-13-01"]
    send(client, batch, "移交/manifest.csv", "\n".join(lines).encode())
    (url,) = re.findall(
        r'action="(/file/drop/\w+/manifest/\w+)"', client.get(f"/file/drop/{batch}").get_data(as_text=True)
    )
    table = client.get(f"/file/drop/{batch}").get_data(as_text=True)
    ticked = re.findall(r'(移交/\S+)</span><input type="checkbox" name="take-\w+" value="1" checked', table)
    assert ticked == ["移交/一/甲.txt", "移交/乙.txt"]  # the manifest says what these are
    form = {"fonds": "Q001", "map": "文档=文件\n文件标题=题名"}
    assert "有不认识的列" in client.post(url, data={"fonds": "Q001"}).get_data(as_text=True)
    seen = client.post(url, data={**form, "act": "check"}).get_data(as_text=True)
    (code,) = set(re.findall(r"Q001-ZY·AX·2024-D30-KCQ-\d{4}", seen))
    assert "2024-13-01" in seen
    page = ended(client, client.post(url, data={**form, "act": "file"}))
    assert code in page
    left = client.get(f"/file/drop/{batch}").get_data(as_text=True)
    assert "移交/乙.txt" in left
    assert "移交/一/甲.txt" not in left
    # The corrected manifest has the same length; it is another file all the same.
    there = client.post(
        f"/file/drop/{batch}/files",
        data={"path": "移交/manifest.csv", "size": len("\n".join(lines).encode()), "modified": "2"},
    ).get_json()
    assert there["offset"] == 0
    right = "\n".join(lines).replace("2024-13", "2024-12").encode()
    client.post(f"{there['url']}?offset=0", data=right, content_type="application/octet-stream")
    (url,) = re.findall(
        r'action="(/file/drop/\w+/manifest/\w+)"', client.get(f"/file/drop/{batch}").get_data(as_text=True)
    )
    assert "乙.txt" in ended(client, client.post(url, data={**form, "act": "file"}))
    assert "移交/乙.txt" not in client.get(f"/file/drop/{batch}").get_data(as_text=True)


def test_what_the_papers_suggest_stands_below_their_rows_and_is_accepted_there(house: House) -> None:
    client, batch = house.client("lin"), uuid.uuid4().hex
    send(
        client,
        batch,
        "扫描 1.txt",
        "罐区现场检查记录\n检查人：示例。身份证 370202198803254842\n2024年3月1日\n".encode(),
        9999,
    )
    page = client.get(f"/file/drop/{batch}").text
    one = re.findall(r'name="take-(\w+)"', page)[0]
    form = {f"take-{one}": "1", f"title-{one}": "扫描 1", f"date-{one}": "2023-01-01"}
    page = client.post(f"/file/drop/{batch}", data={**form, "act": "suggest"}).text
    assert "居民身份证号 ×1" in page
    assert "370202198803254842" not in page, "personal data is counted, not repeated"
    carried = html.unescape(re.findall(rf'name="hint-{one}" value="([^"]*)"', page)[0])
    page = client.post(f"/file/drop/{batch}", data={**form, f"hint-{one}": carried, "act": "use-all"}).text
    values = dict(re.findall(rf'name="(\w+)-{one}" value="([^"]*)"', page))
    assert (values["type"], values["title"]) == ("KCQ03", "罐区现场检查记录")
    assert values["date"] == "2023-01-01", "what somebody typed stays"
    page = client.post(f"/file/drop/{batch}", data={**form, f"hint-{one}": carried, "act": f"use:{one}:date"}).text
    assert f'name="date-{one}" value="2024-03-01"' in page
    for broken in ("{", "[]", '{"fields":[1],"notes":[]}'):
        assert (
            client.post(f"/file/drop/{batch}", data={**form, f"hint-{one}": broken, "act": "use-all"}).status_code
            == 200
        )


def clear(house: House) -> None:
    """Let go of what other tests left waiting: a person may have so many batches only."""
    desk = house.app.extensions["uploads"]
    for batch in desk.of(house.archive.people.by_login("lin").id):
        desk.discard(batch)


def test_what_a_type_requires_is_asked_for_at_every_door(house: House, tmp_path: Path, monkeypatch: Any) -> None:
    clear(house)
    plan = house.archive.schedules.plan
    strict = replace(plan.types["ZBG04"], required=("author", "document_no"))
    monkeypatch.setattr(house.archive.schedules, "plan", replace(plan, types={**plan.types, "ZBG04": strict}))
    monkeypatch.setattr(type(house.archive.schedules), "follow", lambda *_: None)
    client, batch, missing = house.client("lin"), uuid.uuid4().hex, "还须填写：责任者、文号"
    form = {"fonds": "Q001", "type": "ZBG04", "date": "2024-03-01"}
    assert missing in client.get("/file/details", query_string=form).text
    alone = {**form, "title": "月报", "files": [(io.BytesIO(b"x"), "a.txt")]}
    assert missing in client.post("/file", data=alone).text
    listed = "文件,题名,日期,类型,责任者\na.txt,月报,2024-03-01,ZBG04,\n".encode()
    files = [(io.BytesIO(listed), "夹/manifest.csv"), (io.BytesIO(b"alpha"), "夹/a.txt")]
    assert missing in ended(client, client.post("/file/folder", data={"fonds": "Q001", "folder": files}))
    paper = "关于月报的通知\n\n安监〔2024〕17号\n\n各单位：现将安排通知如下。\n\n2024年3月5日\n".encode()
    send(client, batch, "月报.txt", paper, 100)
    (one,) = re.findall(r'name="take-(\w+)"', client.get(f"/file/drop/{batch}").text)
    form |= {f"take-{one}": "1", f"title-{one}": "月报"}
    assert missing in client.post(f"/file/drop/{batch}", data={**form, "act": "preview"}).text
    read = client.post(f"/file/drop/{batch}", data={**form, "act": "suggest"}).text
    form |= {f"hint-{one}": html.unescape(re.findall(rf'name="hint-{one}" value="([^"]*)"', read)[0])}
    taken = client.post(f"/file/drop/{batch}", data={**form, "act": f"use:{one}:document_no"}).text
    assert f'name="document_no-{one}" value="安监〔2024〕17号"' in taken
    form |= {f"document_no-{one}": "安监〔2024〕17号", "author": "安监处", "act": "file"}
    assert "新归档 1 件" in ended(client, client.post(f"/file/drop/{batch}", data=form))
    with pytest.raises(BadInput, match="also requires the responsible body, the document number"):
        new = NewRecord("Q001", "ZBG04", "月报", date(2024, 3, 1), (SourceFile("a.txt", lambda: [b"x"]),))
        house.archive.accession.file_record(house.archive.people.by_login("lin"), new)  # as the command does


def test_an_import_is_seen_by_every_process_stopped_from_any_and_gone_on_with_after_a_restart(
    house: House, monkeypatch: Any
) -> None:
    clear(house)
    client, batch = house.client("lin"), uuid.uuid4().hex
    names = [f"件{number}.txt" for number in range(4)]
    for name in names:
        send(client, batch, name, f"{name} 的内容".encode(), 100)
    ids = re.findall(r'name="take-(\w+)"', client.get(f"/file/drop/{batch}").text)
    form = {f"take-{one}": "1" for one in ids} | {f"title-{one}": f"续传 {one}" for one in ids}
    form |= {"fonds": "Q001", "type": "KCQ03", "date": "2024-03-01", "act": "file"}
    monkeypatch.setattr(import_folder, "TOGETHER", 1)
    monkeypatch.setattr(import_runs, "SOME", 1)
    real = ImportRuns.note

    def cut(self: ImportRuns, run_id: str, results: Any) -> bool:
        said = real(self, run_id, results)
        if results and results[0].row == 2:
            raise RuntimeError  # the process goes, with two rows filed
        return said

    monkeypatch.setattr(ImportRuns, "note", cut)
    monkeypatch.setattr(ImportRuns, "end", lambda *_: None)
    where = client.post(f"/file/drop/{batch}", data=form).location
    person = house.archive.people.by_login("lin")
    for thread in [one for one in threading.enumerate() if one.name == "import"]:
        thread.join(20)
    assert len(house.app.extensions["uploads"].find(person.id, batch).files) == 2
    monkeypatch.undo()
    assert client.get(f"{where}/progress").get_json()["done"] == 2
    assert client.post(f"{where}/go-on").status_code == 409  # nobody knows yet that it is dead
    with house.archive.ledger.work(None) as work:
        work.connection.execute(import_runs_table.update().values(touched_at="2020-01-01T00:00:00.000000Z"))
        work.commit()
    app = create_app(house.archive)  # another process: it knows of the run what the database knows
    app.config["WTF_CSRF_ENABLED"] = False
    stranger = replace(house, app=app).client("lin")
    seen = stranger.get(where).text
    assert "服务重启或中断" in seen
    assert "文件还在，可以继续" in seen
    done = ended(stranger, stranger.post(f"{where}/go-on"))
    assert "新归档 4 件" in done
    assert stranger.get(f"{where}/progress").get_json()["resume_url"] is None
    assert stranger.post(f"{where}/go-on").status_code == 409
    with house.archive.ledger.read() as connection:
        mine = import_runs_table.c.id == where.rsplit("/", 1)[-1]
        (plan,) = connection.execute(select(import_runs_table.c.plan).where(mine)).scalars()
    assert plan is None  # titles stay nowhere
    here, there = ImportRuns(house.archive.ledger, house.archive.vault, house.archive.keyring), other_runs(app)
    run_id = here.begin(person.id, 3, None, None)
    assert not here.note(run_id, [])
    there.ask_stop(person.id, run_id)
    assert here.note(run_id, [])
    with pytest.raises(NotFound):
        there.find(house.archive.people.by_login("wang").id, run_id)
    here.end(run_id, "stopped")
    assert there.find(person.id, run_id).finished


def other_runs(app: Flask) -> ImportRuns:
    found: ImportRuns = app.extensions["imports"].runs
    return found
