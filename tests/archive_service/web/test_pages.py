"""The pages do their work: filing, finding, reading, asking, watching over the log."""

from __future__ import annotations

import base64
import csv
import html
import io
import re
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from archive_service.catalog.records.cases import Cases
from archive_service.vault import DiskFull, Vault
from tests.archive_service.web.conftest import House

SEEN = {
    "lin": ["/", "/file", "/file?case=AX2024-001", "/file/folder", "/catalogue/", "/catalogue/?class=KCQ", "/catalogue/?type=KCQ03&year=2024",
            "/catalogue/cases", "/catalogue/cases/AX2024-001", "/catalogue/fonds", "/reports/", "/search", "/search?q=安全", "/access/", "/access/?code=x"],
    "wang": ["/", "/catalogue/", "/search", "/access/"],
    "zhao": ["/", "/catalogue/", "/access/"],
    "auditor": ["/", "/audit/", "/audit/?act=case:opened", "/audit/1", "/people/"],
    "admin": ["/", "/people/", "/people/wang"],
    "security": ["/", "/people/", "/people/wang", "/people/security"],
}  # fmt: skip
KEPT_OUT = {
    "wang": ["/file", "/audit/", "/people/"],
    "auditor": ["/catalogue/", "/search", "/file"],
    "admin": ["/audit/"],
}


def file_one(client: FlaskClient, title: str, level: str = "INT", key: str = "") -> str:
    """File a record through the form and return its code."""
    answer = client.post(
        "/file",
        data={
            "fonds": "Q001", "case": "AX2024-001", "type": "KCQ03", "title": title, "date": "2024-03-01", "level": level, "key": key,
            "files": [(io.BytesIO(title.encode()), "检查 记录.txt"), (io.BytesIO(b"second"), "b.txt")],
        },
    )  # fmt: skip
    assert answer.status_code == 303, answer.text
    return unquote(answer.location).split("/")[2]


@pytest.mark.parametrize(
    ("login", "address"), [(login, address) for login, all_of in SEEN.items() for address in all_of]
)
def test_a_page_is_shown_in_both_languages(house: House, login: str, address: str) -> None:
    client = house.client(login)
    for language in ("en", "zh"):
        client.post("/settings/language", data={"language": language, "next": "/"})
        answer = client.get(address)
        assert answer.status_code == 200, answer.text
        assert f'lang="{"en" if language == "en" else "zh-Hans"}"' in answer.text


@pytest.mark.parametrize(
    ("login", "address"), [(login, address) for login, all_of in KEPT_OUT.items() for address in all_of]
)
def test_a_page_that_the_policy_closes_is_refused_and_logged(house: House, login: str, address: str) -> None:
    assert house.client(login).get(address).status_code == 403
    assert "操作被拒" in house.client("auditor").get("/audit/?act=action:refused").text


def test_a_record_is_filed_seen_and_downloaded_as_it_came(house: House) -> None:
    client = house.client("lin")
    code = file_one(client, "储罐区现场检查记录")
    page = client.get(f"/record/{code}")
    assert page.status_code == 200
    assert "储罐区现场检查记录" in page.text
    record = house.archive.catalogue.find(house.archive.people.by_login("lin"), code)
    sent = client.get(f"/record/{code}/file/{record.files[0].id}")
    assert sent.data == "储罐区现场检查记录".encode()
    assert sent.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    assert "sandbox" in sent.headers["Content-Security-Policy"]
    assert client.get(f"/record/{code}/receipt").status_code == 200


def test_the_same_form_sent_twice_files_once(house: House) -> None:
    client = house.client("lin")
    assert file_one(client, "只归一次", key="k1") == file_one(client, "只归一次", key="k1")


def test_what_is_wrong_with_a_form_is_said_and_what_was_typed_stays(house: House) -> None:
    answer = house.client("lin").post(
        "/file", data={"title": "写了一半的题名", "date": "2024-03-01", "type": "KCQ03", "fonds": "Q001"}
    )
    assert answer.status_code == 422
    assert "写了一半的题名" in answer.text


