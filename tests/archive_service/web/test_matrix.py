"""Every address for every kind of person: who is let in, who is turned away, and that being turned away changes nothing.

An address that is not in the table fails the test: whoever adds one says here whom it is for.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from archive_service.app import create_app
from archive_service.archive import Archive, found_archive, open_archive
from archive_service.audit.log import newest
from archive_service.config import ArchiveTable, Settings
from archive_service.database.tables import vouched_tables
from archive_service.disposal.holds.holds import NewHold
from archive_service.people.model import (
    APPRAISER,
    APPROVER,
    ARCHIVIST,
    AUDITOR,
    READER,
    SECURITY_ADMINISTRATOR,
    SYSTEM_ADMINISTRATOR,
)
from archive_service.people.service import NewPerson
from retention_policies import default_schedule_path

CONFIDENTIAL = frozenset({"PUB", "INT", "TS", "PI"})
OPEN_LEVELS = frozenset({"PUB", "INT"})
SECRET = "配方编号柒叁玖"

CAST = (
    NewPerson("archivist", "档案员", frozenset({ARCHIVIST}), CONFIDENTIAL),
    NewPerson("reader", "利用者", frozenset({READER}), OPEN_LEVELS),
    NewPerson("appraiser", "鉴定人", frozenset({APPRAISER}), CONFIDENTIAL),
    NewPerson("approver", "审批人", frozenset({APPROVER}), CONFIDENTIAL),
    NewPerson("auditor", "审计", frozenset({AUDITOR}), CONFIDENTIAL),
    NewPerson("system", "系统", frozenset({SYSTEM_ADMINISTRATOR}), CONFIDENTIAL),
    NewPerson("security", "安全", frozenset({SECURITY_ADMINISTRATOR}), CONFIDENTIAL),
    NewPerson("nothing", "无角色", frozenset(), CONFIDENTIAL),
    NewPerson("gone", "已停用", frozenset({ARCHIVIST}), CONFIDENTIAL),
    NewPerson("bystander", "旁人", frozenset({READER}), OPEN_LEVELS),
)
KINDS = ("archivist", "reader", "appraiser", "approver", "auditor", "system", "security", "nothing")

EVERYBODY = KINDS
WORKING = ("archivist", "reader", "appraiser", "approver")
KEEPERS = ("archivist",)
DECIDERS = ("archivist", "approver")
DESK = ("archivist", "appraiser", "approver", "auditor")
HOLDERS = ("archivist", "appraiser", "approver")
WATCH = ("auditor",)
ADMINISTER = ("auditor", "system", "security")

OPEN = {
    "GET /static/<path:filename>",
    "GET /healthz",
    "GET /people/sign-in",
    "POST /people/sign-in",
    "GET /people/second",
    "POST /people/second",
    "GET /people/sso/",
    "GET /people/sso/back",
    "POST /settings/language",
    "GET /api/openapi.json",
}
"""What needs no sign-in."""

LET_IN: dict[str, tuple[str, ...]] = {
    "GET /": EVERYBODY,
    "GET /people/password": EVERYBODY,
    "POST /people/password": EVERYBODY,
    "GET /notices/": EVERYBODY,
    "POST /notices/read": EVERYBODY,
    "POST /notices/address": EVERYBODY,
    "POST /people/sso/link": EVERYBODY,
    "POST /people/sso/unlink": EVERYBODY,
    "GET /people/security": EVERYBODY,
    "POST /people/security/code": EVERYBODY,
    "POST /people/security/code/confirm": EVERYBODY,
    "POST /people/security/key": EVERYBODY,
    "POST /people/security/tokens": EVERYBODY,
    "POST /people/security/tokens/<token_id>/revoke": EVERYBODY,
    "POST /people/security/codes": EVERYBODY,
    "POST /people/security/factors/<factor_id>/remove": EVERYBODY,
    "POST /people/security/sessions/<id_hash>/end": EVERYBODY,
    "POST /people/sign-out": EVERYBODY,
    "GET /access/": (*WORKING, "security"),
    "GET /access/<request_id>": (*DECIDERS, "security"),
    "POST /access/<request_id>/say": (*DECIDERS, "security"),
    "POST /access/<request_id>/withdraw": WORKING,
    "POST /access/<request_id>/finish": WORKING,
    "POST /access/<request_id>/extend": WORKING,
    "POST /access/drafts": WORKING,
    "POST /access/drafts/<draft_id>/drop": EVERYBODY,
    "GET /emergency/": (*WORKING, "auditor", "security"),
    "POST /emergency/": HOLDERS,
    "POST /emergency/<emergency_id>/review": ("auditor", "security"),
    "GET /custody/loans/": KEEPERS,
    "POST /custody/loans/": KEEPERS,
    "POST /custody/loans/<loan_no>/return": KEEPERS,
    "POST /custody/loans/<loan_no>/renew": KEEPERS,
    "GET /custody/loans/register.<form>": KEEPERS,
    "GET /use/": DECIDERS,
    "GET /use/register.<form>": DECIDERS,
    "POST /access/": WORKING,
    "POST /access/<request_id>/grant": (*DECIDERS, "security"),
    "POST /access/<request_id>/refuse": (*DECIDERS, "security"),
    "POST /access/<request_id>/revoke": (*DECIDERS, "security"),
    "GET /audit/": WATCH,
    "GET /audit/<int:seq>": WATCH,
    "POST /audit/verify": WATCH,
    "GET /catalogue/": WORKING,
    "GET /catalogue/by/<axis>": WORKING,
    "GET /catalogue/cases": WORKING,
    "POST /catalogue/cases": KEEPERS,
    "GET /catalogue/cases/<case_no>": WORKING,
    "POST /catalogue/cases/<case_no>/events": KEEPERS,
    "POST /catalogue/cases/<case_no>/events/<event_id>/revoke": KEEPERS,
    "POST /catalogue/cases/<case_no>/events/<event_id>/correct": KEEPERS,
    "GET /catalogue/fonds": WORKING,
    "POST /catalogue/fonds": KEEPERS,
    "GET /catalogue/numbers/": KEEPERS,
    "POST /catalogue/numbers/": KEEPERS,
    "POST /catalogue/numbers/withdraw": KEEPERS,
    "POST /catalogue/numbers/corrections": KEEPERS,
    "POST /catalogue/numbers/corrections/<proposal_id>": KEEPERS,
    "GET /catalogue/reclassify": KEEPERS,
    "POST /catalogue/reclassify": KEEPERS,
    "POST /record/<code>/class": KEEPERS,
    "POST /record/<code>/describe": KEEPERS,
    "GET /catalogue/edit": KEEPERS,
    "POST /catalogue/edit": KEEPERS,
    "POST /catalogue/views": WORKING,
    "POST /catalogue/views/<view_id>/remove": WORKING,
    "GET /catalogue/plan/": WORKING,
    "POST /catalogue/plan/draft": KEEPERS,
    "GET /catalogue/plan/draft": DECIDERS,
    "POST /catalogue/plan/draft/publish": DECIDERS,
    "POST /catalogue/plan/draft/discard": KEEPERS,
    "GET /catalogue/plan/draft/<what>": KEEPERS,
    "POST /catalogue/plan/draft/<what>": KEEPERS,
    "GET /catalogue/schemes/": WORKING,
    "POST /catalogue/schemes/": KEEPERS,
    "GET /catalogue/schemes/<name>": WORKING,
    "GET /catalogue/schemes/new": KEEPERS,
    "GET /catalogue/schemes/next": KEEPERS,
    "GET /reports/descriptions": WORKING,
    "POST /reports/descriptions": WORKING,
    "GET /reports/cover.pdf": WORKING,
    "GET /reports/stamps.pdf": WORKING,
    "GET /reports/ead.xml": WORKING,
    "GET /reports/dublin-core.csv": WORKING,
    "GET /custody/": KEEPERS,
    "POST /custody/rooms": KEEPERS,
    "GET /custody/rooms/<code>": KEEPERS,
    "POST /custody/rooms/<code>/<deed>": KEEPERS,
    "POST /custody/damages/<damage_id>": KEEPERS,
    "GET /custody/boxes/<box_no>": KEEPERS,
    "POST /custody/boxes/<box_no>/<deed>": KEEPERS,
    "GET /custody/boxes/<box_no>/<paper>.<form>": KEEPERS,
    "GET /disposal/": DESK,
    "POST /disposal/check": KEEPERS,
    "POST /disposal/check/confirm": ("approver",),
    "POST /disposal/clock/acknowledge": DECIDERS,
    "GET /disposal/forecast/": DESK,
    "GET /disposal/lists": DESK,
    "GET /disposal/lists/<list_no>/certificate-final.json": DESK,
    "GET /disposal/lists/<list_no>/register.<form>": DESK,
    "POST /disposal/lists": KEEPERS,
    "GET /disposal/lists/<list_no>": DESK,
    "GET /disposal/lists/<list_no>/paper": DESK,
    "GET /disposal/lists/<list_no>/progress": DESK,
    "GET /disposal/lists/<list_no>/certificate": DESK,
    "GET /disposal/lists/<list_no>/certificate.json": DESK,
    "POST /disposal/lists/<list_no>/appraise": ("appraiser",),
    "POST /disposal/lists/<list_no>/appraise-rest": ("appraiser",),
    "POST /disposal/lists/<list_no>/approve": ("approver",),
    "POST /disposal/lists/<list_no>/order": KEEPERS,
    "POST /disposal/lists/<list_no>/send-back": ("approver",),
    "POST /disposal/lists/<list_no>/supervise": HOLDERS,
    "POST /disposal/lists/<list_no>/sign-off": HOLDERS,
    "POST /disposal/lists/<list_no>/group": KEEPERS,
    "POST /disposal/lists/<list_no>/say": ("appraiser",),
    "POST /disposal/lists/<list_no>/papers": HOLDERS,
    "POST /disposal/lists/<list_no>/strike": KEEPERS,
    "POST /disposal/lists/<list_no>/submit": KEEPERS,
    "POST /disposal/lists/<list_no>/withdraw": KEEPERS,
    "GET /disposal/holds/": DESK,
    "POST /disposal/holds/": HOLDERS,
    "GET /disposal/holds/new": HOLDERS,
    "GET /disposal/holds/<hold_no>": DESK,
    "POST /disposal/holds/<hold_no>/release": ("approver",),
    "GET /disposal/transfers/": DESK,
    "POST /disposal/transfers/": KEEPERS,
    "POST /disposal/transfers/keys": KEEPERS,
    "POST /disposal/transfers/keys/<key_id>/confirm": DECIDERS,
    "POST /disposal/transfers/keys/<key_id>/retire": KEEPERS,
    "GET /disposal/transfers/<package_no>": DESK,
    "GET /disposal/transfers/<package_no>/<paper>.<form>": DESK,
    "POST /disposal/transfers/<package_no>/write": KEEPERS,
    "POST /disposal/transfers/<package_no>/receipt": KEEPERS,
    "POST /disposal/transfers/<package_no>/confirm": DECIDERS,
    "POST /disposal/transfers/<package_no>/strike": KEEPERS,
    "POST /disposal/transfers/<package_no>/signed": KEEPERS,
    "POST /disposal/transfers/<package_no>/return": KEEPERS,
    "POST /disposal/transfers/<package_no>/removal": KEEPERS,
    "GET /disposal/schedules/": DESK,
    "POST /disposal/schedules/": KEEPERS,
    "GET /disposal/schedules/<version>": DESK,
    "POST /disposal/schedules/<version>/approve": ("approver",),
    "POST /disposal/schedules/<version>/adopt": KEEPERS,
    "POST /disposal/schedules/<version>/withdraw": KEEPERS,
    "GET /file": KEEPERS,
    "POST /file": KEEPERS,
    "GET /file/codes": KEEPERS,
    "POST /file/codes": KEEPERS,
    "POST /file/codes/table": KEEPERS,
    "GET /file/details": KEEPERS,
    "GET /file/exceptions": DECIDERS,
    "POST /file/exceptions/<exception_id>": DECIDERS,
    "GET /record/<code>/properties": WORKING,
    "POST /record/<code>/properties": KEEPERS,
    "POST /record/<code>/properties/<report_id>/sign": KEEPERS,
    "GET /record/<code>/properties/<report_id>.pdf": WORKING,
    "POST /file/suggest": KEEPERS,
    "POST /file/accept": KEEPERS,
    "POST /record/<code>/correct/<component_id>": KEEPERS,
    "POST /record/<code>/declare": KEEPERS,
    "GET /file/drop": KEEPERS,
    "GET /file/drop/<batch_id>": KEEPERS,
    "POST /file/drop/<batch_id>": KEEPERS,
    "POST /file/drop/<batch_id>/discard": KEEPERS,
    "POST /file/drop/<batch_id>/files": KEEPERS,
    "POST /file/drop/<batch_id>/manifest/<file_id>": KEEPERS,
    "GET /file/drop/<batch_id>/files/<file_id>": KEEPERS,
    "POST /file/drop/<batch_id>/files/<file_id>": KEEPERS,
    "POST /file/drop/<batch_id>/files/<file_id>/parts": KEEPERS,
    "POST /file/drop/<batch_id>/plain": KEEPERS,
    "GET /file/folder": KEEPERS,
    "POST /file/folder": KEEPERS,
    "GET /file/pointer": KEEPERS,
    "POST /file/pointer": KEEPERS,
    "GET /file/imports/<run_id>": KEEPERS,
    "GET /file/imports/<run_id>/progress": KEEPERS,
    "POST /file/imports/<run_id>/stop": KEEPERS,
    "POST /file/imports/<run_id>/go-on": KEEPERS,
    "GET /people/": ADMINISTER,
    "POST /people/": ("system",),
    "GET /people/<login>": ADMINISTER,
    "POST /people/<login>/rights": ("security",),
    "POST /people/<login>/password": ("system",),
    "POST /people/<login>/disable": ("system",),
    "GET /record/<code>": WORKING,
    "POST /record/<code>/facts": KEEPERS,
    "GET /record/<code>/file/<component_id>": WORKING,
    "GET /record/<code>/read/<component_id>": WORKING,
    "GET /record/<code>/read/<component_id>/<int:number>.png": WORKING,
    "GET /record/<code>/play/<component_id>": WORKING,
    "GET /record/<code>/receipt": WORKING,
    "GET /record/<code>/redact/<component_id>": KEEPERS,
    "POST /record/<code>/redact/<component_id>": KEEPERS,
    "GET /record/<code>/redact/<component_id>/<int:number>.png": KEEPERS,
    "GET /record/<code>/find": WORKING,
    "GET /redacted/": WORKING,
    "GET /redacted/<redaction_id>": WORKING,
    "GET /redacted/<redaction_id>/<int:number>.png": WORKING,
    "GET /redacted/<redaction_id>/file": WORKING,
    "POST /redacted/<redaction_id>/release": DECIDERS,
    "POST /redacted/<redaction_id>/refuse": DECIDERS,
    "POST /redacted/<redaction_id>/withdraw": KEEPERS,
    "GET /reports/": WORKING,
    "GET /reports/<kind>.<form>": WORKING,
    "GET /search": WORKING,
    "GET /search/found.xlsx": WORKING,
    "GET /search/complete": WORKING,
    "GET /search/saved": WORKING,
    "POST /search/saved": WORKING,
    "POST /search/saved/<search_id>/look": WORKING,
    "POST /search/saved/<search_id>/remove": WORKING,
    "GET /stores/": ("auditor", "system"),
    "GET /stores/report.<form>": ("auditor", "system"),
    "POST /stores/examine": ("auditor", "system"),
    "POST /stores/replicate": ("system",),
}
"""Method and rule of every other address, and the kinds of people whom it is for."""

FOR_PROGRAMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "GET /api/v1/search": ("read", WORKING),
    "GET /api/v1/records/<code>": ("read", HOLDERS),
    "GET /api/v1/records/<code>/retention": ("read", HOLDERS),
    "POST /api/v1/records": ("file", KEEPERS),
    "POST /api/v1/cases/<case_no>/events": ("file", KEEPERS),
    "GET /api/v1/cases/<case_no>/events": ("file", KEEPERS),
    "POST /api/v1/cases/<case_no>/events/<event_id>/correction": ("file", KEEPERS),
    "POST /api/v1/cases/<case_no>/events/<event_id>/revocation": ("file", KEEPERS),
    "GET /api/v1/holds": ("dispose", DESK),
    "POST /api/v1/holds": ("dispose", HOLDERS),
    "GET /api/v1/disposal-lists": ("dispose", DESK),
    "POST /api/v1/audit/verify": ("audit", WATCH),
}
"""Addresses for programs: the scope that a token needs, and the kinds of people whose tokens are let in."""

PROPER: dict[str, dict[str, Any]] = {
    "POST /api/v1/cases/<case_no>/events": {"json": {"trigger": "NO_SUCH_EVENT", "on": "2024-12-31"}},
    "POST /api/v1/cases/<case_no>/events/<event_id>/correction": {"json": {"on": "2024-12-31", "reason": "误记"}},
    "POST /api/v1/cases/<case_no>/events/<event_id>/revocation": {"json": {"reason": "误记"}},
    "POST /api/v1/holds": {"json": {"mandate": "函", "reason": "未结", "review_on": "2099-01-01"}},
}

TURNED_AWAY = {403, 404}
"""404 where even the existence is not told."""

ANSWERED = {200, 302, 303, 400, 404, 409, 422}

FORMS: dict[str, dict[str, Any]] = {
    "POST /disposal/lists/<list_no>/strike": {"position": "1"},
    "POST /disposal/lists/<list_no>/appraise-rest": {"positions": "1", "opinion": "DESTROY", "reason": "期满"},
    "POST /catalogue/cases/<case_no>/events": {"trigger": "CASE_CLOSED", "on": "2024-12-31", "exception": "测试"},
    "POST /catalogue/cases": {
        "fonds": "Q001",
        "case_no": "AX2024-009",
        "title": "巡察",
        "enterprise": "某厂",
        "year": "2024",
    },
    "POST /catalogue/fonds": {"fonds_no": "Q009", "name_zh": "全宗", "name_en": "Fonds", "kind": "enterprise"},
    "POST /catalogue/numbers/": {
        "fonds": "Q001",
        "type": "YSH05",
        "year": "2024",
        "retention": "D10",
        "count": "2",
        "purpose": "盒",
        "expires_on": "2027-01-01",
    },
    "POST /catalogue/numbers/withdraw": {"code": "Q001-ZY·AX·1999-D10-YSH-0009", "reason": "误"},
    "POST /catalogue/reclassify": {"chosen": ["Q001"], "type": "YSH04", "reason": "误"},
    "POST /record/<code>/properties": {"stage": "GD"},
    "POST /record/<code>/class": {"type": "YSH04", "reason": "误"},
    "POST /file/codes": {"text": "Q001-ZY·AX·1999-D10-YSH-9"},
    "POST /file/codes/table": {"text": "Q001-ZY·AX·1999-D10-YSH-9"},
    "POST /catalogue/schemes/": {
        "name": "OWN",
        "name_zh": "自编",
        "name_en": "Own",
        "pattern": "{problem}-{item:4}",
        "starts_on": "2099-01-01",
    },
    "POST /access/": {"code": "Q001", "purpose": "核对", "days": "3"},
    "POST /record/<code>/facts": {"fact-deaths": "1"},
    "POST /people/": {"login": "intruder", "name": "闯入者"},
    "POST /people/<login>/rights": {"roles": ["archivist"], "levels": ["TS"]},
    "POST /people/<login>/disable": {"confirm": "bystander"},
    "POST /disposal/lists/<list_no>/appraise": {
        "position": "1",
        "opinion": "DESTROY",
        "reason": "期满",
        "opinion-1": "DESTROY",
        "reason-1": "期满",
    },
    "POST /disposal/holds/": {
        "document": "函4号",
        "reason": "未结",
        "review_on": "2099-01-01",
        "codes": "Q001",
        "until": "2099-01-01",
    },
}
"""What a proper form holds, so that nobody is turned away only for a form that says nothing."""


@dataclass(frozen=True)
class Stage:
    """An archive in which everything that an address may name is there."""

    app: Flask
    archive: Archive
    real: dict[str, Any]
    one_time: dict[str, str]

    def client(self, login: str | None) -> FlaskClient:
        client = self.app.test_client()
        if login:
            token = self.archive.sign_in.begin(self.archive.people.by_login(login))
            with client.session_transaction() as session:
                session["token"] = token
        return client

    def addresses(self) -> Iterator[tuple[str, str, str]]:
        """Return method, rule and an address that names what is there, for every rule but those for programs."""
        for rule in self.app.url_map.iter_rules():
            if rule.endpoint.startswith("api."):
                continue
            values = {name: self.real[name] for name in rule.arguments}
            address = self.app.url_map.bind("localhost").build(rule.endpoint, values)
            for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
                yield method, f"{method} {rule.rule}", address

    def form(self, rule: str, kind: str) -> dict[str, Any]:
        """Return a form as a person of this kind would send it, with the person's own password and a reason."""
        usual = {"password": self.one_time[kind], "reason": "必要", "confirm": self.real["list_no"]}
        return {**usual, **FORMS.get(rule, {})} if rule.startswith("POST") else {}

    def everything(self) -> dict[str, Any]:
        """Return every vouched row, and every act but that somebody was turned away or came in."""
        with self.archive.ledger.read() as connection:
            rows = {
                table.name: connection.execute(select(table).order_by(table.c.id)).all() for table in vouched_tables()
            }
        acts = [row.act for row in newest(self.archive.ledger, page=100_000).rows]
        quiet = {"action:refused", "record:read:refused", "person:signed_in", "person:sign_in:refused"}
        return {**rows, "acts": [act for act in acts if act not in quiet]}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("stage")
    settings = Settings(archive=ArchiveTable(data_dir=str(folder / "var")), base=folder)
    one_time = {login: password for login, _, password in found_archive(settings, CAST)}
    archive = open_archive(settings)
    app = create_app(archive)
    app.config["WTF_CSRF_ENABLED"] = False
    for login in one_time:
        if login != "bystander":
            _own_password(archive, login)
    real = _furnish(archive, app)
    archive.people.disable(archive.people.by_login("system"), "gone")
    yield Stage(app, archive, real, one_time)
    archive.close()


