"""Checkpoints as C2SP signed notes: a few lines of text that anyone can check with Ed25519.

Formats: C2SP ``signed-note`` and ``tlog-checkpoint``, version 1.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from archive_service.errors import Damaged

ED25519 = b"\x01"
DASH = "\u2014 "


@dataclass(frozen=True)
class Checkpoint:
    """The state of the log at one moment: its origin, its number of leaves, its root."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """Return the note's text, without signatures."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True)
class Verifier:
    """Checks notes of one origin with a public key."""

    origin: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of the hash that names the key in a signature line."""
        return hashlib.sha256(self.origin.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def vkey(self) -> str:
        """Return the public key as C2SP writes it, to be published outside the archive."""
        return f"{self.origin}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    def open(self, note: str) -> Checkpoint:
        """Return the checkpoint of a note; signatures of other keys are ignored, ours must be there and right."""
        body, separator, signatures = note.partition("\n\n")
        lines = body.split("\n")
        if not separator or len(lines) != 3 or lines[0] != self.origin or not lines[1].isdigit():
            raise Damaged("检查点的文字不完整。", "The checkpoint's text is not whole.")
        try:
            checkpoint = Checkpoint(self.origin, int(lines[1]), base64.b64decode(lines[2], validate=True))
        except binascii.Error as error:
            raise Damaged("检查点的根值无法读取。", "The checkpoint's root cannot be read.") from error
        for line in signatures.splitlines():
            if line.startswith(f"{DASH}{self.origin} ") and self._signed(checkpoint, line.rsplit(" ", 1)[1]):
                return checkpoint
        raise Damaged(
            "检查点上没有本日志密钥的有效签名。", "The checkpoint bears no valid signature of this log's key."
        )

    def _signed(self, checkpoint: Checkpoint, encoded: str) -> bool:
        try:
            raw = base64.b64decode(encoded, validate=True)
            if raw[:4] != self.key_id:
                return False
            Ed25519PublicKey.from_public_bytes(self.public).verify(raw[4:], checkpoint.body().encode())
        except (binascii.Error, InvalidSignature):
            return False
        return True


class Signer:
    """Signs checkpoints; the seed is the 32-byte Ed25519 private key."""

    def __init__(self, origin: str, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(origin, self._key.public_key().public_bytes_raw())

    def sign(self, size: int, root: bytes) -> str:
        """Return the signed note for a tree of ``size`` leaves."""
        checkpoint = Checkpoint(self.verifier.origin, size, root)
        signature = self.verifier.key_id + self._key.sign(checkpoint.body().encode())
        return f"{checkpoint.body()}\n{DASH}{checkpoint.origin} {base64.b64encode(signature).decode()}\n"
