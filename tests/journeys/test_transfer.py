"""Scenarios 17 and 18: what is handed over leaves in one approved package, and leaves us only by a receipt that two people read."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import tarfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import pyrage
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from archive_service.archive import Archive, open_archive
from archive_service.audit.notes import Signer
from archive_service.catalog.filing.rows import component_id
from archive_service.catalog.properties.items import Stage
from archive_service.catalog.records.browse import Filters
from archive_service.catalog.records.exchange import from_ead, missing
from archive_service.disposal.listing.lists import Appraisal
from archive_service.disposal.model import Opinion
from archive_service.disposal.transfer.bag import FolderSink, part_of, write_bag
from archive_service.disposal.transfer.bag_check import check_bag, info_lines
from archive_service.disposal.transfer.receipt_note import ReceiptNote
from archive_service.disposal.transfer.receiving import Into, Receiving
from archive_service.disposal.transfer.transfers import Prepared
from archive_service.errors import ArchiveError, BadInput, Conflict, Damaged, Forbidden
from archive_service.people.model import Person
from archive_service.reports.pdf import as_pdf
from tests.journeys.conftest import CANARY, Life

KEEP_YEARS = 5
RECEIVER = Signer("receiver/a", b"r" * 32)


@pytest.fixture
def approved(life: Life) -> str:
    """A list of which a trade secret and an open record are to be transferred, years after their case was closed."""
    life.file("KCQ02", "工艺配方", CANARY, "TS")
    life.file("YSH05", "整改情况月报", "内部的月报", on=date(2014, 6, 1), case_no=None)
    life.on(2025, 1, 2)
    life.archive.cases.record_event(
        life.who("archivist"), "AX2024-001", "CASE_CLOSED", date(2024, 12, 31), exception="试验"
    )
    life.on(2035, 1, 5)
    life.archive.chores.check_retention()
    queue = life.archive.disposal.queue(life.who("archivist"))
    drawn = life.archive.disposal.draw_up(life.who("archivist"), [one.row.id for one in queue])
    opinions = [Appraisal(n, Opinion.TRANSFER, "有保存价值") for n in range(1, drawn.items + 1)]
    life.archive.disposal.appraise(life.who("appraiser"), drawn.list_no, opinions)
    digest = life.archive.disposal.submit(life.who("archivist"), drawn.list_no)
    for approver in ("approver1", "approver2"):
        life.archive.disposal.approve(life.who(approver), drawn.list_no, digest)
    assert drawn.items == 2
    return drawn.list_no


def prepared(life: Life, list_no: str) -> str:
    done: Prepared = life.archive.transfers.prepare(life.who("archivist"), list_no, "市档案馆")
    assert (done.items, len(done.to_sign)) == (2, 2), "both were checked, and wait for a person's eye"
    return done.package_no


def sent(life: Life, list_no: str, folder: str = "out") -> tuple[str, str]:
    package_no = prepared(life, list_no)
    target = life.folder / folder
    target.mkdir()
    done = life.archive.transfer_writing.write(life.who("archivist"), package_no, target)
    return package_no, done.written.digest


def state(life: Life, package_no: str) -> str:
    return str(life.archive.transfers.view(life.who("archivist"), package_no).row.state)


def test_a_trade_secret_is_in_clear_inside_the_approved_package_alone(life: Life, approved: str) -> None:
    assert life.bytes_with(CANARY) == []
    package_no, digest = sent(life, approved)
    bag = life.folder / "out" / package_no
    assert [path.is_relative_to(bag / "data" / "电子档案") for path in life.bytes_with(CANARY)] == [True]
    report = check_bag(bag)
    assert (report.valid, report.warnings, report.digest) == (True, [], digest)
    assert digest == hashlib.sha256((bag / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
    info = dict(info_lines((bag / "bag-info.txt").read_text(encoding="utf-8")))
    row = life.archive.transfers.view(life.who("archivist"), package_no).row
    assert info["Payload-Oxum"] == f"{row.payload_bytes}.{row.payload_files}"
    assert info["External-Identifier"] == package_no
    assert "档案 2 件，文件 2 个" in (bag / "data" / "说明文件.TXT").read_text(encoding="utf-8")
    listed = ET.parse(bag / "data" / "文件目录.XML").getroot()
    assert [one.findtext("密级") for one in listed] == ["内部", "商业秘密"]
    register = ET.parse(bag / "data" / "其他" / "移交清册.XML").getroot()
    assert (register.findtext("包号"), register.findtext("件数")) == (package_no, "2")
    for file in register.iter("文件"):
        content = (bag / "data" / file.attrib["路径"]).read_bytes()
        assert (file.attrib["字节"], file.attrib["SHA-256"]) == (str(len(content)), hashlib.sha256(content).hexdigest())
    table = (bag / "data" / "其他" / "移交清册.CSV").read_text(encoding="utf-8-sig").splitlines()
    assert (len(table), table[2].split(",")[6]) == (3, "商业秘密")
    for one in listed:
        assert (bag / "data" / (one.findtext("电子档案名称") or "?")).is_file()
    told = json.loads((bag / "metadata" / "handover.json").read_text(encoding="utf-8"))
    assert [one["title"] for one in told["records"]] == ["整改情况月报", "工艺配方"]
    described = from_ead((bag / "metadata" / "ead.xml").read_bytes())
    assert [(one["title"], one["code"], missing(one)) for one in described] == [
        (one["title"], one["code"], [] if one["author"] else ["author"]) for one in told["records"]
    ]
    digests = {
        path: digest
        for digest, path in (
            line.split("  ", 1) for line in (bag / "manifest-sha256.txt").read_text(encoding="utf-8").splitlines()
        )
    }
    premis = ET.parse(bag / "metadata" / "premis.xml").getroot()
    within = {"p": "http://www.loc.gov/premis/v3"}
    assert {
        one.findtext("p:objectIdentifier/p:objectIdentifierValue", "", within): one.findtext(
            ".//p:messageDigest", "", within
        )
        for one in premis.findall("p:object", within)
    }.items() <= digests.items()
    events = [one.findtext("p:eventType", "", within) for one in premis.findall("p:event", within)]
    assert "record:filed" in events
    assert "record:read" not in events
    mapped = ET.parse(bag / "metadata" / "dat46.xml").getroot()
    assert [one.findtext("题名") for one in mapped] == ["整改情况月报", "工艺配方"]
    assert {one.get("编号") for one in mapped.iter("档号")} == {"M8"}
    checked = json.loads((bag / "metadata" / "fourtest.json").read_text(encoding="utf-8"))
    assert [(one["verdict"] in ("PASS", "MANUAL"), bool(one["items"])) for one in checked["records"]] == [
        (True, True)
    ] * 2


def test_the_papers_bear_the_figures_and_no_title_that_the_reader_may_not_see(life: Life, approved: str) -> None:
    package_no, digest = sent(life, approved)
    papers = life.archive.transfer_papers
    assert [row[4] for row in papers.register(life.who("archivist"), package_no, "zh").rows] == [
        "整改情况月报",
        "工艺配方",
    ]
    deed = papers.deed(life.who("archivist"), package_no, "en")
    assert any(digest in row for row in deed.rows)
    form = papers.form(life.who("archivist"), package_no, "zh")
    assert ("移交电子档案数量", "2 / 9", "") in form.rows
    assert all(as_pdf(one).startswith(b"%PDF") for one in (deed, form))
    with pytest.raises(Forbidden):
        papers.register(life.who("reader"), package_no, "zh")


def test_the_same_package_is_the_same_bytes_whenever_it_is_written(life: Life, approved: str) -> None:
    package_no, digest = sent(life, approved)
    life.on(2035, 3, 1)
    again = life.folder / "again"
    again.mkdir()
    archivist, writing = life.who("archivist"), life.archive.transfer_writing
    assert writing.write(archivist, package_no, again).written.digest == digest
    one, two = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (life.folder / "out", again)
    )
    assert one == two
    with pytest.raises(Conflict, match="is there already"):
        writing.write(archivist, package_no, again)


def test_to_the_receivers_key_nothing_lies_in_clear(life: Life, approved: str) -> None:
    identity = pyrage.x25519.Identity.generate()
    package_no = prepared(life, approved)
    (life.folder / "out").mkdir()
    done = life.archive.transfer_writing.write(
        life.who("archivist"), package_no, life.folder / "out", str(identity.to_public())
    )
    assert life.bytes_with(CANARY) == []
    opened = pyrage.decrypt(Path(done.place).read_bytes(), [identity])
    with tarfile.open(fileobj=io.BytesIO(opened)) as packed:
        packed.extractall(life.folder / "received", filter="data")
    report = check_bag(life.folder / "received" / package_no)
    assert (report.valid, report.digest) == (True, done.written.digest)


def test_only_a_receipt_that_two_people_read_moves_custody_and_only_years_later_removal_opens(
    life: Life, approved: str
) -> None:
    package_no, digest = sent(life, approved)
    transfers, receipts = life.archive.transfers, life.archive.transfer_receipts
    archivist, second = life.who("archivist"), life.who("second")
    with pytest.raises(Conflict):
        transfers.open_removal(archivist, package_no, KEEP_YEARS, life.archive.disposal)
    on = date(2035, 1, 5)
    with pytest.raises(BadInput, match="not this package's"):  # forged
        receipts.tell(archivist, package_no, "收字1号", on, "0" * 64)
    receipts.tell(archivist, package_no, "收字1号", on, digest)
    with pytest.raises(Conflict):  # doubled
        receipts.tell(second, package_no, "收字1号", on, digest)
    with pytest.raises(Forbidden):
        receipts.confirm(archivist, package_no, "收字1号", digest)
    with pytest.raises(BadInput):
        receipts.confirm(second, package_no, "收字2号", digest)
    with pytest.raises(BadInput):
        receipts.confirm(second, package_no, "收字1号", "f" * 64)
    assert state(life, package_no) == "handed_over"
    receipts.confirm(second, package_no, "收字1号", digest)
    assert state(life, package_no) == "custody_moved"
    for late in (
        lambda: receipts.tell(second, package_no, "收字1号", on, digest),
        lambda: removal(life, package_no),
    ):
        with pytest.raises(Conflict):
            late()
    life.on(2040, 1, 6)
    assert removal(life, package_no) == 2
    with pytest.raises(Conflict):
        removal(life, package_no)
    assert life.archive.proof.verify_audit().sound


def removal(life: Life, package_no: str) -> int:
    drawn = life.archive.transfers.open_removal(life.who("archivist"), package_no, KEEP_YEARS, life.archive.disposal)
    return drawn.items


def test_a_returned_package_changes_nothing_and_the_next_one_bears_another_number(life: Life, approved: str) -> None:
    package_no, digest = sent(life, approved)
    transfers, archivist = life.archive.transfers, life.who("archivist")
    with pytest.raises(Conflict):
        transfers.prepare(archivist, approved, "另一档案馆")  # nothing is sent twice
    transfers.take_back(archivist, package_no, "题名不规范")
    view = transfers.view(archivist, package_no)
    assert (view.row.state, view.row.returned_reason) == ("returned", "题名不规范")
    with pytest.raises(Conflict):  # a receipt that comes late
        life.archive.transfer_receipts.tell(archivist, package_no, "收字1号", date(2035, 1, 5), digest)
    with pytest.raises(Conflict):
        life.archive.transfer_writing.write(archivist, package_no, life.folder / "out")
    assert prepared(life, approved) != package_no


def test_what_awaits_a_receipt_comes_onto_no_other_list(life: Life, approved: str) -> None:
    """Not even if somebody puts it back into the queue by hand."""
    sent(life, approved)
    archive = life.archive
    with archive.engine.begin() as connection:
        connection.execute(text("UPDATE candidate SET state = 'queued'"))
    queue = archive.disposal.queue(life.who("archivist"))
    with pytest.raises(Conflict, match="no receipt has opened its removal"):
        archive.disposal.draw_up(life.who("archivist"), [one.row.id for one in queue])


MOVED = "UPDATE transfer_package SET state = 'custody_moved', receipt_no = '1', received_on = '2035-01-05', receipt_digest = digest, "
PAST_THE_SERVICE = (
    "UPDATE transfer_package SET state = 'custody_moved'",
    "UPDATE transfer_package SET removal_opened_at = 'now'",
    "UPDATE transfer_package SET receipt_digest = 'f'",
    "UPDATE transfer_package SET digest = 'f'",
    "UPDATE transfer_package SET receiver = 'x'",
    "UPDATE transfer_package SET state = 'prepared'",
    f"{MOVED} receipt_by = prepared_by, confirmed_by = (SELECT id FROM person WHERE login = 'second')",
    f"{MOVED} receipt_by = prepared_by, receipt_note = 'x', receiver_key_id = (SELECT id FROM receiver_key)",
    "UPDATE receiver_key SET vkey = 'x'",
    "UPDATE receiver_key SET confirmed_by = proposed_by",
    "UPDATE transfer_item SET returned = true",
    "DELETE FROM transfer_item",
    "DELETE FROM transfer_package",
    "DELETE FROM receiver_key",
)


def test_the_database_itself_moves_no_custody_without_a_receipt(life: Life, approved: str) -> None:
    sent(life, approved)
    life.archive.receiver_keys.propose(life.who("archivist"), "市档案馆", RECEIVER.verifier.vkey())
    for sql in PAST_THE_SERVICE:
        with pytest.raises(DBAPIError), life.archive.engine.begin() as connection:
            connection.execute(text(sql))
    off = "DROP TRIGGER guard_disposal_item_update"
    if life.archive.engine.dialect.name == "postgresql":
        off = "ALTER TABLE disposal_item DISABLE TRIGGER guard_disposal_item_update"
    with life.archive.engine.connect() as connection, pytest.raises(DBAPIError, match="disposal_item may not be"):
        connection.execute(text(off))  # all but the one guard that asks for a receipt, and nothing of it is kept
        connection.execute(text("UPDATE disposal_item SET step = 'key_going'"))
    assert life.archive.proof.verify_audit().sound


def test_a_signed_receipt_counts_if_two_people_know_its_key_and_it_names_this_package(
    life: Life, approved: str
) -> None:
    package_no, digest = sent(life, approved)
    keys, receipts = life.archive.receiver_keys, life.archive.transfer_receipts
    archivist, second = life.who("archivist"), life.who("second")
    told = ReceiptNote(package_no, digest, "收字1号", date(2035, 1, 5), "市档案馆")
    note, vkey = told.signed(RECEIVER), RECEIVER.verifier.vkey()
    with pytest.raises(BadInput, match="No registered key"):
        receipts.take_signed(archivist, note)
    key_id = keys.propose(archivist, "市档案馆", vkey)
    with pytest.raises(BadInput, match="No registered key"):  # one person's word for a key is none
        receipts.take_signed(archivist, note)
    with pytest.raises(Forbidden):
        keys.confirm(archivist, key_id, vkey)
    with pytest.raises(BadInput):
        keys.confirm(second, key_id, Signer("receiver/b", bytes(32)).verifier.vkey())
    keys.confirm(second, key_id, vkey)
    forged = (
        told.signed(Signer("receiver/a", bytes(32))),
        note.replace("收字1号", "收字2号"),
        replace(told, receiver="另一档案馆").signed(RECEIVER),
        replace(told, digest="0" * 64).signed(RECEIVER),
        replace(told, received_on=date(2035, 1, 4)).signed(RECEIVER),
        told.text(),
        "x",
    )
    for one in forged:
        with pytest.raises(BadInput):
            receipts.take_signed(archivist, one)
    assert state(life, package_no) == "handed_over"
    assert receipts.take_signed(archivist, note) == package_no
    assert state(life, package_no) == "custody_moved"
    with pytest.raises(Conflict):  # doubled
        receipts.take_signed(archivist, note)
    assert life.archive.proof.verify_audit().sound


def test_one_who_may_not_read_a_record_writes_it_into_no_package(life: Life, approved: str) -> None:
    for who in ("approver1", "reader"):
        with pytest.raises(ArchiveError):
            life.archive.transfers.prepare(life.who(who), approved, "市档案馆")


def test_a_failed_must_item_stops_the_package_until_another_person_lets_it_through(life: Life, approved: str) -> None:
    archive, archivist = life.archive, life.who("archivist")
    damaged = archive.catalogue.records(archivist, Filters(type_code="YSH05"))[0]
    for copy in life.folder.rglob(f"{component_id(damaged.id, 0)}.*"):
        copy.unlink()
    for _ in range(2):  # asking again changes nothing
        with pytest.raises(Conflict, match=rf"no package was made: {damaged.code} .*A10"):
            archive.transfers.prepare(archivist, approved, "市档案馆")
    assert archive.transfers.all(archivist) == []
    assert [list_no for list_no, _ in archive.transfers.waiting(archivist)] == [approved]
    (asked,) = archive.properties.doors.exceptions(life.who("approver1"))
    assert (asked.code, asked.row.stage) == (damaged.code, Stage.TRANSFER.value)
    with pytest.raises(Forbidden):
        archive.properties.doors.decide(archivist, asked.row.id, granted=True, reason="自己放行不行")
    archive.properties.doors.decide(life.who("approver1"), asked.row.id, granted=True, reason="原件另有纸质")
    assert archive.transfers.prepare(archivist, approved, "市档案馆").items == 2


def held(archive: Archive, person: Person) -> int:
    """Return how many records of the archive a person sees."""
    return len(archive.catalogue.records(person, Filters(), limit=500))


def test_a_package_is_taken_in_once_goes_on_where_it_was_cut_off_and_is_receipted_by_its_digest(
    life: Life, approved: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    package_no, digest = sent(life, approved)
    archive, archivist = life.archive, life.who("archivist")
    bag, into = life.folder / "out" / package_no, Into("Q002", "AX2024-101")
    archive.cases.open_fonds(archivist, "Q002", "市档案馆", "City archive", "state")
    opened = {"fonds_no": "Q002", "case_no": "AX2024-101", "title": "接收", "enterprise": "示例化工", "year": 2024}
    archive.cases.open_case(archivist, **opened)
    receiving, before = archive.receiving, held(archive, archivist)
    with pytest.raises(Forbidden):
        receiving.receive(life.who("reader"), bag, into)
    looked = receiving.look(archivist, bag, into)
    assert [(one.reason, one.code_there[:4], one.code[:4]) for one in looked] == [(None, "Q001", "Q002")] * 2
    assert held(archive, archivist) == before
    refused = receiving.receive(archivist, bag, Into("Q002", "AX2024-101", {"KCQ02": "XXX99"}))
    assert ([bool(one.reason) for one in refused.records], refused.receipt) == ([False, True], "")

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Receiving, "_map", cut)  # filed, and cut off before it was noted
        receiving.receive(archivist, bag, into)
    done = receiving.receive(archivist, bag, into)
    assert [(one.repeated, one.reason) for one in done.records] == [(True, None), (True, None)]
    assert held(archive, archivist) == before + 2
    again = receiving.receive(archivist, bag, into)
    assert (again.before, again.receipt, len(again.records)) == (True, done.receipt, 2)
    assert held(archive, archivist) == before + 2

    secret = archive.catalogue.find(archivist, next(one.code for one in done.records if "KCQ" in one.code))
    assert "接收自 示例集团，原档号 Q001" in secret.description.note
    assert [file.name for file in secret.files] == ["工艺配方.txt", "移交信息.json"]
    assert [path for path in life.bytes_with(CANARY) if not path.is_relative_to(bag)] == []

    keys, second = archive.receiver_keys, life.who("second")
    vkey = archive.ledger.signer.verifier.vkey()
    keys.confirm(second, keys.propose(archivist, "市档案馆", vkey), vkey)
    assert archive.transfer_receipts.take_signed(archivist, done.receipt) == package_no
    assert digest in done.receipt
    for sql in (
        "DELETE FROM received_record",
        "UPDATE received_record SET code_there = 'x'",
        "UPDATE received_package SET received_at = NULL",
    ):
        with pytest.raises(DBAPIError), archive.engine.begin() as connection:
            connection.execute(text(sql))
    assert archive.proof.verify_audit().sound
    victim = next((bag / "data" / "电子档案").rglob("*.txt"))
    victim.write_bytes(b"x")
    with pytest.raises(Damaged):
        receiving.receive(archivist, bag, into)


def test_what_was_kept_longer_there_is_kept_no_shorter_here(life: Life, tmp_path: Path) -> None:
    """A package as another installation may have made it, with longer periods and names that lead elsewhere."""
    archive, archivist = life.archive, life.who("archivist")

    def package(name: str, **said: object) -> Path:
        one = {
            "code": f"Z009-WS·2014-{name}",
            "level": "INT",
            "title": "月报",
            "document_date": "2014-06-01",
            "year": 2014,
            "due_on": None,
            "retention": {"type_code": "YSH05", "period": "D10"},
            "files": [{"path": "a.txt", "name": "a.txt"}],
            **said,
        }
        told = {"format": 1, "package_no": name, "sender": "他馆", "receiver": "本馆", "records": [one]}
        tags = {"metadata/handover.json": json.dumps(told).encode()}
        write_bag(FolderSink(tmp_path / name), [part_of("a.txt", name.encode())], {}, tags)
        return tmp_path / name

    life.on(2035, 1, 5)
    for name, said, period, due in (
        ("plain", {}, "D10", date(2025, 1, 1)),
        ("longer", {"due_on": "2045-01-01"}, "D30", date(2045, 1, 1)),
        ("forever", {"retention": {"type_code": "YSH05", "period": "Y"}}, "Y", None),
    ):
        done = archive.receiving.receive(archivist, package(name, **said), Into("Q001"))
        row = archive.catalogue.find(archivist, done.records[0].code).row
        assert (row["period"], row["due_on"]) == (period, due), name
    for name, said in (
        ("outside", {"files": [{"path": "../bagit.txt", "name": "x"}]}),
        ("absolute", {"files": [{"path": "/etc/passwd", "name": "x"}]}),
        ("no-code", {"code": ""}),
    ):
        with pytest.raises(BadInput, match="none of this service"):
            archive.receiving.receive(archivist, package(name, **said), Into("Q001"))
    strange = tmp_path / "strange"
    write_bag(FolderSink(strange), [part_of("a.txt", b"x")], {}, {})
    with pytest.raises(BadInput, match="none of this service"):
        archive.receiving.receive(archivist, strange, Into("Q001"))


def killed(life: Life, place: str, act: Callable[[Archive], object]) -> None:
    """Do something in a process of its own that is killed as it reaches a place (module and name)."""
    pid = os.fork()
    if pid == 0:
        try:
            archive = open_archive(life.archive.settings, life.archive.clock)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(place, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
                act(archive)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize("free_url", ["sqlite"], indirect=True)
def test_a_kill_while_a_package_or_its_receipt_is_written_leaves_one_package_and_no_half_receipt(
    life: Life, approved: str
) -> None:
    package_no, target = prepared(life, approved), life.folder / "out"
    target.mkdir()
    archivist, second = life.who("archivist"), life.who("second")

    def write(archive: Archive) -> object:
        return archive.transfer_writing.write(archivist, package_no, target)

    killed(life, "archive_service.disposal.transfer.bag.FolderSink.add", write)
    assert (state(life, package_no), [one.name for one in target.iterdir()]) == ("prepared", [f".{package_no}.partial"])
    killed(life, "pathlib.Path.rename", write)  # noted as handed over, and not there under its name yet
    assert (state(life, package_no), (target / package_no).exists()) == ("handed_over", False)
    digest = life.archive.transfers.view(archivist, package_no).row.digest
    assert life.archive.transfer_writing.write(archivist, package_no, target).written.digest == digest
    assert [one.name for one in target.iterdir()] == [package_no]

    on, receipts = date(2035, 1, 5), life.archive.transfer_receipts
    receipts.tell(archivist, package_no, "收字1号", on, digest)
    commit = "archive_service.audit.ledger.Work.commit"
    killed(life, commit, lambda one: one.transfer_receipts.confirm(second, package_no, "收字1号", digest))
    assert state(life, package_no) == "handed_over"
    receipts.confirm(second, package_no, "收字1号", digest)
    assert state(life, package_no) == "custody_moved"
    assert life.archive.proof.verify_audit().sound
