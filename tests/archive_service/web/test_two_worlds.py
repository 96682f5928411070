"""Two archives that differ in hidden records alone: to one who may not see those, every answer is the same bytes.

Whole pages are compared, over what search grew around itself: completion, kept searches, what was meant, places inside a
record, redacted copies, duplicates, exports and errors. Ids made by chance and the minute are blotted out, nothing else.
"""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from archive_service.app import create_app
from archive_service.archive import Archive, found_archive, open_archive
from archive_service.catalog.model import NewRecord, SourceFile
from archive_service.config import ArchiveTable, Settings
from tests.archive_service.search.conftest import taken_at_once
from tests.archive_service.web.conftest import CAST, PASSWORD

SEEN = (("应急演练方案", "演练之后整改 hazard"), ("应急演练小结", "演练人员名单另附"), ("整改通知书", "限期三十日"))
HIDDEN = (
    ("应急举报材料", "举报人欧阳慕白 hazzard 演练", "PI"),
    ("配方登记", "应急演练方案 甲醇配方", "TS"),
    ("整改通知书", "限期三十日", "TS"),  # the same bytes as one that is seen
    ("演练密件", "应急演练", "PI"),
)
WORDS = (
    "应急演练",
    "整改",
    "hazzard",
    "欧阳慕白",
    "甲醇",
    "演练 非 整改",
    '"限期三十日"',
    "配方登记",
    "演*",
    "AND",
    "慕",
)
CHANCE = re.compile(rb'[0-9a-f]{32}|\d\d:\d\d|[0-9A-F]{8}(?![0-9A-F])|csrf_token" value="[^"]+')


def a_world(folder: Path, *, hidden: bool) -> tuple[Archive, list[FlaskClient], str]:
    """Return an archive, a reader's browser and an archivist's beside it, and a code that is hidden or never issued."""
    settings = Settings(archive=ArchiveTable(data_dir=str(folder / "var")), base=folder)
    one_time = {login: password for login, _, password in found_archive(settings, CAST)}
    archive = open_archive(settings)
    for login in ("lin", "wang"):
        archive.people.change_password(archive.people.by_login(login), one_time[login], PASSWORD)
    lin = archive.people.by_login("lin")
    archive.cases.open_fonds(lin, "Q001", "安全巡察中心", "Inspection centre", "enterprise")
    for title, text, *level in (*SEEN, *(HIDDEN if hidden else ())):
        source = SourceFile(f"{title}.txt", lambda text=text: [text.encode()])  # type: ignore[misc]
        new = NewRecord("Q001", "GKX01", title, date(2024, 3, 1), (source,), level=(*level, "PUB")[0])
        last = archive.accession.file_record(lin, new)
    archive.chores.settle_outbox()
    app = create_app(archive)
    app.config["WTF_CSRF_ENABLED"] = False
    clients = []
    for login in ("wang", "lin"):
        clients.append(app.test_client())
        assert clients[-1].post("/people/sign-in", data={"login": login, "password": PASSWORD}).status_code == 303
    code = last.archival_code
    number = int(code[-4:]) + (0 if hidden else len(HIDDEN))
    return archive, clients, f"{code[:-4]}{number:04d}"


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[Archive, list[FlaskClient], str]]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("archive_service.search.texts.extract", taken_at_once)
        found = [a_world(tmp_path_factory.mktemp(name), hidden=name == "with") for name in ("with", "without")]
        yield found
        for archive, *_ in found:
            archive.close()


def asked(client: FlaskClient, code: str, what: str, word: str, place: int) -> bytes:
    """Ask one thing; return status, headers that speak, and body, without what is there by chance."""
    hidden = quote(code)
    addresses = {
        "search": f"/search?q={word}&from={place}",
        "narrowed": f"/search?q={word}&level=PUB&year=2024&sort=date",
        "complete": f"/search/complete?q={word}",
        "saved": "/search/saved",
        "record": f"/record/{hidden}",
        "inside": f"/record/{hidden}/find?q={word}",
        "redact": f"/record/{hidden}/redact/{'f' * 32}",
        "redacted": f"/redacted/?code={hidden}",
        "copy": f"/redacted/{'f' * 32}",
        "code": f"/search?q={hidden}",
        "odd": f"/search?q={word}&before=昨天",
        "catalogue": "/catalogue/",
        "counts": "/catalogue/by/year",
        "home": "/",
        "export": f"/search/found.xlsx?q={word}",
    }
    if what == "keep":
        answer = client.post("/search/saved", data={"q": word, "name": word})
    elif what == "ask":
        answer = client.post("/access/", data={"code": code, "purpose": word, "days": "2"})
    else:
        answer = client.get(addresses[what])
    body = answer.data
    if what == "export" and answer.status_code == 200:
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            body = b"".join(
                book.read(name) for name in sorted(book.namelist()) if "worksheets" in name or "shared" in name
            )
    head = f"{answer.status_code} {answer.location} {answer.mimetype}".encode()
    return CHANCE.sub(b"#", head + body)


KINDS = (
    *("search", "narrowed", "complete", "saved", "record", "inside", "redact", "redacted", "copy"),
    *("code", "odd", "catalogue", "counts", "home", "export", "keep", "ask"),
)


def test_no_sequence_of_requests_tells_the_two_worlds_apart(
    worlds: list[tuple[Archive, list[FlaskClient], str]],
) -> None:
    chance = random.Random(7)
    every = [(what, word) for what in KINDS for word in WORDS]
    for what, word in [*chance.sample(every, 70), ("home", ""), ("saved", "")]:
        place = chance.choice((0, 1, 20))
        told = [asked(clients[0], code, what, word, place) for _, clients, code in worlds]
        assert told[0] == told[1], (what, word, place, _apart(*told))


def _apart(one: bytes, other: bytes) -> tuple[str, str]:
    at = next((place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), 0)
    return one[max(0, at - 80) : at + 80].decode(errors="replace"), other[max(0, at - 80) : at + 80].decode(
        errors="replace"
    )


def test_the_sequence_would_tell_if_there_were_something_to_tell(
    worlds: list[tuple[Archive, list[FlaskClient], str]],
) -> None:
    for what, word in (("search", "甲醇"), ("complete", "整改"), ("code", ""), ("record", "")):
        told = [asked(clients[1], code, what, word, 0) for _, clients, code in worlds]
        if what != "complete":  # words of closed levels are completed for nobody
            assert told[0] != told[1], what
