"""Transfer through the pages: packed, handed over, its receipt read by two people, and removal opened years later."""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive_service.config import StoreTable
from archive_service.disposal.listing.lists import Appraisal
from archive_service.disposal.model import Opinion
from archive_service.disposal.transfer.bag_check import check_bag
from tests.archive_service.web.disposal_house import PASSWORD, WRONG, DisposalHouse, make_house

TITLE = "移交给市馆的月报"
SIGNED = {"password": PASSWORD}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DisposalHouse]:
    folder = tmp_path_factory.mktemp("transfer")
    (folder / "out").mkdir()
    made = make_house(folder, transfer_targets={"out": StoreTable(path="out")})
    yield made
    made.archive.close()


def to_be_handed_over(house: DisposalHouse, level: str | None = None) -> str:
    list_no = house.drawn_up(receipts=[house.file(TITLE, level)])
    disposal = house.archive.disposal
    disposal.appraise(house.who("zheng"), list_no, [Appraisal(1, Opinion.TRANSFER, "有长期价值")])
    digest = disposal.submit(house.who("zhang"), list_no)
    for login in ("qian", "feng"):
        disposal.approve(house.who(login), list_no, digest)
    return list_no


def test_a_package_goes_from_the_list_to_its_removal_through_the_pages(house: DisposalHouse, tmp_path: Path) -> None:
    list_no = to_be_handed_over(house)
    zhang, li = house.client("zhang"), house.client("li", "en")
    assert "份清册有待编入移交包的档案" in zhang.get("/").text
    form = {"list_no": list_no, "receiver": "市档案馆", "nature": "transfer"}
    assert house.client("qian").post("/disposal/transfers/", data=form).status_code == 403
    page = zhang.post("/disposal/transfers/", data=form).location
    shown = zhang.get(page).text
    assert (TITLE in shown, "下一步：制作并交出" in shown, house.codes[0] in shown) == (True, True, True)
    assert zhang.post(f"{page}/write", data={"target": "out", "password": WRONG}).status_code == 403
    assert zhang.post(f"{page}/write", data={"target": "out", **SIGNED}).status_code == 303
    number = page.rsplit("/", 1)[1]
    written = check_bag(house.archive.settings.path("out") / number)
    assert written.valid
    loaded = zhang.post(f"{page}/write", data={"target": "@download", **SIGNED})
    with tarfile.open(fileobj=io.BytesIO(loaded.data)) as packed:
        packed.extractall(tmp_path, filter="data")
    assert check_bag(tmp_path / number).digest == written.digest

    paper = {"receipt_no": "收字9号", "digest": written.digest, **SIGNED}
    told = {**paper, "received_on": "2035-03-05"}
    wrong = zhang.post(f"{page}/receipt", data={**told, "digest": "0" * 64})
    assert (wrong.status_code, "摘要不是这个包的" in wrong.text, "收字9号" in wrong.text) == (422, True, True)
    assert zhang.post(f"{page}/receipt", data={**told, "received_on": "2035-03-04"}).status_code == 422
    assert zhang.post(f"{page}/receipt", data=told).status_code == 303
    assert zhang.post(f"{page}/receipt", data=told).status_code == 409  # doubled
    assert zhang.post(f"{page}/confirm", data=paper).status_code == 403
    assert "receipts of transfer wait for you" in li.get("/").text
    asked = li.get(page).text
    assert (written.digest in asked, "收字9号" in asked) == (False, False)  # to be typed from the paper
    assert li.post(f"{page}/confirm", data={**paper, "receipt_no": "收字8号"}).status_code == 422
    assert li.post(f"{page}/confirm", data=paper).status_code == 303
    assert "Custody moved" in li.get(page).text
    assert li.post(f"{page}/return", data={"reason": "late"}).status_code == 409
    assert li.post(f"{page}/removal").status_code == 409
    for paper_kind in ("list.pdf", "deed.xlsx"):
        assert li.get(f"{page}/{paper_kind}").status_code == 200
    house.wait(days=5 * 366)
    li = house.client("li")
    assert "编制留存件清册" in li.get(page).text
    opened = li.post(f"{page}/removal")
    assert re.fullmatch(r"/disposal/lists/CZ2040-\d{3}", opened.location)
    assert "1" in li.get(opened.location).text


def test_titles_are_masked_keys_need_two_and_a_returned_package_is_closed(house: DisposalHouse) -> None:
    list_no = to_be_handed_over(house, "TS")
    page = house.client("zhang").post("/disposal/transfers/", data={"list_no": list_no, "receiver": "省馆"}).location
    for login in ("narrow", "zhao"):
        shown = house.client(login).get(page).text
        assert (TITLE in shown, house.codes[0] in shown, 'name="reason"' in shown) == (False, True, False)
    assert house.client("wang").get(page).status_code == 403
    zhang, feng = house.client("zhang"), house.client("feng")
    vkey = "receiver/a+6f0d4b60+AXJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnJy"
    assert zhang.post("/disposal/transfers/keys", data={"receiver": "省馆", "vkey": vkey, **SIGNED}).status_code == 422
    from archive_service.audit.notes import Signer

    good = {"receiver": "省馆", "vkey": Signer("receiver/a", b"r" * 32).verifier.vkey(), **SIGNED}
    assert zhang.post("/disposal/transfers/keys", data=good).status_code == 303
    key_id = house.archive.receiver_keys.all(house.who("zhang"))[0].row.id
    assert zhang.post(f"/disposal/transfers/keys/{key_id}/confirm", data=good).status_code == 403
    assert feng.post(f"/disposal/transfers/keys/{key_id}/confirm", data={**good, "vkey": "x"}).status_code == 422
    assert feng.post(f"/disposal/transfers/keys/{key_id}/confirm", data=good).status_code == 303
    assert "有效" in zhang.get("/disposal/transfers/").text
    assert zhang.post(f"{page}/return", data={"reason": "题名不规范"}).status_code == 303
    assert "题名不规范" in zhang.get(page).text
    assert zhang.post(f"{page}/write", data={"target": "out", **SIGNED}).status_code == 409
