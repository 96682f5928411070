"""Backups bring back what was lost and nothing that was destroyed; without any backup the catalogue is made again (S18)."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import select

from archive_service.archive import Archive, open_archive
from archive_service.audit.tables import entries
from archive_service.catalog.keeping import regaining
from archive_service.catalog.model import Receipt
from archive_service.catalog.tables import components, records
from archive_service.config import AuditTable, BackupTable, DatabaseTable
from archive_service.database import migrate as migrate_module
from archive_service.database.engine import open_engine
from archive_service.database.tables import vouched_tables
from archive_service.disposal.holds.holds import NewHold
from archive_service.errors import ArchiveError, BadInput, Conflict, Damaged, NotFound
from archive_service.jobs import backups
from archive_service.vault import KeyDestroyed
from archive_service.vault.backups import expire, oldest_keyring, scratch, shelf
from tests.archive_service.web.disposal_house import DisposalHouse, make_house
from tests.support import postgres

SECRET = "绝不复现的旧月报"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[DisposalHouse]:
    house = make_house(tmp_path, backup=BackupTable(dir="backups"), audit=AuditTable(copy_dir="copy"))
    yield house
    house.archive.close()


def again(house: DisposalHouse) -> Archive:
    return open_archive(house.archive.settings, house.archive.clock)


def lose(house: DisposalHouse, *names: str) -> None:
    """Lose files of the data directory, as a disk does."""
    house.archive.close()
    house.archive.keyring.close()
    data = house.archive.settings.data_dir
    for name in names or ("catalogue.db",):
        for end in ("", "-wal", "-shm"):
            (data / f"{name}{end}").unlink(missing_ok=True)


def everything(archive: Archive) -> dict[str, list[tuple[Any, ...]]]:
    """Return every vouched row of the catalogue, byte for byte."""
    with archive.ledger.read() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=str)
            for table in vouched_tables()
        }


def status(archive: Archive, receipt: Receipt) -> str:
    with archive.ledger.read() as connection:
        wanted = select(records.c.status).where(records.c.id == receipt.record_id)
        return str(connection.execute(wanted).scalar_one())


def findings(archive: Archive) -> list[str]:
    archive.chores.settle_outbox()
    archive.chores.keep_copies()
    return [f"{one.place}: {one.text.en}" for one in archive.proof.examine() if one.place != "extraction"]


def read(archive: Archive, receipt: Receipt) -> bytes:
    with archive.ledger.read() as connection:
        wanted = select(components).where(components.c.record_id == receipt.record_id, components.c.role == "original")
        file = connection.execute(wanted).one()
    return b"".join(archive.vault.open(file.record_id, file.id, file.version))


def test_a_restored_backup_does_not_bring_back_what_was_destroyed_since(house: DisposalHouse) -> None:
    """S18: the catalogue and the keyring both come from a time when it was still there."""
    gone, kept = house.file(SECRET), house.file("另一份")
    house.archive.chores.settle_outbox()
    backups.create(house.archive)
    house.certified(receipts=[gone])
    later = house.file("备份之后所归")
    house.archive.chores.settle_outbox()
    house.archive.proof.keep_checkpoint()
    before = everything(house.archive)
    lose(house, "catalogue.db", "keyring.db")
    back = backups.restore(house.archive.settings, clock=house.archive.clock)
    assert not back.keyring_kept
    archive = again(house)
    assert status(archive, gone) == "destroyed"
    with pytest.raises(KeyDestroyed):
        archive.keyring.key(gone.record_id)
    assert archive.vault.remains(gone.record_id) == []
    assert read(archive, kept)
    assert everything(archive) == before, "the log vouches for every row, also for what came after the backup"
    assert archive.proof.verify_audit().sound
    # Its key was made after the keyring's backup: the paper that says so is the honest answer.
    assert any(later.archival_code in one for one in findings(archive))
    archive.close()


def test_a_keyring_that_is_still_there_is_kept_and_nothing_is_lost(house: DisposalHouse) -> None:
    backups.create(house.archive)
    later = house.file("备份之后所归")
    house.archive.chores.settle_outbox()
    house.archive.proof.keep_checkpoint()
    before = everything(house.archive)
    lose(house)
    back = backups.restore(house.archive.settings, clock=house.archive.clock)
    assert back.keyring_kept
    assert not back.missing
    archive = again(house)
    assert everything(archive) == before
    assert read(archive, later)
    assert findings(archive) == []
    archive.close()


@pytest.mark.parametrize("lost", ["the log", "its tail", "one word"])
def test_without_the_log_up_to_the_last_anchor_nothing_is_restored(house: DisposalHouse, lost: str) -> None:
    backups.create(house.archive)
    receipt = house.file()
    exported = house.archive.settings.base / "exported"
    house.archive.proof.export_audit(house.who("zhao"), exported)
    for folder in house.archive.settings.log_folders:
        path = folder / "log.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = lines[:-2] if lost == "its tail" else lines
        path.write_text("".join(kept).replace("record:filed", "record:read", 1), encoding="utf-8")
        if lost == "the log":
            path.unlink()
    lose(house)
    settings, clock = house.archive.settings, house.archive.clock
    with pytest.raises((Damaged, NotFound)):
        backups.restore(settings, clock=clock)
    assert not (settings.data_dir / "catalogue.db").exists()
    # What an auditor has exported serves as well: it is held against the same anchors.
    backups.restore(settings, logs=[exported], clock=clock)
    archive = again(house)
    assert status(archive, receipt) == "archived"
    archive.close()


def test_a_backup_is_sealed_apart_checked_and_let_go_after_its_time(house: DisposalHouse) -> None:
    settings = house.archive.settings
    house.file(SECRET)
    first = backups.create(house.archive)
    folder = settings.path("backups")
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.parent.name for path in files} == {"backups", "keyring"}
    assert not any(SECRET.encode() in path.read_bytes() or b"SQLite format" in path.read_bytes() for path in files)
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)
    assert backups.check(settings)[1] == ["catalogue", "keyring"]
    house.wait(days=36)
    assert oldest_keyring(settings) == first.at, "the newest stays, however old: no horizon has passed"
    second = backups.create(house.archive)
    assert oldest_keyring(settings) == second.at
    assert backups.check(settings, first.name)[1] == ["catalogue"], "the keyring's horizon is the shorter one"
    house.wait(days=365)
    backups.create(house.archive)
    with pytest.raises(NotFound):
        backups.check(settings, first.name)
    assert backups.check(settings, second.name)[1] == ["catalogue"]
    sealed = next(folder.glob("*.catalogue.sealed"))
    sealed.write_bytes(sealed.read_bytes()[:-1])
    with pytest.raises(Damaged):
        backups.check(settings, sealed.name.split(".")[0])
    assert not list(settings.data_dir.glob("*.copying")), "no copy in clear stays"


def test_a_keyring_that_a_cut_off_backup_left_is_known_and_goes_in_its_time(
    house: DisposalHouse, tmp_path: Path
) -> None:
    """A full disk or a kill after the keyring, before the manifest: nobody may say that no backup holds a key."""
    settings = house.archive.settings
    cut = backups.create(house.archive)
    (settings.path("backups") / f"{cut.name}.json").unlink()
    house.wait(hours=1)
    backups.create(house.archive)
    oldest = oldest_keyring(settings)
    assert oldest is not None
    assert oldest[:19] == cut.at[:19]
    away, folder = tmp_path / "away", settings.path("backups")
    house.wait(days=36)
    manifests = list(folder.glob("*.json"))
    away.mkdir()
    for one in manifests:  # the disk of the catalogue's backups is away, that of the keyrings is not
        shutil.move(one, away)
    assert expire(shelf(settings), house.archive.clock.stamp()) == []
    for one in manifests:
        shutil.move(away / one.name, folder)
    backups.nightly(house.archive)
    assert not list(settings.path("backups").rglob(f"{cut.name}.keyring.*"))
    short = settings.model_copy(update={"backup": settings.backup.model_copy(update={"keep_days": 10})})
    house.wait(days=11)
    backups.create(house.archive)
    expire(shelf(short), house.archive.clock.stamp())
    assert len(list(settings.path("backups").rglob("*.keyring.sealed"))) == 1, "no keyring outlives its manifest"


def test_an_old_copy_of_log_and_anchors_together_restores_nothing(house: DisposalHouse, tmp_path: Path) -> None:
    house.archive.proof.keep_checkpoint()
    old = [
        (folder, shutil.copytree(folder, tmp_path / f"old-{n}"))
        for n, folder in enumerate(house.archive.settings.log_folders)
    ]
    receipt = house.file(SECRET)
    house.archive.chores.settle_outbox()
    backups.create(house.archive)
    house.certified(receipts=[receipt])
    house.archive.proof.keep_checkpoint()
    lose(house, "catalogue.db", "keyring.db")
    for folder, copy in old:
        shutil.rmtree(folder)
        shutil.copytree(copy, folder)
    with pytest.raises(Damaged, match="old copy"):
        backups.restore(house.archive.settings, clock=house.archive.clock)
    assert not (house.archive.settings.data_dir / "catalogue.db").exists()


def test_a_standing_catalogue_is_never_written_over(house: DisposalHouse) -> None:
    backups.create(house.archive)
    for act in (backups.restore, backups.rebuild):
        with pytest.raises(Conflict):
            act(house.archive.settings, clock=house.archive.clock)
    bare = house.archive.settings.model_copy(update={"backup": BackupTable()})
    with pytest.raises(BadInput):
        backups.restore(bare)


def test_a_wound_back_catalogue_does_not_serve(house: DisposalHouse) -> None:
    data = house.archive.settings.data_dir
    house.archive.proof.keep_checkpoint()
    house.archive.close()
    shutil.copy(data / "catalogue.db", data.parent / "old.db")
    archive = again(house)
    archive.proof.must_not_be_behind()
    house.archive = archive
    house.file()
    archive.proof.keep_checkpoint()
    lose(house)
    shutil.copy(data.parent / "old.db", data / "catalogue.db")
    archive = again(house)
    with pytest.raises(ArchiveError):
        archive.proof.must_not_be_behind()
    with pytest.raises(Conflict):
        archive.proof.keep_checkpoint()
    archive.close()


def test_a_drill_restores_beside_and_tells_the_log(house: DisposalHouse) -> None:
    gone, _ = house.file(SECRET), house.file()
    house.archive.chores.settle_outbox()
    backups.nightly(house.archive)
    house.certified(receipts=[gone])
    drilled = backups.drill(house.archive)
    assert [place for place, _ in drilled.findings] == []
    assert (drilled.records, drilled.files >= 1) == (1, True)
    assert not list(house.archive.settings.data_dir.glob("drill-*"))
    data = house.archive.settings.path("backups") / "keyring"
    broken = next(data.glob("*.sealed"))
    broken.write_bytes(b"nothing")
    assert backups.drill(house.archive).findings
    with house.archive.ledger.read() as connection:
        said = list(connection.execute(select(entries.c.body).where(entries.c.act == "backup:drilled")).scalars())
    assert ['"findings":0' in one for one in said] == [True, True, False]


def test_a_keyring_that_a_killed_drill_has_left_open_goes_and_one_at_work_stays(house: DisposalHouse) -> None:
    """It would outlive the destruction of its keys: no backup, and no certificate, knows of it."""
    archive, data = house.archive, house.archive.settings.data_dir
    house.file()
    backups.create(archive)

    def die_over_a_drill() -> None:
        try:
            with scratch(data) as folder:
                shutil.copy(data / "keyring.db", folder)
                os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)

    for sweep in (archive.chores.watch, lambda: backups.create(archive), lambda: backups.check(archive.settings)):
        with scratch(data) as at_work:
            child = os.fork()
            if child == 0:
                die_over_a_drill()
            os.waitpid(child, 0)
            assert len(list(data.glob("drill-*/keyring.db"))) == 1
            sweep()
            assert list(data.glob("drill-*")) == [at_work]
        assert not list(data.glob("drill-*"))


def test_a_backup_of_an_older_schema_is_drilled_and_restored(
    house: DisposalHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = house.file()
    house.archive.chores.settle_outbox()
    before = tmp_path / "older.db"
    _as_of(before, "0029", house.archive.settings.data_dir / "catalogue.db")
    monkeypatch.setattr(backups, "sqlite_file", lambda _: before)
    backups.create(house.archive)
    monkeypatch.undo()
    assert backups.drill(house.archive).findings == []
    house.archive.proof.keep_checkpoint()
    lose(house)
    assert backups.restore(house.archive.settings, clock=house.archive.clock).missing == []
    archive = again(house)
    assert read(archive, kept)
    assert archive.proof.verify_audit().sound
    archive.close()


def _as_of(path: Path, revision: str, like: Path) -> None:
    """Make a catalogue with an earlier schema, and put everything into it that its tables can hold."""
    engine = open_engine(f"sqlite:///{path}")
    config = migrate_module._config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()
    with closing(sqlite3.connect(path, isolation_level=None)) as older:
        older.execute("ATTACH ? AS now", (str(like),))
        guards = older.execute("SELECT name, sql FROM main.sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in guards:
            older.execute(f"DROP TRIGGER {name}")
        tables = older.execute(
            "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'alembic_version'"
        ).fetchall()
        for (table,) in tables:
            columns = [[one[1] for one in older.execute(f"PRAGMA {db}.table_info({table})")] for db in ("main", "now")]
            both = ", ".join(f'"{one}"' for one in columns[0] if one in columns[1])
            if both:
                older.execute(f"DELETE FROM main.{table}")
                older.execute(f"INSERT INTO main.{table} ({both}) SELECT {both} FROM now.{table}")
        for _, sql in guards:
            older.execute(sql)


def test_a_lost_catalogue_is_made_again_row_for_row(house: DisposalHouse) -> None:
    """Journey: filed, held, destroyed; the database is deleted; capsules, keyring, log and frame make it again."""
    zhang = house.who("zhang")
    secret = house.file("工艺秘密", "TS")
    in_case = house.file("案卷内", case_no="AX2014-001")
    gone = house.file(SECRET)
    house.archive.holds.place(
        zhang, NewHold("监察令", "另案调查", date(2036, 1, 1), codes=(in_case.archival_code,), case_nos=("AX2014-002",))
    )
    house.certified(receipts=[gone])
    house.archive.chores.settle_outbox()
    house.archive.proof.keep_checkpoint()
    before = everything(house.archive)
    whole = house.archive.catalogue.find(zhang, secret.archival_code).description
    lose(house)
    settings = house.archive.settings
    back = backups.rebuild(settings, clock=house.archive.clock)
    assert (back.missing, back.regained.lost) == ([], [])
    archive = again(house)
    assert everything(archive) == before
    assert archive.catalogue.find(archive.people.by_login("zhang"), secret.archival_code).description == whole
    assert status(archive, gone) == "destroyed"
    assert archive.proof.verify_audit().sound
    assert findings(archive) == []
    house.archive = archive
    fresh = house.file("重建后所归")
    assert fresh.archival_code not in {one.archival_code for one in (secret, in_case, gone)}
    archive.close()


def test_a_rebuild_that_was_cut_off_goes_on_and_says_what_cannot_come_back(
    house: DisposalHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipts = [house.file(f"第{number}份") for number in range(5)]
    house.archive.chores.settle_outbox()
    house.archive.proof.keep_checkpoint()
    lost = house.archive.settings.data_dir / "store/objects"
    capsule = next(lost.rglob(f"{receipts[0].record_id}/capsule.json"))
    lose(house)
    settings = house.archive.settings
    monkeypatch.setattr(regaining, "AT_ONCE", 2)

    def cut(done: int, _total: int) -> None:
        if done >= 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backups.rebuild(settings, clock=house.archive.clock, progress=cut)
    assert not (settings.data_dir / "catalogue.db").exists(), "half a catalogue is never opened"
    capsule.unlink()
    back = backups.rebuild(settings, clock=house.archive.clock)
    archive = again(house)
    with archive.ledger.read() as connection:
        codes = set(connection.execute(select(records.c.code)).scalars())
    came_back_before_the_cut = receipts[0].archival_code in codes
    assert {one.archival_code for one in receipts[1:]} <= codes
    assert came_back_before_the_cut or any(receipts[0].record_id in place for place in back.missing)
    archive.close()


@pytest.mark.postgres
def test_on_postgresql_too_a_lost_catalogue_comes_back_from_its_backup_and_without_one(
    tmp_path: Path, postgres_server: str
) -> None:
    """The documented way: pg_dump, then backup create; pg_restore into an empty database, then backup restore."""
    address = postgres.new_database(postgres_server)
    house = make_house(tmp_path, database=DatabaseTable(url=address), backup=BackupTable(dir="backups"))
    kept, gone = house.file("工艺秘密", "TS"), house.file(SECRET)
    house.archive.chores.settle_outbox()
    dumped = tmp_path / "catalogue.dump"
    _tool("pg_dump", "-Fc", "-f", dumped, "-d", _plain(address))
    backups.create(house.archive)
    _drills(house.archive, postgres_server, dumped)
    house.certified(receipts=[gone])
    house.archive.chores.settle_outbox()
    house.archive.proof.keep_checkpoint()
    before = everything(house.archive)
    house.archive.close()
    for restored in (True, False):
        empty = postgres.new_database(postgres_server)
        settings = house.archive.settings.model_copy(update={"database": DatabaseTable(url=empty)})
        if restored:
            _tool("pg_restore", "--no-owner", "-d", _plain(empty), dumped)
        back = (backups.restore if restored else backups.rebuild)(settings, clock=house.archive.clock)
        assert (back.missing, back.regained.lost) == ([], [])
        archive = open_archive(settings, house.archive.clock)
        assert everything(archive) == before
        assert (status(archive, kept), status(archive, gone)) == ("archived", "destroyed")
        assert archive.vault.remains(gone.record_id) == []
        assert archive.proof.verify_audit().sound
        archive.close()
        if restored:  # what the restore itself entered in the log belongs to what a rebuild makes again
            archive = open_archive(settings, house.archive.clock)
            archive.proof.keep_checkpoint()
            archive.close()


def _drills(archive: Archive, server: str, dumped: Path) -> None:
    """A drill tries the catalogue that pg_restore has put into another database, and never passes without one."""

    def drill(url: str) -> backups.Drilled:
        backup = archive.settings.backup.model_copy(update={"drill_database": url})
        return backups.drill(replace(archive, settings=archive.settings.model_copy(update={"backup": backup})))

    assert ["was not tried" in text.en for _, text in drill("").findings] == [True]
    for same in (archive.settings.database_url, archive.settings.database_url.replace("127.0.0.1", "localhost")):
        assert ["in use" in text.en for _, text in drill(same).findings] == [True]
    nowhere = f"{archive.settings.database_url}-nowhere"
    assert ["cannot be used" in text.en for _, text in drill(nowhere).findings] == [True]
    scratch_database = postgres.new_database(server)
    assert ["is empty" in text.en for _, text in drill(scratch_database).findings] == [True]
    _tool("pg_restore", "--no-owner", "-d", _plain(scratch_database), dumped)
    for _ in range(2):
        done = drill(scratch_database)
        assert (done.records, done.files, done.findings) == (2, 4, []), "files and their texts"


def _plain(address: str) -> str:
    return address.replace("+psycopg", "")


def _tool(name: str, *words: object) -> None:
    command = [str(postgres.binaries() / name), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
