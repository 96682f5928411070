"""The keyring: one small SQLite file of its own with the wrapped key of every sealed thing.

Keys are nowhere else, so to destroy a row here is to destroy every copy of what it opens, backups
included. Every row is wrapped with AES-256-GCM under the root key, bound to installation, owner and
key id. What ``destroy`` has returned from is out of the file's free pages (``secure_delete``) and out
of its write-ahead log (truncated); the id is remembered so that no restore brings the key back.

Python cannot promise that a key leaves the memory of the process when it is no longer used.
"""

from __future__ import annotations

import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from archive_service.clock import Clock, from_stamp
from archive_service.errors import BadInput, Conflict, Damaged, NotFound, Unavailable
from archive_service.vault.canonical import canonical
from archive_service.vault.disk import open_folder, sync, telling
from archive_service.vault.names import check_id

KEY_BYTES = 32
NONCE_BYTES = 12
FORMAT = 1
BUSY_SECONDS = 30.0
_PAUSE_SECONDS = 0.01
_LOOKUP = 500
_OWNER = re.compile(r"[0-9a-z-]{1,64}")
_PROBE = "keyring"

_TABLES = """
CREATE TABLE identity (install TEXT NOT NULL, format INTEGER NOT NULL, probe BLOB NOT NULL);
CREATE TABLE keys (
    n INTEGER PRIMARY KEY, key_id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, wrapped BLOB NOT NULL, created_at TEXT NOT NULL
);
CREATE INDEX keys_owner ON keys (owner);
CREATE TABLE destroyed (key_id TEXT PRIMARY KEY, at TEXT NOT NULL) WITHOUT ROWID;
"""

Entropy = Callable[[int], bytes]


class KeyDestroyed(NotFound):
    """The key was destroyed on purpose: what it sealed cannot be opened any more."""


