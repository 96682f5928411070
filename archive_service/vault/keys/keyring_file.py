"""The file of a keyring: its tables, its connection, and how nothing of what was deleted stays in it."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archive_service.errors import Conflict, Damaged, Unavailable
from archive_service.vault.disk import DiskFull, open_folder, sync, telling

KEYRING_FILE = "keyring.db"
"""The name of a keyring's file in the data directory."""

FORMAT = 2
BUSY_SECONDS = 30.0
_PAUSE_SECONDS = 0.01

_TABLES = """
CREATE TABLE identity (install TEXT NOT NULL, format INTEGER NOT NULL);
CREATE TABLE roots (
    n INTEGER PRIMARY KEY AUTOINCREMENT, custodian TEXT NOT NULL, wrapped BLOB NOT NULL,
    under BLOB, canary BLOB NOT NULL, made_at TEXT NOT NULL
);
CREATE TABLE keys (
    n INTEGER PRIMARY KEY, key_id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, wrapped BLOB NOT NULL,
    created_at TEXT NOT NULL, root INTEGER NOT NULL
);
CREATE INDEX keys_owner ON keys (owner);
CREATE TABLE destroyed (key_id TEXT PRIMARY KEY, at TEXT NOT NULL) WITHOUT ROWID;
"""
#: from format 1, which knew one root key only: the key file's own
_FROM_1 = """
ALTER TABLE keys ADD COLUMN root INTEGER NOT NULL DEFAULT 1;
ALTER TABLE identity DROP COLUMN probe;
CREATE TABLE roots (
    n INTEGER PRIMARY KEY AUTOINCREMENT, custodian TEXT NOT NULL, wrapped BLOB NOT NULL,
    under BLOB, canary BLOB NOT NULL, made_at TEXT NOT NULL
);
"""
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "temp_store=MEMORY", "trusted_schema=OFF")


class KeyringFile:
    """One SQLite file, one connection for each process behind a lock; safe over threads, processes and forks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._patience = BUSY_SECONDS
        self._pid = 0
        self._connections: list[sqlite3.Connection] = []
        if not path.is_file():
            raise Unavailable(f"找不到密钥库：{path}", f"The keyring is missing: {path}")

    @property
    def path(self) -> Path:
        """The file, for those who look with their own eyes."""
        return self._path

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connections and self._pid == os.getpid():
                self._connections.pop().close()
            self._pid = 0

    def _connection(self) -> sqlite3.Connection:
        """Return this process's connection; one from before a fork is kept untouched, for SQLite forbids both uses."""
        if self._pid != os.getpid():
            self._connections.append(_connect(self._path))
            self._pid = os.getpid()
        return self._connections[-1]

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Read from one state of the file: another process may finish a rotation between two statements."""
        with self._lock, told(self._path):
            connection = self._connection()
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("COMMIT")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, told(self._path):
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _empty_log(self) -> None:
        """Bring the log into the file and cut it to nothing; waits for readers of other processes.

        SQLite waits for readers itself, but not for another process that is at the same work.
        """
        deadline = time.monotonic() + self._patience
        while True:
            with self._lock, told(self._path):
                busy, _, _ = self._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy or time.monotonic() > deadline:
                break
            time.sleep(_PAUSE_SECONDS)
        if busy:
            raise Unavailable(
                "密钥已销毁，但密钥库日志正被占用，尚未清空；请重复此步骤。",
                "The keys are destroyed, but the keyring's log is in use and not yet emptied; repeat this step.",
            )


def make_file(path: Path, install_id: str, root_row: tuple[str, bytes, bytes, str]) -> None:
    """Make a keyring file (mode 0600) with its first root key, durably; ``Conflict`` if it stands already.

    ``root_row``: custodian, wrapped root key, canary, stamp.
    """
    aside = path.with_name(path.name + ".new")
    with telling(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside.unlink(missing_ok=True)
        os.close(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        with told(path):
            connection = _connect(aside)
            connection.executescript("BEGIN;" + _TABLES)
            connection.execute("INSERT INTO identity VALUES (?, ?)", (install_id, FORMAT))
            connection.execute("INSERT INTO roots (custodian, wrapped, canary, made_at) VALUES (?, ?, ?, ?)", root_row)
            connection.execute("COMMIT")
            connection.close()
        try:
            path.hardlink_to(aside)
        except FileExistsError:
            raise Conflict(f"密钥库已存在：{path}", f"The keyring stands already: {path}") from None
        finally:
            aside.unlink()
        with open_folder(path.parent) as folder:
            sync(folder)


def told_install(path: Path) -> str:
    """Return the id of the installation that a keyring file belongs to; ``Unavailable`` if there is none, or ``Damaged``."""
    if not path.is_file():
        raise Unavailable(f"找不到密钥库：{path}", f"The keyring is missing: {path}")
    with told(path):
        connection = _connect(path)
        try:
            return str(connection.execute("SELECT install FROM identity").fetchone()[0])
        finally:
            connection.close()


def upgrade_from_1(connection: sqlite3.Connection, root_row: tuple[str, bytes, bytes, str]) -> None:
    """Bring a file of format 1 to the present one; call inside a write, after its probe was checked."""
    for statement in _FROM_1.split(";\n"):
        connection.execute(statement)
    connection.execute("INSERT INTO roots (custodian, wrapped, canary, made_at) VALUES (?, ?, ?, ?)", root_row)
    connection.execute("UPDATE identity SET format = ?", (FORMAT,))


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into sentences; nothing of what was to be written stands in them."""
    try:
        yield
    except sqlite3.Error as fault:
        name = getattr(fault, "sqlite_errorname", "") or type(fault).__name__
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise Unavailable("密钥库正忙，请稍后重试。", "The keyring is busy; try again later.") from None
        if name.startswith("SQLITE_FULL"):
            raise DiskFull(path) from None
        if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
            raise Unavailable(
                f"密钥库不可写或无法打开：{path}", f"The keyring cannot be opened or written: {path}"
            ) from None
        raise Damaged(f"密钥库出错（{name}）：{path}", f"The keyring reports an error ({name}): {path}") from None


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection
