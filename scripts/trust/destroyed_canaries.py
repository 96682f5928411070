"""Destroy documents that each hold a canary, and look whether any canary is left anywhere in a raw scan.

Use: python scripts/trust/destroyed_canaries.py [DOCUMENTS] [--s3]      (1000 without a number)

Everything is real: accession, sandboxed extraction, sealed objects, index, appraisal, two approvals, two supervisors,
order, destruction. Then every byte of the data directory (database, its write-ahead log, keyring, index, staging) and
of the folder for temporary files is scanned for each canary in UTF-8, GB 18030 and UTF-16. One document that is not
due stays, and must still be found by search: so the scan is not of an empty archive. Exit code 1 if anything is left.

With ``--s3`` the files lie in a versioned bucket of a real object server on this machine. Before the destruction every
version of every object is copied aside, and afterwards put back under its name: a server that leaves versions behind,
or gives them back, may not make one of them readable again.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Collection
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archive_service.archive import Archive, found_archive, open_archive
from archive_service.catalog.model import NewRecord, SourceFile
from archive_service.catalog.tables import components, records
from archive_service.clock import Clock
from archive_service.config import load_settings
from archive_service.disposal.listing.lists import Appraisal
from archive_service.disposal.model import Opinion
from archive_service.errors import ArchiveError
from archive_service.people.service import NewPerson
from archive_service.sample.people import PEOPLE
from tests.support.s3 import ACCESS_KEY, SECRET_KEY, S3Server, s3_server

PROPOSER, ORDERER, APPRAISER = "zhang.dang", "li.zheng", "zheng.jian"
APPROVERS, SUPERVISORS = ("qian.pi", "feng.zhun"), ("he.fu", "zheng.jian")
ENCODINGS = ("utf-8", "gb18030", "utf-16-le")
A_LIST = 100


def canary(number: int) -> str:
    """Return a phrase that stands nowhere else."""
    return f"金丝雀石桥{number:05d}号井QZX{number * 7919:08d}"


def file(archive: Archive, text: str, on: date) -> None:
    source = SourceFile("月报.txt", lambda: [f"{text} 安全生产整改情况。".encode()])
    new = NewRecord("Q001", "YSH05", "整改情况月报", on, (source,))
    archive.accession.file_record(archive.people.by_login(PROPOSER), new)


def destroy_due(archive: Archive, now: list[datetime]) -> int:
    """Take everything that is due the whole way; return how many were destroyed."""
    who = archive.people.by_login
    if archive.chores.check_retention().stopped:
        for login in APPROVERS:
            archive.chores.check_retention(confirmed_by=who(login))
    destroyed = 0
    while queue := archive.disposal.queue(who(PROPOSER))[:A_LIST]:
        drawn = archive.disposal.draw_up(who(PROPOSER), [one.row.id for one in queue])
        given = [Appraisal(n, Opinion.DESTROY, "保管期满") for n in range(1, drawn.items + 1)]
        archive.disposal.appraise(who(APPRAISER), drawn.list_no, given)
        digest = archive.disposal.submit(who(PROPOSER), drawn.list_no)
        for login in APPROVERS:
            archive.disposal.approve(who(login), drawn.list_no, digest)
        for login in SUPERVISORS:
            archive.disposal.supervise(who(login), drawn.list_no, digest)
        now[0] += timedelta(days=8)
        archive.destruction.order(who(ORDERER), drawn.list_no, drawn.list_no)
        done = archive.destruction.carry_out(drawn.list_no)
        assert done.closed, done.unfinished
        destroyed += len(done.destroyed)
    return destroyed


def left_in(folders: list[Path], count: int) -> list[str]:
    """Return where a canary is still found."""
    wanted = {form.encode(encoding): form for n in range(count) for form in [canary(n)] for encoding in ENCODINGS}
    shared = {encoding: "金丝雀石桥".encode(encoding) for encoding in ENCODINGS}
    found = []
    for path in (one for folder in folders for one in folder.rglob("*") if one.is_file()):
        data = path.read_bytes()
        if any(mark in data for mark in shared.values()) or b"QZX" in data:
            found += [f"{path.name}: {form}" for form_bytes, form in wanted.items() if form_bytes in data]
    return found


class Bucket:
    """The bucket of the archive, as a server that deletes nothing would keep it."""

    def __init__(self, server: S3Server) -> None:
        self.server, self.name = server, server.new_bucket(versioned=True)
        self.client = server.settings().client("s3")
        self.aside: list[tuple[str, bytes]] = []

    def settings(self, folder: Path) -> str:
        """Return the settings by which the archive keeps its files here."""
        secret = folder / "s3.ini"
        secret.write_text(f"[default]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n")
        secret.chmod(0o600)
        return (
            f'[stores.primary]\nkind = "s3"\nbucket = "{self.name}"\nendpoint = "{self.server.endpoint}"\n'
            'credentials_file = "s3.ini"\naddressing = "path"\n'
        )

    def keys(self) -> list[tuple[str, str]]:
        """Return name and version of everything that lies in the bucket, deletion marks left out."""
        pages = self.client.get_paginator("list_object_versions").paginate(Bucket=self.name)
        return [(one["Key"], one["VersionId"]) for page in pages for one in page.get("Versions", ())]

    def copy_aside(self) -> None:
        """Keep every version of every object."""
        for key, version in self.keys():
            got = self.client.get_object(Bucket=self.name, Key=key, VersionId=version)
            self.aside.append((key, got["Body"].read()))

    def left(self, records: Collection[str]) -> int:
        """Return how many versions of some records' objects still lie there."""
        return sum(any(one in key for one in records) for key, _ in self.keys())

    def clear(self, count: int) -> int:
        """Return in how many versions a canary stands in clear."""
        marks = [canary(number).encode(encoding) for number in range(count) for encoding in ENCODINGS]
        suspects = [body for _, body in self.aside if b"QZX" in body or "金丝雀".encode() in body]
        return sum(any(mark in body for mark in marks) for body in suspects)

    def put_back(self) -> None:
        """Give back what was destroyed."""
        for key, body in self.aside:
            self.client.put_object(Bucket=self.name, Key=key, Body=body)


