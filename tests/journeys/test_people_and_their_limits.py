"""Scenarios 15, 16 and 20 in a whole archive: a search that gives nothing away, three administrators, an auditor who reads nothing, leave that ends by the clock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient

from archive_service.app import create_app
from archive_service.archive import Archive, found_archive, open_archive
from archive_service.audit import acts
from archive_service.audit.log import Wanted, newest
from archive_service.catalog.model import NewRecord, Receipt, SourceFile
from archive_service.catalog.records.browse import Filters
from archive_service.catalog.tables import records
from archive_service.clock import Clock
from archive_service.config import load_settings
from archive_service.errors import ArchiveError, Forbidden, NotFound
from archive_service.people.model import ADMINISTRATORS, Person
from archive_service.people.service import NewPerson

SECRET = "配方编号柒叁玖"
CONFIDENTIAL = frozenset({"PUB", "INT", "TS", "PI"})
CAST = (
    NewPerson("sun.xi", "孙系", frozenset({"system_administrator"})),
    NewPerson("zhou.an", "周安", frozenset({"security_administrator"})),
    NewPerson("zhao.shen", "赵审", frozenset({"auditor"})),
    NewPerson("zhang.dang", "张档", frozenset({"archivist"}), CONFIDENTIAL),
    NewPerson("qian.pi", "钱批", frozenset({"approver"}), CONFIDENTIAL),
    NewPerson("wang.yue", "王阅", frozenset({"reader"}), frozenset({"PUB", "INT"})),
)
OWN = "纸短情长 the long road"


@dataclass
class House:
    """An archive with its pages, one trade secret in it, and a clock that the test turns."""

    archive: Archive
    app: Flask
    now: list[datetime]
    one_time: dict[str, str]
    secret: Receipt

    def who(self, login: str) -> Person:
        return self.archive.people.by_login(login)

    def client(self, login: str, password: str = OWN) -> FlaskClient:
        """Return a browser in which somebody signed in through the page."""
        client = self.app.test_client()
        answer = client.post("/people/sign-in", data={"login": login, "password": password})
        assert answer.status_code == 303, answer.text
        return client

    def reads(self, client: FlaskClient) -> int:
        return client.get(f"/record/{quote(self.secret.archival_code)}").status_code

    def acts(self, name: str) -> list[str | None]:
        """Return who did something, the latest first."""
        return [row.person_id for row in newest(self.archive.ledger, Wanted(act=name), page=1000).rows]


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Iterator[House]:
    (tmp_path / "config.toml").write_text(f'[database]\nurl = "{database_url}"\n', encoding="utf-8")
    settings = load_settings(tmp_path / "config.toml")
    now = [datetime(2026, 3, 2, 4, tzinfo=UTC)]
    clock = Clock(ZoneInfo("Asia/Shanghai"), lambda: now[0])
    one_time = {login: password for login, _, password in found_archive(settings, CAST, clock)}
    archive = open_archive(settings, clock)
    for login, password in one_time.items():
        archive.people.change_password(archive.people.by_login(login), password, OWN)
    archivist = archive.people.by_login("zhang.dang")
    archive.cases.open_fonds(archivist, "Q001", "示例集团", "Sample group", "enterprise")
    about = {"fonds_no": "Q001", "case_no": "AX2024-001", "title": "巡察", "enterprise": "化工", "year": 2024}
    archive.cases.open_case(archivist, **about)
    source = SourceFile("配方.txt", lambda: [SECRET.encode()])
    new = NewRecord("Q001", "KCQ02", SECRET, date(2024, 3, 1), (source,), case_no="AX2024-001", level="TS")
    secret = archive.accession.file_record(archivist, new)
    archive.chores.settle_outbox()
    app = create_app(archive)
    app.config["WTF_CSRF_ENABLED"] = False
    yield House(archive, app, now, one_time, secret)
    report = archive.proof.verify_audit()
    archive.close()
    assert report.sound, report.findings


def test_the_three_administrators_are_never_in_one_hand_however_the_roles_change(house: House):
    security = house.client("zhou.an")
    for login in ("wang.yue", "zhang.dang", "sun.xi", "zhao.shen"):
        before = house.who(login).roles
        for first in sorted(ADMINISTRATORS):
            for second in sorted(ADMINISTRATORS - {first}):
                answer = security.post(f"/people/{login}/rights", data={"roles": [first, second]})
                assert answer.status_code == 422
                assert "不得由一人兼任" in answer.text
        assert house.who(login).roles == before
    assert security.post("/people/zhou.an/rights", data={"roles": ["auditor"]}).status_code == 403
    # One after the other does not lead there either: the first role is gone when the second comes.
    security.post("/people/wang.yue/rights", data={"roles": ["auditor"]})
    security.post("/people/wang.yue/rights", data={"roles": ["system_administrator"]})
    assert house.who("wang.yue").roles == {"system_administrator"}


def test_the_auditor_reads_no_content_by_any_service(house: House):
    archive, auditor = house.archive, house.who("zhao.shen")
    security = house.who("zhou.an")
    archive.people.set_rights(security, "zhao.shen", roles=auditor.roles, clearance=CONFIDENTIAL)
    auditor = house.who("zhao.shen")
    component = archive.catalogue.find(house.who("zhang.dang"), house.secret.archival_code).files[0].id
    for attempt in (
        lambda: archive.catalogue.find(auditor, house.secret.archival_code),
        lambda: archive.catalogue.find(auditor, house.secret.record_id),
        lambda: archive.catalogue.open_component(auditor, house.secret.record_id, component, "test"),
        lambda: archive.catalogue.records(auditor, Filters()),
        lambda: archive.catalogue.latest(auditor),
        lambda: archive.counting.holdings(auditor),
        lambda: archive.search.find(auditor, SECRET),
        lambda: archive.explain(auditor, house.secret.archival_code),
        lambda: archive.reading_room.ask(auditor, house.secret.archival_code, "核对", 3),
    ):
        with pytest.raises((Forbidden, NotFound)):
            attempt()
    assert archive.catalogue.by_ids(auditor, [house.secret.record_id]) == {}


def test_the_auditor_sees_who_did_what_on_every_page_of_the_log_and_never_a_title(house: House):
    auditor = house.client("zhao.shen")
    address: str | None = "/audit/"
    pages = 0
    while address:
        page = auditor.get(address)
        assert page.status_code == 200
        assert SECRET not in page.text
        pages += 1
        onward = re.search(r'href="(/audit/\?[^"]*before=\d+[^"]*)"', page.text)
        address = onward[1].replace("&amp;", "&") if onward else None
    last = newest(house.archive.ledger).rows[0].seq
    for seq in range(1, last + 1):
        assert SECRET not in auditor.get(f"/audit/{seq}").text
    assert pages >= 1


def test_the_system_administrator_comes_to_nothing_by_issuing_a_password(house: House):
    system = house.client("sun.xi")
    refused = system.post("/people/zhou.an/password")
    assert refused.status_code == 409
    page = system.post("/people/zhang.dang/password").text
    issued = re.search(r"<code[^>]*>([a-z2-9]{4}(?:-[a-z2-9]{4}){3})</code>", page)
    assert issued is not None
    taken_over = house.client("zhang.dang", issued[1])
    assert taken_over.get("/catalogue/").location == "/people/password"
    form = {"current": issued[1], "new": "now it is mine alone", "again": "now it is mine alone"}
    assert taken_over.post("/people/password", data=form).status_code == 303
    assert house.reads(taken_over) in (403, 404)
    assert taken_over.get("/catalogue/").status_code == 403
    security = house.client("zhou.an")
    security.post("/people/zhang.dang/rights", data={"roles": ["archivist"], "levels": ["TS", "INT", "PUB"]})
    assert house.reads(taken_over) == 200


def test_a_one_time_password_reaches_nothing_but_its_own_change(house: House):
    system = house.client("sun.xi")
    page = system.post("/people/", data={"login": "xin.lai", "name": "新来"}).text
    issued = re.search(r"<code[^>]*>([a-z2-9]{4}(?:-[a-z2-9]{4}){3})</code>", page)
    assert issued is not None
    newcomer = house.client("xin.lai", issued[1])
    for address in ("/", "/catalogue/", "/search?q=x", "/access/", "/people/", "/audit/"):
        assert newcomer.get(address).location == "/people/password"
    same = {"current": issued[1], "new": issued[1], "again": issued[1]}
    assert newcomer.post("/people/password", data=same).status_code == 422
    differ = {"current": issued[1], "new": OWN, "again": OWN + "!"}
    assert newcomer.post("/people/password", data=differ).status_code == 422
    assert newcomer.post("/people/password", data={"current": issued[1], "new": OWN, "again": OWN}).status_code == 303
    assert newcomer.get("/").status_code == 200


def test_a_new_password_ends_the_sign_ins_elsewhere_and_not_the_one_here(house: House):
    here, elsewhere = house.client("wang.yue"), house.client("wang.yue")
    form = {"current": OWN, "new": "another road entirely", "again": "another road entirely"}
    assert here.post("/people/password", data=form).status_code == 303
    assert here.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 302


def test_somebody_at_an_open_session_does_not_guess_the_password_for_long(house: House):
    client = house.client("wang.yue")
    form = {"new": "another road entirely", "again": "another road entirely"}
    answers = [
        client.post("/people/password", data={**form, "current": f"guess {number}"}).status_code for number in range(12)
    ]
    assert answers[0] == 422
    assert answers[-1] == 503


def test_a_session_here_ends_when_somebody_else_signs_in_here(house: House):
    client = house.client("wang.yue")
    with client.session_transaction() as session:
        old = session["token"]
    client.post("/people/sign-in", data={"login": "zhang.dang", "password": OWN})
    with client.session_transaction() as session:
        new = session["token"]
    assert house.archive.sign_in.person(old) is None
    person = house.archive.sign_in.person(new)
    assert person is not None
    assert person.login == "zhang.dang"


def test_guesses_from_elsewhere_do_not_keep_the_owner_out_of_the_own_browser(house: House):
    owner = house.client("wang.yue")
    owner.post("/people/sign-out")
    stranger = house.app.test_client()
    for _ in range(12):
        stranger.post("/people/sign-in", data={"login": "wang.yue", "password": "a wrong guess"})
    right = {"login": "wang.yue", "password": OWN}
    assert stranger.post("/people/sign-in", data=right).status_code == 503
    assert owner.post("/people/sign-in", data=right).status_code == 303
    cookie = owner.get_cookie("archive-device")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Strict"
    assert "wang.yue" not in cookie.value


def test_a_forged_or_foreign_device_cookie_helps_nobody(house: House):
    owner, thief = house.client("zhang.dang"), house.app.test_client()
    stolen = owner.get_cookie("archive-device")
    assert stolen is not None
    for _ in range(12):
        thief.post("/people/sign-in", data={"login": "wang.yue", "password": "a wrong guess"})
    for value in (stolen.value, "forged", stolen.value[:-1] + "x"):
        thief.set_cookie("archive-device", value)
        answer = thief.post("/people/sign-in", data={"login": "wang.yue", "password": OWN})
        assert answer.status_code == 503


# ------------------------------------------------------------------------------------------------- leave to read


def _granted(house: House, days: int = 1) -> str:
    reader, approver = house.client("wang.yue"), house.client("qian.pi")
    reader.post("/access/", data={"code": house.secret.archival_code, "purpose": "核对", "days": str(days)})
    request = house.archive.requests.waiting(house.who("qian.pi"))[0].id
    assert house.client("zhang.dang").post(f"/access/{request}/grant").status_code == 303
    assert house.reads(reader) == 404, "one agreement is not enough for a trade secret"
    assert approver.post(f"/access/{request}/grant").status_code == 303
    return str(request)


def test_leave_ends_by_the_clock_to_the_second_and_the_refusal_is_logged(house: House):
    """Scenario 16: no job runs between the two readings."""
    _granted(house)
    end = house.now[0] + timedelta(days=1)
    house.now[0] = end - timedelta(seconds=1)
    reader = house.client("wang.yue")
    assert house.reads(reader) == 200
    assert [hit.line.code for hit in house.archive.search.find(house.who("wang.yue"), SECRET).hits] == [
        house.secret.archival_code
    ]
    before = len(house.acts("record:read:refused"))
    house.now[0] = end + timedelta(seconds=1)
    assert house.reads(reader) == 404
    assert house.archive.search.find(house.who("wang.yue"), SECRET).hits == []
    refused = house.acts("record:read:refused")
    assert len(refused) == before + 1
    assert refused[0] == house.who("wang.yue").id


def test_at_its_very_instant_leave_is_over(house: House):
    _granted(house)
    house.now[0] += timedelta(days=1)
    assert house.reads(house.client("wang.yue")) == 404


@pytest.mark.parametrize("end", ["taken back", "role", "level", "disabled"])
def test_leave_that_has_ended_no_longer_works_on_the_next_request(house: House, end: str):
    request = _granted(house)
    reader = house.client("wang.yue")
    assert house.reads(reader) == 200
    if end == "taken back":
        page = house.client("qian.pi").get("/access/").text
        assert f"/access/{request}/revoke" in page
        house.client("qian.pi").post(f"/access/{request}/revoke", data={"reason": "用途改变"})
    elif end == "role":
        house.client("zhou.an").post(
            "/people/wang.yue/rights", data={"roles": ["reader", "appraiser"], "levels": ["PUB", "INT"]}
        )
    elif end == "level":
        with house.archive.ledger.work(None) as work:
            work.update(records, house.secret.record_id, {"level": "PI"})
            work.act(acts.RECORD_DUE_SET, "record", house.secret.record_id)
            work.commit()
    else:
        house.client("sun.xi").post("/people/wang.yue/disable", data={"confirm": "wang.yue"})
    assert house.reads(reader) == (302 if end == "disabled" else 404)


def test_what_was_decided_on_a_request_is_shown_to_the_one_who_asked(house: House):
    _granted(house)
    reader = house.client("wang.yue")
    assert "已批准" in reader.get("/access/").text
    house.now[0] += timedelta(days=1)
    reader = house.client("wang.yue")
    assert "已到期" in reader.get("/access/").text


def test_nothing_of_all_this_is_done_by_one_who_may_not(house: House):
    reader = house.who("wang.yue")
    for attempt in (
        lambda: house.archive.people.set_rights(reader, "wang.yue", roles=frozenset(), clearance=CONFIDENTIAL),
        lambda: house.archive.people.reset_password(reader, "zhang.dang"),
        lambda: house.archive.people.all(reader),
        lambda: house.archive.proof.export_audit(reader, Path("nowhere")),
    ):
        with pytest.raises(ArchiveError):
            attempt()


def test_a_search_is_the_same_to_the_byte_whether_a_trade_secret_matches_or_not(house: House):
    words = "青云工段"

    def filed(title: str, level: str) -> None:
        source = SourceFile("文.txt", lambda: [f"{title} {words}".encode()])
        type_code = "KCQ02" if level == "TS" else "KCQ03"
        new = NewRecord("Q001", type_code, title, date(2024, 3, 1), (source,), case_no="AX2024-001", level=level)
        house.archive.accession.file_record(house.who("zhang.dang"), new)
        house.archive.chores.settle_outbox()

    def shown(login: str) -> list[str]:
        client = house.client(login)
        addresses = (f"/search?q={quote(words)}", f"/search?q={quote(words)}&level=TS", "/catalogue/", "/")
        return [re.sub(r'name="csrf_token" value="[^"]*"', "", client.get(one).text) for one in addresses]

    filed(f"{words}巡查记录", "INT")
    before, more = shown("wang.yue"), shown("zhang.dang")
    assert f"{words}巡查记录" in before[0]
    filed(f"{words}工艺配方", "TS")
    assert shown("wang.yue") == before, "neither hit nor count, filter nor order tells of it"
    assert shown("zhang.dang")[0] != more[0]
