"""The keyring: one small SQLite file of its own with the wrapped key of every sealed thing.

Keys are nowhere else, so to destroy a row here is to destroy every copy of what it opens, backups
included. Every row is wrapped with AES-256-GCM under the root key, bound to installation, owner and
key id; the root key stands wrapped by its custodian. What ``destroy`` has returned from is out of the
file's free pages (``secure_delete``) and out of its write-ahead log (truncated); the id is remembered
so that no restore brings the key back.

Python cannot promise that a key leaves the memory of the process when it is no longer used.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from archive_service.clock import Clock, from_stamp
from archive_service.errors import BadInput, Conflict, Damaged, NotFound, Unavailable
from archive_service.vault.canonical import canonical
from archive_service.vault.disk import telling
from archive_service.vault.keys import shares
from archive_service.vault.keys.custodians import NONCE_BYTES, Custodian, Entropy, custodian_of, not_this_one
from archive_service.vault.keys.keyring_file import FORMAT, KeyringFile, make_file, upgrade_from_1
from archive_service.vault.keys.roots import Roots, canary, fresh_row, opened, sealed, sing
from archive_service.vault.names import check_id

KEY_BYTES = 32
#: keys wrapped anew in one transaction; writers of new keys come in between
BATCH = 2000
_LOOKUP = 500
_INSERT = "INSERT INTO keys (key_id, owner, wrapped, created_at, root) VALUES (?, ?, ?, ?, ?)"
_OWNER = re.compile(r"[0-9a-z-]{1,64}")


class KeyDestroyed(NotFound):
    """The key was destroyed on purpose: what it sealed cannot be opened any more."""


class Row(NamedTuple):
    """A key as it stands in the file."""

    owner: str
    wrapped: bytes
    root: int


@dataclass(frozen=True)
class Rotation:
    """What a rotation did: the number of the root key now in use, how many keys were wrapped anew, and which could not be.

    With ``damaged`` the old root key was kept: bring those rows back from a backup, then rotate again.
    """

    root: int
    rewrapped: int
    resumed: bool
    damaged: tuple[str, ...] = ()


class Keyring(KeyringFile):
    """Keys by id, each with its owner (a record id, or the name of what else seals).

    ``root_key`` is the content of a key file, or another custodian of the root key. Safe to use from several
    threads (one connection behind a lock) and from several processes.
    """

    def __init__(
        self, path: Path, install_id: str, root_key: bytes | Custodian, clock: Clock, entropy: Entropy = os.urandom
    ) -> None:
        custodian = custodian_of(root_key)
        super().__init__(path)
        self._install_id, self._clock, self._entropy = install_id, clock, entropy
        self._roots = Roots(install_id, custodian, entropy)
        self._check_identity()

    @classmethod
    def create_at(
        cls, path: Path, install_id: str, root_key: bytes | Custodian, clock: Clock, entropy: Entropy = os.urandom
    ) -> Keyring:
        """Make an empty keyring (mode 0600) with a new root key; ``Conflict`` if the file stands already.

        A keyring is never made on the way: a missing one is a disaster to be told, not to be papered over.
        """
        custodian = custodian_of(root_key)
        _, row = fresh_row(custodian, install_id, 1, clock.stamp(), entropy)
        make_file(path, install_id, row)
        return cls(path, install_id, custodian, clock, entropy)

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
        self._check_new(check_id(key_id), owner, key)
        with self._writing() as connection:
            row = self._row(connection, key_id, owner, key)
            self._refuse_destroyed(connection, [key_id])
            if replace:
                self._refuse_foreign(connection, [key_id], owner)
                connection.execute("DELETE FROM keys WHERE key_id = ?", (key_id,))
            elif self._rows(connection, [key_id]):
                raise Conflict("该标识已有密钥。", "There is a key under this id already.")
            connection.execute(_INSERT, row)

    def new_keys(self, wanted: Mapping[str, str]) -> dict[str, bytes]:
        """Make keys for many (key id -> owner) in one durable step; those that stand already are kept as they are."""
        fresh = {key_id: self._entropy(KEY_BYTES) for key_id in wanted}
        for key_id, owner in wanted.items():
            self._check_new(check_id(key_id), owner, fresh[key_id])
        with self._writing() as connection:
            self._refuse_destroyed(connection, wanted)
            there = self._rows(connection, wanted)
            if any(wanted[key_id] != row.owner for key_id, row in there.items()):
                raise _not_yours()
            missing = [key_id for key_id in wanted if key_id not in there]
            rows = [self._row(connection, key_id, wanted[key_id], fresh[key_id]) for key_id in missing]
            connection.executemany(_INSERT, rows)
            kept = {key_id: self._unwrap(connection, key_id, row) for key_id, row in there.items()}
        return {**fresh, **kept}

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
            return {key_id: self._unwrap(connection, key_id, row) for key_id, row in rows.items()}

    def exists(self, key_id: str) -> bool:
        """Say whether there is a key under this id."""
        with self._reading() as connection:
            return bool(self._rows(connection, [key_id]))

    def key_ids(self, owner: str | None = None) -> list[str]:
        """Return the ids of all keys, or of one owner's, in the order of their making."""
        where, values = ("", ()) if owner is None else (" WHERE owner = ?", (owner,))
        with self._reading() as connection:
            return [row[0] for row in connection.execute(f"SELECT key_id FROM keys{where} ORDER BY n", values)]  # noqa: S608

    def owners(self) -> dict[str, str]:
        """Return all keys, each with its owner."""
        with self._reading() as connection:
            return dict(connection.execute("SELECT key_id, owner FROM keys"))

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

    # -------------------------------------------------------------------------------------------------- root keys

    def rotate(
        self, to: bytes | Custodian, *, batch: int = BATCH, on_batch: Callable[[int], object] | None = None
    ) -> Rotation:
        """Wrap every key anew under a new root key, kept by ``to``; content is not touched.

        Others may read and make keys meanwhile. An interrupted rotation is finished (by whoever holds the
        new custodian, or the old one and the new) before another begins; ``Conflict`` if it was begun for
        another custodian. ``on_batch`` is told the count so far. Every key stays readable at every instant.
        """
        custodian = custodian_of(to)
        resumed = self._begin(custodian)
        done, after, damaged = 0, 0, list[str]()
        while True:
            with self._writing() as connection:
                some = self._rewrap(connection, after, batch)
            if some is None:
                break
            after, count, bad = some
            done, damaged = done + count, damaged + bad
            if on_batch is not None:
                on_batch(done)
        with self._writing() as connection:
            self._roots.retire(connection)
            root, _ = self._roots.current(connection)
        self._empty_log()
        return Rotation(root, done, resumed, tuple(damaged))

    def rotating(self) -> bool:
        """Say whether a rotation was begun and is not finished."""
        with self._reading() as connection:
            return len(self._roots.rows(connection)) > 1

    def custodian(self) -> str:
        """Return the kind of the custodian that keeps the root key now in use."""
        with self._reading() as connection:
            return self._roots.rows(connection)[-1].custodian

    def split_root(self, threshold: int = 3, of: int = 5) -> list[shares.Share]:
        """Split the root key into recovery shares; ``Conflict`` during a rotation, which makes shares worthless."""
        with self._reading() as connection:
            rows = self._roots.rows(connection)
            if len(rows) > 1:
                raise Conflict("根密钥正在更换，请先完成。", "The root key is being changed; finish that first.")
            root = self._roots.open(connection, rows[-1].n)
        return shares.split(root, self._install_id, rows[-1].n, threshold, of)

    def canary(self) -> str:
        """Open the canary of the root key now in use and return its sentence."""
        with self._reading() as connection:
            row = self._roots.rows(connection)[-1]
            return sing(self._roots.open(connection, row.n), row, self._install_id)

    def _begin(self, custodian: Custodian) -> bool:
        """Put the new root key beside the old; ``True`` if one stood there already, from a rotation interrupted."""
        with self._reading() as connection:
            newest = self._roots.rows(connection)[-1].n
        root, row = fresh_row(custodian, self._install_id, newest + 1, self._clock.stamp(), self._entropy)
        with self._writing() as connection:
            rows = self._roots.rows(connection)
            if rows[-1].n != newest:
                raise Conflict("根密钥刚被更换。", "The root key was changed just now.")
            if len(rows) == 1:
                self._roots.add(connection, row, newest + 1, root)
        if len(rows) > 1:
            try:
                opened(custodian, rows[-1], self._install_id)
            except BadInput:
                raise Conflict(
                    "有一次未完成的密钥更换，须先用其新密钥完成。",
                    "A rotation to another key stands unfinished; finish that one with its key first.",
                ) from None
        self._roots.custodian = custodian
        return len(rows) > 1

    # ------------------------------------------------------------------------------------------------ the inside

    def _rewrap(self, connection: sqlite3.Connection, after: int, batch: int) -> tuple[int, int, list[str]] | None:
        """Wrap the next keys behind row ``after`` anew; where it came to, how many, which could not; ``None`` at the end."""
        root, cipher = self._roots.current(connection)
        found = connection.execute(
            "SELECT n, key_id, owner, wrapped, root FROM keys WHERE n > ? AND root <> ? ORDER BY n LIMIT ?",
            (after, root, batch),
        ).fetchall()
        if not found:
            return None
        changed, damaged = [], []
        for n, key_id, owner, wrapped, old in found:
            try:
                key = self._unwrap(connection, key_id, Row(owner, wrapped, old))
            except Damaged:
                damaged.append(key_id)
                continue
            changed.append((sealed(cipher, key, self._context(key_id, owner), self._entropy), root, n))
        connection.executemany("UPDATE keys SET wrapped = ?, root = ? WHERE n = ?", changed)
        return found[-1][0], len(changed), damaged

    def _check_identity(self) -> None:
        with self._reading() as connection:
            rows = connection.execute("SELECT install, format FROM identity").fetchall()
        if len(rows) != 1 or rows[0][1] not in (1, FORMAT):
            raise Damaged(f"不是可用的密钥库：{self._path}", f"This is no keyring of a known format: {self._path}")
        install, file_format = rows[0]
        if install != self._install_id:
            raise Unavailable(
                f"密钥库属于另一系统：{self._path}", f"The keyring belongs to another installation: {self._path}"
            )
        if file_format == 1:
            self._upgrade()
        with self._reading() as connection:
            self._open_one_root(connection)
        with telling(self._path):
            self._path.chmod(0o600)

    def _open_one_root(self, connection: sqlite3.Connection) -> None:
        """Open the newest root key; during a rotation an older one will do, for reading what it still wraps."""
        for row in reversed(self._roots.rows(connection)):
            with suppress(BadInput):
                self._roots.cipher(connection, row.n)
                return
        self._roots.current(connection)

    def _upgrade(self) -> None:
        """Bring a file of format 1 to the present one: its root key was the key file's own."""
        with self._writing() as connection:
            (probe,) = connection.execute("SELECT probe FROM identity").fetchone()
            root = self._roots.custodian.unwrap(b"", b"")
            try:
                context = canonical({"install": self._install_id, "use": "keyring"})
                AESGCM(root).decrypt(probe[:NONCE_BYTES], probe[NONCE_BYTES:], context)
            except InvalidTag:
                raise not_this_one() from None
            bird = canary(root, self._install_id, 1, self._entropy)
            upgrade_from_1(connection, ("key-file", b"", bird, self._clock.stamp()))

    def _check_new(self, key_id: str, owner: str, key: bytes) -> None:
        check_id(key_id)
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        if not _OWNER.fullmatch(owner):
            raise BadInput("密钥所有者标识不正确。", "This cannot be the owner of a key.")

    def _row(
        self, connection: sqlite3.Connection, key_id: str, owner: str, key: bytes
    ) -> tuple[str, str, bytes, str, int]:
        root, cipher = self._roots.current(connection)
        wrapped = sealed(cipher, key, self._context(key_id, owner), self._entropy)
        return key_id, owner, wrapped, self._clock.stamp(), root

    def _rows(self, connection: sqlite3.Connection, key_ids: Iterable[str]) -> dict[str, Row]:
        """Return the rows of those ids that have one."""
        ids, found = [check_id(key_id) for key_id in key_ids], {}
        for start in range(0, len(ids), _LOOKUP):
            some = ids[start : start + _LOOKUP]
            marks = ",".join("?" * len(some))
            query = f"SELECT key_id, owner, wrapped, root FROM keys WHERE key_id IN ({marks})"  # noqa: S608
            for key_id, owner, wrapped, root in connection.execute(query, some):
                found[key_id] = Row(owner, wrapped, root)
        return found

    def _unwrap(self, connection: sqlite3.Connection, key_id: str, row: Row) -> bytes:
        cipher = self._roots.cipher(connection, row.root)
        try:
            wrapped, context = row.wrapped, self._context(key_id, row.owner)
            return cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context)
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
        if any(row.owner != owner for row in self._rows(connection, key_ids).values()):
            raise _not_yours()


def _not_yours() -> Conflict:
    return Conflict("密钥属于另一件档案，未作任何改动。", "A key belongs to another record; nothing was changed.")
