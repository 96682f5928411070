"""Scenario 19 in a whole archive: somebody edits the database by hand, and page and command name the place."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from archive_service.app import create_app
from archive_service.archive import Archive, found_archive, open_archive
from archive_service.audit.log import PAGE, newest
from archive_service.audit.verify import behind_its_anchors
from archive_service.clock import Clock
from archive_service.config import Settings, load_settings
from archive_service.people.service import NewPerson
from tests.archive_service.audit.conftest import Dba

OWN = "纸短情长 the long road"
CAST = (
    NewPerson("sun.xi", "孙系", frozenset({"system_administrator"})),
    NewPerson("zhou.an", "周安", frozenset({"security_administrator"})),
    NewPerson("zhao.shen", "赵审", frozenset({"auditor"})),
    NewPerson("zhang.dang", "张档", frozenset({"archivist"}), frozenset({"PUB", "INT"})),
)


@dataclass
class Watch:
    """An archive and its auditor's browser."""

    archive: Archive
    settings: Settings
    folder: Path
    auditor: FlaskClient
    dba: Dba

    def report(self) -> str:
        answer = self.auditor.post("/audit/verify")
        assert answer.status_code == 200
        return answer.text

    def command(self, *words: str) -> tuple[int, dict[str, object]]:
        """Run the command line as an operator would."""
        config = str(self.folder / "config.toml")
        command = [sys.executable, "-m", "archive_service", "--config", config, "--as", "zhao.shen", *words, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout)


@pytest.fixture
def watch(tmp_path: Path, database_url: str) -> Iterator[Watch]:
    (tmp_path / "config.toml").write_text(f'[database]\nurl = "{database_url}"\n', encoding="utf-8")
    settings = load_settings(tmp_path / "config.toml")
    clock = Clock(ZoneInfo("Asia/Shanghai"), lambda: datetime(2026, 3, 2, 4, tzinfo=UTC))
    one_time = {login: password for login, _, password in found_archive(settings, CAST, clock)}
    archive = open_archive(settings, clock)
    for login, password in one_time.items():
        archive.people.change_password(archive.people.by_login(login), password, OWN)
    archivist = archive.people.by_login("zhang.dang")
    archive.cases.open_fonds(archivist, "Q001", "示例集团", "Sample group", "enterprise")
    archive.proof.keep_checkpoint()
    app = create_app(archive)
    app.config["WTF_CSRF_ENABLED"] = False
    auditor = app.test_client()
    auditor.post("/people/sign-in", data={"login": "zhao.shen", "password": OWN})
    dba = Dba(database_url)
    yield Watch(archive, settings, tmp_path, auditor, dba)
    dba.close()
    archive.close()


def test_an_archive_that_nobody_touched_is_said_to_be_sound(watch: Watch):
    assert "未发现改动" in watch.report()
    code, said = watch.command("audit", "verify")
    assert (code, said["sound"], said["findings"]) == (0, True, [])


def test_an_entry_that_was_edited_is_named_first_by_page_and_command(watch: Watch):
    watch.dba("UPDATE audit_entry SET body = replace(body, 'fonds:opened', 'fonds:closed') WHERE act = 'fonds:opened'")
    (seq,) = watch.dba("SELECT seq FROM audit_entry WHERE act = 'fonds:opened'")[0]
    assert f"audit_entry seq={seq}" in watch.report()
    code, said = watch.command("audit", "verify")
    assert code == 1
    assert said["sound"] is False
    assert said["findings"][0]["place"] == f"audit_entry seq={seq}"  # type: ignore[index]


def test_an_entry_that_was_deleted_is_named_by_page_and_command(watch: Watch):
    watch.dba("DELETE FROM audit_entry WHERE seq = 3")
    assert "audit_entry seq=3" in watch.report()
    code, said = watch.command("audit", "verify")
    assert code == 1
    assert said["findings"][0]["place"] == "audit_entry seq=3"  # type: ignore[index]


def test_rights_that_were_raised_by_hand_are_named(watch: Watch):
    (person,) = watch.dba("SELECT id FROM person WHERE login = 'zhang.dang'")[0]
    watch.dba("UPDATE person SET clearance = 'INT,PUB,SEAL,TS' WHERE id = ?", person)
    report = watch.report()
    assert f"person/{person}" in report
    assert "此行在日志之外被改动" in report


