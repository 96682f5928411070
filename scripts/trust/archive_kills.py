"""Kill a whole archive at calls to the system (strace) while it files, destroys, changes its root key or copies.

Use: python scripts/trust/archive_kills.py [KILLS] [SEED] [file|destroy|rotate|replicate ...]
(24 kills of each kind of work without a number, all four without a name)

Needs strace, and the right to trace one's own children. Every kill meets a fresh copy of a founded archive with two
stores; where it falls is drawn from all calls that change something. Afterwards the archive is opened as the service
opens it, does what the service does by itself, and is examined as doctor does: catalogue, keyring, stores, index and
log, every file read. Then the work is done again and everything is examined again. What was acknowledged must be
there, what was destroyed must be gone everywhere, and no examination may find anything. One line of JSON for each kind
of work; exit code 1 if anything was found. What a filing leaves that was cut off and never acknowledged, doctor tells of
(``told``); the same request made again takes it up. ``vault_kills.py`` kills the vault alone, at every call.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archive_service.archive import Archive, found_archive, open_archive
from archive_service.catalog.model import NewRecord, SourceFile
from archive_service.clock import Clock
from archive_service.config import Settings, load_settings
from archive_service.disposal.listing.lists import Appraisal
from archive_service.disposal.model import Opinion
from archive_service.people.service import NewPerson
from archive_service.sample.people import PEOPLE

CALLS = (
    "write,pwrite64,fsync,fdatasync,link,linkat,rename,renameat,renameat2,unlink,unlinkat,ftruncate,mkdir,mkdirat,rmdir"
)
SETTINGS = '[stores.second]\npath = "second"\n[placement]\ndefault = ["second"]\n'
ARCHIVIST, SYSTEM, ORDERER, APPRAISER = "zhang.dang", "sun.xi", "li.zheng", "zheng.jian"
APPROVERS, SUPERVISORS = ("qian.pi", "feng.zhun"), ("he.fu", "zheng.jian")
NOW, ZONE = datetime(2026, 3, 2, 4, tzinfo=UTC), ZoneInfo("Asia/Shanghai")
KEPT, NEW = "留存件：白鹭滩一号井。", "新归档件：青石桥三号井。"
LIST = "CZ2026-001"
CUT_OFF = "an accession that was cut off has left"


def settings_of(root: Path) -> Settings:
    return load_settings(root / "config.toml")


def opened(root: Path) -> Archive:
    now = datetime.fromisoformat((root / "now").read_text())
    return open_archive(settings_of(root), Clock(ZONE, lambda: now))


def record(text: str, on: date, key: str) -> NewRecord:
    source = SourceFile("记录.txt", lambda: [text.encode()])
    return NewRecord("Q001", "YSH05", "整改情况月报", on, (source,), key=key)


def settle(archive: Archive) -> None:
    """Do what the service does by itself after a start."""
    archive.chores.carry_on_destructions()
    while archive.chores.settle_outbox():
        pass
    archive.chores.plan_copies()
    while archive.chores.keep_copies():
        pass
    archive.chores.watch()
    archive.proof.keep_checkpoint()


# ------------------------------------------------------------------------------------------------ four kinds of work


def file(archive: Archive) -> None:
    """File a record; the same request, when it is made again, is the same record."""
    archive.accession.file_record(archive.people.by_login(ARCHIVIST), record(NEW, date(2025, 6, 1), "once"))


def destroy(archive: Archive) -> None:
    """Carry out what was ordered."""
    done = archive.destruction.carry_out(LIST)
    assert done.closed, done.unfinished


def rotate(archive: Archive) -> None:
    """Change the root key."""
    archive.administering.change_root_key(archive.people.by_login(SYSTEM), "key-file")


def replicate(archive: Archive) -> None:
    """Make the copies that are due."""
    archive.chores.keep_copies()


def order(root: Path) -> None:
    """Bring the record that is due as far as the order to destroy it."""
    archive = opened(root)
    who = archive.people.by_login
    if archive.chores.check_retention().stopped:
        for login in APPROVERS:
            archive.chores.check_retention(confirmed_by=who(login))
    queue = archive.disposal.queue(who(ARCHIVIST))
    drawn = archive.disposal.draw_up(who(ARCHIVIST), [one.row.id for one in queue])
    assert drawn.list_no == LIST
    archive.disposal.appraise(who(APPRAISER), LIST, [Appraisal(1, Opinion.DESTROY, "保管期满")])
    digest = archive.disposal.submit(who(ARCHIVIST), LIST)
    for login in APPROVERS:
        archive.disposal.approve(who(login), LIST, digest)
    for login in SUPERVISORS:
        archive.disposal.supervise(who(login), LIST, digest)
    archive.close()
    (root / "now").write_text((NOW + timedelta(days=8)).isoformat())
    archive = opened(root)
    archive.destruction.order(archive.people.by_login(ORDERER), LIST, LIST)
    archive.close()


def file_uncopied(root: Path) -> None:
    """File a record of which no copy is made yet."""
    archive = opened(root)
    file(archive)
    while archive.chores.settle_outbox():
        pass
    archive.close()


def nothing(root: Path) -> None:
    del root


WORKS: dict[str, tuple[Callable[[Path], None], Callable[[Archive], None]]] = {
    "file": (nothing, file),
    "destroy": (order, destroy),
    "rotate": (nothing, rotate),
    "replicate": (file_uncopied, replicate),
}


def found(root: Path) -> None:
    """Found an archive with two stores and two records, one of them due, everything settled."""
    root.mkdir()
    (root / "config.toml").write_text(SETTINGS, encoding="utf-8")
    (root / "now").write_text(NOW.isoformat())
    cast = tuple(NewPerson(one.login, one.name_zh, frozenset(one.roles), frozenset(one.clearance)) for one in PEOPLE)
    found_archive(settings_of(root), cast, Clock(ZONE, lambda: NOW))
    archive = opened(root)
    archivist = archive.people.by_login(ARCHIVIST)
    archive.administering.take_store_into_use(archive.people.by_login(SYSTEM), "second")
    archive.cases.open_fonds(archivist, "Q001", "示例集团", "Sample group", "enterprise")
    archive.accession.file_record(archivist, record(KEPT, date(2025, 6, 1), "kept"))
    archive.accession.file_record(archivist, record("到期件：红岩沟。", date(2014, 6, 1), "due"))
    settle(archive)
    assert faults(archive) == []
    archive.close()


# ------------------------------------------------------------------------------------------------ killing and looking


def faults(archive: Archive) -> list[str]:
    """Return what doctor finds; what the machine lacks for the cage of the extraction is not the archive's."""
    return [f"{one.place}: {one.text.en}" for one in archive.proof.examine() if one.place != "extraction"]


