"""Small secrets of people (second factors) sealed with a key of the keyring: the database alone gives none of them away."""

from __future__ import annotations

import hashlib

from archive_service.vault.keys.keyring import Keyring
from archive_service.vault.objects.sealing import seal_bytes, unseal_bytes

OWNER = hashlib.sha256(b"secrets of people").hexdigest()[:32]


class Secrets:
    """Seals and opens; the key is made when it is first needed."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def seal(self, clear: bytes, context: str) -> bytes:
        """Seal a secret; ``context`` (whose it is) has to be named again to open it."""
        self._keyring.new_keys({OWNER: OWNER})
        return seal_bytes(clear, self._keyring.key(OWNER), context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Open a secret; ``Damaged`` where it was changed or moved to another person."""
        return unseal_bytes(sealed, self._keyring.key(OWNER), context.encode())