def _own_password(archive: Archive, login: str) -> None:
    with archive.ledger.work(None) as work:
        from archive_service.audit import acts
        from archive_service.people.tables import people

        work.update(people, archive.people.by_login(login).id, {"must_change": False})
        work.act(acts.PERSON_PASSWORD_SET, "person", login)
        work.commit()


def _furnish(archive: Archive, app: Flask) -> dict[str, Any]:
    """File, ask, hold, queue and list: return an object for every name that stands in an address."""
    archivist = archive.people.by_login("archivist")
    archive.cases.open_fonds(archivist, "Q001", "安全巡察中心", "Inspection centre", "enterprise")
    about = {
        "fonds_no": "Q001",
        "case_no": "AX2024-001",
        "title": "华东化工巡察",
        "enterprise": "华东化工",
        "year": 2024,
    }
    archive.cases.open_case(archivist, **about)
    client = app.test_client()
    with client.session_transaction() as session:
        session["token"] = archive.sign_in.begin(archivist)
    codes = [_filed(client, archive, *which) for which in (("KCQ02", "TS", SECRET), ("YSH05", "INT", "月报"))]
    archive.cases.record_event(archivist, "AX2024-001", "CASE_CLOSED", date(2024, 12, 31), exception="测试")
    request = archive.reading_room.ask(archive.people.by_login("bystander"), codes[0], "核对", 3)
    hold = archive.holds.place(archivist, NewHold("函3号", "未结", date(2099, 1, 1), codes=(codes[0],)))
    archive.retention_check.run()
    queue = archive.disposal.queue(archivist)
    drawn = archive.disposal.draw_up(archivist, [one.row.id for one in queue])
    whole = archive.catalogue.find(archivist, codes[0])
    event = archive.cases.events(archive.cases.case("AX2024-001").id)[0]
    return {
        "code": codes[0],
        "component_id": whole.files[0].id,
        "case_no": "AX2024-001",
        "event_id": event.id,
        "request_id": request,
        "list_no": drawn.list_no,
        "hold_no": hold.hold_no,
        "version": _proposed(archive),
        "login": "bystander",
        "seq": 1,
        "number": 1,
        "batch_id": "f" * 32,
        "file_id": "f" * 32,
        "token_id": "f" * 32,
        "draft_id": "f" * 32,
        "loan_no": "JY2099-001",
        "proposal_id": "f" * 32,
        "emergency_id": "f" * 32,
        "key_id": "f" * 32,
        "package_no": "YJ2099-001",
        "factor_id": "f" * 32,
        "id_hash": "f" * 64,
        "filename": "archive.css",
        "run_id": "f" * 32,
        "report_id": "f" * 32,
        "redaction_id": "f" * 32,
        "search_id": "f" * 32,
        "axis": "year",
        "view_id": "f" * 32,
        "deed": "readings",
        "damage_id": "f" * 32,
        "box_no": "Q001-2024-Y-001",
        "paper": "note",
        "exception_id": "f" * 32,
        "kind": "holdings",
        "name": "DAT22_ITEM",
        "what": "category",
        "form": "xlsx",
    }