@pytest.mark.parametrize("free_url", ["sqlite"], indirect=True)
def test_a_database_that_was_wound_back_is_noticed(watch: Watch):
    """Winding back whole is tried on the file; the rows are the same on both."""
    path = Path(str(watch.archive.engine.url.database))
    watch.dba("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(path, watch.folder / "older.db")
    archivist = watch.archive.people.by_login("zhang.dang")
    watch.archive.cases.open_fonds(archivist, "J001", "示例局", "Sample bureau", "state")
    watch.archive.proof.keep_checkpoint()
    assert "未发现改动" in watch.report()
    watch.dba.close()
    watch.archive.close()
    for leftover in path.parent.glob(f"{path.name}-*"):
        leftover.unlink()
    shutil.copy(watch.folder / "older.db", path)
    code, said = watch.command("audit", "verify")
    assert code == 1
    assert any("checkpoints.txt #2" in finding["place"] for finding in said["findings"])  # type: ignore[union-attr,index]
    engine, verifier = watch.archive.engine, watch.archive.ledger.signer.verifier
    assert behind_its_anchors(engine, verifier, watch.archive.anchor_file) is not None


def test_the_log_stays_readable_though_entries_were_spoilt(watch: Watch):
    watch.dba("UPDATE audit_entry SET at = 'no time', body = 'no body' WHERE seq = 2")
    assert watch.auditor.get("/audit/").status_code == 200
    page = watch.auditor.get("/audit/2")
    assert page.status_code == 200
    assert "no body" in page.text


# ------------------------------------------------------------------------------------------------- reading the log


def test_the_log_is_read_page_by_page_each_entry_once(watch: Watch):
    for number in range(2 * PAGE):
        watch.archive.people.set_language(watch.archive.people.by_login("zhang.dang"), "en" if number % 2 else "zh")
    last = newest(watch.archive.ledger).rows[0].seq
    seen: list[int] = []
    address: str | None = "/audit/"
    while address:
        page = watch.auditor.get(address).text
        seen += [int(seq) for seq in re.findall(r'href="/audit/(\d+)"', page)]
        onward = re.search(r'href="(/audit/\?before=\d+)"', page)
        address = onward[1] if onward else None
    assert seen == list(range(last, 0, -1))


def test_the_log_is_narrowed_to_an_act_a_person_and_an_object(watch: Watch):
    archivist = watch.archive.people.by_login("zhang.dang")
    watch.archive.people.set_language(archivist, "en")

    def found(query: str) -> set[str]:
        page = watch.auditor.get(f"/audit/?{query}").text
        return set(re.findall(r'href="/audit/(\d+)"', page))

    everything = {str(row.seq): row for row in newest(watch.archive.ledger, page=1000).rows}
    wanted = {
        "act=person:language:set": lambda row: row.act == "person:language:set",
        "person=zhang.dang": lambda row: row.person_id == archivist.id,
        "person=-": lambda row: row.person_id is None,
        f"object={archivist.id}": lambda row: row.object_id == archivist.id,
        f"object={archivist.id}&act=person:added": lambda row: (
            (row.object_id, row.act) == (archivist.id, "person:added")
        ),
    }
    for query, fits in wanted.items():
        expected = {seq for seq, row in everything.items() if fits(row)}
        assert expected, query
        assert found(query) == expected, query
    for query in ("person=nobody", "object=nothing", "act=no:such:act"):
        assert found(query) == set()


def test_an_entry_that_is_not_there_is_answered_by_a_page(watch: Watch):
    for address in ("/audit/0", "/audit/999999", f"/audit/{10**30}", "/audit/-1", "/audit/x"):
        assert watch.auditor.get(address).status_code == 404, address


def test_a_start_that_is_no_number_is_said_and_a_large_one_is_the_newest(watch: Watch):
    assert watch.auditor.get("/audit/?before=" + "9" * 9).status_code == 200
    for start in ("x", "-1", "9" * 30):
        assert watch.auditor.get(f"/audit/?before={start}").status_code == 422, start


def test_whatever_is_asked_of_the_log_is_no_fault(watch: Watch):
    for name in ("act", "object", "person"):
        for value in ("%00", "%FF%FE", "'%20OR%201=1", "%E2%80%AE", "x" * 3000):
            assert watch.auditor.get(f"/audit/?{name}={value}").status_code == 200, (name, value)


def test_the_proof_on_the_page_is_the_proof_of_the_entry(watch: Watch):
    page = watch.auditor.get("/audit/5").text
    proof = watch.archive.ledger.proof(5)
    assert proof["leaf_hash"] in page
    assert proof["public_key"] in page
    for step in proof["path"]:
        assert step in page
