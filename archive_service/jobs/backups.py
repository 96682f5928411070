"""Backup, restore, drill, and making the catalogue again without any backup.

A restored or rebuilt database is opened only after the log was continued up to its last anchor and every destruction
that the log knows was carried out again. Who cannot see the log up to the last anchor restores nothing.
"""

from __future__ import annotations

import logging
import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, func, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from archive_service.archive import Archive, Parts, open_parts, origin, write_install
from archive_service.audit import acts, copying
from archive_service.audit.notes import Signer
from archive_service.audit.tables import entries, head
from archive_service.audit.verify import verify
from archive_service.catalog.keeping import frame as frames
from archive_service.catalog.keeping.regaining import Regained, not_regained, regain, settle_after
from archive_service.catalog.tables import ARCHIVED, components, records
from archive_service.clock import Clock, from_stamp
from archive_service.config import Settings, StoreTable
from archive_service.database.engine import open_engine
from archive_service.database.migrate import migrate
from archive_service.errors import ArchiveError, Conflict, Damaged, Text
from archive_service.people.model import Person
from archive_service.people.policy import Action, require
from archive_service.vault import PRIMARY, read_key_file, told_install
from archive_service.vault.backups import (
    CATALOGUE,
    KEYRING,
    Made,
    expire,
    find,
    make,
    put_keyring_back,
    scratch,
    shelf,
    unpack,
    unpack_keyring,
)
from archive_service.vault.configured import found_store, keyring_file

log = logging.getLogger("archive_service.backups")

CATALOGUE_NOT_TRIED = Text(
    "目录库在 PostgreSQL 上，其备份未演练，只试开了密钥库。请把最近的 pg_dump 恢复到另一个库，并在 [backup] drill_database 中指明",
    "the catalogue lies on PostgreSQL and its backup was not tried, only the keyring's. Restore the latest pg_dump into another "
    "database and name it in [backup] drill_database",
)
DATABASE_FAILED = Text(
    "演练用的数据库无法使用；原因见服务日志。目录库在 PostgreSQL 上时，请查看 [backup] drill_database 是否存在、可否连接",
    "the database of the drill cannot be used; the service's log says why. With the catalogue on PostgreSQL look whether "
    "[backup] drill_database is there and can be reached",
)
SAMPLE = 1000
"""Records whose files a drill reads at most."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Back:
    """What a restore or a rebuild came to. ``missing`` are rows that the log knows and nothing holds any more."""

    name: str
    entries: int
    regained: Regained
    missing: list[str] = field(default_factory=list)
    keyring_kept: bool = True


@dataclass(frozen=True)
class Drilled:
    """What a drill saw: a restored database with its log, its destructions and a sample of its files."""

    name: str
    entries: int
    records: int
    files: int
    findings: list[tuple[str, Text]]


def create(archive: Archive, actor: Person | None = None) -> Made:
    """Back the catalogue and the keyring up, let go of what has outlived its time, and note it in the log.

    The log is brought outside first: a backup is never ahead of what lies there. On PostgreSQL the catalogue is backed
    up by the server's own tools (docs/operations.md), the keyring here.
    """
    if actor is not None:
        require(actor, Action.RUN_SYSTEM)
    settings, place = archive.settings, shelf(archive.settings)
    note = archive.proof.keep_checkpoint()
    at = archive.clock.stamp()
    sources = {KEYRING: archive.keyring_file}
    catalogue = sqlite_file(settings)
    if catalogue is not None:
        sources[CATALOGUE] = catalogue
    name = at.replace("-", "").replace(":", "").replace(".", "")[:18]
    size = archive.ledger.signer.verifier.open(note).size
    made = make(place, name, at, archive.install_id, size, sources)
    expire(place, at)
    archive.ledger.note(actor.id if actor else None, acts.BACKUP_MADE, "archive", "backup", name=name, entries=size)
    archive.proof.keep_checkpoint()
    return made


def nightly(archive: Archive) -> None:
    """Make tonight's backup and, when the last drill is long enough ago, try to restore from it."""
    if not archive.settings.backup.dir:
        return
    expire(shelf(archive.settings), archive.clock.stamp())  # also where no new one can be made
    create(archive)
    drilled = entries.c.act == acts.BACKUP_DRILLED.name
    with archive.ledger.read() as connection:
        last = connection.execute(select(func.max(entries.c.at)).where(drilled)).scalar()
    if last is None or archive.clock.now() - from_stamp(last) >= timedelta(days=archive.settings.backup.drill_days):
        drill(archive)