def _proposed(archive: Archive) -> str:
    """Propose another version of the schedule; return its version."""
    body = default_schedule_path().read_text(encoding="utf-8")
    version = archive.schedules.current.version
    changed = body.replace(f'version = "{version}"', 'version = "2099-1"', 1)
    archive.schedule_changes.propose(archive.people.by_login("archivist"), changed, "修订")
    return "2099-1"


def _filed(client: FlaskClient, archive: Archive, type_code: str, level: str, title: str) -> str:
    del archive
    form = {
        "fonds": "Q001",
        "case": "AX2024-001",
        "type": type_code,
        "title": title,
        "date": "2014-03-01",
        "level": level,
    }
    answer = client.post("/file", data={**form, "files": [(io.BytesIO(title.encode()), "a.txt")]})
    assert answer.status_code == 303, answer.text
    return str(client.get(answer.location).request.path).split("/")[2]


def test_every_address_is_in_the_table(stage: Stage):
    unlisted = {rule for _, rule, _ in stage.addresses()} - LET_IN.keys() - OPEN
    assert unlisted == set(), "say in this table whom these addresses are for"


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_an_address_is_not_for_is_turned_away_and_nothing_changes(stage: Stage, kind: str):
    client, before = stage.client(kind), stage.everything()
    wrong = []
    for method, rule, address in stage.addresses():
        if rule in OPEN or kind in LET_IN.get(rule, ()):
            continue
        answer = client.open(address, method=method, data=stage.form(rule, kind))
        if answer.status_code not in TURNED_AWAY or (SECRET in answer.text and kind not in HOLDERS):
            wrong.append((rule, answer.status_code))
    assert wrong == []
    assert stage.everything() == before