class Keyring:
    """Keys by id, each with its owner (a record id, or the name of what else seals).

    Safe to use from several threads (one connection behind a lock) and from several processes.
    """

    def __init__(
        self, path: Path, install_id: str, root_key: bytes, clock: Clock, entropy: Entropy = os.urandom
    ) -> None:
        if len(root_key) != KEY_BYTES:
            raise ValueError(f"the root key has {KEY_BYTES} bytes")
        self._path, self._install_id, self._clock, self._entropy = path, install_id, clock, entropy
        self._root = AESGCM(root_key)
        self._lock = threading.RLock()
        self._patience = BUSY_SECONDS
        self._pid = 0
        self._connections: list[sqlite3.Connection] = []
        if not path.is_file():
            raise Unavailable(f"找不到密钥库：{path}", f"The keyring is missing: {path}")
        self._check_identity()

    @classmethod
    def create_at(
        cls, path: Path, install_id: str, root_key: bytes, clock: Clock, entropy: Entropy = os.urandom
    ) -> Keyring:
        """Make an empty keyring (mode 0600); ``Conflict`` if the file stands already.

        A keyring is never made on the way: a missing one is a disaster to be told, not to be papered over.
        """
        probe = _wrap(AESGCM(root_key), entropy, b"", _probe_context(install_id))
        aside = path.with_name(path.name + ".new")
        with telling(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            aside.unlink(missing_ok=True)
            os.close(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            with _told(path):
                connection = _connect(aside)
                connection.executescript("BEGIN;" + _TABLES)
                connection.execute("INSERT INTO identity VALUES (?, ?, ?)", (install_id, FORMAT, probe))
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
        return cls(path, install_id, root_key, clock, entropy)

    @property
    def path(self) -> Path:
        """The file, for those who look with their own eyes."""
        return self._path

    def new_key(self, key_id: str, owner: str, *, replace: bool = False) -> bytes:
        """Make a key, durable before it is returned.

        ``Conflict`` if there is one already (unless ``replace``: only for what was never committed);
        ``KeyDestroyed`` if there was one that was destroyed.
        """
        key = self._entropy(KEY_BYTES)
        self.keep(key_id, owner, key, replace=replace)
        return key

    def keep(self, key_id: str, owner: str, key: bytes, *, replace: bool = False) -> None:
        """Store a key made elsewhere, durably; same refusals as :meth:`new_key`."""
        row = self._row(key_id, owner, key)
        with self._writing() as connection:
            self._refuse_destroyed(connection, [key_id])
            if replace:
                self._refuse_foreign(connection, [key_id], owner)
                connection.execute("DELETE FROM keys WHERE key_id = ?", (key_id,))
            elif self._rows(connection, [key_id]):
                raise Conflict("该标识已有密钥。", "There is a key under this id already.")
            connection.execute("INSERT INTO keys (key_id, owner, wrapped, created_at) VALUES (?, ?, ?, ?)", row)

    def new_keys(self, wanted: Mapping[str, str]) -> dict[str, bytes]:
        """Make keys for many (key id -> owner) in one durable step; those that stand already are kept as they are."""
        fresh = {key_id: self._entropy(KEY_BYTES) for key_id in wanted}
        rows = {key_id: self._row(key_id, owner, fresh[key_id]) for key_id, owner in wanted.items()}
        with self._writing() as connection:
            self._refuse_destroyed(connection, wanted)
            there = self._rows(connection, wanted)
            if any(wanted[key_id] != owner for key_id, (owner, _) in there.items()):
                raise _not_yours()
            missing = [row for key_id, row in rows.items() if key_id not in there]
            connection.executemany("INSERT INTO keys (key_id, owner, wrapped, created_at) VALUES (?, ?, ?, ?)", missing)
        return {**fresh, **{key_id: self._unwrap(key_id, owner, wrapped) for key_id, (owner, wrapped) in there.items()}}

    def key(self, key_id: str) -> bytes:
        """Return a key; ``KeyDestroyed`` if it was destroyed, ``NotFound`` if there never was one."""
        found = self.keys([key_id])
        if key_id not in found:
            with self._reading() as connection:
                self._refuse_destroyed(connection, [key_id])
            raise NotFound("密钥库中没有该密钥。", "The keyring holds no such key.")
        return found[key_id]

    def keys(self, key_ids: Iterable[str]) -> dict[str, bytes]:
        """Return those of the keys that are there, by id."""
        with self._reading() as connection:
            rows = self._rows(connection, key_ids)
        return {key_id: self._unwrap(key_id, owner, wrapped) for key_id, (owner, wrapped) in rows.items()}

    def exists(self, key_id: str) -> bool:
        """Say whether there is a key under this id."""
        with self._reading() as connection:
            return bool(self._rows(connection, [key_id]))

    def key_ids(self, owner: str | None = None) -> list[str]:
        """Return the ids of all keys, or of one owner's, in the order of their making."""
        where, values = ("", ()) if owner is None else (" WHERE owner = ?", (owner,))
        with self._reading() as connection:
            return [row[0] for row in connection.execute(f"SELECT key_id FROM keys{where} ORDER BY n", values)]  # noqa: S608

    def destroyed_at(self, key_id: str) -> datetime | None:
        """Return when a key was destroyed, or ``None`` if it was not."""
        with self._reading() as connection:
            row = connection.execute("SELECT at FROM destroyed WHERE key_id = ?", (check_id(key_id),)).fetchone()
        return from_stamp(row[0]) if row else None

    def destroy(self, key_ids: Iterable[str], owner: str | None = None) -> None:
        """Destroy keys for good and remember their ids. The only point of no return; can be repeated.

        All or none. With ``owner``, ``Conflict`` if one of the keys belongs to another. An id that is not
        (or no longer) here is remembered all the same: that is how destructions are replayed after a restore.
        """
        ids = [check_id(key_id) for key_id in key_ids]
        at = self._clock.stamp()
        with self._writing() as connection:
            if owner is not None:
                self._refuse_foreign(connection, ids, owner)
            connection.executemany("INSERT OR IGNORE INTO destroyed VALUES (?, ?)", [(key_id, at) for key_id in ids])
            connection.executemany("DELETE FROM keys WHERE key_id = ?", [(key_id,) for key_id in ids])
        self._empty_log()

    def forget(self, key_ids: Iterable[str], owner: str) -> None:
        """Remove keys of something that was never committed; the ids may be used again."""
        ids = [check_id(key_id) for key_id in key_ids]
        with self._writing() as connection:
            self._refuse_foreign(connection, ids, owner)
            connection.executemany("DELETE FROM keys WHERE key_id = ?", [(key_id,) for key_id in ids])
        self._empty_log()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connections and self._pid == os.getpid():
                self._connections.pop().close()
            self._pid = 0

    # ------------------------------------------------------------------------------------------------ the inside

    def _connection(self) -> sqlite3.Connection:
        """Return this process's connection; one from before a fork is kept untouched, for SQLite forbids both uses."""
        if self._pid != os.getpid():
            self._connections.append(_connect(self._path))
            self._pid = os.getpid()
        return self._connections[-1]

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _told(self._path):
            yield self._connection()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _told(self._path):
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
            with self._reading() as connection:
                busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy or time.monotonic() > deadline:
                break
            time.sleep(_PAUSE_SECONDS)
        if busy:
            raise Unavailable(
                "密钥已销毁，但密钥库日志正被占用，尚未清空；请重复此步骤。",
                "The keys are destroyed, but the keyring's log is in use and not yet emptied; repeat this step.",
            )

    def _check_identity(self) -> None:
        with self._reading() as connection:
            rows = connection.execute("SELECT install, format, probe FROM identity").fetchall()
        if len(rows) != 1 or rows[0][1] != FORMAT:
            raise Damaged(f"不是可用的密钥库：{self._path}", f"This is no keyring of a known format: {self._path}")
        install, _, probe = rows[0]
        if install != self._install_id:
            raise Unavailable(
                f"密钥库属于另一系统：{self._path}", f"The keyring belongs to another installation: {self._path}"
            )
        try:
            self._root.decrypt(probe[:NONCE_BYTES], probe[NONCE_BYTES:], _probe_context(install))
        except InvalidTag:
            raise BadInput(
                "根密钥与密钥库不符。", "The root key is not the one that this keyring was made with."
            ) from None
        with telling(self._path):
            self._path.chmod(0o600)

    def _row(self, key_id: str, owner: str, key: bytes) -> tuple[str, str, bytes, str]:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        if not _OWNER.fullmatch(owner):
            raise BadInput("密钥所有者标识不正确。", "This cannot be the owner of a key.")
        wrapped = _wrap(self._root, self._entropy, key, self._context(check_id(key_id), owner))
        return key_id, owner, wrapped, self._clock.stamp()

    def _rows(self, connection: sqlite3.Connection, key_ids: Iterable[str]) -> dict[str, tuple[str, bytes]]:
        """Return owner and wrapped key of those ids that have a row."""
        ids, found = [check_id(key_id) for key_id in key_ids], {}
        for start in range(0, len(ids), _LOOKUP):
            some = ids[start : start + _LOOKUP]
            marks = ",".join("?" * len(some))
            for row in connection.execute(f"SELECT key_id, owner, wrapped FROM keys WHERE key_id IN ({marks})", some):  # noqa: S608
                found[row[0]] = (row[1], row[2])
        return found

    def _unwrap(self, key_id: str, owner: str, wrapped: bytes) -> bytes:
        try:
            return self._root.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], self._context(key_id, owner))
        except (InvalidTag, ValueError):
            raise Damaged("密钥库中的密钥未通过校验。", "A key in the keyring does not authenticate.") from None

    def _context(self, key_id: str, owner: str) -> bytes:
        return canonical({"install": self._install_id, "key_id": key_id, "owner": owner})

    def _refuse_destroyed(self, connection: sqlite3.Connection, key_ids: Iterable[str]) -> None:
        for key_id in key_ids:
            row = connection.execute("SELECT at FROM destroyed WHERE key_id = ?", (check_id(key_id),)).fetchone()
            if row:
                raise KeyDestroyed(
                    f"该密钥已于 {row[0]} 销毁，内容不可恢复。",
                    f"This key was destroyed at {row[0]}; its content cannot be recovered.",
                )

    def _refuse_foreign(self, connection: sqlite3.Connection, key_ids: Iterable[str], owner: str) -> None:
        if any(found != owner for found, _ in self._rows(connection, key_ids).values()):
            raise _not_yours()


