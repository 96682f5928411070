"""Backups of the two small databases: copied while they are in use, sealed, checked, and let go after their time.

The keyring lies apart from the catalogue and is kept for a shorter time: a key that was destroyed is gone for good once
the last backup that holds it is gone. Objects have no backup of their own: their copies lie in the stores.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive_service.clock import from_stamp, to_stamp
from archive_service.config import Settings
from archive_service.errors import BadInput, Damaged, NotFound
from archive_service.vault.canonical import canonical
from archive_service.vault.disk import open_folder, sync, telling
from archive_service.vault.keyfiles import make_key_file, read_key_file
from archive_service.vault.keys.keyring_file import KEYRING_FILE
from archive_service.vault.objects.sealing import seal, unseal
from archive_service.vault.pieces import in_pieces

CATALOGUE, KEYRING = "catalogue", "keyring"
_SCRATCH = "drill-"


@dataclass(frozen=True)
class Made:
    """One backup as its manifest tells it; ``size`` is the number of entries that its log has, hashes those of the sealed parts."""

    name: str
    at: str
    install: str
    size: int
    catalogue: str
    keyring: str


@dataclass(frozen=True)
class Shelf:
    """Where backups lie, for how many days, and the key that seals them."""

    folder: Path
    keyring_folder: Path
    keep_days: int
    keyring_keep_days: int
    key_file: Path

    def manifest(self, name: str) -> Path:
        """Return where the manifest of a backup lies."""
        return self.folder / f"{name}.json"

    def part(self, name: str, part: str) -> Path:
        """Return where a sealed part of a backup lies."""
        return (self.keyring_folder if part == KEYRING else self.folder) / f"{name}.{part}.sealed"

    def names(self) -> list[str]:
        """Return the names of all backups, the oldest first."""
        return sorted(path.stem for path in self.folder.glob("*.json")) if self.folder.is_dir() else []

    def parts(self, part: str) -> dict[Path, datetime]:
        """Return every file that is one part of a backup, whole or cut off, and when that was begun.

        Those of backups without a manifest among them: the keyring is written first, and a kill or a full disk may
        have ended the work after it.
        """
        folder = self.keyring_folder if part == KEYRING else self.folder
        found = {path: _begun(path.name.split(".", 1)[0]) for path in folder.glob(f"*.{part}.*")}
        return {path: at for path, at in found.items() if at is not None}


def shelf(settings: Settings) -> Shelf:
    """Return where the settings keep backups; ``BadInput`` if they name no folder."""
    table = settings.backup
    if not table.dir:
        raise BadInput(
            "未设置备份目录。请在设置中写 [backup] dir（宜在另一块磁盘）。",
            "No folder for backups is set. Write [backup] dir into the settings; best on another disk.",
        )
    folder = settings.path(table.dir)
    apart = settings.path(table.keyring_dir) if table.keyring_dir else folder / "keyring"
    return Shelf(folder, apart, table.keep_days, table.keyring_keep_days, settings.key_file("backup"))


def make(place: Shelf, name: str, at: str, install: str, size: int, sources: dict[str, Path]) -> Made:
    """Copy and seal the databases (part -> file); the manifest is written last, so a backup cut off is none."""
    key = read_key_file(place.key_file) if place.key_file.exists() else make_key_file(place.key_file)
    hashes = {}
    for part, source in sources.items():
        target = place.part(name, part)
        with telling(target):
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = target.with_suffix(".new")
        with scratch(sources[KEYRING].parent) as folder:
            _copied(source, folder / source.name)
            with (folder / source.name).open("rb") as clear:
                hashes[part] = _write(aside, seal(in_pieces(clear), key, _context(install, name, part)))
        _named(aside, target)
    made = Made(name, at, install, size, hashes.get(CATALOGUE, ""), hashes[KEYRING])
    aside = place.manifest(name).with_suffix(".new")
    with telling(aside):
        aside.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(aside, iter([canonical(asdict(made)) + b"\n"]))
    _named(aside, place.manifest(name))
    return made


def find(place: Shelf, name: str = "") -> Made:
    """Return a backup by name, or the newest; ``NotFound`` or ``Damaged``."""
    names = place.names()
    if not names or (name and name not in names):
        raise NotFound(f"{place.folder} 中没有这份备份。", f"There is no such backup in {place.folder}.")
    path = place.manifest(name or names[-1])
    try:
        return Made(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError) as fault:
        raise Damaged(f"备份清单无法读取：{path}", f"The manifest of the backup cannot be read: {path}") from fault


def unpack(place: Shelf, made: Made, part: str, target: Path) -> None:
    """Open one part into a new file (mode 0600) and check it; ``NotFound`` or ``Damaged``, and then no file stays."""
    sealed = place.part(made.name, part)
    if not sealed.is_file():
        raise NotFound(
            f"备份 {made.name} 没有此部分，或已过保留期：{sealed}",
            f"The backup {made.name} does not have this part, or its time is over: {sealed}",
        )
    key = read_key_file(place.key_file)
    try:
        with sealed.open("rb") as reader:
            _write(target, unseal(reader, key, _context(made.install, made.name, part)))
        with closing(sqlite3.connect(f"{target.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            if connection.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
                raise Damaged(f"备份中的数据库已损坏：{sealed}", f"The database in the backup is damaged: {sealed}")
    except sqlite3.Error as fault:
        target.unlink(missing_ok=True)
        raise Damaged(
            f"备份中的数据库无法打开：{sealed}", f"The database in the backup cannot be opened: {sealed}"
        ) from fault
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def unpack_keyring(place: Shelf, made: Made, folder: Path) -> None:
    """Open a backup's keyring into a data folder, under the name that a keyring has there."""
    unpack(place, made, KEYRING, folder / KEYRING_FILE)