def readable(archive: Archive, files: list[Any]) -> tuple[int, int]:
    """Return how many sealed files can be opened, and of how many the sealed bytes are there at all."""
    opened = there = 0
    for file in files:
        try:
            there += archive.vault.size(file.record_id, file.id, file.version) > 0
        except ArchiveError:
            continue
        try:
            opened += bool(b"".join(archive.vault.open(file.record_id, file.id, file.version)))
        except ArchiveError:
            continue
    return opened, there


def files_of(archive: Archive) -> list[Any]:
    """Return the files of all records that are due."""
    due = select(records.c.id).where(records.c.due_on <= date(2026, 1, 1))
    with archive.ledger.read() as connection:
        return list(connection.execute(select(components).where(components.c.record_id.in_(due))))


def main() -> None:
    """File, destroy, scan, say it."""
    given = [one for one in sys.argv[1:] if one != "--s3"]
    count = int(given[0]) if given else 1000
    with ExitStack() as stack:
        bucket = Bucket(stack.enter_context(s3_server())) if "--s3" in sys.argv else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="canaries-")))
        said, sound = run(count, folder, bucket)
    print(json.dumps(said, ensure_ascii=False))
    sys.exit(0 if sound else 1)


def run(count: int, folder: Path, bucket: Bucket | None) -> tuple[dict[str, Any], bool]:
    """Carry all of it out; return what was found, and whether it is as it must be."""
    temporary = folder / "tmp"
    temporary.mkdir()
    os.environ["TMPDIR"] = tempfile.tempdir = str(temporary)
    (folder / "config.toml").write_text(bucket.settings(folder) if bucket else "", encoding="utf-8")
    settings = load_settings(folder / "config.toml")
    now = [datetime(2026, 3, 2, 4, tzinfo=UTC)]
    clock = Clock(ZoneInfo("Asia/Shanghai"), lambda: now[0])
    cast = tuple(NewPerson(one.login, one.name_zh, frozenset(one.roles), frozenset(one.clearance)) for one in PEOPLE)
    found_archive(settings, cast, clock)
    archive = open_archive(settings, clock)
    archivist = archive.people.by_login(PROPOSER)
    archive.cases.open_fonds(archivist, "Q001", "示例集团", "Sample group", "enterprise")
    for number in range(count):
        file(archive, canary(number), date(2014, 6, 1))
    file(archive, "留存样本白鹭", date(2025, 6, 1))
    while archive.chores.settle_outbox():
        pass
    searchable = archive.search.find(archivist, canary(0)).total
    files = files_of(archive)
    if bucket:
        bucket.copy_aside()
    readable_before, _ = readable(archive, files)
    destroyed = destroy_due(archive, now)
    while archive.chores.settle_outbox():
        pass
    left = left_in([settings.data_dir, temporary], count)
    said: dict[str, Any] = {"documents": count, "searchable_before": searchable, "readable_before": readable_before}
    sound = not left and destroyed == count and searchable > 0 and readable_before == len(files)
    if bucket:
        versions = {file.record_id for file in files}
        in_bucket, clear = bucket.left(versions), bucket.clear(count)
        bucket.put_back()
        opened, there = readable(archive, files)
        said |= {"versions_aside": len(bucket.aside), "versions_left": in_bucket, "clear_in_versions": clear}
        said |= {"put_back_and_there": there, "put_back_and_readable": opened}
        sound = sound and not in_bucket and not clear and there == len(files) and not opened
    kept, log = archive.search.find(archivist, "白鹭").total, archive.proof.verify_audit().sound
    archive.close()
    said |= {"destroyed": destroyed, "left": left[:20], "kept_and_found": kept, "log_sound": log}
    return said, bool(sound and kept and log)


if __name__ == "__main__":
    main()
