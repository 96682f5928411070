"""The page of one disposal list: each act by those who may, refused to those who may not, and nothing done twice."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from archive_service.audit.log import Wanted, newest
from archive_service.disposal.holds.holds import NewHold
from archive_service.disposal.listing.lists import Appraisal
from archive_service.disposal.model import Opinion
from archive_service.people.policy import Action
from archive_service.web import here
from archive_service.web.desk import pane
from tests.archive_service.web.disposal_house import PASSWORD, WRONG, DisposalHouse, hidden, make_house

DESTROY = {"opinion": "DESTROY", "reason": "已无保存价值"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DisposalHouse]:
    made = make_house(tmp_path_factory.mktemp("desk"))
    yield made
    made.archive.close()


def desk(list_no: str) -> str:
    return f"/disposal/lists/{list_no}"


def hold(house: DisposalHouse, *codes: str) -> str:
    until = house.archive.clock.today().replace(year=2099)
    new = NewHold("纪检函〔2035〕3号", "责任追究未结", until, codes=codes)
    return house.archive.holds.place(house.who("qian"), new).hold_no


# ------------------------------------------------------------------------------------------------- looking


@pytest.mark.parametrize("login", ["zhang", "li", "zheng", "qian", "narrow", "zhao"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_everybody_of_the_desk_sees_the_list(house: DisposalHouse, login: str, language: str) -> None:
    list_no = house.appraised()
    answer = house.client(login, language).get(desk(list_no))
    assert answer.status_code == 200
    assert house.codes[0] in answer.text
    assert house.client(login, language).get(f"{desk(list_no)}/paper").status_code == 200


@pytest.mark.parametrize("path", ["", "/paper", "/progress", "/certificate", "/certificate.json"])
def test_a_reader_is_kept_out(house: DisposalHouse, path: str) -> None:
    assert house.client("wang").get(desk(house.drawn_up()) + path).status_code == 403


@pytest.mark.parametrize("path", ["", "/paper", "/progress", "/certificate", "/certificate.json"])
def test_an_unknown_list_is_not_found(house: DisposalHouse, path: str) -> None:
    assert house.client("zhang").get(desk("CZ1999-001") + path).status_code == 404


@pytest.mark.parametrize(
    "act", ["appraise", "appraise-rest", "strike", "submit", "approve", "send-back", "withdraw", "order"]
)
def test_nothing_can_be_done_to_an_unknown_list(house: DisposalHouse, act: str) -> None:
    data = {**DESTROY, "position": "1", "positions": "1", "password": PASSWORD, "confirm": "CZ1999-001"}
    assert house.client("zhang").post(f"{desk('CZ1999-001')}/{act}", data=data).status_code == 404


@pytest.mark.parametrize(
    "act", ["appraise", "appraise-rest", "strike", "submit", "approve", "send-back", "withdraw", "order"]
)
def test_an_auditor_looks_and_does_nothing(house: DisposalHouse, act: str) -> None:
    list_no = house.drawn_up()
    data = {**DESTROY, "position": "1", "positions": "1", "password": PASSWORD, "confirm": list_no}
    answer = house.client("zhao").post(f"{desk(list_no)}/{act}", data=data)
    assert answer.status_code == 403
    assert house.state(list_no) == "drawn_up"
    assert 'role="alert"' in answer.text


def test_the_titles_of_what_one_may_not_see_are_masked_everywhere(house: DisposalHouse) -> None:
    secret = house.file("绝密配方月报", level="TS")
    list_no = house.appraised(receipts=[secret])
    for path in ("", "?item=1", "/paper"):
        assert "绝密配方月报" in house.client("zheng").get(desk(list_no) + path).text
        for login in ("narrow", "zhao"):
            page = house.client(login).get(desk(list_no) + path).text
            assert "绝密配方月报" not in page
            assert secret.archival_code in page
    assert "绝密配方月报" not in house.client("narrow").get("/disposal/").text


def readings(house: DisposalHouse, record_id: str) -> list[str]:
    """Return what was read of a record, as the log tells it, the oldest first."""
    found = newest(house.archive.ledger, Wanted(act="record:read", object_id=record_id))
    return [purpose for row in found.rows for purpose in re.findall(r'"purpose":"(\w+)"', row.body)][::-1]


def test_a_document_opens_beside_the_list_for_those_who_may_and_each_reading_is_logged(house: DisposalHouse) -> None:
    secret, other = house.file("密件", level="TS"), house.file("月报")
    house.archive.chores.settle_outbox()
    list_no = house.drawn_up(receipts=[secret, other])
    at = [item.record["code"] for item in house.archive.disposal.view(house.who("zheng"), list_no).items]
    place = at.index(secret.archival_code) + 1
    client, narrow = house.client("zheng"), house.client("narrow")
    here = f"{desk(list_no)}?item={place}"
    assert 'class="reader"' not in client.get(here).text
    assert readings(house, secret.record_id) == []
    assert "密件" in reader_of(client.get(f"{here}&read=text").text)
    assert readings(house, secret.record_id) == ["read"]
    page = client.get(f"{here}&read=pages").text
    picture = re.search(r'<img src="([^"]+)"', reader_of(page))
    assert picture is not None
    assert "第 1 页，共 1 页" in page
    assert client.get(picture[1]).data.startswith(b"\x89PNG")
    assert readings(house, secret.record_id) == ["read", "page"]
    for way in ("text", "pages"):
        masked = narrow.get(f"{here}&read={way}")
        assert masked.status_code == 200
        assert "密件" not in masked.text
        assert 'class="reader"' not in masked.text
    assert narrow.get(picture[1]).status_code == 404
    assert readings(house, secret.record_id) == ["read", "page"]


def test_what_is_open_beside_the_list_stays_open_from_item_to_item(house: DisposalHouse) -> None:
    receipts = [house.file(), house.file()]
    house.archive.chores.settle_outbox()
    list_no = house.drawn_up(receipts=receipts)
    client = house.client("zheng")
    page = client.get(f"{desk(list_no)}?item=1&read=pages").text
    assert f'href="{desk(list_no)}?item=2&amp;read=pages#item"' in page
    assert hidden(page, "read") == "pages"
    saved = client.post(f"{desk(list_no)}/appraise", data={**DESTROY, "position": "1", "read": "pages"})
    assert saved.location.endswith("?item=2&read=pages#item")
    refused = client.post(f"{desk(list_no)}/appraise", data={"position": "2", "read": "pages"})
    assert refused.status_code == 422
    assert 'class="reader"' in refused.text
    assert f'href="{desk(list_no)}?item=2"' in client.get(f"{desk(list_no)}?item=2&read=pages").text
    last = client.post(f"{desk(list_no)}/appraise", data={**DESTROY, "position": "2", "read": "pages"})
    assert last.location.endswith(list_no)


def reader_of(page: str) -> str:
    """Return the part of the page in which the document lies open."""
    return page.partition('class="reader"')[2].partition("</section>")[0]


def test_words_that_can_be_copied_are_not_for_those_who_may_read_and_not_print(
    house: DisposalHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_read = house.file("只可阅览")
    house.archive.chores.settle_outbox()
    address, zheng = f"{desk(house.drawn_up(receipts=[only_read]))}?item=1", house.client("zheng")
    assert "只可阅览" in reader_of(zheng.get(f"{address}&read=text").text)
    monkeypatch.setattr(pane, "may", lambda action, *at: action is not Action.PRINT_RECORD and here.may(action, *at))
    assert "改看正文" not in zheng.get(f"{address}&read=pages").text
    shown = reader_of(zheng.get(f"{address}&read=text").text)
    assert "<img" in shown
    assert "只可阅览" not in shown


def test_an_item_that_is_not_on_the_list_is_not_found(house: DisposalHouse) -> None:
    assert house.client("zheng").get(f"{desk(house.drawn_up())}?item=7").status_code == 404


# ------------------------------------------------------------------------------------------------- appraising


def test_an_appraiser_goes_from_item_to_item(house: DisposalHouse) -> None:
    list_no = house.drawn_up(3)
    client = house.client("zheng")
    assert "已鉴定 0 / 3" in client.get(desk(list_no)).text
    saved = client.post(f"{desk(list_no)}/appraise", data={**DESTROY, "position": "2"})
    assert saved.location.endswith("?item=3")
    saved = client.post(f"{desk(list_no)}/appraise", data={**DESTROY, "position": "3"})
    assert saved.location.endswith("?item=1")
    saved = client.post(f"{desk(list_no)}/appraise", data={**DESTROY, "position": "1"})
    assert saved.location.endswith(list_no)
    assert "已鉴定 3 / 3" in client.get(desk(list_no)).text


def test_whoever_drew_up_the_list_does_not_appraise_it(house: DisposalHouse) -> None:
    list_no = house.drawn_up()
    answer = house.client("zhang").post(f"{desk(list_no)}/appraise", data={**DESTROY, "position": "1"})
    assert answer.status_code == 403


def test_keeping_longer_asks_for_years_and_keeps_what_was_typed(house: DisposalHouse) -> None:
    list_no = house.drawn_up()
    data = {"position": "1", "opinion": "EXTEND", "years": "", "reason": "案情仍有参考价值"}
    answer = house.client("zheng").post(f"{desk(list_no)}/appraise", data=data)
    assert answer.status_code == 422
    assert "1 至 99" in answer.text
    assert "案情仍有参考价值" in answer.text
    assert 'value="EXTEND" required checked' in answer.text


def test_nobody_appraises_what_they_may_not_see(house: DisposalHouse) -> None:
    list_no = house.drawn_up(receipts=[house.file("密件", level="TS"), house.file()])
    client = house.client("narrow")
    assert 'name="opinion"' not in client.get(f"{desk(list_no)}?item=1").text.split("<aside")[1].split("</aside>")[0]
    answer = client.post(f"{desk(list_no)}/appraise", data={**DESTROY, "position": "1"})
    assert answer.status_code == 403
    assert "无权查看第 1 项" in answer.text
    assert hidden(client.get(desk(list_no)).text, "position") == "2"
    assert client.post(f"{desk(list_no)}/appraise-rest", data={**DESTROY, "positions": "2"}).status_code == 303
    opinions = [item.row.opinion for item in house.archive.disposal.view(house.who("zhang"), list_no).items]
    assert opinions == [None, "DESTROY"]


def test_the_table_of_lists_counts_what_is_on_them(house: DisposalHouse) -> None:
    list_no = house.drawn_up(3)
    house.archive.disposal.strike(house.who("zhang"), list_no, 3, "误列")
    row = next(part for part in house.client("zhang").get("/disposal/lists").text.split("<tr>") if list_no in part)
    assert "已鉴定 0 / 2" in row
    assert ">2</td>" in row
    house.archive.disposal.withdraw(house.who("zhang"), list_no, "不办了")
    assert list_no in house.client("zhang").get("/disposal/lists").text


def test_years_left_over_from_another_choice_do_no_harm(house: DisposalHouse) -> None:
    list_no = house.drawn_up()
    data = {**DESTROY, "position": "1", "years": "5"}
    assert house.client("zheng").post(f"{desk(list_no)}/appraise", data=data).status_code == 303


@pytest.mark.parametrize(
    ("field", "value"), [("opinion", ""), ("opinion", "BURN"), ("reason", " "), ("position", ""), ("years", "viele")]
)
def test_an_appraisal_that_says_too_little_is_refused_at_its_form(house: DisposalHouse, field: str, value: str) -> None:
    list_no = house.drawn_up()
    data = {"position": "1", "opinion": "EXTEND", "years": "3", "reason": "理由在此", field: value}
    answer = house.client("zheng").post(f"{desk(list_no)}/appraise", data=data)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert "已鉴定 0 / 1" in house.client("zheng").get(f"{desk(list_no)}?table=1").text


def test_the_rest_get_one_opinion_and_what_has_one_keeps_it(house: DisposalHouse) -> None:
    list_no = house.drawn_up(3)
    client = house.client("zheng")
    client.post(
        f"{desk(list_no)}/appraise", data={"position": "2", "opinion": "EXTEND", "years": "5", "reason": "仍有用"}
    )
    positions = hidden(client.get(desk(list_no)).text, "positions")
    assert positions == "1,3"
    answer = client.post(f"{desk(list_no)}/appraise-rest", data={**DESTROY, "positions": positions})
    assert answer.status_code == 303
    opinions = [item.row.opinion for item in house.archive.disposal.view(house.who("zhang"), list_no).items]
    assert opinions == ["DESTROY", "EXTEND", "DESTROY"]


def test_the_rest_as_it_was_seen_is_not_the_rest_as_it_is(house: DisposalHouse) -> None:
    list_no = house.drawn_up(3)
    house.archive.disposal.strike(house.who("zhang"), list_no, 3, "误列")
    answer = house.client("zheng").post(f"{desk(list_no)}/appraise-rest", data={**DESTROY, "positions": "1,2,3"})
    assert answer.status_code == 409
    assert "重新查看" in answer.text
    assert "已鉴定 0 / 2" in house.client("zheng").get(desk(list_no)).text


def test_the_same_rest_sent_twice_is_appraised_once(house: DisposalHouse) -> None:
    list_no = house.drawn_up(2)
    client = house.client("zheng")
    data = {**DESTROY, "positions": "1,2"}
    assert client.post(f"{desk(list_no)}/appraise-rest", data=data).status_code == 303
    assert client.post(f"{desk(list_no)}/appraise-rest", data=data).status_code == 409


def test_it_is_said_where_a_transfer_goes_on(house: DisposalHouse) -> None:
    assert "批准后可在“移交”页编入移交包" in house.client("zheng").get(desk(house.drawn_up())).text


# ------------------------------------------------------------------------------------------------- striking, withdrawing


def test_an_item_is_taken_off_with_a_reason_and_waits_again(house: DisposalHouse) -> None:
    list_no = house.drawn_up(2)
    client = house.client("zhang")
    refused = client.post(f"{desk(list_no)}/strike", data={"position": "2", "reason": ""})
    assert refused.status_code == 422
    assert client.post(f"{desk(list_no)}/strike", data={"position": "2", "reason": "误列"}).status_code == 303
    assert house.steps(list_no) == ["waiting", "struck"]
    assert house.codes[1] in client.get("/disposal/").text
    again = client.post(f"{desk(list_no)}/strike", data={"position": "2", "reason": "误列"})
    assert again.status_code == 404
    assert "没有第 2 项" in again.text


def test_an_appraiser_takes_nothing_off(house: DisposalHouse) -> None:
    list_no = house.drawn_up()
    answer = house.client("zheng").post(f"{desk(list_no)}/strike", data={"position": "1", "reason": "误列"})
    assert answer.status_code == 403
    assert "移出清册" not in house.client("zheng").get(f"{desk(list_no)}?table=1").text


def test_a_withdrawn_list_says_why_and_takes_no_second_withdrawal(house: DisposalHouse) -> None:
    list_no = house.approved()
    client = house.client("zhang")
    assert client.post(f"{desk(list_no)}/withdraw", data={"reason": "期限表将换版"}).status_code == 303
    page = client.get(desk(list_no)).text
    assert "期限表将换版" in page
    assert client.post(f"{desk(list_no)}/withdraw", data={"reason": "再来"}).status_code == 409
    assert house.client("qian").post(f"{desk(list_no)}/withdraw", data={"reason": "x"}).status_code == 403


# ------------------------------------------------------------------------------------------------- submitting, approving


def test_a_list_with_an_item_left_is_not_submitted(house: DisposalHouse) -> None:
    list_no = house.drawn_up()
    answer = house.client("zhang").post(f"{desk(list_no)}/submit")
    assert answer.status_code == 409
    assert "第 1 项" in answer.text


def test_two_approve_what_they_saw_with_their_own_password(house: DisposalHouse) -> None:
    list_no = house.submitted()
    for login in ("qian", "feng"):
        client = house.client(login)
        page = client.get(desk(list_no)).text
        digest = hidden(page, "digest")
        wrong = client.post(f"{desk(list_no)}/approve", data={"digest": digest, "password": WRONG})
        assert wrong.status_code == 403
        assert "密码不正确" in wrong.text
        assert WRONG not in wrong.text
        assert client.post(f"{desk(list_no)}/approve", data={"digest": digest, "password": PASSWORD}).status_code == 303
    assert house.state(list_no) == "approved"


def test_the_last_approval_says_what_it_sets_going(house: DisposalHouse) -> None:
    list_no = house.submitted()
    assert "还需另一位审批人" in house.client("qian").get(desk(list_no)).text
    view = house.archive.disposal.view(house.who("zhang"), list_no)
    house.archive.disposal.approve(house.who("qian"), list_no, view.row.digest)
    assert "最后一份批准" in house.client("feng").get(desk(list_no)).text


def test_nobody_approves_twice(house: DisposalHouse) -> None:
    list_no = house.submitted()
    client = house.client("qian")
    data = {"digest": hidden(client.get(desk(list_no)).text, "digest"), "password": PASSWORD}
    assert client.post(f"{desk(list_no)}/approve", data=data).status_code == 303
    again = client.post(f"{desk(list_no)}/approve", data=data)
    assert again.status_code == 403
    assert "已批准过" in again.text
    assert house.state(list_no) == "submitted"


def test_whoever_drew_it_up_cannot_approve_and_is_told_why(house: DisposalHouse) -> None:
    list_no = house.submitted()
    client = house.client("zhang")
    page = client.get(desk(list_no)).text
    assert 'name="digest"' not in page
    assert "编制这份清册的人" in page
    assert "冯准" in page  # and who could instead
    digest = house.archive.disposal.view(house.who("zhang"), list_no).row.digest
    answer = client.post(f"{desk(list_no)}/approve", data={"digest": digest, "password": PASSWORD})
    assert answer.status_code == 403
    assert "编制这份清册的人" in answer.text


def test_an_approval_of_what_has_changed_since_is_refused(house: DisposalHouse) -> None:
    list_no = house.submitted(2)
    client = house.client("qian")
    seen = hidden(client.get(desk(list_no)).text, "digest")
    house.archive.disposal.send_back(house.who("feng"), list_no, "第 2 件理由不足")
    house.archive.disposal.strike(house.who("zhang"), list_no, 2, "改列")
    house.archive.disposal.submit(house.who("zhang"), list_no)
    answer = client.post(f"{desk(list_no)}/approve", data={"digest": seen, "password": PASSWORD})
    assert answer.status_code == 409
    assert "与您所见的不同" in answer.text


def test_a_list_sent_back_says_why_and_the_approvals_are_void(house: DisposalHouse) -> None:
    list_no = house.submitted()
    digest = house.archive.disposal.view(house.who("zhang"), list_no).row.digest
    house.archive.disposal.approve(house.who("qian"), list_no, digest)
    client = house.client("feng")
    assert client.post(f"{desk(list_no)}/send-back", data={"reason": ""}).status_code == 422
    assert client.post(f"{desk(list_no)}/send-back", data={"reason": "理由太笼统"}).status_code == 303
    page = house.client("zheng").get(f"{desk(list_no)}?table=1").text
    assert "理由太笼统" in page
    assert house.state(list_no) == "drawn_up"


def test_a_held_item_is_marked_and_blocks_approval_where_it_stands(house: DisposalHouse) -> None:
    list_no = house.submitted(2)
    number = hold(house, house.codes[1])
    client = house.client("feng")
    page = client.get(desk(list_no)).text
    assert f'/disposal/holds/{number}"' in page
    assert "有 1 件现在不能销毁" in page
    assert 'name="digest"' not in page
    digest = house.archive.disposal.view(house.who("zhang"), list_no).row.digest
    answer = client.post(f"{desk(list_no)}/approve", data={"digest": digest, "password": PASSWORD})
    assert answer.status_code == 409
    assert number in answer.text


# ------------------------------------------------------------------------------------------------- ordering


def test_before_the_order_everything_that_matters_is_said(house: DisposalHouse) -> None:
    list_no = house.cooled(2)
    page = house.client("li").get(desk(list_no)).text
    for said in ("2 件", "钱批", "冯准", "封存文件", "冻结", house.codes[0], house.codes[1], list_no):
        assert said in page


def test_an_order_needs_the_number_the_password_and_the_time(house: DisposalHouse) -> None:
    list_no = house.approved()
    client = house.client("li")
    assert 'name="confirm"' not in client.get(desk(list_no)).text
    early = client.post(f"{desk(list_no)}/order", data={"confirm": list_no, "password": PASSWORD})
    assert early.status_code == 409
    assert "冷静期" in early.text
    house.wait(days=8)
    client = house.client("li")
    for data in ({"confirm": "CZ", "password": PASSWORD}, {"confirm": list_no, "password": WRONG}):
        assert client.post(f"{desk(list_no)}/order", data=data).status_code in (403, 422)
        assert house.state(list_no) == "approved"


@pytest.mark.parametrize("login", ["zhang", "zheng", "qian"])
def test_whoever_had_a_hand_in_it_does_not_order_it(house: DisposalHouse, login: str) -> None:
    list_no = house.cooled()
    client = house.client(login)
    assert 'name="confirm"' not in client.get(desk(list_no)).text
    data = {"confirm": list_no, "password": PASSWORD}
    assert client.post(f"{desk(list_no)}/order", data=data).status_code == 403
    assert house.state(list_no) == "approved"


def test_an_ordered_list_is_watched_to_its_end_and_takes_no_second_order(
    house: DisposalHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_no = house.cooled(2)
    client = house.client("li")
    monkeypatch.setattr("archive_service.web.desk.lists.threading.Thread.start", lambda self: None)
    data = {"confirm": list_no, "password": PASSWORD}
    assert client.post(f"{desk(list_no)}/order", data=data).status_code == 303
    assert client.post(f"{desk(list_no)}/order", data=data).status_code == 409
    told = client.get(f"{desk(list_no)}/progress").get_json()
    assert (told["done"], told["total"], told["finished"]) == (0, 2, False)
    assert "data-poll" in client.get(desk(list_no)).text
    late = hold(house, house.codes[0])
    house.archive.chores.carry_on_destructions()
    told = client.get(f"{desk(list_no)}/progress").get_json()
    assert (told["done"], told["finished"]) == (2, True)
    assert late in told["finding-1"]
    assert told["step-2"] == "已销毁"
    page = client.get(desk(list_no)).text
    assert "data-poll" not in page
    assert "销毁 1 件，因冻结或未到期停止 1 件" in page
    assert f"{desk(list_no)}/certificate" in page


# ------------------------------------------------------------------------------------------------- faults in place


def test_a_script_is_told_the_fault_and_the_page_stays(house: DisposalHouse) -> None:
    list_no = house.drawn_up()
    answer = house.client("zheng").post(
        f"{desk(list_no)}/appraise", data={"position": "1", "opinion": "DESTROY"}, headers={"X-In-Place": "1"}
    )
    assert answer.status_code == 422
    assert "请说明理由" in answer.get_json()["sentence"]


def test_a_fault_whose_form_is_gone_is_said_at_the_top(house: DisposalHouse) -> None:
    list_no = house.approved()
    answer = house.client("zheng").post(f"{desk(list_no)}/appraise", data={**DESTROY, "position": "1"})
    assert answer.status_code == 409
    assert "已不在鉴定中" in answer.text


# ------------------------------------------------------------------------------------------------- the appraisal group


def test_a_group_is_named_speaks_and_stands_on_list_and_paper(house: DisposalHouse) -> None:
    list_no, named = house.drawn_up(2), {"leader": "sun", "archives": "zheng", "business": "narrow"}
    zhang, sun = house.client("zhang"), house.client("sun")
    refused = zhang.post(f"{desk(list_no)}/group", data={"leader": "sun", "archives": "sun", "business": "narrow"})
    assert refused.status_code == 422
    assert "至少 3 人" in refused.text
    assert zhang.post(f"{desk(list_no)}/group", data=named).status_code == 303
    items = house.archive.disposal.view(house.who("zhang"), list_no).items
    given = [Appraisal(item.row.position, Opinion.DESTROY, "无价值") for item in items]
    house.archive.disposal.appraise(house.who("zheng"), list_no, given)
    assert "等您表态的：第 1、2 件" in sun.get(desk(list_no)).text
    refused = sun.post(f"{desk(list_no)}/say", data={"dissent": "1", "position": "2", "reason": " "})
    assert (refused.status_code, "不同意须写明理由" in refused.text) == (422, True)
    dissent = {"dissent": "1", "position": "2", "reason": "仍有凭证价值"}
    assert sun.post(f"{desk(list_no)}/say", data=dissent).status_code == 303
    assert sun.post(f"{desk(list_no)}/say").status_code == 303
    assert "等您表态的" not in sun.get(desk(list_no)).text
    assert zhang.post(f"{desk(list_no)}/submit").status_code == 409
    for path in ("", "/paper"):
        page = house.client("zhao").get(desk(list_no) + path).text
        assert "孙鉴" in page
        assert "仍有凭证价值" in page
    assert house.client("wang").post(f"{desk(list_no)}/say").status_code == 403