def put_keyring_back(settings: Settings, made: Made) -> bool:
    """Put the backup's keyring in place if there is none; say whether there was one."""
    live = settings.data_dir / KEYRING_FILE
    if live.exists():
        return True
    aside = live.with_name(f"{KEYRING_FILE}.restoring")
    for name in (aside, live):
        for end in ("", "-wal", "-shm", "-journal"):
            name.with_name(name.name + end).unlink(missing_ok=True)
    unpack(shelf(settings), made, KEYRING, aside)
    aside.replace(live)
    return False


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """Hold an empty folder inside ``folder`` for databases that lie open; it goes at the end, also of a failure.

    A keyring that a kill has left there would outlive the destruction of its keys: see :func:`sweep_scratch`.
    """
    sweep_scratch(folder)
    made, held = _held(folder)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(held)


def _held(folder: Path) -> tuple[Path, int]:
    """Make a scratch folder and lock it; made anew if someone has swept it between the two."""
    while True:
        with telling(folder):
            made = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=folder))
        with suppress(FileNotFoundError):
            held = os.open(made, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(held, fcntl.LOCK_EX)
            if made.exists():
                return made, held
            os.close(held)


def sweep_scratch(folder: Path) -> int:
    """Remove the scratch folders of those who died over them; the count. Who is at work holds a lock, and is left alone."""
    count = 0
    for left in folder.glob(f"{_SCRATCH}*"):
        with suppress(FileNotFoundError, NotADirectoryError), open_folder(left) as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(left, ignore_errors=True)
            count += 1
    return count


def oldest_keyring(settings: Settings) -> str | None:
    """Return when the oldest backup of the keyring that still lies there was made; ``None`` where there is none."""
    if not settings.backup.dir:
        return None
    there = shelf(settings).parts(KEYRING).values()
    return to_stamp(min(there)) if there else None


def expire(place: Shelf, now: str) -> list[str]:
    """Let go of what has outlived its time, the newest backup excepted, also of what was cut off; the files that went.

    No keyring outlives the manifest of its backup: nobody would know of it any more. Where no manifest is seen at all,
    its disk may be away while that of the keyrings is not: then nothing goes.
    """
    names, gone = place.names(), list[str]()
    if not names:
        return gone
    times = {CATALOGUE: place.keep_days, KEYRING: min(place.keep_days, place.keyring_keep_days)}
    for part, days in times.items():
        for path, at in place.parts(part).items():
            if from_stamp(now) - at > timedelta(days=days) and not path.name.startswith(f"{names[-1]}."):
                gone += _removed(path)
    for name in names[:-1]:
        begun = _begun(name)
        if begun is not None and from_stamp(now) - begun > timedelta(days=place.keep_days):
            gone += _removed(place.manifest(name))
    return gone


def _begun(name: str) -> datetime | None:
    """Return when a backup was begun, from its name."""
    try:
        return datetime.strptime(name, "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
    except ValueError:
        return None


def _removed(path: Path) -> list[str]:
    if not path.exists():
        return []
    path.unlink()
    return [path.name]


def _copied(source: Path, copy: Path) -> None:
    """Copy a database that others use, in one consistent state."""
    copy.unlink(missing_ok=True)
    os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=60)) as live,
        closing(sqlite3.connect(copy)) as new,
    ):
        live.backup(new)
        new.execute("PRAGMA journal_mode=DELETE")


def _write(path: Path, pieces: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    with telling(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for piece in pieces:
                digest.update(piece)
                file.write(piece)
            file.flush()
            sync(file.fileno())
    return digest.hexdigest()


def _named(aside: Path, target: Path) -> None:
    aside.replace(target)
    with open_folder(target.parent) as folder:
        sync(folder)


def _context(install: str, name: str, part: str) -> bytes:
    return canonical({"backup": name, "install": install, "part": part})