def test_a_full_disk_is_said_and_what_was_typed_stays(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise DiskFull(Path("store"))

    monkeypatch.setattr(Vault, "put", full)
    monkeypatch.setattr(Vault, "put_all", full)
    client = house.client("lin")
    typed = {"title": "满盘时的题名", "date": "2024-03-01", "type": "KCQ03", "fonds": "Q001", "case": "AX2024-001"}
    answer = client.post("/file", data=typed | {"files": (io.BytesIO(b"x"), "a.txt")})
    assert answer.status_code == 507
    assert "满盘时的题名" in answer.text
    assert "存储空间已满" in answer.text


def test_a_confidential_record_does_not_exist_for_a_reader_without_clearance(house: House) -> None:
    code = file_one(house.client("lin"), "商业秘密配方", level="TS")
    reader = house.client("wang")
    assert reader.get(f"/record/{code}").status_code == 404
    assert reader.get(f"/record/{code}/receipt").status_code == 404
    assert "商业秘密配方" not in reader.get("/catalogue/").text


def test_access_that_was_asked_for_and_granted_opens_the_record(house: House) -> None:
    code = file_one(house.client("lin"), "限期查阅的配方", level="TS")
    reader, approver = house.client("wang"), house.client("zhao")
    reader.post("/access/", data={"code": code, "purpose": "核对", "days": "3"})
    waiting = house.archive.requests.waiting(house.archive.people.by_login("zhao"))
    approver.post(f"/access/{waiting[0].id}/grant")
    assert reader.get(f"/record/{code}").status_code == 404, "a trade secret takes two"
    house.client("lin").post(f"/access/{waiting[0].id}/grant")
    assert reader.get(f"/record/{code}").status_code == 200
    assert reader.get("/access/").status_code == 200


MANIFEST = "文件,题名,日期,类型\na.txt,甲件,2024-05-01,KCQ03\nmissing.txt,乙件,2024-05-01,KCQ03\n".encode()


def sent(house: House, login: str = "lin", manifest: bytes = MANIFEST) -> str:
    """Send a folder and wait until its import has ended; return the address of the import."""
    files = [(io.BytesIO(manifest), "夹/manifest.csv"), (io.BytesIO(b"alpha"), "夹/a.txt")]
    client = house.client(login)
    answer = client.post("/file/folder", data={"fonds": "Q001", "folder": files})
    assert answer.status_code == 303
    for _ in range(200):
        progress = client.get(f"{answer.location}/progress").get_json()
        if progress["finished"]:
            return answer.location
        time.sleep(0.05)
    raise AssertionError(progress)


def test_a_folder_is_filed_row_by_row_and_a_refused_row_says_why(house: House) -> None:
    for filed in ("新归档 1 件", "此前已归档 1 件"):
        page = house.client("lin").get(sent(house)).text
        assert filed in page
        assert "所选文件里没有“missing.txt”" in page


def test_an_import_is_seen_by_the_one_who_started_it_only(house: House) -> None:
    address = sent(house)
    assert house.client("wang").get(address).status_code == 403
    assert house.client("lin").get("/file/imports/" + "0" * 32).status_code == 404


def test_a_folder_without_a_manifest_is_refused_at_once(house: House) -> None:
    answer = house.client("lin").post(
        "/file/folder", data={"fonds": "Q001", "folder": [(io.BytesIO(b"x"), "夹/a.txt")]}
    )
    assert answer.status_code == 422
    assert "应有且只有一个清单" in answer.text


def test_a_folder_gets_a_manifest_proposed_that_files_it_when_it_comes_back(house: House) -> None:
    paper = (
        "关于安泰示例集团安全生产考核巡察的通知\n\n安监〔2024〕17号\n\n各单位：现将巡察安排通知如下。\n\n2024年3月5日\n"
    )
    client = house.client("lin")

    def form(*more: tuple[io.BytesIO, str], **said: str) -> dict[str, Any]:
        return {"fonds": "Q001", "folder": [(io.BytesIO(paper.encode()), "夹/=KCQ03 通知.txt"), *more], **said}

    seen = client.post("/file/folder", data=form(act="suggest"))
    assert seen.status_code == 200
    made = re.search(r'href="data:text/csv;base64,([^"]+)"', seen.text)
    assert made
    manifest = base64.b64decode(html.unescape(made[1]))
    lines = list(csv.DictReader(io.StringIO(manifest.decode("utf-8-sig"))))
    assert len(lines) == 1
    assert lines[0]["文件"] == " =KCQ03 通知.txt"  # no formula
    assert (lines[0]["类型"], lines[0]["日期"], lines[0]["文号"]) == ("KCQ03", "2024-03-05", "安监〔2024〕17号")
    assert "依据" in seen.text
    again = client.post("/file/folder", data=form((io.BytesIO(manifest), "夹/manifest.csv"), act="suggest"))
    assert "与清单一致" in again.text
    tried = client.post("/file/folder", data=form((io.BytesIO(manifest), "夹/manifest.csv"), act="check"))
    assert "可以归档" in tried.text


def test_the_form_shows_what_a_type_asks_for_and_the_number_that_would_be_taken(house: House) -> None:
    client = house.client("lin")
    asked = client.get("/file/details?type=KCQ10&fonds=Q001&date=2024-05-01").text
    assert 'name="fact-deaths"' in asked
    shown = client.get("/file/details?type=KCQ03&fonds=Q001&date=2023-05-01").text
    code = re.search(r"Q001-ZY·AX·2023-D30-KCQ-\d{4}", shown)
    assert code
    assert client.get("/file/details?type=KCQ03&fonds=Q001&date=2023-05-01").text == shown, "looking takes no number"
    data = {
        "type": "KCQ03",
        "fonds": "Q001",
        "date": "2023-05-01",
        "title": "预览之后",
        "files": [(io.BytesIO(b"x"), "a.txt")],
    }
    assert code[0] in client.post("/file", data=data, follow_redirects=True).text


def test_an_answer_given_on_the_form_decides_the_period(house: House) -> None:
    data = {"type": "KCQ10", "fonds": "Q001", "date": "2024-05-01", "title": "事故材料", "fact-deaths": "1"}
    client = house.client("lin")
    page = client.post("/file", data=data | {"files": [(io.BytesIO(b"x"), "a.txt")]}, follow_redirects=True).text
    assert "-Y-KCQ-" in page
    wrong = client.post("/file", data=data | {"fact-deaths": "许多", "files": [(io.BytesIO(b"y"), "a.txt")]})
    assert wrong.status_code == 422
    assert "应为不小于 0 的整数" in wrong.text


@pytest.mark.parametrize("kind", ["items.pdf", "items.xlsx", "cases.pdf", "case.xlsx?case=AX2024-001"])
def test_a_catalogue_is_handed_out_as_a_file_and_the_log_knows(house: House, kind: str) -> None:
    answer = house.client("lin").get(f"/reports/{kind}")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.data[:4] in (b"%PDF", b"PK\x03\x04")
    with house.archive.ledger.read() as connection:
        acts = connection.execute(text("SELECT act FROM audit_entry ORDER BY seq DESC LIMIT 1")).scalar_one()
    assert acts == "register:written"


def test_an_unknown_register_is_not_there(house: House) -> None:
    assert house.client("lin").get("/reports/secrets.pdf").status_code == 404
    assert house.client("admin").get("/reports/items.pdf").status_code == 403


def test_an_event_of_a_case_is_recorded_and_revoked(house: House) -> None:
    client = house.client("lin")
    client.post(
        "/catalogue/cases/AX2024-001/events", data={"trigger": "CASE_CLOSED", "on": "2024-12-31", "exception": "测试"}
    )
    assert "2024-12-31" in client.get("/catalogue/cases/AX2024-001").text
    case = house.archive.cases.case("AX2024-001")
    event = house.archive.cases.events(case.id)[0]
    client.post(f"/catalogue/cases/AX2024-001/events/{event.id}/revoke", data={"reason": "日期有误"})
    assert "日期有误" in client.get("/catalogue/cases/AX2024-001").text


def test_the_log_is_verified_on_the_page(house: House) -> None:
    answer = house.client("auditor").post("/audit/verify")
    assert answer.status_code == 200
    assert "未发现改动" in answer.text


def test_a_one_time_password_is_shown_once(house: House) -> None:
    client = house.client("admin")
    answer = client.post("/people/", data={"login": "qian", "name": "钱新"})
    assert "一次性密码" in answer.text
    assert "只显示这一次" not in client.get("/people/").text


def test_an_unknown_address_and_an_unknown_record_are_answered_by_a_page(house: House) -> None:
    client = house.client("lin")
    assert client.get("/nothing-here").status_code == 404
    assert client.get("/record/none").status_code == 404


def test_a_template_that_prints_what_nobody_called_is_a_fault(house: House) -> None:
    with pytest.raises(TypeError, match="nobody called"):
        house.app.jinja_env.from_string("{{ names.items }}").render(names={})


def test_the_number_of_what_waits_is_the_same_on_every_page(house: House) -> None:
    code = file_one(house.client("lin"), "等人决定的配方", level="TS")
    house.client("wang").post("/access/", data={"code": code, "purpose": "核对", "days": "3"})
    approver = house.client("zhao")
    pages = {address: approver.get(address).text for address in ("/", "/access/", "/disposal/transfers/")}
    tallies = {address: re.findall(r'class="tally[^>]*>([^<]*)<', page) for address, page in pages.items()}
    assert int(tallies["/"][0]) > 0
    assert tallies["/access/"] == tallies["/disposal/transfers/"] == tallies["/"]


def test_many_case_files_are_searched_for_and_few_are_chosen_from_a_list(house: House, monkeypatch: Any) -> None:
    client = house.client("lin")
    assert '<select id="case" name="case"' in client.get("/file").text
    real = Cases.all_cases

    def many(self: Cases) -> list[Any]:
        (one,) = (row for row in real(self) if row.case_no == "AX2024-001")
        made = [SimpleNamespace(case_no=f"QT{at:04d}", title=f"旧案 {at}", enterprise="别厂") for at in range(400)]
        return [*made, one]

    monkeypatch.setattr(Cases, "all_cases", many)
    shown = client.get("/file?case=AX2024-001").text
    assert '<input id="case" name="case" list="case-offered" value="AX2024-001"' in shown
    assert shown.count('<option value="QT') == 300
    data = {"fonds": "Q001", "type": "ZBG04", "title": "按词找案卷", "date": "2024-03-01"}

    def filed(case: str) -> TestResponse:
        return client.post("/file", data={**data, "case": case, "files": [(io.BytesIO(case.encode()), "a.txt")]})

    several = filed("旧案")
    assert several.status_code == 422
    assert "有 400 个案卷含“旧案”" in several.text
    assert "没有案卷" in filed("无此案").text
    answer = filed("  华东化工巡察 ")
    assert answer.status_code == 303
    assert "AX2024-001" in client.get(answer.location.rsplit("/", 1)[0]).text