def look(root: Path, name: str, acknowledged: bool) -> tuple[list[str], int]:
    """Open the archive after a kill, let it come to itself, do the work again; return all that is wrong.

    And how much was told of a filing that nobody had a receipt of.
    """
    wrong, told = [], 0
    archive = opened(root)
    try:
        settle(archive)
        found = faults(archive)
        if name == "file" and not acknowledged:
            told = sum(CUT_OFF in one for one in found)
            found = [one for one in found if CUT_OFF not in one]
        wrong += [f"after the start: {one}" for one in found]
        hits = archive.search.find(archive.people.by_login(ARCHIVIST), "青石桥").total
        if name == "file" and acknowledged and hits != 1:
            wrong.append("what was acknowledged is not found")
        WORKS[name][1](archive)
        settle(archive)
        wrong += [f"done again: {one}" for one in faults(archive)]
        total = archive.search.find(archive.people.by_login(ARCHIVIST), "整改情况月报").total
        expected = {"file": 3, "destroy": 1, "rotate": 2, "replicate": 3}[name]
        if total != expected:
            wrong.append(f"{total} records are found and not {expected}")
        archive.vault.sweep_staging(datetime.now(UTC) + timedelta(days=1))
        wrong += [f"left in staging: {one.name}" for one in root.glob("*/staging/*")]
        wrong += [f"left in staging: {one.name}" for one in root.glob("var/store/staging/*")]
    finally:
        archive.close()
    return wrong, told


def traced(name: str, root: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Do the work in a process of its own below strace."""
    command = ["strace", "-f", "-qq", "-e", f"trace={CALLS}", *more]
    command += [sys.executable, "-B", __file__, "--work", name, str(root)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def calls_of(log: Path) -> Iterator[tuple[str, int]]:
    """Yield every call of the thread that does the work as its name and its number among those of its name.

    So strace counts them too: by thread and name. Beside it are small helpers that libraries ask for their paths.
    """
    found = [re.match(r"(\d+) +(\w+)\(", line) for line in log.read_text(errors="replace").splitlines()]
    calls = [(one[1], one[2]) for one in found if one]
    (busiest, _), *_ = Counter(thread for thread, _ in calls).most_common(1)
    counts = Counter[str]()
    for thread, name in calls:
        if thread == busiest:
            counts[name] += 1
            yield name, counts[name]


def campaign(name: str, kills: int, chance: random.Random, base: Path) -> dict[str, object]:
    """Kill one kind of work at calls drawn by lot."""
    like = base.with_name(f"like-{name}")
    shutil.copytree(base, like)
    WORKS[name][0](like)
    counted = base.with_name("counted")
    shutil.copytree(like, counted)
    log = base.with_name("calls.txt")
    whole = traced(name, counted, "-o", str(log))
    if whole.returncode:
        raise RuntimeError(whole.stderr[-2000:])
    calls = list(calls_of(log))
    wrong, died, told = list[str](), 0, 0
    for call, at in sorted(chance.sample(calls, min(kills, len(calls)))):
        root = base.with_name("struck")
        shutil.copytree(like, root)
        done = traced(name, root, "-o", "/dev/null", "-e", f"inject={call}:signal=SIGKILL:when={at}")
        died += done.returncode in (137, -9)
        try:
            found_wrong, left = look(root, name, (root / "acknowledged").exists())
            wrong += [f"{call} {at}: {one}" for one in found_wrong]
            told += left
        except Exception as fault:  # whatever it is, it is a finding
            wrong.append(f"{call} {at}: {fault!r}")
        shutil.rmtree(root)
    for folder in (like, counted):
        shutil.rmtree(folder)
    return {"work": name, "calls": len(calls), "kills": died, "told": told, "wrong": wrong}


def main() -> int:
    """Run the campaigns asked for."""
    if sys.argv[1:2] == ["--work"]:
        root = Path(sys.argv[3])
        archive = opened(root)
        WORKS[sys.argv[2]][1](archive)
        (root / "acknowledged").touch()
        return 0
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 24
    chance = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "base"
        found(base)
        for name in sys.argv[3:] or WORKS:
            told = campaign(name, kills, chance, base)
            bad += len(told["wrong"])  # type: ignore[arg-type]
            print(json.dumps(told, ensure_ascii=False), flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