def check(settings: Settings, name: str = "") -> tuple[Made, list[str]]:
    """Open a backup's parts and look whether they are whole; return it and the parts that are there.

    A keyring that has outlived its time is no fault; a part that is damaged is :class:`Damaged`.
    """
    place = shelf(settings)
    made, parts = find(place, name), []
    with scratch(settings.data_dir) if settings.data_dir.is_dir() else tempfile.TemporaryDirectory() as folder:
        for part in (CATALOGUE, KEYRING):
            if place.part(made.name, part).is_file():
                unpack(place, made, part, Path(folder) / part)
                parts.append(part)
    if made.catalogue and CATALOGUE not in parts:
        raise Damaged(f"备份 {made.name} 缺少目录库。", f"The backup {made.name} lacks the catalogue.")
    return made, parts


def restore(
    settings: Settings,
    name: str = "",
    logs: Sequence[Path] = (),
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> Back:
    """Bring catalogue and keyring back from a backup; ``Conflict`` if a catalogue stands already.

    A keyring that is still there is kept: it is newer than any backup and knows what was destroyed. On PostgreSQL the
    database was filled from its own backup before; what is missing in it is done here.
    """
    clock, place = clock or Clock(settings.zone), shelf(settings)
    made = find(place, name)
    told = _log(settings, made.install, logs)
    if told.size < made.size:
        raise Damaged(
            f"备份 {made.name} 的日志已有 {made.size} 条，库外日志却只到 {told.size} 条：库外日志是旧的，其后的销毁无从得知，不予恢复。"
            "请用 --log 指明较新的日志副本。",
            f"The log of the backup {made.name} has {made.size} entries, the one outside ends at {told.size}: it is an old copy, "
            "and what was destroyed since cannot be known. Nothing is restored. Name a newer copy of the log with --log.",
        )
    catalogue = sqlite_file(settings)
    if catalogue is not None:
        _must_be_free(catalogue)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = put_keyring_back(settings, made)
    _ready(settings, made.install)
    aside = None
    if catalogue is not None:
        aside = catalogue.with_name(f"{catalogue.name}.restoring")
        _clear(aside)
        unpack(place, made, CATALOGUE, aside)
        _bring_up_to_date(f"sqlite:///{aside}")
    back = _bring_back(settings, made.name, told, aside, clock, progress, kept)
    if catalogue is not None and aside is not None:
        aside.replace(catalogue)
    return back


def rebuild(
    settings: Settings, logs: Sequence[Path] = (), clock: Clock | None = None, progress: Progress | None = None
) -> Back:
    """Make the catalogue again without any backup: from log, frame, capsules and keyring. Can be cut off and repeated."""
    clock = clock or Clock(settings.zone)
    install = told_install(keyring_file(settings))
    told = _log(settings, install, logs)
    catalogue, aside = sqlite_file(settings), None
    if catalogue is not None:
        _must_be_free(catalogue)
        aside = catalogue.with_name(f"{catalogue.name}.rebuilding")
    _ready(settings, install)
    engine = open_engine(f"sqlite:///{aside}" if aside else settings.database_url)
    migrate(engine)
    engine.dispose()
    back = _bring_back(settings, "", told, aside, clock, progress, kept=True)
    if catalogue is not None and aside is not None:
        aside.replace(catalogue)
    return back


def drill(archive: Archive, actor: Person | None = None, name: str = "") -> Drilled:
    """Restore a backup into a scratch folder, look at it, and note in the log how it went. The stores are only read."""
    if actor is not None:
        require(actor, Action.RUN_SYSTEM)
    settings = archive.settings
    place = shelf(settings)
    made = find(place, name)
    try:
        with scratch(settings.data_dir) as folder:
            drilled = _drill(archive, made, folder)
    except ArchiveError as error:
        drilled = Drilled(made.name, 0, 0, 0, [("backup", error.text)])
    except SQLAlchemyError as error:
        log.warning("drill: %s", error)
        drilled = Drilled(made.name, 0, 0, 0, [("backup", DATABASE_FAILED)])
    numbers = {"entries": drilled.entries, "records": drilled.records, "findings": len(drilled.findings)}
    archive.ledger.note(
        actor.id if actor else None, acts.BACKUP_DRILLED, "archive", "backup", name=made.name, **numbers
    )
    return drilled


def _drill(archive: Archive, made: Made, folder: Path) -> Drilled:
    settings, place = archive.settings, shelf(archive.settings)
    unpack_keyring(place, made, folder)
    url = f"sqlite:///{folder / 'catalogue.db'}"
    if made.catalogue:
        unpack(place, made, CATALOGUE, folder / "catalogue.db")
    elif settings.backup.drill_database:
        url = _filled(archive, made)
    else:
        return Drilled(made.name, made.size, 0, 0, [("catalogue", CATALOGUE_NOT_TRIED)])
    told = copying.read(settings.log_folders, archive.ledger.signer.verifier, made.size)
    _bring_up_to_date(url)
    absolute = {
        one: table.model_copy(update={"path": str(settings.path(table.path))})
        for one, table in settings.stores.items()
        if table.kind == "local"
    }
    if PRIMARY not in settings.stores:
        absolute[PRIMARY] = StoreTable(path=str(settings.data_dir / "store"))
    keys = {one: str(settings.key_file(one)) for one in ("root", "log", "session", "backup")}
    there = settings.model_copy(
        update={
            "archive": settings.archive.model_copy(update={"data_dir": str(folder)}),
            "database": settings.database.model_copy(update={"url": url}),
            "stores": {**settings.stores, **absolute},
            "keys": settings.keys.model_copy(update=keys),
        }
    )
    write_install(there, made.install)
    parts = open_parts(there, archive.clock, read_key_file(settings.key_file("log")))
    try:
        _go_on(parts, told)
        regain(parts.ledger, parts.copies.vault, told, _frame(parts, settings), touch_stores=False)
        findings = [
            (one.place, one.text)
            for one in verify(parts.engine, archive.ledger.signer.verifier, archive.anchor_file).findings
        ]
        again = Text("已销毁的密钥又出现了", "a destroyed key came back")
        findings += [(f"keyring/{one}", again) for one in told.going if parts.copies.vault.keys_of(one)]
        count, files, faults = _sampled(parts)
        return Drilled(made.name, told.size, count, files, findings + faults)
    finally:
        parts.engine.dispose()
        parts.keyring.close()


def _filled(archive: Archive, made: Made) -> str:
    """Return the address of the scratch database if it is another one and holds a catalogue put back from a late dump."""
    url = archive.settings.backup.drill_database
    engine = open_engine(url)
    try:
        if engine.dialect.name != archive.engine.dialect.name or _is_the_same(archive.engine, engine):
            raise Conflict(
                "drill_database 就是正在使用的目录库，或不是 PostgreSQL；演练会改动它。请另建一个库。",
                "drill_database is the catalogue in use, or not PostgreSQL, and a drill changes it. Make another database.",
            )
        newest = None
        if inspect(engine).has_table(entries.name):
            with engine.connect() as connection:
                newest = connection.execute(select(func.max(entries.c.at))).scalar()
    finally:
        engine.dispose()
    if newest is None:
        raise Damaged(
            "drill_database 是空的：请先用 pg_restore 把最近的备份恢复到其中。",
            "drill_database is empty: restore the latest backup into it with pg_restore first.",
        )
    if from_stamp(made.at) - from_stamp(newest) > timedelta(days=archive.settings.backup.drill_days):
        raise Damaged(
            f"drill_database 中的备份止于 {newest[:10]}，早于密钥库备份 {made.name} 太多：请恢复最近的 pg_dump 再演练。",
            f"What lies in drill_database ends on {newest[:10]}, long before the keyring's backup {made.name}: restore the latest "
            "pg_dump into it, then drill.",
        )
    return url


def _is_the_same(live: Engine, other: Engine) -> bool:
    """Say whether two addresses lead to one PostgreSQL database: a lock taken in the one is then seen in the other."""
    key = random.getrandbits(62)
    with live.connect() as one, other.connect() as two:
        one.execute(select(func.pg_advisory_lock(key)))
        try:
            return not two.execute(select(func.pg_try_advisory_lock(key))).scalar_one()
        finally:
            one.execute(select(func.pg_advisory_unlock_all()))
            two.execute(select(func.pg_advisory_unlock_all()))


def _go_on(parts: Parts, told: copying.Told) -> int:
    """Continue the log of a database that was put back; how many entries were added.

    Longer than what is told it is where a rebuild or a drill was there before: the log has gone on in it already.
    """
    with parts.ledger.read() as connection:
        before = connection.execute(select(head.c.size)).scalar_one_or_none() or 0
    if before > told.size:
        copying.must_begin_alike(parts.engine, told)
        return 0
    return copying.continue_log(parts.engine, told)


def _bring_up_to_date(url: str) -> None:
    """Migrate an unpacked catalogue: it may come from before the program was brought up to date."""
    engine = open_engine(url)
    migrate(engine)
    engine.dispose()


def _sampled(parts: Parts) -> tuple[int, int, list[tuple[str, Text]]]:
    """Open files of a random sample of records with the restored keys; how many records there are, and files were opened."""
    with parts.ledger.read() as connection:
        ids = list(connection.execute(select(records.c.id).where(records.c.status == ARCHIVED)).scalars())
        chosen = random.sample(ids, min(SAMPLE, len(ids)))
        wanted = select(components).where(components.c.record_id.in_(chosen))
        found = connection.execute(wanted).all()
    faults = []
    for file in found:
        try:
            for _ in parts.copies.vault.open(file.record_id, file.id, file.version):
                pass
        except ArchiveError as error:
            faults.append((f"{file.record_id}/{file.id}", error.text))
    return len(ids), len(found), faults


def _bring_back(
    settings: Settings,
    name: str,
    told: copying.Told,
    aside: Path | None,
    clock: Clock,
    progress: Progress | None,
    kept: bool,
) -> Back:
    """Continue the log, carry destructions out again, put back every row that can be, and say what could not."""
    url = f"sqlite:///{aside}" if aside else settings.database_url
    there = settings.model_copy(update={"database": settings.database.model_copy(update={"url": url})})
    parts = open_parts(there, clock, read_key_file(settings.key_file("log")))
    try:
        added = _go_on(parts, told)
        regained = regain(parts.ledger, parts.copies.vault, told, _frame(parts, settings), progress)
        settle_after(parts.ledger)
        missing = not_regained(parts.ledger, told)
        regained.lost = [(place, why) for place, why in regained.lost if place in set(missing)]
        numbers = {"added": added, "records": regained.records, "again": regained.again, "lost": len(missing)}
        act = acts.BACKUP_RESTORED if name else acts.ARCHIVE_REBUILT
        parts.ledger.note(None, act, "archive", "catalogue", **({"name": name} if name else {}), **numbers)
        return Back(name, told.size, regained, missing, kept)
    finally:
        parts.engine.dispose()
        parts.keyring.close()


def _frame(parts: Parts, settings: Settings) -> frames.Frame | None:
    try:
        return frames.read(parts.copies.vault, settings.log_folders)
    except Damaged:
        return None


def _log(settings: Settings, install: str, logs: Sequence[Path]) -> copying.Told:
    verifier = Signer(origin(install), read_key_file(settings.key_file("log"))).verifier
    return copying.read([*settings.log_folders, *logs], verifier)


def sqlite_file(settings: Settings) -> Path | None:
    """Return the file of the catalogue, or ``None`` where it lies on a server."""
    url = make_url(settings.database_url)
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None


def _must_be_free(catalogue: Path) -> None:
    if catalogue.exists() and catalogue.stat().st_size:  # an empty file is none
        raise Conflict(
            f"目录库仍在：{catalogue}。若确已无用，请停止服务并把它（连同 -wal、-shm）移走，再恢复。",
            f"The catalogue stands still: {catalogue}. If it is really of no use, stop the service, move it away (with "
            "its -wal and -shm), and restore then.",
        )


def _clear(path: Path) -> None:
    for end in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + end).unlink(missing_ok=True)


def _ready(settings: Settings, install: str) -> None:
    """Write which installation this is, and make an empty primary store where there is nothing at all."""
    write_install(settings, install)
    table = settings.stores.get(PRIMARY)
    if table is None and not (settings.data_dir / "store").exists():
        found_store(settings, PRIMARY, install)
