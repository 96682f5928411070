"""Which row of a manifest names which file, and what has been filed of it, for a hundred thousand rows in constant memory.

Names may tell of content: what is kept is a digest with a key that this process alone has, in a table of SQLite that has
no name in any folder and goes with its connection.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import sqlite3

CACHE_KIB = 2048


class NamedFiles:
    """The files that the rows gone through so far have named."""

    def __init__(self) -> None:
        self._key = os.urandom(32)
        # Another thread goes through the rows than the one that asked for it; there is never more than one.
        self._table = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._table.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        self._table.execute("PRAGMA journal_mode=OFF")
        self._table.execute("CREATE TABLE named (file BLOB PRIMARY KEY, row INTEGER, record BLOB) WITHOUT ROWID")

    def claim(self, name: str, row: int) -> int:
        """Note that a row names a file; return the first row that does."""
        file = self._short(name)
        self._table.execute("INSERT OR IGNORE INTO named VALUES (?, ?, NULL)", (file, row))
        return int(self._table.execute("SELECT row FROM named WHERE file = ?", (file,)).fetchone()[0])

    def row_of(self, name: str) -> int | None:
        """Return the first row that names a file, if there is one."""
        found = self._table.execute("SELECT row FROM named WHERE file = ?", (self._short(name),)).fetchone()
        return int(found[0]) if found else None

    def note_filed(self, name: str, record_id: str) -> None:
        """Note the record whose main file this is."""
        self._table.execute("UPDATE named SET record = ? WHERE file = ?", (bytes.fromhex(record_id), self._short(name)))

    def record_of(self, name: str) -> str | None:
        """Return the record whose main file this is, if it has been filed."""
        found = self._table.execute("SELECT record FROM named WHERE file = ?", (self._short(name),)).fetchone()
        return bytes(found[0]).hex() if found and found[0] is not None else None

    def _short(self, name: str) -> bytes:
        """Return a digest that two names never share in practice."""
        return hashlib.blake2b(plain(name).encode("utf-8", "surrogatepass"), digest_size=16, key=self._key).digest()


def plain(name: str) -> str:
    """Return a file's name as all ways of writing it are compared."""
    return posixpath.normpath(name.replace("\\", "/")) if name else ""
