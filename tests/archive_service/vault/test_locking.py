"""Object Lock before a real object server: dates, holds and checkpoints of a whole archive, and how destruction passes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from archive_service.archive import found_archive, open_archive
from archive_service.catalog.keeping.copy_views import history_of
from archive_service.config import ArchiveTable, PlacementTable, Settings, StoreTable
from archive_service.disposal.holds.holds import NewHold
from archive_service.errors import Conflict, Damaged
from archive_service.jobs.backups import rebuild
from archive_service.people.model import APPROVER
from archive_service.people.service import NewPerson
from archive_service.vault.aws import PerProcess
from archive_service.vault.stores.locks import Lock
from archive_service.vault.stores.s3_store import S3Settings, S3Store
from tests.archive_service.audit.conftest import Dba
from tests.archive_service.catalog.copies_world import CAST, CopiesWorld
from tests.archive_service.vault.conftest import INSTALL
from tests.contracts.vault_suite import NAME
from tests.support.s3 import ACCESS_KEY, SECRET_KEY, WRITER_KEY, S3Server

ALL = (*CAST, NewPerson("approver", "审批", frozenset({APPROVER})))


def settings_of(folder: Path, server: S3Server, bucket: str) -> Settings:
    credentials = folder / "s3.ini"
    credentials.write_text(f"[default]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n")
    credentials.chmod(0o600)
    offsite = StoreTable(
        kind="s3",
        bucket=bucket,
        endpoint=server.endpoint,
        addressing="path",
        credentials_file="s3.ini",
        object_lock=True,
        anchor_years=5,
    )
    return Settings(
        archive=ArchiveTable(data_dir="data"),
        stores={"offsite": offsite},
        placement=PlacementTable(default=("offsite",)),
        base=folder,
    )


@pytest.fixture
def world(tmp_path: Path, object_server: S3Server) -> Iterator[CopiesWorld]:
    settings = settings_of(tmp_path, object_server, object_server.new_bucket(lock=True))
    found_archive(settings, ALL)
    archive = open_archive(settings)
    archive.administering.take_store_into_use(archive.people.by_login("system"), "offsite")
    archive.cases.open_fonds(archive.people.by_login("archivist"), "Q001", "示例集团", "Sample group", "enterprise")
    yield CopiesWorld(archive)
    archive.close()


def move_due(world: CopiesWorld, record_id: str, day: date | None) -> None:
    with world.archive.engine.begin() as connection:
        connection.execute(text("UPDATE record SET due_on = :day WHERE id = :id"), {"day": day, "id": record_id})


def kept(world: CopiesWorld, record_id: str) -> tuple[date | None, bool]:
    lock = world.archive.vault.locks()["offsite"].kept(world.object_name(record_id, "offsite"))
    return lock.until.astimezone(world.archive.clock.zone).date() if lock.until else None, lock.held


def findings(world: CopiesWorld) -> list[str]:
    return [one.text.en for one in world.archive.proof.examine(contents=False) if one.place.startswith("offsite")]


def test_locks_follow_dates_and_holds_and_destruction_alone_passes_them(world: CopiesWorld) -> None:
    archive, today = world.archive, world.archive.clock.today()
    record = world.file()
    archive.chores.settle_outbox()
    archive.chores.keep_copies()
    move_due(world, record, today + timedelta(days=400))
    assert archive.locking.behind() == {"offsite": 2}  # the paper and its text
    assert any("2 files are not locked" in one for one in findings(world))
    assert archive.chores.keep_locks() == 2
    assert kept(world, record) == (today + timedelta(days=400), False)
    assert archive.locking.behind() == {"offsite": 0}
    move_due(world, record, today + timedelta(days=800))  # later: the lock follows
    archive.chores.keep_locks()
    move_due(world, record, today + timedelta(days=30))  # earlier: nothing is shortened
    archive.chores.keep_locks()
    assert kept(world, record) == (today + timedelta(days=800), False)
    # A hold that others placed in the bucket is seen, and never lifted from here.
    locks = archive.vault.locks()["offsite"]
    locks.hold(world.object_name(record, "offsite"), True)
    archive.chores.keep_locks()
    assert (kept(world, record)[1], archive.locking.outside_holds(record)) == (True, ["offsite"])
    locks.hold(world.object_name(record, "offsite"), False)
    with archive.ledger.read() as connection:
        code = connection.execute(text("SELECT code FROM record WHERE id = :id"), {"id": record}).scalar_one()
    hold = archive.holds.place(
        world.person("archivist"), NewHold("案件", "调查", today + timedelta(days=90), codes=(code,))
    )
    assert archive.chores.keep_locks() == 2
    assert kept(world, record)[1]
    with archive.ledger.read() as connection:
        told = connection.execute(text("SELECT what, detail FROM copy_history ORDER BY id")).all()
    assert [one.what for one in told if one.what != "copied"] == ["locked"] * 4 + ["held"] * 2
    # The hold stands in the bucket itself: not even destruction, whose right passes governance, gets by.
    archive.vault.destroy_keys(record, archive.vault.keys_of(record))
    with pytest.raises(Conflict, match="legal hold"):
        archive.vault.delete_objects(record)
    archive.holds.release(world.person("approver"), hold.hold_no, "结案")
    assert archive.chores.keep_locks() == 2
    assert kept(world, record) == (today + timedelta(days=800), False)
    archive.vault.delete_objects(record)
    assert archive.vault.remains(record) == []


def test_a_catalogue_made_again_knows_released_holds_and_lifts_them_where_they_still_stand(world: CopiesWorld) -> None:
    archive = world.archive
    free, bound = world.file("已结案"), world.file("未结案")
    archive.chores.settle_outbox()
    archive.chores.keep_copies()
    archive.chores.keep_locks()
    until = archive.clock.today() + timedelta(days=90)
    with archive.ledger.read() as connection:
        code = dict(connection.execute(text("SELECT id, code FROM record")).all())  # type: ignore[arg-type]
    one, other = (
        archive.holds.place(world.person("archivist"), NewHold("案件", "调查", until, codes=(code[record],))).hold_no
        for record in (free, bound)
    )
    archive.chores.keep_locks()
    archive.holds.release(world.person("approver"), one, "结案")
    before = [done for done in history_of(archive.ledger, free, "") if "legal hold" in done.what.en]
    archive.proof.keep_checkpoint()  # and before the hold was lifted in the bucket, the catalogue is lost
    assert (kept(world, free)[1], kept(world, bound)[1]) == (True, True)
    archive.close()
    for path in archive.settings.data_dir.glob("catalogue.db*"):
        path.unlink()
    assert rebuild(archive.settings).missing == []
    world.archive = archive = open_archive(archive.settings)
    auditor = world.person("auditor")
    assert {view.hold_no: bool(view.released_at) for view in archive.holds.all(auditor)} == {
        one: True,
        other: False,
    }
    assert [done for done in history_of(archive.ledger, free, "") if "legal hold" in done.what.en] == before != []
    archive.chores.settle_outbox()
    archive.chores.keep_copies()
    assert archive.locking.outside_holds(free) == ["offsite"], "nobody knows yet whose it is"
    archive.chores.watch()  # the night
    archive.chores.keep_locks()
    assert (kept(world, free)[1], kept(world, bound)[1]) == (False, True)
    assert archive.locking.recall() == 0


def test_checkpoints_in_the_bucket_outlive_their_writer_and_tell_of_a_database_wound_back(
    world: CopiesWorld, object_server: S3Server
) -> None:
    archive = world.archive
    archive.proof.keep_checkpoint()
    world.file()
    archive.proof.keep_checkpoint()
    assert any("hold checkpoints" in one for one in findings(world))
    assert (archive.proof.keep_anchors(), archive.proof.keep_anchors()) == (1, 0)
    assert not any("hold checkpoints" in one for one in findings(world))
    assert archive.proof.verify_audit().sound
    raw, bucket = object_server.settings().client("s3"), archive.settings.stores["offsite"].bucket
    (anchor,) = raw.list_object_versions(Bucket=bucket, Prefix="anchors/")["Versions"]
    with pytest.raises(raw.exceptions.ClientError, match="AccessDenied"):
        raw.delete_object(
            Bucket=bucket, Key=anchor["Key"], VersionId=anchor["VersionId"], BypassGovernanceRetention=True
        )
    raw.delete_object(Bucket=bucket, Key=anchor["Key"])  # hidden, and found all the same
    archive.proof.must_not_be_behind()
    dba = Dba(archive.settings.database_url)
    dba("UPDATE audit_head SET size = size - 1")
    dba.close()
    archive.anchor_file.unlink()  # whoever winds the database back does not forget what lies beside it
    with pytest.raises(Damaged, match=r"store offsite saw .* wound back"):
        archive.proof.must_not_be_behind()


def test_a_bucket_that_was_not_made_for_locking_is_refused(tmp_path: Path, object_server: S3Server) -> None:
    plain = S3Settings(object_server.new_bucket(), "", object_server.settings(), object_lock=True)
    with pytest.raises(Conflict, match="has no Object Lock"):
        S3Store.create_at(plain, INSTALL)
    ruled = S3Settings(object_server.new_bucket(lock=True), "", object_server.settings(), object_lock=True)
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}
    PerProcess(ruled.server, "s3")().put_object_lock_configuration(
        Bucket=ruled.bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    with pytest.raises(Conflict, match="default rule"):
        S3Store.create_at(ruled, INSTALL)
    # One that lost its lock after it was taken into use is told of.
    used = S3Store.create_at(replace(plain, object_lock=False), INSTALL)
    again: Any = S3Store(plain, INSTALL, None)
    assert ["has no Object Lock" in one.en for one in again.locks.troubles()] == [True]
    assert used.locks is None


def test_a_store_that_may_not_pass_governance_says_so_and_a_bad_copy_below_a_lock_can_be_repaired(
    object_server: S3Server, clock: Any
) -> None:
    settings = S3Settings(object_server.new_bucket(lock=True), "", object_server.settings(), object_lock=True)
    store = S3Store.create_at(settings, INSTALL)
    store.create(NAME, [b"bad"])
    until = clock.now() + timedelta(days=400)
    locks: Any = store.locks
    locks.extend(NAME, until)
    store.create(NAME, [b"good"], replace=True)
    with store.open(NAME) as reader:
        assert reader.read() == b"good"
    assert locks.kept(NAME) == Lock()  # the new version is not locked yet
    limited = S3Store(replace(settings, server=object_server.settings(access_key=WRITER_KEY)), INSTALL)
    with pytest.raises(Conflict, match="BypassGovernanceRetention"):
        limited.delete(NAME)
    assert store.delete(NAME)
    assert not store.exists(NAME)