def _not_yours() -> Conflict:
    return Conflict("密钥属于另一件档案，未作任何改动。", "A key belongs to another record; nothing was changed.")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
        "temp_store=MEMORY",
        "trusted_schema=OFF",
    ):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _wrap(root: AESGCM, entropy: Entropy, key: bytes, context: bytes) -> bytes:
    nonce = entropy(NONCE_BYTES)
    return nonce + root.encrypt(nonce, key, context)


def _probe_context(install_id: str) -> bytes:
    return canonical({"install": install_id, "use": _PROBE})


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into sentences; nothing of what was to be written stands in them."""
    try:
        yield
    except sqlite3.Error as fault:
        name = getattr(fault, "sqlite_errorname", "") or type(fault).__name__
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise Unavailable("密钥库正忙，请稍后重试。", "The keyring is busy; try again later.") from None
        if name.startswith("SQLITE_FULL"):
            raise Unavailable(
                f"存储空间已满，密钥未写入：{path}", f"The disk is full, no key was stored: {path}"
            ) from None
        if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
            raise Unavailable(
                f"密钥库不可写或无法打开：{path}", f"The keyring cannot be opened or written: {path}"
            ) from None
        raise Damaged(f"密钥库出错（{name}）：{path}", f"The keyring reports an error ({name}): {path}") from None
