"""The vault from the command line: stores, one of them a bucket; copies; the root key and its shares; the page of the stores."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from sqlalchemy import update

from archive_service.app import create_app
from archive_service.archive import found_archive, open_archive
from archive_service.catalog.tables import copies
from archive_service.config import load_settings
from archive_service.errors import ArchiveError
from archive_service.people.service import NewPerson
from archive_service.sample.people import PEOPLE
from archive_service.vault import KeyFileCustodian, Keyring, PassphraseCustodian, read_key_file
from archive_service.vault.aws import AwsSettings
from archive_service.vault.keys.kms import KmsCustodian
from tests.archive_service.cli.conftest import Ran, Terminal
from tests.support.overheard import Overheard, overhearing
from tests.support.s3 import ACCESS_KEY, SECRET_KEY, S3Server, kms_server, s3_server

SYSTEM, AUDITOR = ("--as", "sun.xi"), ("--as", "zhao.shen")


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture(scope="module")
def service() -> Iterator[AwsSettings]:
    with kms_server() as settings:
        yield settings


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, server: S3Server) -> Terminal:
    """An archive whose settings name a second directory and a bucket; neither is in use yet."""
    terminal = Terminal(tmp_path_factory.mktemp("vault"))
    secret = terminal.folder / "s3.ini"
    secret.write_text(f"[default]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n")
    secret.chmod(0o600)
    terminal.config.write_text(
        '[stores.second]\npath = "second"\n'
        f'[stores.offsite]\nkind = "s3"\nbucket = "{server.new_bucket(versioned=True)}"\n'
        f'endpoint = "{server.endpoint}"\ncredentials_file = "s3.ini"\naddressing = "path"\n'
        '[placement]\ndefault = ["second", "offsite"]\n'
    )
    settings = load_settings(terminal.config)
    cast = [NewPerson(one.login, one.name_zh, frozenset(one.roles), frozenset(one.clearance)) for one in PEOPLE]
    found_archive(settings, tuple(cast))
    archive = open_archive(settings)
    archive.cases.open_fonds(archive.people.by_login("zhang.dang"), "Q001", "示例集团", "Sample group", "enterprise")
    archive.close()
    return terminal


def stores_are_taken_into_use_filled_read_and_told(house: Terminal) -> None:
    house.file("YSH05", "巡察记录", "罐区")
    before = house.run("vault", "stores", *AUDITOR, "--json")
    assert before.code == 1
    assert {one["name"]: one["reachable"] for one in before.json} == {
        "primary": True,
        "second": False,
        "offsite": False,
    }
    assert house.run("vault", "replicate", *SYSTEM).code == 1, "nothing is written to what is not in use"
    assert not (house.folder / "second").exists()
    for name in ("second", "offsite"):
        ran = house.run("vault", "found-store", name, *SYSTEM, "--json")
        assert ran.code == 0, ran.err
        assert ran.json["name"] == name
    again = house.run("vault", "found-store", "second", *SYSTEM)
    assert again.code != 0
    assert house.run("vault", "found-store", "nowhere", *SYSTEM).code != 0
    _at_once(house)
    made = house.run("vault", "replicate", *SYSTEM, "--json")
    assert (made.code, made.json["left"]) == (0, 0), made.err
    read = house.run("vault", "check", "--all", *AUDITOR, "--json")
    assert (read.code, read.json["copies"]) == (0, 9), read.out
    stores = house.run("vault", "stores", *AUDITOR, "--json")
    assert stores.code == 0
    assert all(one["copies"] == {"good": 3} and one["oldest_reading"] for one in stores.json)
    for language, word in (("zh", "存储"), ("en", "Store")):
        said = house.run("vault", "stores", *AUDITOR, language=language)
        assert word in said.out


def what_is_lost_here_comes_back_from_the_bucket(house: Terminal) -> None:
    for root in ("var/store", "second"):
        for path in (house.folder / root / "objects").rglob("*"):
            if path.is_file() and "capsule" not in path.name:
                path.unlink()
    ran = house.run("vault", "check", "--all", *SYSTEM, "--json")
    assert ran.code == 1
    assert (len(ran.json["faulty"]), ran.json["repaired"]) == (4, 4)
    assert house.run("vault", "check", "--all", *AUDITOR, "--json").code == 0
    assert house.run("doctor", *AUDITOR, "--json").json["findings"] == []


def only_those_who_may_can_do_it(house: Terminal) -> None:
    for said in (("stores",), ("check",), ("replicate",), ("rotate-key",), ("shares", "x.html")):
        assert house.run("vault", *said, "--as", "zhang.dang").code != 0
    for said in (("replicate",), ("rotate-key",), ("shares", "x.html")):
        assert house.run("vault", *said, *AUDITOR).code != 0


def the_root_key_is_changed_split_tried_and_recovered(house: Terminal, service: AwsSettings) -> None:
    key = service.client("kms").create_key()["KeyMetadata"]["KeyId"]
    rotated = house.run("vault", "rotate-key", *SYSTEM, "--json")
    assert rotated.code == 0, rotated.err
    assert rotated.json["root"] == 2
    assert rotated.json["rewrapped"] > 0
    phrase = house.folder / "phrase"
    phrase.write_text("nine quiet boxes of paper\n")
    phrase.chmod(0o600)
    assert house.run("vault", "rotate-key", "--to", "passphrase", *SYSTEM).code != 0, "no terminal to ask"
    moved = house.run("vault", "rotate-key", "--to", "passphrase", "--passphrase-file", str(phrase), *SYSTEM, "--json")
    assert (moved.code, moved.json["root"]) == (0, 3), moved.err
    assert house.run("vault", "stores", *AUDITOR).code != 0, "the old key file opens nothing any more"
    with house.config.open("a") as file:
        file.write('[keys]\ncustodian = "passphrase"\npassphrase_file = "phrase"\n')
        file.write(f'kms_key = "{key}"\nkms_endpoint = "{service.endpoint}"\nkms_credentials_file = "s3.ini"\n')
    assert house.run("vault", "stores", *AUDITOR).code == 0
    sheets = house.folder / "sheets.html"
    assert house.run("vault", "shares", str(sheets), *SYSTEM).code == 0
    assert house.run("vault", "shares", str(sheets), *SYSTEM).code != 0, "nothing is overwritten"
    assert sheets.stat().st_mode & 0o077 == 0
    words = _shares(sheets)
    assert len(words) == 5
    scanned = _scanned(sheets)
    assert [one.lower() for one in scanned] == words, "the QR code holds what is printed beside it"
    good, few = house.folder / "good", house.folder / "few"
    good.write_text("\n".join([scanned[4], scanned[0], scanned[2]]))
    few.write_text("\n".join(words[:2]))
    assert house.run("vault", "drill", str(few), *SYSTEM).code != 0
    drilled = house.run("vault", "drill", str(good), *SYSTEM, "--json")
    assert drilled.code == 0, drilled.err
    assert drilled.json["keys_opened"] > 0
    # The passphrase is forgotten: the keyring goes to a new one by the shares alone.
    phrase.write_text("another phrase of some length\n")
    assert house.run("vault", "stores", *AUDITOR).code != 0
    assert house.run("vault", "recover", str(few)).code != 0
    recovered = house.run("vault", "recover", str(good), "--json")
    assert recovered.code == 0, recovered.err
    assert house.run("vault", "check", "--all", *AUDITOR, "--json").json["faulty"] == []
    assert house.run("doctor", *AUDITOR, "--json").json["findings"] == []
    # To the key service, and from one of its root keys to the next.
    config = house.config.read_text()
    house.config.write_text(config.replace(key, "another"))
    assert house.run("vault", "rotate-key", "--to", "aws-kms", *SYSTEM).code != 0, (
        "a key that is not there wraps nothing"
    )
    house.config.write_text(config)
    given = house.run("vault", "rotate-key", "--to", "aws-kms", *SYSTEM, "--json")
    assert given.code == 0, given.err
    house.config.write_text(house.config.read_text().replace('custodian = "passphrase"', 'custodian = "aws-kms"'))
    again = house.run("vault", "rotate-key", *SYSTEM, "--json")
    assert (again.code, again.json["root"], again.json["damaged"]) == (0, given.json["root"] + 1, []), again.err
    assert house.run("vault", "check", "--all", *AUDITOR, "--json").json["faulty"] == []
    for secret in (*words, "nine quiet boxes"):
        assert secret not in f"{rotated.out}{moved.out}{drilled.out}{recovered.out}{recovered.err}"


def the_page_shows_the_state_of_every_store(house: Terminal) -> None:
    archive = open_archive(load_settings(house.config))
    app = create_app(archive)
    app.config["WTF_CSRF_ENABLED"] = False
    once = archive.people.rescue("zhao.shen")
    archive.people.change_password(archive.people.by_login("zhao.shen"), once, "a quiet reading room")
    client = app.test_client()
    client.post("/people/sign-in", data={"login": "zhao.shen", "password": "a quiet reading room"})
    page = client.get("/stores/").text
    assert all(name in page for name in ("primary", "second", "offsite", "s3://"))
    assert "正常" in page
    name = next(
        path for path in (house.folder / "second/objects").rglob("*") if path.suffix != ".json" and path.is_file()
    )
    name.unlink()
    archive.fixity.everything()
    page = client.get("/stores/").text
    assert "缺损的副本" in page
    assert "缺失" in page
    assert "已销毁" not in client.post("/stores/examine").text
    archive.chores.keep_copies()
    assert "缺损的副本" not in client.get("/stores/").text
    archive.close()


def _shares(sheets: Path) -> list[str]:
    """Return the shares as a reader of the printed sheets copies them."""
    sections = re.findall(r"<ol>(.*?)</ol>", sheets.read_text(), flags=re.DOTALL)
    return [" ".join(re.findall(r"<li>(\w+)</li>", one)) for one in sections]


def _scanned(sheets: Path) -> list[str]:
    """Return what a reader of codes sees on the printed sheets: the drawn squares, painted and decoded."""
    return [_decoded(one) for one in re.findall(r'<path[^>]* d="([^"]+)"', sheets.read_text())]


def _decoded(drawing: str) -> str:
    most, border, scale = 120, 4, 4
    paper = np.full((most, most), 255, np.uint8)
    x = y = edge = 0.0
    for what, first, second in re.findall(r"([MmhH])(-?[\d.]+)(?:[ ,]?(-?[\d.]+))?", drawing):
        if what == "h":
            paper[int(y), int(x) : int(x + float(first))] = 0
            x += float(first)
            edge = max(edge, x)
        else:
            x, y = (float(first), float(second)) if what == "M" else (x + float(first), y + float(second))
    side = int(edge) + border
    paper = cv2.resize(paper[:side, :side], (side * scale, side * scale), interpolation=cv2.INTER_NEAREST)
    text, _, _ = cv2.QRCodeDetector().detectAndDecode(paper)
    return str(text)


def _at_once(house: Terminal) -> None:
    """Let the pause after a failed try be over."""
    archive = open_archive(load_settings(house.config))
    with archive.ledger.work(None) as work:
        work.connection.execute(update(copies).values(not_before=work.at))
        work.commit()
    archive.close()


def json_and_words_say_the_same(house: Terminal) -> None:
    said = house.run("vault", "check", *AUDITOR)
    number = json.loads(house.run("vault", "check", *AUDITOR, "--json").out)["copies"]
    assert f"{number} copies read" in said.out


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Overheard]:
    """All that is said meanwhile; every root key that anything wraps, and every key made, are secrets."""
    with overhearing(tmp_path) as heard:

        def wrapping(kind: Any) -> None:
            wrap = kind.wrap

            def kept(self: Any, root: bytes, context: bytes) -> bytes:
                heard.keep(f"root key given to {kind.__name__}", root)
                return bytes(wrap(self, root, context))

            monkeypatch.setattr(kind, "wrap", kept)

        for kind in (KeyFileCustodian, PassphraseCustodian, KmsCustodian):
            wrapping(kind)
        new_keys = Keyring.new_keys

        def made(self: Keyring, wanted: Any) -> dict[str, bytes]:
            keys = new_keys(self, wanted)
            for key in keys.values():
                heard.keep("key of a file", key)
            return keys

        monkeypatch.setattr(Keyring, "new_keys", made)
        run = Terminal.run

        def telling(self: Terminal, *said: str, language: str = "en") -> Ran:
            ran = run(self, *said, language=language)
            heard.hear(ran.out, ran.err)
            return ran

        monkeypatch.setattr(Terminal, "run", telling)
        yield heard


def backed_up_destroyed_and_broken(house: Terminal, heard: Overheard) -> None:
    with house.config.open("a") as file:
        file.write('[backup]\ndir = "shelf"\n')
    assert house.run("backup", "create", *SYSTEM).code == 0
    record = house.file("YSH05", "要销毁的记录", "罐区")["record_id"]
    archive = open_archive(load_settings(house.config))
    with closing(archive):
        archive.chores.settle_outbox()
        for path in ("root", "log", "session", "backup"):
            heard.keep(f"key file {path}", read_key_file(archive.settings.key_file(path)))  # type: ignore[arg-type]
        keys = archive.vault.keys_of(record)
        archive.vault.destroy_keys(record, keys)
        archive.vault.delete_objects(record)
        with archive.keyring._writing() as connection:
            connection.execute("UPDATE keys SET wrapped = zeroblob(60)")
        for key in archive.keyring.key_ids()[:3]:
            with pytest.raises(ArchiveError) as told:
                archive.keyring.key(key)
            heard.hear(told.value)


def test_one_archive_lives_through_all_of_it_and_gives_no_key_away(
    house: Terminal, service: AwsSettings, heard: Overheard, capfd: pytest.CaptureFixture[str]
) -> None:
    stores_are_taken_into_use_filled_read_and_told(house)
    what_is_lost_here_comes_back_from_the_bucket(house)
    only_those_who_may_can_do_it(house)
    the_root_key_is_changed_split_tried_and_recovered(house, service)
    the_page_shows_the_state_of_every_store(house)
    json_and_words_say_the_same(house)
    backed_up_destroyed_and_broken(house, heard)
    heard.hear(*capfd.readouterr())
    for name, secret in {
        "phrase": "nine quiet boxes",
        "next phrase": "another phrase of some",
        "of the bucket": SECRET_KEY,
        **{f"share {number}": words for number, words in enumerate(_shares(house.folder / "sheets.html"))},
    }.items():
        heard.keep(name, secret.encode())
    assert heard.children, "words were taken out of a file by a process of its own"
    assert len(heard.secrets) > 20
    assert heard.given_away() == []