@pytest.mark.parametrize("kind", [None, "gone", "bystander"])
def test_nobody_who_is_not_signed_in_disabled_or_new_comes_anywhere(stage: Stage, kind: str | None):
    client, before = stage.client(kind), stage.everything()
    allowed = OPEN | (
        {"GET /people/password", "POST /people/password", "POST /people/sign-out"} if kind == "bystander" else set()
    )
    for method, rule, address in stage.addresses():
        if rule in allowed:
            continue
        answer = client.open(address, method=method)
        if answer.status_code == 302:
            assert answer.location.startswith(("/people/sign-in", "/people/password")), rule
        else:
            assert answer.status_code == 401, (rule, answer.status_code)
        assert SECRET not in answer.text
    assert stage.everything() == before


OWN_DRAFT = "POST /catalogue/plan/draft/publish"
"""The one draft there is was begun by the archivist on the way here: nobody publishes what they had a hand in."""


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_an_address_is_for_is_let_in(stage: Stage, kind: str):
    """With empty forms and with things that are not there: an answer about those, not a closed door and not a fault."""
    client, wrong = stage.client(kind), []
    for rule in stage.app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            name = f"{method} {rule.rule}"
            if kind not in LET_IN.get(name, ()) or name == "POST /people/sign-out":
                continue
            values = {argument: 10**6 if argument in ("seq", "number") else "none" for argument in rule.arguments}
            address = stage.app.url_map.bind("localhost").build(rule.endpoint, values)
            answer = client.open(address, method=method, data={"password": stage.one_time[kind]})
            if answer.status_code == 403 and name == OWN_DRAFT:
                continue
            if answer.status_code not in ANSWERED or "/people/sign-in" in (answer.location or ""):
                wrong.append((name, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("kind", ["auditor", "system", "security", "nothing", "reader"])
def test_no_page_shows_a_confidential_title_to_one_who_is_not_for_it(stage: Stage, kind: str):
    client = stage.client(kind)
    for method, rule, address in stage.addresses():
        if method == "GET":
            answer = client.get(address)
            assert SECRET.encode() not in answer.data, rule


def test_one_who_signs_out_is_out(stage: Stage):
    client = stage.client("reader")
    assert client.post("/people/sign-out").status_code == 303
    assert client.get("/").status_code == 302


# ------------------------------------------------------------------------------------------------- programs


def _for_programs(stage: Stage) -> Iterator[tuple[str, str, str]]:
    for rule in stage.app.url_map.iter_rules():
        if rule.endpoint.startswith("api."):
            address = stage.app.url_map.bind("localhost").build(
                rule.endpoint, {name: stage.real[name] for name in rule.arguments}
            )
            for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
                yield method, f"{method} {rule.rule}", address


def test_every_address_for_programs_is_in_its_table(stage: Stage):
    assert {rule for _, rule, _ in _for_programs(stage)} == FOR_PROGRAMS.keys()


@pytest.mark.parametrize("kind", [None, *KINDS])
def test_no_cookie_opens_an_address_for_programs(stage: Stage, kind: str | None):
    client = stage.client(kind)
    for method, rule, address in _for_programs(stage):
        assert client.open(address, method=method, json={}).status_code == 401, rule
    assert client.get("/api/openapi.json").status_code == 200


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_opens_what_its_scope_and_its_person_may_and_nothing_else(stage: Stage, kind: str):
    person, before = stage.archive.people.by_login(kind), None
    for method, rule, address in _for_programs(stage):
        scope, for_whom = FOR_PROGRAMS[rule]
        form: dict[str, Any] = PROPER.get(rule, {"query_string": {"q": "月报"}} if rule.endswith("search") else {})
        if rule == "POST /api/v1/records":
            about = {"fonds": "Q001", "type": "YSH05", "title": "月报", "date": "not a date"}
            form = {"data": {**about, "files": (io.BytesIO(b"x"), "a.txt")}}
            if kind not in for_whom:
                form["data"]["date"] = "2024-03-01"
        others = frozenset({"read", "file", "dispose", "audit"} - {scope})
        for scopes, let_in in ((frozenset({scope}), kind in for_whom), (others, False)):
            if rule == "POST /api/v1/records" and not let_in:
                form["data"] = {**form["data"], "date": "2024-03-01", "files": (io.BytesIO(b"x"), "a.txt")}
            token = stage.archive.tokens.make(person, "test", scopes, 1)
            before = stage.everything()
            client = stage.app.test_client()
            answer = client.open(address, method=method, headers={"Authorization": f"Bearer {token}"}, **form)
            if let_in:
                assert answer.status_code in {200, 409, 422}, (rule, kind, answer.text)
            else:
                assert answer.status_code in TURNED_AWAY, (rule, kind, scopes, answer.text)
                assert answer.mimetype == "application/problem+json"
                assert stage.everything() == before
            if kind not in HOLDERS:
                assert SECRET not in answer.text
