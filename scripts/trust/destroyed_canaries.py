"""Destroy documents that each hold a canary, and look whether any canary is left anywhere in a raw scan.

Use: python scripts/trust/destroyed_canaries.py [DOCUMENTS]      (1000 without a number)

Everything is real: accession, sandboxed extraction, sealed objects, index, appraisal, two approvals, two supervisors,
order, destruction. Then every byte of the data directory (database, its write-ahead log, keyring, index, staging) and
of the folder for temporary files is scanned for each canary in UTF-8, GB 18030 and UTF-16. One document that is not
due stays, and must still be found by search: so the scan is not of an empty archive. Exit code 1 if anything is left.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archive_service.archive import Archive, found_archive, open_archive
from archive_service.catalog.model import NewRecord, SourceFile
from archive_service.clock import Clock
from archive_service.config import load_settings
from archive_service.disposal.listing.lists import Appraisal
from archive_service.disposal.model import Opinion
from archive_service.people.service import NewPerson
from archive_service.sample.people import PEOPLE

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


def main() -> None:
    """File, destroy, scan, say it."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory(prefix="canaries-") as folder:
        temporary = Path(folder) / "tmp"
        temporary.mkdir()
        os.environ["TMPDIR"] = tempfile.tempdir = str(temporary)
        (Path(folder) / "config.toml").write_text("", encoding="utf-8")
        settings = load_settings(Path(folder) / "config.toml")
        now = [datetime(2026, 3, 2, 4, tzinfo=UTC)]
        clock = Clock(ZoneInfo("Asia/Shanghai"), lambda: now[0])
        cast = tuple(
            NewPerson(one.login, one.name_zh, frozenset(one.roles), frozenset(one.clearance)) for one in PEOPLE
        )
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
        destroyed = destroy_due(archive, now)
        while archive.chores.settle_outbox():
            pass
        left = left_in([settings.data_dir, temporary], count)
        kept = archive.search.find(archivist, "白鹭").total
        sound = archive.proof.verify_audit().sound
        archive.close()
    said = {"documents": count, "searchable_before": searchable, "destroyed": destroyed, "left": left[:20]}
    print(json.dumps({**said, "kept_and_found": kept, "log_sound": sound}, ensure_ascii=False))
    sys.exit(0 if not left and destroyed == count and searchable and kept and sound else 1)


if __name__ == "__main__":
    main()
