"""The queue, a check that stopped itself, all lists, and the certificate on paper."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.archive_service.web.disposal_house import DisposalHouse, hidden, make_house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DisposalHouse]:
    made = make_house(tmp_path_factory.mktemp("desk"))
    yield made
    made.archive.close()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[DisposalHouse]:
    made = make_house(tmp_path)
    yield made
    made.archive.close()


# ------------------------------------------------------------------------------------------------- empty


@pytest.mark.parametrize("path", ["/disposal/", "/disposal/lists", "/disposal/holds/"])
def test_an_empty_desk_says_what_to_do_first(fresh: DisposalHouse, path: str) -> None:
    for language in ("zh", "en"):
        page = fresh.client("zhang", language).get(path)
        assert page.status_code == 200
        assert 'class="empty"' in page.text


@pytest.mark.parametrize("path", ["/disposal/", "/disposal/lists", "/disposal/holds/", "/disposal/holds/new"])
def test_the_desk_is_closed_to_readers(house: DisposalHouse, path: str) -> None:
    assert house.client("wang").get(path).status_code == 403


# ------------------------------------------------------------------------------------------------- queue


def test_a_list_is_drawn_up_once(house: DisposalHouse) -> None:
    receipt = house.file()
    client = house.client("zhang")
    client.post("/disposal/check")
    page = client.get("/disposal/").text
    row = next(part for part in page.split("<tr>") if receipt.archival_code in part)
    chosen = re.search(r'value="(\w{32})"', row)
    assert chosen is not None
    assert client.post("/disposal/lists", data={"chosen": chosen[1]}).status_code == 303
    again = client.post("/disposal/lists", data={"chosen": chosen[1]})
    assert again.status_code == 409
    assert "已不在待鉴定队列中" in again.text


def test_nothing_chosen_is_a_sentence(house: DisposalHouse) -> None:
    house.file()
    answer = house.client("zhang").post("/disposal/lists", data={})
    assert answer.status_code == 422
    assert "至少选择一件" in answer.text


@pytest.mark.parametrize("login", ["zheng", "qian", "zhao"])
def test_only_an_archivist_checks_and_draws_up(house: DisposalHouse, login: str) -> None:
    client = house.client(login)
    assert client.post("/disposal/check").status_code == 403
    assert client.post("/disposal/lists", data={"chosen": "x"}).status_code == 403
    assert "编制清册" not in client.get("/disposal/").text


def test_an_auditor_meets_no_link_that_is_closed_to_him(house: DisposalHouse) -> None:
    house.file()
    house.archive.retention_check.run()
    assert "/record/" not in house.client("zhao").get("/disposal/").text


# ------------------------------------------------------------------------------------------------- a check that stopped itself


def test_an_approver_sees_what_would_be_queued_and_confirms_it(fresh: DisposalHouse) -> None:
    for _ in range(25):
        fresh.file()
    archivist, approver = fresh.client("li"), fresh.client("qian")
    told = archivist.post("/disposal/check", follow_redirects=True).text
    assert "检查自行停下" in told
    assert "/disposal/check/confirm" not in told
    assert archivist.post("/disposal/check/confirm", data={"shown": "25"}).status_code == 403
    page = approver.get("/disposal/").text
    assert "YSH05" in page
    assert hidden(page, "shown") == "25"
    assert approver.post("/disposal/check/confirm", data={"shown": "25"}).status_code == 303
    assert fresh.archive.disposal.queue(fresh.who("li")) == [], "one approver is not enough"
    assert approver.post("/disposal/check/confirm", data={"shown": "25"}).status_code == 409
    assert fresh.client("feng").post("/disposal/check/confirm", data={"shown": "25"}).status_code == 303
    assert len(fresh.archive.disposal.queue(fresh.who("li"))) == 25
    assert "检查自行停下" not in approver.get("/disposal/").text.replace("检查自行停下：", "")


def test_a_confirmation_covers_only_what_was_shown(fresh: DisposalHouse) -> None:
    for _ in range(25):
        fresh.file()
    fresh.client("li").post("/disposal/check")
    approver = fresh.client("qian")
    shown = hidden(approver.get("/disposal/").text, "shown")
    fresh.file()
    approver.post("/disposal/check/confirm", data={"shown": shown})
    fresh.client("feng").post("/disposal/check/confirm", data={"shown": "26"})
    assert fresh.archive.disposal.queue(fresh.who("li")) == []
    assert hidden(approver.get("/disposal/").text, "shown") == "26"


def test_a_confirmation_that_names_no_number_queues_nothing(fresh: DisposalHouse) -> None:
    for _ in range(25):
        fresh.file()
    fresh.client("li").post("/disposal/check")
    for approver in ("qian", "feng"):
        fresh.client(approver).post("/disposal/check/confirm", data={})
    assert fresh.archive.disposal.queue(fresh.who("li")) == []


# ------------------------------------------------------------------------------------------------- certificate


def test_the_certificate_is_laid_out_as_a_register_with_both_digests(house: DisposalHouse) -> None:
    list_no = house.certified(2)
    client = house.client("zhao")
    page = client.get(f"/disposal/lists/{list_no}/certificate").text
    sent = client.get(f"/disposal/lists/{list_no}/certificate.json")
    body = json.loads(sent.data)
    assert hashlib.sha256(sent.data).hexdigest() in page
    assert body["list_digest"] in page
    for said in (*house.codes, "应保管期限", "监销人", "钱批", "冯准", "李整", "已无保存价值", "刚才核对无误"):
        assert said in page
    for item in body["items"]:
        assert item["components"][0]["sealed_sha256"] in page


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_certificate_reads_in_both_languages(house: DisposalHouse, language: str) -> None:
    list_no = house.certified()
    assert house.client("li", language).get(f"/disposal/lists/{list_no}/certificate").status_code == 200


def test_a_list_without_certificate_has_no_such_page(house: DisposalHouse) -> None:
    assert house.client("li").get(f"/disposal/lists/{house.submitted()}/certificate").status_code == 404


def test_a_confidential_title_is_not_on_the_certificate(house: DisposalHouse) -> None:
    list_no = house.certified(receipts=[house.file("绝密配方月报", level="TS")])
    for path in ("certificate", "certificate.json"):
        assert "绝密配方" not in house.client("li").get(f"/disposal/lists/{list_no}/{path}").text


def test_the_command_on_the_certificate_checks_it_offline(house: DisposalHouse, tmp_path: Path) -> None:
    list_no = house.certified()
    client = house.client("li")
    page = client.get(f"/disposal/lists/{list_no}/certificate").text
    script = re.search(r"python -c &#34;\n(.*?)&#34; |python -c \"\n(.*?)\" ", page, re.DOTALL)
    assert script is not None
    code = (script[1] or script[2]).replace("&#39;", "'")
    file = tmp_path / "certificate.json"
    sent = client.get(f"/disposal/lists/{list_no}/certificate.json").data
    key = house.archive.ledger.signer.verifier.vkey()
    for data, faulty in ((sent, False), (sent.replace(b"2014-06-01", b"2014-06-02"), False)):
        file.write_bytes(data)
        done = subprocess.run([sys.executable, "-c", code, str(file), key], capture_output=True, text=True, check=True)
        assert bool(done.stdout.strip()) is faulty
    file.write_bytes(sent.replace(house.codes[0].encode(), b"Q001-X"))
    done = subprocess.run([sys.executable, "-c", code, str(file), key], capture_output=True, text=True, check=True)
    assert done.stdout.strip()


# ------------------------------------------------------------------------------------------------- what waits


def waiting(house: DisposalHouse, login: str) -> list[str]:
    """Return what the first page says is waiting for a person, as ``count sentence``."""
    part = house.client(login).get("/").text.partition('<section id="waits">')[2].partition("</section>")[0]
    rows = re.findall(r"<li class=\"(\w*)\"><a [^>]*><b>(\d+)</b><span>([^<]+)</span>", part)
    return [f"{kind or '-'} {count} {said}" for kind, count, said in rows if "通知" not in said]


def test_each_step_of_a_list_waits_on_the_first_page_of_those_whose_turn_it_is(fresh: DisposalHouse) -> None:
    drawn, submit = fresh.drawn_up(), "- 1 份清册已鉴定完毕，等您提交审批"
    assert waiting(fresh, "zheng") == ["- 1 份清册等您鉴定"]
    assert submit not in waiting(fresh, "zhang")
    fresh.archive.disposal.withdraw(fresh.who("zhang"), drawn, "不办了")
    list_no = fresh.appraised()
    assert submit in waiting(fresh, "zhang")
    assert waiting(fresh, "zheng") == []
    fresh.archive.disposal.submit(fresh.who("zhang"), list_no)
    assert waiting(fresh, "qian") == ["- 1 份清册等您审批"]
    fresh.wait(days=31)
    assert waiting(fresh, "qian") == ["due 1 份清册等您审批，其中 1 份已逾期"]
    assert "逾期 1 天" in fresh.client("zhao").get("/disposal/lists").text
    digest = fresh.archive.disposal.view(fresh.who("zhang"), list_no).row.digest
    for login in ("qian", "feng"):
        fresh.archive.disposal.approve(fresh.who(login), list_no, digest)
    for login in ("zheng", "feng"):
        assert waiting(fresh, login) == ["due 1 份清册等您监销核对签字，其中 1 份已逾期"]
        fresh.archive.disposal.supervise(fresh.who(login), list_no, digest)
        assert waiting(fresh, login) == []
    fresh.wait(days=30)
    assert "严重逾期 31 天" in fresh.client("zhao").get("/disposal/lists").text
    fresh.archive.destruction.order(fresh.who("li"), list_no, list_no)
    fresh.archive.chores.carry_on_destructions()
    assert waiting(fresh, "feng") == ["- 1 份清册已销毁完毕，等您作为监销人签字"]
    fresh.archive.disposal.sign_off(fresh.who("feng"), list_no)
    assert waiting(fresh, "feng") == []
    assert "逾期" not in fresh.client("zhao").get("/disposal/lists").text
