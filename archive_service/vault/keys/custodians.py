"""Custodians: who keeps the root key of a keyring from everybody else.

The root key is random and stands in the keyring, wrapped by a custodian: a key file, a passphrase, a key
of a key management service (``kms.py``). Whoever holds neither custodian nor recovery shares holds a file
of noise. A wrapped root key is bound to a context (installation and number of the root key), so one that
is carried into another keyring, or put in the place of a newer one, does not open.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from archive_service.errors import BadInput, Damaged
from archive_service.vault.canonical import canonical

ROOT_BYTES = 32
NONCE_BYTES = 12
SALT_BYTES = 16
#: shortest passphrase that is taken, in characters; six words of a word list are about thirty
PASSPHRASE_CHARACTERS = 16
#: what a stored scrypt cost may be: less was never written, more would let a changed file take all memory
_LOG_N = range(14, 21)

Entropy = Callable[[int], bytes]


class Custodian(Protocol):
    """Wraps root keys and opens them again."""

    @property
    def kind(self) -> str:
        """What stands in the keyring to tell people who opens it: ``key-file``, ``passphrase``, ``aws-kms``."""

    def wrap(self, root: bytes, context: bytes) -> bytes:
        """Return the root key in a form that only :meth:`unwrap` of the same custodian and context opens."""

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Return the root key; ``BadInput`` if another custodian or context wrapped it."""


@dataclass(frozen=True)
class KeyFileCustodian:
    """The 32 bytes of a key file (:func:`~archive_service.vault.keyfiles.read_key_file`), used with AES-256-GCM."""

    key: bytes = field(repr=False)
    entropy: Entropy = os.urandom
    kind: str = "key-file"

    def __post_init__(self) -> None:
        if len(self.key) != ROOT_BYTES:
            raise ValueError(f"the root key has {ROOT_BYTES} bytes")

    def wrap(self, root: bytes, context: bytes) -> bytes:
        """Seal the root key under the file's key."""
        nonce = self.entropy(NONCE_BYTES)
        return nonce + AESGCM(self.key).encrypt(nonce, root, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Open it. An empty envelope means the file's key itself, as keyrings of format 1 had it."""
        if not wrapped:
            return self.key
        try:
            return AESGCM(self.key).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context)
        except (InvalidTag, ValueError):
            raise not_this_one() from None


@dataclass(frozen=True)
class PassphraseCustodian:
    """A passphrase: scrypt (RFC 7914) makes a key of it, with which AES key wrap (RFC 3394) wraps the root key.

    ``log_n`` is the cost as a power of two: 17 takes 128 MiB and some tenths of a second, once at each
    start. The passphrase is compared in Unicode form NFKC, so that full-width letters are the same ones.
    """

    passphrase: str = field(repr=False)
    entropy: Entropy = os.urandom
    log_n: int = 17
    kind: str = "passphrase"

    def __post_init__(self) -> None:
        if len(self._text()) < PASSPHRASE_CHARACTERS:
            raise BadInput(
                f"口令短语至少 {PASSPHRASE_CHARACTERS} 个字符。",
                f"A passphrase has at least {PASSPHRASE_CHARACTERS} characters.",
            )

    def wrap(self, root: bytes, context: bytes) -> bytes:
        """Wrap the root key; salt and cost stand beside it."""
        salt = self.entropy(SALT_BYTES)
        wrapped = aes_key_wrap(self._key(salt, context, self.log_n), root)
        return canonical({"kdf": "scrypt", "log_n": self.log_n, "salt": _text(salt), "wrapped": _text(wrapped)})

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Open it with the cost that stands beside it; a cost out of bounds is ``Damaged``."""
        try:
            said = json.loads(wrapped)
            log_n, salt, inner = said["log_n"], _bytes(said["salt"]), _bytes(said["wrapped"])
        except (ValueError, KeyError, TypeError):
            raise not_this_one() from None
        if said.get("kdf") != "scrypt" or log_n not in _LOG_N:
            raise Damaged("密钥库中口令参数无效。", "The keyring names a passphrase cost that was never written.")
        try:
            return aes_key_unwrap(self._key(salt, context, log_n), inner)
        except (InvalidUnwrap, ValueError):
            raise not_this_one() from None

    def _text(self) -> str:
        return unicodedata.normalize("NFKC", self.passphrase)

    def _key(self, salt: bytes, context: bytes, log_n: int) -> bytes:
        # Key wrap has no associated data: the context goes into the salt, before which the random part has a fixed length.
        n = 1 << log_n
        return hashlib.scrypt(
            self._text().encode(), salt=salt + context, n=n, r=8, p=1, maxmem=2 * 128 * 8 * n, dklen=ROOT_BYTES
        )


@dataclass(frozen=True)
class RecoveredRoot:
    """The root key itself, from recovery shares: opens its keyring, so that it can be given to a new custodian."""

    root: bytes = field(repr=False)
    kind: str = "recovered"

    def wrap(self, root: bytes, context: bytes) -> bytes:  # noqa: ARG002
        """Refuse: what is recovered is handed to a custodian, it is none."""
        raise BadInput("请为密钥库指定新的保管方式。", "Choose a custodian for the keyring; recovered shares are none.")

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:  # noqa: ARG002
        """Return the recovered key; the keyring's canary tells whether it is the right one."""
        return self.root


@dataclass(frozen=True)
class ChangingCustodian:
    """A new custodian beside the one before it, for as long as a rotation between the two is not finished."""

    new: Custodian
    old: Custodian

    @property
    def kind(self) -> str:
        """The kind of the new one."""
        return self.new.kind

    def wrap(self, root: bytes, context: bytes) -> bytes:
        """Wrap with the new one."""
        return self.new.wrap(root, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Open with whichever of the two wrapped it."""
        try:
            return self.new.unwrap(wrapped, context)
        except BadInput:
            return self.old.unwrap(wrapped, context)


def custodian_of(given: bytes | Custodian) -> Custodian:
    """Return a custodian; plain bytes are those of a key file."""
    return KeyFileCustodian(given) if isinstance(given, bytes) else given


def not_this_one() -> BadInput:
    """Return the refusal of a custodian whose key is not the one."""
    return BadInput("根密钥与密钥库不符。", "The root key is not the one that this keyring was made with.")


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
