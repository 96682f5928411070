"""The root keys of a keyring: usually one, two while a rotation is under way.

New keys are always wrapped under the newest. While two stand, the older one stands also wrapped under
the newer, so that whoever holds the new custodian alone can finish what a crash interrupted. Not the
other way round: who holds only the old custodian never comes to the new root key.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from archive_service.errors import BadInput, Damaged, Unavailable
from archive_service.vault.canonical import canonical
from archive_service.vault.keys.custodians import NONCE_BYTES, ROOT_BYTES, Custodian, Entropy, not_this_one


@dataclass(frozen=True)
class Root:
    """A root key's row: number, who keeps it, and what proves that the right one was opened."""

    n: int
    custodian: str
    wrapped: bytes
    under: bytes | None
    canary: bytes
    made_at: str


class Roots:
    """Opens root keys on demand and remembers their ciphers for as long as the process lives."""

    def __init__(self, install_id: str, custodian: Custodian, entropy: Entropy) -> None:
        self.install_id, self.custodian, self._entropy = install_id, custodian, entropy
        self._ciphers: dict[int, AESGCM] = {}

    def current(self, connection: sqlite3.Connection) -> tuple[int, AESGCM]:
        """Return the newest root key, under which everything new is wrapped."""
        (n,) = connection.execute("SELECT max(n) FROM roots").fetchone()
        if n is None:
            raise Damaged("密钥库中没有根密钥。", "The keyring holds no root key.")
        return n, self.cipher(connection, n)

    def cipher(self, connection: sqlite3.Connection, n: int) -> AESGCM:
        """Return one root key's cipher; ``Unavailable`` if it was given to another custodian meanwhile."""
        if n not in self._ciphers:
            self._ciphers[n] = AESGCM(self.open(connection, n))
        return self._ciphers[n]

    def open(self, connection: sqlite3.Connection, n: int) -> bytes:
        """Return a root key itself, by the custodian or by the newer root key; its canary has been opened."""
        rows = {row.n: row for row in self.rows(connection)}
        if n not in rows:
            raise Damaged(f"密钥库缺少根密钥 {n}。", f"The keyring lacks its root key {n}.")
        try:
            return opened(self.custodian, rows[n], self.install_id)
        except BadInput:
            newer = next((number for number in sorted(rows) if number > n), None)
            if newer is None or rows[n].under is None:
                raise (_given_away() if self._ciphers else not_this_one()) from None
        return _unsealed(AESGCM(self.open(connection, newer)), rows[n].under or b"", _under(self.install_id, n))

    def rows(self, connection: sqlite3.Connection) -> list[Root]:
        """Return all root keys as they stand in the file, the newest last."""
        found = connection.execute("SELECT n, custodian, wrapped, under, canary, made_at FROM roots ORDER BY n")
        return [Root(*row) for row in found]

    def add(self, connection: sqlite3.Connection, row: tuple[str, bytes, bytes, str], n: int, fresh: bytes) -> None:
        """Put a new root key beside the present one, which from now on stands wrapped under the new one as well."""
        older = [(one.n, self.open(connection, one.n)) for one in self.rows(connection)]
        connection.execute(
            "INSERT INTO roots (n, custodian, wrapped, canary, made_at) VALUES (?, ?, ?, ?, ?)", (n, *row)
        )
        for number, root in older:
            under = sealed(AESGCM(fresh), root, _under(self.install_id, number), self._entropy)
            connection.execute("UPDATE roots SET under = ? WHERE n = ?", (under, number))

    def retire(self, connection: sqlite3.Connection) -> bool:
        """Remove all root keys but the newest; ``False``, with nothing removed, while anything is wrapped by an older one."""
        (newest,) = connection.execute("SELECT max(n) FROM roots").fetchone()
        if connection.execute("SELECT 1 FROM keys WHERE root <> ? LIMIT 1", (newest,)).fetchone():
            return False
        connection.execute("DELETE FROM roots WHERE n <> ?", (newest,))
        self._ciphers = {n: cipher for n, cipher in self._ciphers.items() if n == newest}
        return True


def fresh_row(
    custodian: Custodian, install_id: str, n: int, stamp: str, entropy: Entropy
) -> tuple[bytes, tuple[str, bytes, bytes, str]]:
    """Make a new root key: the key, and its row (custodian, wrapped, canary, stamp).

    It is opened once before anything is wrapped under it: a custodian may be able to wrap and not to open.
    """
    root = entropy(ROOT_BYTES)
    wrapped = custodian.wrap(root, root_context(install_id, n))
    if custodian.unwrap(wrapped, root_context(install_id, n)) != root:
        raise not_this_one()
    return root, (custodian.kind, wrapped, canary(root, install_id, n, entropy), stamp)


def opened(custodian: Custodian, row: Root, install_id: str) -> bytes:
    """Return the root key of a row; ``BadInput`` unless the custodian gives it and the canary agrees."""
    root = custodian.unwrap(row.wrapped, root_context(install_id, row.n))
    if len(root) != ROOT_BYTES:
        raise not_this_one()
    sing(root, row, install_id)
    return root


def canary(root: bytes, install_id: str, n: int, entropy: Entropy) -> bytes:
    """Seal a sentence that only this root key opens."""
    return sealed(AESGCM(root), sentence(install_id, n).encode(), _canary(install_id, n), entropy)


def sing(root: bytes, row: Root, install_id: str) -> str:
    """Open the canary and return its sentence; ``BadInput`` if the root key is not the one."""
    try:
        clear = AESGCM(root).decrypt(row.canary[:NONCE_BYTES], row.canary[NONCE_BYTES:], _canary(install_id, row.n))
    except (InvalidTag, ValueError):
        raise not_this_one() from None
    if clear != sentence(install_id, row.n).encode():
        raise not_this_one()
    return clear.decode()


def sentence(install_id: str, n: int) -> str:
    """Return what the canary says."""
    return f"archive {install_id}, root key {n}"


def sealed(cipher: AESGCM, clear: bytes, context: bytes, entropy: Entropy) -> bytes:
    """Seal a small value: nonce, then ciphertext with its tag."""
    nonce = entropy(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, clear, context)


def root_context(install_id: str, n: int) -> bytes:
    """Return what a wrapped root key is bound to."""
    return canonical({"install": install_id, "root": n, "use": "root key"})


def _under(install_id: str, n: int) -> bytes:
    return canonical({"install": install_id, "root": n, "use": "older root key"})


def _canary(install_id: str, n: int) -> bytes:
    return canonical({"install": install_id, "root": n, "use": "canary"})


def _unsealed(cipher: AESGCM, data: bytes, context: bytes) -> bytes:
    try:
        return cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], context)
    except (InvalidTag, ValueError):
        raise Damaged("密钥库中的根密钥未通过校验。", "A root key in the keyring does not authenticate.") from None


def _given_away() -> Unavailable:
    return Unavailable(
        "根密钥已更换，请用新的密钥重新启动服务。",
        "The root key was changed; start the service again with the new one.",
    )
